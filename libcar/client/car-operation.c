/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-retry-private.h>

static void
operation_free (gpointer data)
{
  CarOperation *self = data;

  g_cancellable_disconnect (self->cancellable, self->handler);
  car_call_clear (&self->call);
  car_answer_clear (&self->answer);
  g_clear_error (&self->error);
  g_free (self->text);
  if (self->free_data != NULL && self->data != NULL)
    self->free_data (self->data);
  g_free (self->job);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->stop);
  g_free (self);
}

CarOperation *
car_operation_new (CarClient *client,
                   gpointer tag,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  CarOperation *self = g_new0 (CarOperation, 1);

  self->caller = car_client_get_caller (client);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->stop = g_cancellable_new ();
  self->task = g_task_new (client, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, tag);
  g_task_set_task_data (self->task, self, operation_free);
  return self;
}

/* The end. */

static gboolean
return_in_callers_context (gpointer user_data)
{
  GTask *task = user_data;
  CarOperation *self = g_task_get_task_data (task);

  if (self->error != NULL)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

/* Hands the task over whole: its last reference may be the client's last too, and the client must not be freed in the
 * thread that it waits for then. */
static void
finish (CarOperation *self)
{
  if (self->sends_no_data && self->error != NULL && self->error->domain == CAR_UNRECOVERABLE_FAILURE)
    {
      self->error->domain = CAR_RECOVERABLE_FAILURE;
      self->error->code = CAR_RECOVERABLE_FAILURE_DEFAULT;
    }

  if (self->error != NULL && self->caller->redaction != NULL)
    {
      g_autofree char *message = g_steal_pointer (&self->error->message);
      self->error->message = car_caller_hide_secrets (self->caller, message);
    }

  /* A blocking call frees its context as soon as it has the result; while a source is let go here, it must be there. */
  g_autoptr (GMainContext) context = g_main_context_ref (g_task_get_context (self->task));
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, g_task_get_priority (self->task));
  g_source_set_callback (source, return_in_callers_context, self->task, g_object_unref);
  g_source_attach (source, context);
}

/* The steps. */

static void
go_on (CarOperation *self)
{
  void (*pending) (CarOperation *) = g_steal_pointer (&self->pending);

  if (self->error != NULL || pending == NULL)
    finish (self);
  else
    pending (self);
}

static void
step (CarOperation *self)
{
  const CarStep next = g_steal_pointer (&self->next);

  if (self->error == NULL && !g_cancellable_set_error_if_cancelled (self->stop, &self->error) && next != NULL)
    next (self, &self->error);
  go_on (self);
}

void
car_operation_go_to (CarOperation *self, CarStep next)
{
  self->next = next;
  self->pending = step;
}

static gboolean
on_time (gpointer user_data)
{
  void (*then) (CarOperation *) = ((CarOperation *) user_data)->pending;

  ((CarOperation *) user_data)->pending = NULL;
  then (user_data);
  return G_SOURCE_REMOVE;
}

/* Calls `then` after the delay, or at once when the operation is cancelled. */
static void
sleep_until (CarOperation *self, guint delay, void (*then) (CarOperation *))
{
  g_autoptr (GSource) source = g_timeout_source_new (delay);
  g_autoptr (GSource) cancelled = g_cancellable_source_new (self->stop);

  g_source_set_dummy_callback (cancelled);
  g_source_add_child_source (source, cancelled);
  self->pending = then;
  g_source_set_callback (source, on_time, self, NULL);
  g_source_attach (source, car_loop_get_context (self->caller->loop));
}

static void
run_wait (CarOperation *self)
{
  sleep_until (self, self->delay, step);
}

void
car_operation_wait (CarOperation *self, guint milliseconds, CarStep next)
{
  self->delay = milliseconds;
  self->next = next;
  self->pending = run_wait;
}

/* A call, with its retries: PATCH and POST are retried too, for saying them twice does no harm. */

static void on_exchanged (const CarHttpAnswer *answer, const GError *cause, gpointer user_data);

static void
send_call (CarOperation *self)
{
  if (g_cancellable_set_error_if_cancelled (self->stop, &self->error))
    {
      finish (self);
      return;
    }

  const CarHttpRequest request = {
    .method = self->call.method,
    .uri = self->call.uri,
    .body = self->call.body,
    .report = self->call.names_report ? self->caller->report : NULL,
    .timepoint = self->caller->timepoint,
    .idle_timeout = self->caller->limits.idle_timeout,
    .max_answer = self->call.max_answer,
  };
  self->begun = g_get_monotonic_time ();
  car_http_send (self->caller->http, &request, self->stop, on_exchanged, self);
}

