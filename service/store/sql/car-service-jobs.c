/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-reader.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sessions.h"
#include "service/store/sql/car-service-sources.h"
#include "service/store/sql/car-service-sql.h"

/* How long one can ask after a job that is done. The last ones stay: where the clock was set forward, all look old. */
#define KEEP_MS (G_GINT64_CONSTANT (7) * 24 * 60 * 60 * 1000)
#define FORGET_EVERY 1024

typedef struct
{
  gint64 id;
  char *kind;
  char *source;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->kind, g_free);
  g_clear_pointer (&job->source, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

gint64
car_service_jobs_post (CarServiceStore *store,
                       const char *kind,
                       const char *source,
                       GBytes *body,
                       GError **error)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  gint64 now = g_get_real_time () / 1000;

  CarServiceRow *row =
      car_service_store_get (store, error,
                             "INSERT INTO job (kind, source, status, body, created_at)"
                             " VALUES (?, ?, '" CAR_SERVICE_JOB_RUNNING "', ?, ?) RETURNING id",
                             "ssbi", kind, source, body != NULL ? body : nothing, now);
  if (row == NULL)
    return 0;

  gint64 id = car_service_row_get_integer (row, 0);
  car_service_row_end (row);
  if (id % FORGET_EVERY == 0 &&
      !car_service_store_run (
          store, error,
          "DELETE FROM job WHERE created_at < ? AND id <= ? AND status <> '" CAR_SERVICE_JOB_RUNNING "'",
          "ii", now - KEEP_MS, id - FORGET_EVERY))
    return 0;

  return id;
}

/* Jobs of one transaction are run without a mark to go back to, which would cost as much again as writing. Where one fails, all
 * are taken back, those before it are run again, and it alone. */
typedef struct
{
  CarServiceStore *store;
  CarServiceReader *reader;
  gboolean wrote; /* the job at hand may have written something */
  gint64 failed;  /* the job that failed after it began to write; 0: none */
} Run;

static gboolean
end_full_import (CarServiceStore *store, const char *source, GError **error)
{
  gint64 now;

  return car_service_store_tick (store, &now, error) &&
         car_service_store_end_full_import (store, source, now, error);
}

static gboolean
write_page (CarServiceStore *store, CarServicePage *page, GError **error)
{
  CarServiceReport report = { .source = page->source, .reported_at = page->reported_at };

  return car_service_sessions_has (store, page->source, page->report, &report.is_full, error) &&
         car_service_store_tick (store, &report.now, error) && car_service_sources_put (store, page, error) &&
         car_service_sources_note_report (store, page, report.now, error) &&
         car_service_store_put_page (store, &report, page, error);
}

/* What was read ahead by a model that changed meanwhile is read again. */
static CarServiceReading *
read_page (CarServiceStore *store, CarServiceReader *reader, const Job *job, GError **error)
{
  g_autoptr (CarServiceReading) ahead = reader != NULL ? car_service_reader_take (reader, job->id) : NULL;
  g_autofree char *model = car_service_store_dup_model_mark (store, error);
  g_autoptr (GBytes) body = NULL;

  if (model == NULL)
    return NULL;
  if (ahead != NULL && g_strcmp0 (ahead->model, model) == 0)
    return g_steal_pointer (&ahead);

  body = car_service_jobs_load_body (store, job->id, error);
  return body != NULL ? car_service_reader_read (store, job->id, body) : NULL;
}

static gboolean
import (Run *self, const Job *job, char **warnings, GError **error)
{
  g_autoptr (CarServiceReading) reading = read_page (self->store, self->reader, job, error);

  if (reading == NULL)
    return FALSE;
  if (reading->page == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reading->problem));
      return FALSE;
    }
  self->wrote = TRUE;
  if (!write_page (self->store, reading->page, error))
    return FALSE;
  *warnings = car_service_page_write_warnings (reading->page);

  return TRUE;
}

static gboolean
set_up (CarServiceStore *store, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *graph = car_service_store_get_setting (store, "graph_name", &local_error);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  /* Setting up what is set up already takes nothing away. */
  return graph != NULL || car_service_store_set_setting (store, "graph_name", "", error);
}

