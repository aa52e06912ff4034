/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-envelope.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-graph.h"
#include "service/store/car-service-jobs.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-regroup.h"

/* How long one can ask after a job that is done. The last ones stay: where the clock was set forward, all look old. */
#define KEEP_MS (G_GINT64_CONSTANT (7) * 24 * 60 * 60 * 1000)
#define FORGET_EVERY 1024

typedef struct
{
  gint64 id;
  char *kind;
  char *source;
  GBytes *body;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->kind, g_free);
  g_clear_pointer (&job->source, g_free);
  g_clear_pointer (&job->body, g_bytes_unref);
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

  if (!car_service_store_run (store, error,
                              "INSERT INTO job (kind, source, status, body, created_at)"
                              " VALUES (?, ?, '" CAR_SERVICE_JOB_RUNNING "', ?, ?)",
                              "ssbi", kind, source, body != NULL ? body : nothing, now))
    return 0;

  gint64 id = sqlite3_last_insert_rowid (car_service_store_get_database (store));
  if (id % FORGET_EVERY == 0 &&
      !car_service_store_run (
          store, error,
          "DELETE FROM job WHERE created_at < ? AND id <= ? AND status <> '" CAR_SERVICE_JOB_RUNNING "'",
          "ii", now - KEEP_MS, id - FORGET_EVERY))
    return 0;

  return id;
}

/* What is sent from now on is told apart from what was sent before. */
static gboolean
begin_full_import (CarServiceStore *store, const char *source, GError **error)
{
  return car_service_store_run (store, error,
                                "INSERT INTO source (key, generation) VALUES (?, 1)"
                                " ON CONFLICT (key) DO UPDATE SET generation = generation + 1",
                                "s", source);
}

static gboolean
end_full_import (CarServiceStore *store, const char *source, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (
      store, error, "SELECT coalesce((SELECT generation FROM source WHERE key = ?), 0)", "s", source);
  gint64 now;

  if (row == NULL)
    return FALSE;
  gint64 generation = sqlite3_column_int64 (row, 0);
  sqlite3_reset (row);

  return car_service_store_tick (store, &now, error) &&
         car_service_graph_close_unseen (store, source, generation, now, error);
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
create_graph (CarServiceStore *store, GBytes *body, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  gboolean wrong = FALSE;

  if (!car_service_object_parse (&members, body, "The change", error))
    return FALSE;

  g_autofree char *name = car_service_object_dup_string (&members, "graph_name", &wrong);
  return car_service_store_set_setting (store, "graph_name", name != NULL ? name : "", error);
}

static gboolean
run (CarServiceStore *store, const Job *job, char **warnings, GError **error)
{
  if (strcmp (job->kind, CAR_SERVICE_JOB_IMPORT) == 0)
    return car_service_envelope_import (store, job->body, warnings, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_BEGIN) == 0)
    return begin_full_import (store, job->source, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_END) == 0)
    return end_full_import (store, job->source, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_SET_UP) == 0)
    return set_up (store, error);
  if (strcmp (job->kind, CAR_SERVICE_JOB_GRAPH) == 0)
    return create_graph (store, job->body, error);
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
run_and_note (CarServiceStore *store, const Job *job, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *warnings = NULL;

  if (!car_service_store_begin (store, error))
    return FALSE;
  if (run (store, job, &warnings, &problem) && car_service_regroup_users (store, &problem) &&
      note_result (store, job->id, warnings, NULL, &problem) && car_service_store_commit (store, &problem))
    return TRUE;

  car_service_store_rollback (store);
  if (is_passing (problem))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  note_in_log (job, problem);
  if (!car_service_store_begin (store, error))
    return FALSE;
  if (note_result (store, job->id, NULL, problem, error))
    return car_service_store_commit (store, error);

  car_service_store_rollback (store);
  return FALSE;
}

static gboolean
load_next (CarServiceStore *store, Job *job, gboolean *found, GError **error)
{
  sqlite3_stmt *row;

  *found = FALSE;
  if (!car_service_store_find (store, &row, error,
                               "SELECT id, kind, source, body FROM job"
                               " WHERE status = '" CAR_SERVICE_JOB_RUNNING "' ORDER BY id LIMIT 1",
                               ""))
    return FALSE;
  if (row == NULL)
    return TRUE;

  *found = TRUE;
  job->id = sqlite3_column_int64 (row, 0);
  job->kind = g_strdup (car_service_store_get_text (row, 1));
  job->source = g_strdup (car_service_store_get_text (row, 2));
  job->body = g_bytes_new (sqlite3_column_blob (row, 3), (gsize) sqlite3_column_bytes (row, 3));
  sqlite3_reset (row);

  return TRUE;
}

gboolean
car_service_jobs_run_next (CarServiceStore *store, gboolean *found, GError **error)
{
  g_auto (Job) job = { 0 };

  return load_next (store, &job, found, error) && (!*found || run_and_note (store, &job, error));
}

gint64
car_service_jobs_get_last_waiting (CarServiceStore *store, const char *source, GError **error)
{
  sqlite3_stmt *row =
      car_service_store_get (store, error,
                             "SELECT max(id) FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "'"
                             " AND (?1 IS NULL OR source = ?1)",
                             "s", source);
  if (row == NULL)
    return 0;

  gint64 id = sqlite3_column_int64 (row, 0);
  sqlite3_reset (row);

  return id;
}

gboolean
car_service_jobs_are_done (CarServiceStore *store, gint64 id, const char *source, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (store, error,
                                             "SELECT 1 FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "'"
                                             " AND id <= ?2 AND (?1 IS NULL OR source = ?1)",
                                             "si", source, id);
  if (row == NULL)
    return TRUE;

  sqlite3_reset (row);
  return FALSE;
}

gboolean
car_service_jobs_get_queue (CarServiceStore *store, gint64 *n_waiting, gint64 *oldest, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (
      store, error,
      "SELECT (SELECT count(*) FROM job INDEXED BY job_waiting WHERE status = '" CAR_SERVICE_JOB_RUNNING "'),"
      " (SELECT created_at FROM job INDEXED BY job_waiting WHERE status = '" CAR_SERVICE_JOB_RUNNING "'"
      "  ORDER BY id LIMIT 1)",
      "");
  if (row == NULL)
    return FALSE;

  *n_waiting = sqlite3_column_int64 (row, 0);
  *oldest = *n_waiting > 0 ? MAX (g_get_real_time () / 1000 - sqlite3_column_int64 (row, 1), 0) : 0;
  sqlite3_reset (row);

  return TRUE;
}
