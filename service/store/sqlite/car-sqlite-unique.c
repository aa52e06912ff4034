/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-graph.h"
#include "service/store/sqlite/car-sqlite-indices.h"
#include "service/store/sqlite/car-sqlite-statements.h"

/* An object of the same source that the full import under way has not sent yet does not count: the end closes it, or it is left
 * out when it comes. In an incremental import all count. */
static gboolean
counts (CarSqlitePut *put, CarSqliteKind kind, gint64 id, gint64 source)
{
  return !put->report->is_full || put->session == NULL || source != put->source ||
         car_sqlite_session_has (put->session, kind, id);
}

/* ?1 is the body, ?2 the object itself, or 0. */
static gboolean
find_other (CarSqlitePut *put,
            CarSqliteKind kind,
            const char *sql,
            const CarJsonSpan *body,
            gint64 row,
            gboolean *found,
            GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (put->store), &problem, sql, "ji", body, row);

  *found = FALSE;
  while (rows != NULL && !*found && car_service_row_next (rows, &problem))
    *found = counts (put, kind, car_service_row_get_integer (rows, 0), car_service_row_get_integer (rows, 1));
  if (*found)
    car_service_row_end (rows);

  return car_service_rows_ended (&problem, error);
}

/* What has not changed since this import saw it was checked then. */
static gboolean
is_checked (CarSqlitePut *put, CarSqliteKind kind, const CarSqliteVersion *found)
{
  return found->alike && counts (put, kind, found->id, put->source);
}

gboolean
car_sqlite_check_unique (CarSqlitePut *put,
                         CarSqliteKind kind,
                         guint index,
                         const CarJsonSpan *body,
                         const CarSqliteVersion *found,
                         gboolean *unique,
                         GError **error)
{
  const CarServicePart *part = put->part;
  const GPtrArray *names = car_service_properties_get_unique (part->properties);

  *unique = TRUE;
  for (guint i = 0; i < names->len && *unique && !is_checked (put, kind, found); i++)
    {
      const char *sql =
          car_sqlite_get_unique_check (put->page->model, part->collection, put->collection, names->pdata[i]);
      gboolean other;

      if (sql == NULL)
        continue;
      if (!find_other (put, kind, sql, body, found->id, &other, error))
        return FALSE;
      if (!other)
        continue;

      g_autofree char *reason = g_strdup_printf ("its %s has to be unique, and another %s has the same",
                                                 (const char *) names->pdata[i], part->collection);
      car_service_page_note_left_out (put->page, part, index, reason);
      *unique = FALSE;
    }

  return TRUE;
}
