/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-error.h"
#include "service/store/car-service-reader.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/car-service-retention.h"
#include "service/store/car-service-worker.h"

/* How long a database that fails is left alone. */
#define PAUSE_AFTER_FAILURE (2 * G_TIME_SPAN_SECOND)

#define QUERIES_AT_ONCE 4

/* A transaction costs much besides what it writes, so it takes several jobs: while more of them come, they are waited for, for so
 * long after the last, and so many of them. */
#define GATHERING_TIME (5 * G_TIME_SPAN_MILLISECOND)
#define GATHERED_CALLS 128

/* How long nobody writes before the store tidies up. */
#define TIDYING_PAUSE G_TIME_SPAN_SECOND

/* How often is looked for history that is too old. */
#define RETENTION_PERIOD (60 * G_TIME_SPAN_SECOND)

typedef struct
{
  CarServiceAccess access;
  char *source;
  CarServiceCall call;
  gpointer data;
  gboolean placed; /* `after` is known */
  gint64 after;    /* the last job that must be done before */
  GError *problem;
} Call;

/* Threads that read, and a connection for each. */
typedef struct
{
  GThreadPool *threads;
  GAsyncQueue *stores;
} Readers;

struct _CarServiceWorker
{
  GObject parent_instance;

  CarServiceStore *store;
  CarServiceStore *reader; /* of whoever made this */
  CarServiceReader *pages;
  GThread *writer;
  Readers readers;
  Readers queriers;

  GMutex mutex; /* of what follows */
  GCond cond;
  GQueue calls; /* GTask, as they came */
  gboolean stopping;

  GQueue waiting;   /* GTask: for jobs; the writer's own, as what follows */
  guint n_gathered; /* calls since jobs were run */
  gint64 retention_due;
  gint64 tidying_due; /* G_MAXINT64: nothing was written since the last time */
  char *trouble;      /* why it could not write, this time round; NULL */
};

G_DEFINE_FINAL_TYPE (CarServiceWorker, car_service_worker, G_TYPE_OBJECT)

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->source);
  g_clear_error (&call->problem);
  g_free (call);
}

static void
readers_clear (Readers *self)
{
  if (self->threads != NULL)
    g_thread_pool_free (g_steal_pointer (&self->threads), FALSE, TRUE);
  g_clear_pointer (&self->stores, g_async_queue_unref);
}

static void
car_service_worker_finalize (GObject *object)
{
  CarServiceWorker *self = CAR_SERVICE_WORKER (object);

  car_service_worker_stop (self);
  g_clear_pointer (&self->pages, car_service_reader_free);
  g_clear_object (&self->reader);
  g_clear_object (&self->store);
  g_free (self->trouble);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);

  G_OBJECT_CLASS (car_service_worker_parent_class)->finalize (object);
}

static void
car_service_worker_class_init (CarServiceWorkerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = car_service_worker_finalize;
}

static void
car_service_worker_init (CarServiceWorker *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->calls);
  g_queue_init (&self->waiting);
}