/* `answer` or `cause` is NULL. `left`: the milliseconds for which a service that is away is waited for yet. */
static void
retry (CarOperation *self, const CarHttpAnswer *answer, const GError *cause, guint left)
{
  const CarClientLimits *limits = &self->caller->limits;
  const gboolean is_waiting = self->attempt >= limits->max_retries;
  const gint64 retry_after = answer != NULL ? answer->retry_after : -1;
  guint delay = car_retry_get_delay (limits, self->attempt++, retry_after);
  g_autofree char *why = cause != NULL ? car_caller_to_shown (self->caller, cause->message)
                                       : g_strdup_printf ("HTTP %u", answer->status);
  g_autofree char *path = car_caller_hide_secrets (self->caller, self->call.path->str);

  if (self->call.ends)
    self->call.tolerated = 404;
  if (is_waiting)
    {
      delay = MIN (delay, left);
      car_outage_tell (&self->caller->outage, limits, why);
    }
  else
    {
      g_autofree char *seconds = car_language_format_seconds (delay / 1000.0);

      /* Translators: a call ("POST imports"), what went wrong, and seconds. */
      g_message (_ ("%s %s: %s; trying again in %s s"), self->call.method, path, why, seconds);
    }
  sleep_until (self, delay, send_call);
}

/* Returns: the milliseconds for which the service is waited for yet; 0 where it is there. */
static guint
note_outage (CarOperation *self, const CarHttpAnswer *answer, const GError *cause)
{
  CarOutage *outage = &self->caller->outage;

  if (answer != NULL ? car_retry_is_away (answer->status) : car_retry_is_for_error (cause))
    return car_outage_note (outage, &self->caller->limits, self->begun);
  if (answer != NULL)
    car_outage_end (outage);
  return 0;
}

static void
tell_of_exchange (const CarOperation *self, const CarHttpAnswer *answer)
{
  const gint64 took = (g_get_monotonic_time () - self->begun) / G_TIME_SPAN_MILLISECOND;
  g_autofree char *path = car_caller_hide_secrets (self->caller, self->call.path->str);

  if (answer == NULL)
    g_debug ("%s %s: no answer after %" G_GINT64_FORMAT " ms", self->call.method, path, took);
  else
    g_debug ("%s %s: HTTP %u after %" G_GINT64_FORMAT " ms, %" G_GSIZE_FORMAT " bytes sent, %" G_GSIZE_FORMAT
             " received",
             self->call.method, path, answer->status, took,
             self->call.body != NULL ? g_bytes_get_size (self->call.body) : 0,
             g_bytes_get_size (answer->body));
}

static void
on_exchanged (const CarHttpAnswer *answer, const GError *cause, gpointer user_data)
{
  CarOperation *self = user_data;

  tell_of_exchange (self, answer);
  if (g_cancellable_set_error_if_cancelled (self->stop, &self->error))
    {
      finish (self);
      return;
    }

  const guint left = note_outage (self, answer, cause);
  if (left > 0 ||
      (self->attempt < self->caller->limits.max_retries &&
       (answer != NULL ? car_retry_is_for_status (answer->status) : car_retry_is_for_error (cause))))
    {
      retry (self, answer, cause, left);
      return;
    }

  if (answer == NULL)
    car_call_set_no_answer (&self->call, self->caller, cause, self->attempt + 1, &self->error);
  else
    car_call_read_answer (&self->call, self->caller, answer, &self->answer, &self->error);
  step (self);
}

static void
run_call (CarOperation *self)
{
  car_answer_clear (&self->answer);
  self->attempt = 0;
  if (car_call_complete (&self->call, self->caller, &self->error))
    send_call (self);
  else
    finish (self);
}

void
car_operation_call (CarOperation *self, CarStep next)
{
  self->next = next;
  self->pending = run_call;
}

CarCall *
car_operation_make_call (CarOperation *self, CarApiVersion version, const char *method, const char *path)
{
  car_call_clear (&self->call);
  car_call_init (&self->call, version, method, path);
  return &self->call;
}

gboolean
car_operation_set_unexpected (CarOperation *self, const char *what, GError **error)
{
  car_call_set_unexpected (&self->call, what, error);
  return FALSE;
}

/* The beginning. */

static gboolean
begin (gpointer user_data)
{
  go_on (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
cancel_in_thread (gpointer stop)
{
  g_cancellable_cancel (stop);
  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels. libsoup's sources are in the loop's: cancelling `stop` right here would race with them. The
 * operation may be over when the loop comes to it. */
static void
on_cancelled (GCancellable *cancellable, CarOperation *self)
{
  car_loop_invoke (self->caller->loop, cancel_in_thread, g_object_ref (self->stop), g_object_unref);
}

void
car_operation_start (CarOperation *self)
{
  if (self->error == NULL)
    car_caller_check_ready (self->caller, &self->error);
  if (self->error != NULL)
    {
      g_autoptr (GTask) task = self->task;
      g_task_return_error (task, g_steal_pointer (&self->error));
      return;
    }

  if (self->cancellable != NULL)
    self->handler = g_cancellable_connect (self->cancellable, G_CALLBACK (on_cancelled), self, NULL);
  car_loop_invoke (self->caller->loop, begin, self, NULL);
}

CarOperation *
car_operation_finish (CarClient *client, gpointer tag, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  return g_task_propagate_boolean (G_TASK (result), error) ? g_task_get_task_data (G_TASK (result)) : NULL;
}
