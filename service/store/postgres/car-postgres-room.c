/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/postgres/car-postgres-graph.h"
#include "service/store/postgres/car-postgres-views-private.h"

#define PAGE 8192 /* bytes */

/* What a row takes beside its object. */
#define ROW "200"

/* A file of PostgreSQL's does not become smaller, and how much of it is free nobody says at once. So it is counted: what is forgotten
 * is free, until new history takes its place. */
#define SETTING "free_room"

static gboolean
read_free_room (CarServiceStore *store, gint64 *bytes, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = car_service_store_get_setting (store, SETTING, &problem);

  *bytes = text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;
  return car_service_rows_ended (&problem, error);
}

gboolean
car_postgres_add_free_room (CarServiceStore *store, gint64 difference, GError **error)
{
  gint64 bytes;

  if (difference == 0)
    return TRUE;
  if (!read_free_room (store, &bytes, error))
    return FALSE;
  if (bytes == 0 && difference < 0)
    return TRUE;

  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, MAX (bytes + difference, 0));
  return car_service_store_set_setting (store, SETTING, text, error);
}

gboolean
car_postgres_take_room (CarPostgresPut *put, const GArray *bodies, GError **error)
{
  gint64 bytes = 0;

  for (guint i = 0; i < bodies->len; i++)
    bytes += (gint64) g_array_index (bodies, CarJsonSpan, i).length;

  return car_postgres_add_free_room (CAR_SERVICE_STORE (put->store), -bytes, error);
}

/* When the last of the n versions was closed that were closed first; 0 where there is none. */
static gboolean
find_last (CarServiceStore *store, gint64 n, gint64 *last, GError **error)
{
#define OLDEST(table) "(SELECT t2 FROM " table " ORDER BY t2 LIMIT $1)"

  CarServiceRow *row = car_service_store_get (
      store, error,
      "SELECT max (t2) FROM (SELECT t2 FROM (" OLDEST ("vertex_history") " UNION ALL " OLDEST (
          "edge_history") " UNION ALL " OLDEST ("tagging WHERE t2 <> " CAR_POSTGRES_OPEN) ") o ORDER BY t2 "
                                                                                          "LIMIT $1) o",
      "i", n);
  if (row == NULL)
    return FALSE;

  *last = car_service_row_get_integer (row, 0);
  car_service_row_end (row);

  return TRUE;
}

/* The first part of a table's history, if all of it was closed before the moment. NULL: there is none, or with an error. */
static char *
find_old_part (CarServiceStore *store, gint64 before, GError **error)
{
  CarServiceRow *row;
  char *part;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
          " WHERE i.inhparent IN ('vertex_history'::regclass, 'edge_history'::regclass)"
          "  AND substring (pg_get_expr (c.relpartbound, c.oid) FROM $$TO \\('?([0-9]+)$$)::bigint <= $1"
          " ORDER BY 1 LIMIT 1",
          "i", before) ||
      row == NULL)
    return NULL;

  part = g_strdup (car_service_row_get_text (row, 0));
  car_service_row_end (row);

  return part;
}

/* It waits for those who read the history, and they for it: not for long. What cannot be dropped now, can be the next time. */
static void
drop_part (CarPostgresStore *self, const char *part, gint64 *forgotten)
{
  g_autofree char *sql = g_strdup_printf ("SAVEPOINT part; SET LOCAL lock_timeout = '2s'; DROP TABLE \"%s\"; "
                                          "SET LOCAL lock_timeout = 0; RELEASE part",
                                          part);
  g_autoptr (GError) problem = NULL;

  if (car_postgres_execute (self, sql, &problem))
    {
      self->month_end = 0;
      (*forgotten)++;
      return;
    }
  g_message ("The old part %s of the history stays for now: %s", part, problem->message);
  car_postgres_execute (self, "ROLLBACK TO part; RELEASE part", NULL);
}

/* A row of two numbers: how many went, and what they took. */
static gboolean
forget_of (CarServiceStore *store,
           const char *sql,
           gint64 before,
           gint64 n,
           gint64 *forgotten,
           gint64 *bytes,
           GError **error)
{
  CarServiceRow *row = car_service_store_get (store, error, sql, "ii", before, n);
  if (row == NULL)
    return FALSE;

  *forgotten += car_service_row_get_integer (row, 0);
  *bytes += car_service_row_get_integer (row, 1);
  car_service_row_end (row);

  return TRUE;
}

