/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-pages.h"

gboolean
car_service_pages_read (CarServiceStore *store, CarServicePages *pages, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (
      store, error,
      "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count,"
      " pragma_page_size",
      "");
  if (row == NULL)
    return FALSE;

  *pages = (CarServicePages){ sqlite3_column_int64 (row, 0), sqlite3_column_int64 (row, 1),
                              sqlite3_column_int64 (row, 2) };
  sqlite3_reset (row);

  return TRUE;
}

/* SQLite moves pages from the file's end into free ones: a page a step. */
gboolean
car_service_pages_give_back (CarServiceStore *store, gboolean *more, GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *steps = car_service_store_select (store, &problem, "PRAGMA incremental_vacuum", "");

  for (guint i = 0; i < CAR_SERVICE_PAGES_AT_ONCE && steps != NULL; i++)
    if (!car_service_store_next (store, steps, &problem))
      steps = NULL;
  *more = steps != NULL;
  if (steps != NULL)
    sqlite3_reset (steps);

  return car_service_store_ended (&problem, error);
}
