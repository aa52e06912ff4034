/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <glib-unix.h>

#include <libcar/run/car-signals-private.h>

static const int watched[] = { SIGINT, SIGTERM };

typedef struct
{
  CarSignals *signals;
  int number;
  struct sigaction before; /* of the program or of its interpreter */
  GSource *source;         /* NULL: it was ignored (nohup, a shell's background job), and stays so */
} CarSignal;

struct _CarSignals
{
  GCancellable *cancellable;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  CarSignal signals[G_N_ELEMENTS (watched)];
  gboolean
      ignores_size; /* SIGXFSZ: a file that has grown too large is an error of the write, and no reason to end */
  int caught;       /* atomic */

  CarSignalsOverdue overdue;
  gpointer user_data;
  GThread *enforcer; /* since a signal came */
  GMutex mutex;      /* of what follows */
  GCond cond;
  gboolean is_patient;
};

/* The kernel ends the process by that signal, which nobody handles any more. */
static void
end_in_a_second (int number)
{
  struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = number };
  timer_t timer;

  if (timer_create (CLOCK_MONOTONIC, &event, &timer) == 0)
    timer_settime (timer, 0, &(struct itimerspec){ .it_value = { .tv_sec = 1 } }, NULL);
}

/* A connector's method may look at nothing and return never. Killing the process loses no data, whatever it does. */
static gpointer
enforce (gpointer data)
{
  CarSignals *self = data;
  const gint64 end = g_get_monotonic_time () + CAR_SIGNALS_PATIENCE_SECONDS * G_TIME_SPAN_SECOND;
  const int number = car_signals_get_caught (self);

  g_mutex_lock (&self->mutex);
  while (!self->is_patient && g_cond_wait_until (&self->cond, &self->mutex, end))
    ;
  const gboolean is_patient = self->is_patient;
  g_mutex_unlock (&self->mutex);
  if (is_patient)
    return NULL;

  /* What blocks the method may block the log as well: a pipe that nobody reads. */
  end_in_a_second (number);
  self->overdue (number, self->user_data);
  _exit (128 + number);
}

static gboolean
on_signal (gpointer data)
{
  CarSignal *signal = data;
  CarSignals *self = signal->signals;

  /* Before anybody can know of the first one. */
  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    if (self->signals[i].source != NULL)
      sigaction (watched[i], &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);

  g_atomic_int_set (&self->caught, signal->number);
  /* Before the connector is told: it may hold its interpreter's lock, and what is told wait for that. */
  if (self->enforcer == NULL)
    self->enforcer = g_thread_new ("car-enforcer", enforce, self);
  g_cancellable_cancel (self->cancellable);

  return G_SOURCE_CONTINUE;
}

static gpointer
watch (gpointer data)
{
  CarSignals *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

static void
add_signal (CarSignals *self, guint i)
{
  CarSignal *signal = &self->signals[i];

  signal->signals = self;
  signal->number = watched[i];
  if (sigaction (watched[i], NULL, &signal->before) == 0 && signal->before.sa_handler == SIG_IGN)
    return;

  signal->source = g_unix_signal_source_new (watched[i]);
  g_source_set_callback (signal->source, on_signal, signal, NULL);
  g_source_attach (signal->source, self->context);
}

static gboolean
ignore_size (void)
{
  struct sigaction before;

  return sigaction (SIGXFSZ, NULL, &before) == 0 && before.sa_handler == SIG_DFL &&
         sigaction (SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) == 0;
}

CarSignals *
car_signals_new (GCancellable *cancellable,
                 gboolean are_watched,
                 CarSignalsOverdue overdue,
                 gpointer user_data)
{
  CarSignals *self = g_new0 (CarSignals, 1);

  self->overdue = overdue;
  self->user_data = user_data;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->cancellable = g_object_ref (cancellable);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  for (guint i = 0; are_watched && i < G_N_ELEMENTS (watched); i++)
    add_signal (self, i);
  self->ignores_size = are_watched && ignore_size ();
  self->thread = g_thread_new ("car-signals", watch, self);

  return self;
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);

  return G_SOURCE_REMOVE;
}

int
car_signals_get_caught (CarSignals *self)
{
  return g_atomic_int_get (&self->caught);
}

static gboolean
on_deadline (gpointer data)
{
  g_cancellable_cancel (data);

  return G_SOURCE_REMOVE;
}

GCancellable *
car_signals_new_deadline (CarSignals *self, guint seconds)
{
  GCancellable *cancellable = g_cancellable_new ();
  g_autoptr (GSource) source = g_timeout_source_new_seconds (seconds);

  g_source_set_callback (source, on_deadline, g_object_ref (cancellable), g_object_unref);
  g_source_attach (source, self->context);

  return cancellable;
}

void
car_signals_be_patient (CarSignals *self)
{
  g_mutex_lock (&self->mutex);
  self->is_patient = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

void
car_signals_free (CarSignals *self)
{
  /* Quit from within: a loop that does not run yet would not notice. */
  g_autoptr (GSource) idle = g_idle_source_new ();
  g_source_set_callback (idle, quit, self->loop, NULL);
  g_source_attach (idle, self->context);
  g_thread_join (self->thread);

  car_signals_be_patient (self);
  g_clear_pointer (&self->enforcer, g_thread_join);
  if (self->ignores_size)
    sigaction (SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    if (self->signals[i].source != NULL)
      {
        g_source_destroy (self->signals[i].source);
        g_source_unref (self->signals[i].source);
        sigaction (watched[i], &self->signals[i].before, NULL);
      }

  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_object_unref (self->cancellable);
  g_free (self);
}