static gboolean
create_graph (CarServiceStore *store, gint64 job, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  g_autoptr (GBytes) body = car_service_jobs_load_body (store, job, error);
  gboolean wrong = FALSE;

  if (body == NULL || !car_service_object_parse (&members, body, "The change", error))
    return FALSE;

  g_autofree char *name = car_service_object_dup_string (&members, "graph_name", &wrong);
  return car_service_store_set_setting (store, "graph_name", name != NULL ? name : "", error);
}

static gboolean
run (Run *self, const Job *job, char **warnings, GError **error)
{
  CarServiceStore *store = self->store;

  self->wrote = FALSE;
  if (strcmp (job->kind, CAR_SERVICE_JOB_IMPORT) == 0)
    return import (self, job, warnings, error);

  self->wrote = TRUE;
  if (strcmp (job->kind, CAR_SERVICE_JOB_BEGIN) == 0)
    return car_service_store_begin_full_import (store, job->source, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_END) == 0)
    return end_full_import (store, job->source, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_SET_UP) == 0)
    return set_up (store, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_GRAPH) == 0)
    return create_graph (store, job->id, error);
  /* The indices cover every collection from the start. */
  if (strcmp (job->kind, CAR_SERVICE_JOB_INDICES) == 0)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 500, "There is no job of the kind %s", job->kind);
  return FALSE;
}

static gboolean
note_result (CarServiceStore *store, gint64 id, const char *warnings, const GError *problem, GError **error)
{
  return car_service_store_run (
      store, error,
      "UPDATE job SET status = ?, error = ?, status_code = ?, warnings = ?, body = NULL WHERE id = ?",
      "ssisi", problem != NULL ? CAR_SERVICE_JOB_ERROR : CAR_SERVICE_JOB_COMPLETE,
      problem != NULL ? problem->message : NULL,
      (gint64) (problem != NULL ? car_service_error_get_status (problem) : 200), warnings, id);
}

/* The job's status tells the sender what is wrong with the envelope, and may quote it. The log must not. */
static void
note_in_log (const Job *job, const GError *problem)
{
  guint status = car_service_error_get_status (problem);

  if (status >= 500)
    g_warning ("Job %" G_GINT64_FORMAT " (%s) failed: %s", job->id, job->kind, problem->message);
  else
    g_message ("Job %" G_GINT64_FORMAT " (%s) was refused with %u", job->id, job->kind, status);
}

/* No space left, or another program that holds the database: the job was answered for, so it waits until that is over. */
static gboolean
is_passing (const GError *problem)
{
  guint status = car_service_error_get_status (problem);

  return status == 503 || status == 507;
}

static gboolean
load_next (CarServiceStore *store, Job *job, gboolean *found, GError **error)
{
  CarServiceRow *row;

  *found = FALSE;
  if (!car_service_store_find (store, &row, error,
                               "SELECT id, kind, source FROM job"
                               " WHERE status = '" CAR_SERVICE_JOB_RUNNING "' ORDER BY id LIMIT 1",
                               ""))
    return FALSE;
  if (row == NULL)
    return TRUE;

  *found = TRUE;
  job->id = car_service_row_get_integer (row, 0);
  job->kind = g_strdup (car_service_row_get_text (row, 1));
  job->source = g_strdup (car_service_row_get_text (row, 2));
  car_service_row_end (row);

  return TRUE;
}

static GBytes *
take_body (CarServiceRow *row, int column)
{
  gsize length;
  const char *body = car_service_row_get_data (row, column, &length);
  GBytes *bytes = g_bytes_new (body, length);

  car_service_row_end (row);
  return bytes;
}

GBytes *
car_service_jobs_load_body (CarServiceStore *store, gint64 id, GError **error)
{
  CarServiceRow *row = car_service_store_get (store, error, "SELECT body FROM job WHERE id = ?", "i", id);

  return row != NULL ? take_body (row, 0) : NULL;
}

gint64
car_service_jobs_load_import (CarServiceStore *store, gint64 after, GBytes **body, GError **error)
{
  CarServiceRow *row =
      car_service_store_get (store, error,
                             "SELECT id, body FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING
                             "' AND kind = '" CAR_SERVICE_JOB_IMPORT "' AND id > ? ORDER BY id LIMIT 1",
                             "i", after);
  if (row == NULL)
    return 0;

  gint64 id = car_service_row_get_integer (row, 0);
  *body = take_body (row, 1);

  return id;
}

