/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-reader.h"
#include "service/store/sql/car-service-jobs.h"

/* Pages that wait to be written: each takes the memory of its envelope and some more. */
#define AHEAD 4

struct _CarServiceReader
{
  CarServiceStore *store; /* the thread's */
  GThread *thread;

  GMutex mutex; /* of what follows */
  GCond cond;
  GQueue readings; /* by job */
  gint64 last;     /* job that was read, or is being read */
  gboolean reading;
  gboolean awake; /* there may be more jobs behind that */
  gboolean stopping;
};

void
car_service_reading_free (CarServiceReading *self)
{
  g_clear_pointer (&self->page, car_service_page_free);
  g_clear_error (&self->problem);
  g_free (self->model);
  g_free (self);
}

CarServiceReading *
car_service_reader_read (CarServiceStore *store, gint64 job, GBytes *body)
{
  CarServiceReading *reading = g_new0 (CarServiceReading, 1);
  CarCoreModel *model = car_service_store_get_model (store, &reading->problem);
  CarImportSchema *schema =
      model != NULL ? car_service_store_get_import_schema (store, &reading->problem) : NULL;

  reading->job = job;
  if (schema != NULL)
    reading->model = car_service_store_dup_model_mark (store, &reading->problem);
  if (reading->model != NULL)
    reading->page = car_service_page_read (body, model, schema, &reading->problem);

  return reading;
}

/* The next job that is an import; NULL where there is none. What is wrong with the database is told by who writes. */
static CarServiceReading *
read_next (CarServiceReader *self, gint64 after)
{
  g_autoptr (GBytes) body = NULL;
  gint64 job = car_service_jobs_load_import (self->store, after, &body, NULL);

  return job != 0 ? car_service_reader_read (self->store, job, body) : NULL;
}

/* Waits until there is something to read; FALSE: the service stops. */
static gboolean
wait_for_jobs (CarServiceReader *self)
{
  while (!self->stopping && (!self->awake || g_queue_get_length (&self->readings) >= AHEAD))
    g_cond_wait (&self->cond, &self->mutex);

  return !self->stopping;
}

static gpointer
read_main (gpointer data)
{
  CarServiceReader *self = data;

  g_mutex_lock (&self->mutex);
  while (wait_for_jobs (self))
    {
      gint64 after = self->last;

      self->awake = FALSE;
      self->reading = TRUE;
      g_mutex_unlock (&self->mutex);
      CarServiceReading *reading = read_next (self, after);
      g_mutex_lock (&self->mutex);
      self->reading = FALSE;
      if (reading != NULL && reading->job > self->last)
        {
          self->last = reading->job;
          self->awake = TRUE;
          g_queue_push_tail (&self->readings, reading);
        }
      else if (reading != NULL) /* the writer was faster */
        {
          self->awake = TRUE;
          car_service_reading_free (reading);
        }
      g_cond_broadcast (&self->cond);
    }
  g_mutex_unlock (&self->mutex);

  return NULL;
}

CarServiceReader *
car_service_reader_new (CarServiceStore *store, GError **error)
{
  CarServiceReader *self = g_new0 (CarServiceReader, 1);

  self->store = g_object_ref (store);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->readings);
  self->awake = TRUE;
  self->thread = g_thread_try_new ("reader", read_main, self, error);
  if (self->thread == NULL)
    g_clear_pointer (&self, car_service_reader_free);

  return self;
}

void
car_service_reader_free (CarServiceReader *self)
{
  if (self->thread != NULL)
    {
      g_mutex_lock (&self->mutex);
      self->stopping = TRUE;
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->mutex);
      g_thread_join (self->thread);
    }
  g_queue_clear_full (&self->readings, (GDestroyNotify) car_service_reading_free);
  g_object_unref (self->store);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

void
car_service_reader_wake (CarServiceReader *self)
{
  g_mutex_lock (&self->mutex);
  self->awake = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* The first that is not of an earlier job. */
static CarServiceReading *
peek (CarServiceReader *self, gint64 job)
{
  CarServiceReading *first;

  while ((first = g_queue_peek_head (&self->readings)) != NULL && first->job < job)
    car_service_reading_free (g_queue_pop_head (&self->readings));

  return first;
}

CarServiceReading *
car_service_reader_take (CarServiceReader *self, gint64 job)
{
  g_mutex_lock (&self->mutex);
  CarServiceReading *reading = peek (self, job);
  while (reading == NULL && self->reading && self->last < job)
    {
      g_cond_wait (&self->cond, &self->mutex);
      reading = peek (self, job);
    }
  if (reading != NULL && reading->job == job)
    g_queue_pop_head (&self->readings);
  else
    reading = NULL;
  self->last = MAX (self->last, job);
  self->awake = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  return reading;
}