static void
answer (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  if (call->problem != NULL)
    g_task_return_error (task, g_steal_pointer (&call->problem));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
answer_stopped (GTask *task)
{
  g_task_return_new_error (task, CAR_SERVICE_ERROR, 503, "The service is stopping");
  g_object_unref (task);
}

/* Whether the jobs that a call comes after are done. */
static gboolean
is_due (CarServiceWorker *self, Call *call)
{
  if (call->access != CAR_SERVICE_WRITE_IN_ORDER)
    return TRUE;

  if (!call->placed)
    call->after = car_service_jobs_get_last_waiting (self->store, call->source, &call->problem);
  call->placed = TRUE;

  return call->problem != NULL ||
         car_service_jobs_are_done (self->store, call->after, call->source, &call->problem);
}

static void
run_call (CarServiceWorker *self, Call *call)
{
  if (call->problem != NULL || !car_service_store_begin_call (self->store, &call->problem))
    return;

  gboolean done = call->call (self->store, call->data, &call->problem);
  car_service_store_end_call (self->store, done, done ? &call->problem : NULL);
}

/* What is wrong with the database, not with a call. */
static void
note_trouble (CarServiceWorker *self, const GError *problem)
{
  if (problem == NULL || car_service_error_get_status (problem) < 500)
    return;

  g_free (self->trouble);
  self->trouble = g_strdup (problem->message);
}

/* Once each time round, and so once a minute at least: a trouble that is over is forgotten, also where nobody writes. */
static void
tell_trouble (CarServiceWorker *self)
{
  car_service_store_note_trouble (self->store, self->trouble);
  g_clear_pointer (&self->trouble, g_free);
}

static void
commit_calls (CarServiceWorker *self, GQueue *done)
{
  g_autoptr (GError) problem = NULL;

  car_service_store_commit (self->store, &problem);
  for (GList *link = done->head; link != NULL; link = link->next)
    {
      Call *call = g_task_get_task_data (link->data);

      if (problem != NULL && call->problem == NULL)
        call->problem = g_error_copy (problem);
      note_trouble (self, call->problem);
    }

  /* Whoever is answered so, and asks how the service is, is told the same. */
  if (self->trouble != NULL)
    car_service_store_note_trouble (self->store, self->trouble);
  while (!g_queue_is_empty (done))
    answer (g_queue_pop_head (done));
}

/* Nothing can be written now: whoever asked knows best when to try again. */
static void
refuse_calls (CarServiceWorker *self, const GError *problem)
{
  note_trouble (self, problem);
  if (self->trouble != NULL)
    car_service_store_note_trouble (self->store, self->trouble);
  while (!g_queue_is_empty (&self->waiting))
    {
      GTask *task = g_queue_pop_head (&self->waiting);
      Call *call = g_task_get_task_data (task);

      g_clear_error (&call->problem);
      call->problem = g_error_copy (problem);
      answer (task);
    }
}

/* All calls that are due, in one transaction: one sync of the disk for all of them. */
static gboolean
run_calls (CarServiceWorker *self, GQueue *calls, GError **error)
{
  g_auto (GQueue) done = G_QUEUE_INIT;
  GError *problem = NULL;

  while (!g_queue_is_empty (calls))
    g_queue_push_tail (&self->waiting, g_queue_pop_head (calls));
  if (g_queue_is_empty (&self->waiting))
    return TRUE;

  if (!car_service_store_begin (self->store, &problem))
    {
      refuse_calls (self, problem);
      g_propagate_error (error, problem);
      return FALSE;
    }
  for (guint n = g_queue_get_length (&self->waiting); n > 0; n--)
    {
      GTask *task = g_queue_pop_head (&self->waiting);
      Call *call = g_task_get_task_data (task);

      if (!is_due (self, call))
        {
          g_queue_push_tail (&self->waiting, task);
          continue;
        }
      run_call (self, call);
      g_queue_push_tail (&done, task);
    }
  self->n_gathered += g_queue_get_length (&done);
  self->tidying_due = g_get_monotonic_time () + TIDYING_PAUSE;
  commit_calls (self, &done);
  car_service_reader_wake (self->pages);

  return TRUE;
}

/* Waits until there is something to do: calls, `busy`, or that the time is `until`. FALSE: the service stops. */
static gboolean
take_calls (CarServiceWorker *self, gboolean busy, gint64 not_before, gint64 until, GQueue *calls)
{
  g_mutex_lock (&self->mutex);
  while (!self->stopping && not_before > g_get_monotonic_time ())
    g_cond_wait_until (&self->cond, &self->mutex, not_before);
  while (!self->stopping && !busy && g_queue_is_empty (&self->calls) && until > g_get_monotonic_time ())
    g_cond_wait_until (&self->cond, &self->mutex, until);
  *calls = self->calls;
  g_queue_init (&self->calls);
  gboolean stopping = self->stopping;
  g_mutex_unlock (&self->mutex);

  return !stopping;
}

/* Whether another call comes soon, and is to be run before the jobs. */
static gboolean
gather (CarServiceWorker *self)
{
  const gint64 end = g_get_monotonic_time () + GATHERING_TIME;

  if (self->n_gathered == 0 || self->n_gathered >= GATHERED_CALLS)
    return FALSE;
  g_mutex_lock (&self->mutex);
  while (!self->stopping && g_queue_is_empty (&self->calls) &&
         g_cond_wait_until (&self->cond, &self->mutex, end))
    ;
  gboolean more = !g_queue_is_empty (&self->calls);
  g_mutex_unlock (&self->mutex);

  return more;
}

static gboolean
run_jobs (CarServiceWorker *self, gboolean *more, GError **error)
{
  *more = TRUE;
  if (gather (self))
    return TRUE;
  self->n_gathered = 0;

  if (!car_service_jobs_run (self->store, self->pages, more, error))
    return FALSE;
  /* The calls that waited for these jobs are due. */
  *more = *more || !g_queue_is_empty (&self->waiting);

  return TRUE;
}

/* A little at a time, between calls and jobs. */
static gboolean
forget_history (CarServiceWorker *self, GError **error)
{
  gboolean more;

  if (!car_service_store_take_upkeep (self->store) && self->retention_due > g_get_monotonic_time ())
    return TRUE;
  if (!car_service_store_begin (self->store, error))
    return FALSE;
  if (!car_service_retention_apply (self->store, &more, error))
    {
      car_service_store_rollback (self->store);
      return FALSE;
    }
  if (!car_service_store_commit (self->store, error))
    return FALSE;
  self->retention_due = more ? 0 : g_get_monotonic_time () + RETENTION_PERIOD;
  if (!more)
    self->tidying_due = g_get_monotonic_time ();

  return TRUE;
}

static void
tidy (CarServiceWorker *self)
{
  if (self->tidying_due > g_get_monotonic_time ())
    return;

  car_service_store_tidy (self->store);
  self->tidying_due = G_MAXINT64;
}

static gpointer
write_main (gpointer data)
{
  CarServiceWorker *self = data;
  GQueue calls = G_QUEUE_INIT;
  gboolean busy = TRUE; /* what was left by the last run */
  gint64 not_before = 0;

  while (take_calls (self, busy, not_before, MIN (self->retention_due, self->tidying_due), &calls))
    {
      g_autoptr (GError) error = NULL;

      if (run_calls (self, &calls, &error) && run_jobs (self, &busy, &error) &&
          forget_history (self, &error) && !busy)
        tidy (self);
      not_before = 0;
      if (error != NULL)
        {
          g_warning ("%s; trying again", error->message);
          not_before = g_get_monotonic_time () + PAUSE_AFTER_FAILURE;
          busy = TRUE;
        }
      note_trouble (self, error);
      tell_trouble (self);
    }
  g_queue_foreach (&self->waiting, (GFunc) (void (*) (void)) answer_stopped, NULL);
  g_queue_clear (&self->waiting);
  g_queue_foreach (&calls, (GFunc) (void (*) (void)) answer_stopped, NULL);
  g_queue_clear (&calls);

  return NULL;
}

static void
read_one (gpointer data, gpointer user_data)
{
  Readers *self = user_data;
  GTask *task = data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (CarServiceStore) store = g_async_queue_pop (self->stores); /* there are as many as threads */

  if (car_service_store_begin_reading (store, g_task_get_cancellable (task), &call->problem))
    {
      call->call (store, call->data, &call->problem);
      car_service_store_end_reading (store);
    }
  g_async_queue_push (self->stores, g_steal_pointer (&store));
  answer (task);
}

static gboolean
readers_start (Readers *self, guint n_threads, CarServiceStore *store, GError **error)
{
  self->stores = g_async_queue_new_full (g_object_unref);
  for (guint i = 0; i < n_threads; i++)
    {
      CarServiceStore *another = car_service_store_open_another (store, TRUE, error);
      if (another == NULL)
        return FALSE;
      g_async_queue_push (self->stores, another);
    }
  self->threads = g_thread_pool_new (read_one, self, (gint) n_threads, TRUE, error);

  return self->threads != NULL;
}

CarServiceWorker *
car_service_worker_new (CarServiceStore *store, GError **error)
{
  g_autoptr (CarServiceWorker) self = g_object_new (CAR_TYPE_SERVICE_WORKER, NULL);

  self->store = g_object_ref (store);
  /* Whoever waits for its thread waits for every call. */
  self->reader = car_service_store_open_another (store, FALSE, error);
  if (self->reader == NULL)
    return NULL;
  if (!readers_start (&self->readers, 1, store, error) ||
      !readers_start (&self->queriers, QUERIES_AT_ONCE, store, error))
    return NULL;
  g_autoptr (CarServiceStore) another = car_service_store_open_another (store, TRUE, error);
  if (another == NULL)
    return NULL;
  car_service_store_hide (store);
  self->pages = car_service_reader_new (another, error);
  if (self->pages == NULL)
    return NULL;
  self->writer = g_thread_new ("writer", write_main, self);

  return g_steal_pointer (&self);
}

CarServiceStore *
car_service_worker_get_reader (CarServiceWorker *self)
{
  return self->reader;
}

static void
push_query (CarServiceWorker *self, GTask *task)
{
  if (g_thread_pool_unprocessed (self->queriers.threads) < CAR_SERVICE_MAX_WAITING_QUERIES)
    {
      g_thread_pool_push (self->queriers.threads, task, NULL);
      return;
    }

  g_task_return_new_error (task, CAR_SERVICE_ERROR, 503, "%d queries wait already: ask again later",
                           CAR_SERVICE_MAX_WAITING_QUERIES);
  g_object_unref (task);
}

void
car_service_worker_call_async (CarServiceWorker *self,
                               CarServiceAccess access,
                               const char *source,
                               CarServiceCall call,
                               gpointer data,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *new_call = g_new0 (Call, 1);

  g_task_set_source_tag (task, car_service_worker_call_async);
  *new_call = (Call){ .access = access, .source = g_strdup (source), .call = call, .data = data };
  g_task_set_task_data (task, new_call, call_free);

  if (self->writer == NULL)
    answer_stopped (task);
  else if (access == CAR_SERVICE_READ)
    g_thread_pool_push (self->readers.threads, task, NULL);
  else if (access == CAR_SERVICE_QUERY)
    push_query (self, task);
  else
    {
      g_mutex_lock (&self->mutex);
      g_queue_push_tail (&self->calls, task);
      g_cond_signal (&self->cond);
      g_mutex_unlock (&self->mutex);
    }
}

gboolean
car_service_worker_call_finish (CarServiceWorker *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
car_service_worker_stop (CarServiceWorker *self)
{
  if (self->writer != NULL)
    {
      car_service_store_stop (self->store);
      g_mutex_lock (&self->mutex);
      self->stopping = TRUE;
      g_cond_signal (&self->cond);
      g_mutex_unlock (&self->mutex);
      g_clear_pointer (&self->writer, g_thread_join);
    }
  readers_clear (&self->readers);
  readers_clear (&self->queriers);
}