/* FALSE: an error of the database's, or the job failed. What is wrong with a page that was not written is noted at once. */
static gboolean
run_and_note (Run *self, const Job *job, gboolean alone, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *warnings = NULL;

  if (run (self, job, &warnings, &problem))
    return note_result (self->store, job->id, warnings, NULL, error);
  if (!is_passing (problem) && !self->wrote)
    {
      note_in_log (job, problem);
      return note_result (self->store, job->id, NULL, problem, error);
    }

  if (!is_passing (problem) && !alone)
    self->failed = job->id;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* Up to the job that failed before. */
static gboolean
run_some (Run *self, gboolean *more, GError **error)
{
  const gint64 end = g_get_monotonic_time () + CAR_SERVICE_JOBS_TIME;
  const gint64 before = self->failed != 0 ? self->failed : G_MAXINT64;

  *more = TRUE;
  while (*more && g_get_monotonic_time () < end && car_service_store_may_go_on (self->store, NULL))
    {
      g_auto (Job) job = { 0 };

      if (!load_next (self->store, &job, more, error))
        return FALSE;
      if (*more && job.id >= before)
        return TRUE;
      if (*more && !run_and_note (self, &job, FALSE, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
run_together (Run *self, gboolean *more, GError **error)
{
  if (!car_service_store_begin (self->store, error))
    return FALSE;
  if (run_some (self, more, error))
    return car_service_store_commit (self->store, error);

  car_service_store_rollback (self->store);
  return FALSE;
}

/* The job's own transaction: it is done, or it has failed. */
static gboolean
run_alone (Run *self, const Job *job, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!car_service_store_begin (self->store, error))
    return FALSE;
  if (run_and_note (self, job, TRUE, &problem) && car_service_store_commit (self->store, &problem))
    return TRUE;

  car_service_store_rollback (self->store);
  if (is_passing (problem))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  note_in_log (job, problem);
  if (!car_service_store_begin (self->store, error))
    return FALSE;
  if (note_result (self->store, job->id, NULL, problem, error))
    return car_service_store_commit (self->store, error);

  car_service_store_rollback (self->store);
  return FALSE;
}

static gboolean
run_failed (Run *self, gboolean *more, GError **error)
{
  g_auto (Job) job = { 0 };

  if (!run_together (self, more, error) || !load_next (self->store, &job, more, error))
    return FALSE;

  return !*more || job.id != self->failed || run_alone (self, &job, error);
}

gboolean
car_service_jobs_run (CarServiceStore *store, CarServiceReader *reader, gboolean *more, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Run self = { .store = store, .reader = reader };

  if (!car_service_store_has (store, more, error,
                              "SELECT 1 FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "' LIMIT 1", ""))
    return FALSE;
  if (!*more || run_together (&self, more, &problem))
    return TRUE;
  if (self.failed != 0)
    return run_failed (&self, more, error);

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

gint64
car_service_jobs_get_last_waiting (CarServiceStore *store, const char *source, GError **error)
{
  CarServiceRow *row =
      car_service_store_get (store, error,
                             "SELECT max(id) FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "'"
                             " AND (?1 IS NULL OR source = ?1)",
                             "s", source);
  if (row == NULL)
    return 0;

  gint64 id = car_service_row_get_integer (row, 0);
  car_service_row_end (row);

  return id;
}

gboolean
car_service_jobs_are_done (CarServiceStore *store, gint64 id, const char *source, GError **error)
{
  CarServiceRow *row = car_service_store_get (store, error,
                                              "SELECT 1 FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "'"
                                              " AND id <= ?2 AND (?1 IS NULL OR source = ?1)",
                                              "si", source, id);
  if (row == NULL)
    return TRUE;

  car_service_row_end (row);
  return FALSE;
}

gboolean
car_service_jobs_get_queue (CarServiceStore *store, gint64 *n_waiting, gint64 *oldest, GError **error)
{
  CarServiceRow *row =
      car_service_store_get (store, error,
                             "SELECT (SELECT count(*) FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "'),"
                             " (SELECT created_at FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "'"
                             "  ORDER BY id LIMIT 1)",
                             "");
  if (row == NULL)
    return FALSE;

  *n_waiting = car_service_row_get_integer (row, 0);
  *oldest = *n_waiting > 0 ? MAX (g_get_real_time () / 1000 - car_service_row_get_integer (row, 1), 0) : 0;
  car_service_row_end (row);

  return TRUE;
}
