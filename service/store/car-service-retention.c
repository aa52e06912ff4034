/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-retention.h"

#define OPEN "9223372036854775807"

/* Versions that one transaction forgets, and pages that it moves: calls wait for it. */
#define AT_ONCE 5000

/* The next import uses free pages again. The file gives them back where more than one page in so many is free. */
#define USED_PER_FREE 4

#define DAY (24.0 * 60 * 60 * 1000)

/* The setting is the number of the kind and the value. */
gboolean
car_service_retention_get (CarServiceStore *store, CarServiceRetention *policy, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = car_service_store_get_setting (store, "retention", &problem);
  char *value = NULL;

  *policy = (CarServiceRetention){ 0 };
  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (text == NULL)
    return TRUE;

  policy->kind = (CarServiceRetentionKind) g_ascii_strtoull (text, &value, 10);
  policy->value = g_ascii_strtod (value, NULL);

  return TRUE;
}

gboolean
car_service_retention_set (CarServiceStore *store, const CarServiceRetention *policy, GError **error)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *text =
      g_strdup_printf ("%d %s", policy->kind, g_ascii_dtostr (number, sizeof number, policy->value));

  car_service_store_ask_for_upkeep (store);
  return car_service_store_set_setting (store, "retention", text, error);
}

static gboolean
forget (CarServiceStore *store, const char *sql, gint64 before, gint64 *n, GError **error)
{
  if (!car_service_store_run (store, error, sql, "ii", before, (gint64) AT_ONCE))
    return FALSE;
  *n += car_service_store_get_changes (store);

  return TRUE;
}

/* Of each table the oldest versions that were closed before this moment. */
static gboolean
forget_closed (CarServiceStore *store, gint64 before, gboolean *more, GError **error)
{
  gint64 n = 0;

  if (!forget (store,
               "DELETE FROM vertex WHERE id IN (SELECT id FROM vertex WHERE t2 <> " OPEN " AND t2 < ?"
               " ORDER BY t2 LIMIT ?)",
               before, &n, error) ||
      !forget (store,
               "DELETE FROM edge WHERE id IN (SELECT id FROM edge WHERE t2 <> " OPEN " AND t2 < ?"
               " ORDER BY t2 LIMIT ?)",
               before, &n, error) ||
      !forget (store,
               "DELETE FROM tagging WHERE id IN (SELECT id FROM tagging WHERE t2 <> " OPEN
               " AND t2 < ? ORDER BY t2 LIMIT ?)",
               before, &n, error))
    return FALSE;
  *more = n > 0;

  return TRUE;
}

/* In pages of the database. */
typedef struct
{
  gint64 all;
  gint64 free;
  gint64 size; /* of each, in bytes */
} Pages;

static gboolean
read_pages (CarServiceStore *store, Pages *pages, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (
      store, error,
      "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count,"
      " pragma_page_size",
      "");
  if (row == NULL)
    return FALSE;

  *pages =
      (Pages){ sqlite3_column_int64 (row, 0), sqlite3_column_int64 (row, 1), sqlite3_column_int64 (row, 2) };
  sqlite3_reset (row);

  return TRUE;
}

static gboolean
forget_some (CarServiceStore *store, const CarServiceRetention *policy, gboolean *more, GError **error)
{
  gint64 now = g_get_real_time () / 1000;
  Pages pages;

  *more = FALSE;
  switch (policy->kind)
    {
    case CAR_SERVICE_RETENTION_TIME:
      return forget_closed (store, now - (gint64) MIN (policy->value * DAY, (double) now), more, error);
    case CAR_SERVICE_RETENTION_DISK_USAGE:
      if (!read_pages (store, &pages, error))
        return FALSE;
      return (double) (pages.all - pages.free) * (double) pages.size <= policy->value ||
             forget_closed (store, G_MAXINT64, more, error);
    case CAR_SERVICE_RETENTION_FOREVER:
    default:
      return TRUE;
    }
}

/* SQLite moves pages from the file's end into free ones: a page a step. */
static gboolean
give_back (CarServiceStore *store, const CarServiceRetention *policy, gboolean *more, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Pages pages;

  if (!read_pages (store, &pages, error))
    return FALSE;
  gboolean is_too_large = policy->kind == CAR_SERVICE_RETENTION_DISK_USAGE &&
                          (double) pages.all * (double) pages.size > policy->value;
  if (pages.free == 0 || (!is_too_large && pages.free * USED_PER_FREE < pages.all))
    return TRUE;

  sqlite3_stmt *steps = car_service_store_select (store, &problem, "PRAGMA incremental_vacuum", "");
  for (guint i = 0; i < AT_ONCE && steps != NULL; i++)
    if (!car_service_store_next (store, steps, &problem))
      steps = NULL;
  *more |= steps != NULL;
  if (steps != NULL)
    sqlite3_reset (steps);
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

gboolean
car_service_retention_apply (CarServiceStore *store, gboolean *more, GError **error)
{
  CarServiceRetention policy;

  return car_service_retention_get (store, &policy, error) && forget_some (store, &policy, more, error) &&
         give_back (store, &policy, more, error);
}

gboolean
car_service_retention_clear (CarServiceStore *store, GError **error)
{
  car_service_store_ask_for_upkeep (store);
  return car_service_store_run (store, error, "DELETE FROM vertex", "") &&
         car_service_store_run (store, error, "DELETE FROM edge", "") &&
         car_service_store_run (store, error, "DELETE FROM held", "") &&
         car_service_store_run (store, error, "DELETE FROM tagging", "") &&
         car_service_store_run (store, error, "DELETE FROM tag", "") &&
         car_service_store_run (store, error, "DELETE FROM session", "") &&
         car_service_store_run (store, error, "DELETE FROM report", "") &&
         car_service_store_run (store, error, "DELETE FROM source", "");
}
