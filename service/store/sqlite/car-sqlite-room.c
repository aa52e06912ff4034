/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sql/car-service-sql.h"
#include "service/store/sqlite/car-sqlite-room.h"

#define CLOSED "t2 <> 9223372036854775807"

/* When the last of the n versions was closed that were closed first; 0 where there is none. */
static gboolean
find_last (CarServiceStore *store, gint64 n, gint64 *last, GError **error)
{
#define OLDEST(table) "SELECT * FROM (SELECT t2 FROM " table " ORDER BY t2 LIMIT ?1)"

  CarServiceRow *row = car_service_store_get (
      store, error,
      "SELECT max (t2) FROM (" OLDEST ("vertex_history") " UNION ALL " OLDEST (
          "edge_history") " UNION ALL " OLDEST ("tagging WHERE " CLOSED) " ORDER BY t2 LIMIT ?1)",
      "i", n);
  if (row == NULL)
    return FALSE;

  *last = car_service_row_get_integer (row, 0);
  car_service_row_end (row);

  return TRUE;
}

/* Of all tables together. */
gboolean
car_sqlite_forget (CarServiceStore *store, gint64 before, gint64 n, gint64 *forgotten, GError **error)
{
#define FORGET(table, condition)                                                                             \
  "DELETE FROM " table " WHERE rowid IN (SELECT rowid FROM " table " WHERE " condition                       \
  "t2 < ? ORDER BY t2 LIMIT ?)"

  static const char *const tables[] = { FORGET ("vertex_history", ""), FORGET ("edge_history", ""),
                                        FORGET ("tagging", CLOSED " AND ") };
  gint64 last;

  *forgotten = 0;
  if (!find_last (store, n, &last, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      if (!car_service_store_run (store, error, tables[i], "ii", MIN (before, last + 1), n - *forgotten))
        return FALSE;
      *forgotten += car_service_store_get_changes (store);
    }

  return TRUE;
}

gboolean
car_sqlite_read_pages (CarServiceStore *store, CarServicePages *pages, GError **error)
{
  CarServiceRow *row = car_service_store_get (
      store, error,
      "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count,"
      " pragma_page_size",
      "");
  if (row == NULL)
    return FALSE;

  *pages = (CarServicePages){ car_service_row_get_integer (row, 0), car_service_row_get_integer (row, 1),
                              car_service_row_get_integer (row, 2) };
  car_service_row_end (row);

  return TRUE;
}

/* SQLite moves pages from the file's end into free ones: a page a step. */
gboolean
car_sqlite_give_back (CarServiceStore *store, gboolean *more, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *steps = car_service_store_select (store, &problem, "PRAGMA incremental_vacuum", "");

  for (guint i = 0; i < CAR_SQLITE_PAGES_AT_ONCE && steps != NULL; i++)
    if (!car_service_row_next (steps, &problem))
      steps = NULL;
  *more = steps != NULL;
  if (steps != NULL)
    car_service_row_end (steps);

  return car_service_rows_ended (&problem, error);
}

/* A row for each version: to group them, SQLite would sort all of them in memory. */
CarServiceRow *
car_sqlite_list_usage (CarServiceStore *store, GError **error)
{
#define USES(table, holds)                                                                                   \
  "SELECT s.key, c.name, " holds ", 1, length (CAST (o.body AS BLOB)) FROM " table " o"                      \
  " CROSS JOIN collection c ON c.id = o.collection CROSS JOIN source s ON s.id = o.source"

  return car_service_store_select (
      store, error,
      USES ("vertex", "1") " UNION ALL " USES ("vertex_history", "0") " UNION ALL " USES (
          "edge", "1") " UNION ALL " USES ("edge_history", "0"),
      "");
}
