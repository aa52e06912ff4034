/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-error.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sessions.h"
#include "service/store/sql/car-service-sql.h"

/* As many of a source are remembered: a run that was replaced more often than this meanwhile is no full import any more. */
#define REMEMBERED 64

/* One row of the table; id 0: there is none. The last one of a source is the one that counts: it is under way until its end
 * has come, and all before it were replaced unless they have ended. */
typedef struct
{
  gint64 id;
  gint64 end_job;
  gboolean has_report;
} Session;

/* Always FALSE. */
static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, CAR_SERVICE_ERROR, 409, "%s; let one run of a source finish before the next begins",
               problem);

  return FALSE;
}

/* By a statement of id, end_job, report. */
static gboolean
find (CarServiceStore *store,
      const char *sql,
      const char *source,
      const char *report,
      Session *found,
      GError **error)
{
  CarServiceRow *row;

  *found = (Session){ 0 };
  if (!car_service_store_find (store, &row, error, sql, report != NULL ? "ss" : "s", source, report))
    return FALSE;
  if (row == NULL)
    return TRUE;

  found->id = car_service_row_get_integer (row, 0);
  found->end_job = car_service_row_get_integer (row, 1);
  found->has_report = !car_service_row_is_null (row, 2);
  car_service_row_end (row);

  return TRUE;
}

static gboolean
find_last (CarServiceStore *store, const char *source, Session *found, GError **error)
{
  return find (store, "SELECT id, end_job, report FROM session WHERE source = ? ORDER BY id DESC LIMIT 1",
               source, NULL, found, error);
}

static gboolean
find_of_report (CarServiceStore *store,
                const char *source,
                const char *report,
                Session *found,
                GError **error)
{
  return find (
      store,
      "SELECT id, end_job, report FROM session WHERE source = ? AND report = ? ORDER BY id DESC LIMIT 1",
      source, report, found, error);
}

/* The last one whose report is not known yet. */
static gboolean
find_unnamed (CarServiceStore *store, const char *source, Session *found, GError **error)
{
  return find (store,
               "SELECT id, end_job, report FROM session WHERE source = ? AND report IS NULL"
               " ORDER BY id DESC LIMIT 1",
               source, NULL, found, error);
}

gboolean
car_service_sessions_begin (CarServiceStore *store, const char *source, const char *report, GError **error)
{
  return car_service_store_run (store, error, "INSERT INTO session (source, report) VALUES (?, ?)", "ss",
                                source, report) &&
         car_service_store_run (store, error,
                                "DELETE FROM session WHERE source = ?1 AND id <= (SELECT id FROM session"
                                " WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                                "si", source, (gint64) REMEMBERED);
}

/* The report belongs to no full import, or to one that has ended. If a full import is under way whose report is not known,
 * it takes this one. If the full import under way has a report, and one that it replaced has not, this report is of the
 * replaced one. */
static gboolean
join_anew (CarServiceStore *store,
           const char *source,
           const char *report,
           const Session *last,
           GError **error)
{
  Session unnamed;

  if (last->id == 0 || last->end_job != 0)
    return TRUE;
  if (!find_unnamed (store, source, &unnamed, error))
    return FALSE;
  if (unnamed.id == last->id)
    return car_service_store_run (store, error, "UPDATE session SET report = ? WHERE id = ?", "si", report,
                                  unnamed.id);

  return unnamed.id == 0 ||
         refuse (error, "Another full import of the source %s has begun and replaced this one", source);
}

gboolean
car_service_sessions_join (CarServiceStore *store, const char *source, const char *report, GError **error)
{
  Session last, own;

  if (report == NULL)
    return TRUE;
  if (!find_last (store, source, &last, error) || !find_of_report (store, source, report, &own, error))
    return FALSE;
  if (own.id == 0 || own.end_job != 0)
    return join_anew (store, source, report, &last, error);

  return own.id == last.id ||
         refuse (error, "Another full import has begun and replaced the one of the report %s", report);
}

gboolean
car_service_sessions_has (CarServiceStore *store,
                          const char *source,
                          const char *report,
                          gboolean *has,
                          GError **error)
{
  CarServiceRow *row;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT 1 FROM session WHERE source = ?1 AND (?2 IS NULL OR report = ?2) LIMIT 1", "ss", source,
          report))
    return FALSE;
  *has = row != NULL;
  if (row != NULL)
    car_service_row_end (row);

  return TRUE;
}

static gboolean
is_job_failed (CarServiceStore *store, gint64 job, gboolean *failed, GError **error)
{
  CarServiceRow *row;

  if (!car_service_store_find (store, &row, error,
                               "SELECT 1 FROM job WHERE id = ? AND status = '" CAR_SERVICE_JOB_ERROR "'", "i",
                               job))
    return FALSE;
  *failed = row != NULL;
  if (row != NULL)
    car_service_row_end (row);

  return TRUE;
}

gboolean
car_service_sessions_end (CarServiceStore *store,
                          const char *source,
                          const char *report,
                          gint64 *job,
                          GError **error)
{
  Session last, own;
  gboolean failed;

  if (!find_last (store, source, &last, error))
    return FALSE;
  own = last;
  if (report != NULL && !find_of_report (store, source, report, &own, error))
    return FALSE;

  if (last.id == 0)
    return refuse (error, "No full import of the source %s is under way", source);
  if (own.id == 0)
    return refuse (error, "There is no full import of the report %s", report);
  if (own.id != last.id)
    return refuse (error, "Another full import has begun and replaced the one of the report %s", report);
  /* A run that ends has sent its report: this end is of another run. */
  if (!own.has_report)
    return refuse (error,
                   "The full import of the source %s that is under way has not sent its report yet: this end "
                   "is of one that it replaced",
                   source);

  *job = own.end_job;
  if (*job == 0)
    return TRUE;
  if (!is_job_failed (store, *job, &failed, error))
    return FALSE;
  if (failed)
    *job = 0;

  return TRUE;
}

gboolean
car_service_sessions_note_end (CarServiceStore *store, const char *source, gint64 job, GError **error)
{
  return car_service_store_run (store, error,
                                "UPDATE session SET end_job = ? WHERE id ="
                                " (SELECT max(id) FROM session WHERE source = ?)",
                                "is", job, source) &&
         /* A run that was replaced before it sent anything may still send something. From now on it looks like an
          * incremental import. */
         car_service_store_run (store, error, "DELETE FROM session WHERE source = ? AND report IS NULL", "s",
                                source);
}