/* Of all tables together. */
static gboolean
forget_some (CarServiceStore *store, gint64 before, gint64 n, gint64 *forgotten, GError **error)
{
#define GONE(bytes) ") SELECT count (*), coalesce (sum (" bytes " + " ROW "), 0)::bigint FROM gone"
#define FORGET_HISTORY(table)                                                                                \
  "WITH gone AS (DELETE FROM " table " h USING (SELECT source, id, t2 FROM " table                           \
  " WHERE t2 < $1 ORDER BY t2 LIMIT $2) o WHERE h.source = o.source AND h.id = o.id AND h.t2 = o.t2"         \
  " RETURNING h.body" GONE ("octet_length (body::text)")

  static const char *const tables[] = {
    FORGET_HISTORY ("vertex_history"),
    FORGET_HISTORY ("edge_history"),
    "WITH gone AS (DELETE FROM tagging WHERE id IN (SELECT id FROM tagging WHERE t2 <> " CAR_POSTGRES_OPEN
    " AND t2 < $1 ORDER BY t2 LIMIT $2) RETURNING id" GONE ("0"),
  };
  gint64 last;
  gint64 bytes = 0;

  if (!find_last (store, n, &last, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    if (!forget_of (store, tables[i], MIN (before, last + 1), n - *forgotten, forgotten, &bytes, error))
      return FALSE;

  return car_postgres_add_free_room (store, bytes, error);
}

/* A month of which nothing is wanted any more goes whole. */
gboolean
car_postgres_forget (CarServiceStore *store, gint64 before, gint64 n, gint64 *forgotten, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *part = before != CAR_SERVICE_STORE_OPEN ? find_old_part (store, before, &problem) : NULL;

  *forgotten = 0;
  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (part != NULL)
    drop_part (CAR_POSTGRES_STORE (store), part, forgotten);

  return *forgotten > 0 || forget_some (store, before, n, forgotten, error);
}

/* Of the graph itself. Indices, which come to about as much, and what else there is grow and shrink without anything being
 * forgotten. */
gboolean
car_postgres_read_pages (CarServiceStore *store, CarServicePages *pages, GError **error)
{
  gint64 bytes;

  if (!read_free_room (store, &bytes, error))
    return FALSE;

  CarServiceRow *row = car_service_store_get (
      store, error,
      "SELECT (sum (pg_relation_size (c.oid) + coalesce (pg_relation_size (c.reltoastrelid), 0)) "
      "/ " G_STRINGIFY (
          PAGE) ")::bigint FROM pg_class c WHERE relkind = 'r'"
                " AND relnamespace = current_schema ()::regnamespace AND relname ~ '^(vertex|edge|tag)'",
      "");
  if (row == NULL)
    return FALSE;

  const gint64 all = car_service_row_get_integer (row, 0);
  car_service_row_end (row);
  *pages = (CarServicePages){ all, MIN (bytes / PAGE, all), PAGE };

  return TRUE;
}

/* PostgreSQL's autovacuum does it. */
gboolean
car_postgres_give_back (CarServiceStore *store, gboolean *more, GError **error)
{
  (void) store;
  (void) error;
  *more = FALSE;

  return TRUE;
}

CarServiceRow *
car_postgres_list_usage (CarServiceStore *store, GError **error)
{
#define USES(table, holds)                                                                                   \
  "SELECT s.key, c.name, " holds "::bigint, v.n, v.bytes FROM (SELECT source, collection, count (*) AS n,"   \
  " sum (octet_length (body::text))::bigint AS bytes FROM " table                                            \
  " GROUP BY source, collection) v" CAR_POSTGRES_NAMES

  return car_service_store_select (
      store, error,
      USES ("vertex", "1") " UNION ALL " USES ("vertex_history", "0") " UNION ALL " USES (
          "edge", "1") " UNION ALL " USES ("edge_history", "0"),
      "");
}

gboolean
car_postgres_back_up (CarServiceStore *store, const char *path, GError **error)
{
  g_set_error (error, CAR_SERVICE_ERROR, 500,
               _ ("The database %s is PostgreSQL's, which has its own way: pg_dump --format=custom --file=%s"
                  " writes a copy while the service runs, pg_restore reads it"),
               CAR_POSTGRES_STORE (store)->name, path);
  return FALSE;
}
