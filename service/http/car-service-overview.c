/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-json.h"

/* What there is: the model, and each source with its reports and how much of each collection it has now. */

#define MAX_REPORTS 50

static gboolean
append_reports (CarServiceStore *store, GString *out, const char *source, GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows =
      car_service_store_select (store, &problem,
                                "SELECT key, begun_at, reported_at FROM report WHERE source = ?"
                                " ORDER BY id DESC LIMIT ?",
                                "si", source, (gint64) MAX_REPORTS);

  car_service_json_name (out, "reports");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_json_string (out, "key", car_service_store_get_text (rows, 0));
      car_service_json_integer (out, "begun_at", sqlite3_column_int64 (rows, 1));
      car_service_json_integer (out, "reported_at", sqlite3_column_int64 (rows, 2));
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_store_ended (&problem, error);
}

static gboolean
append_counts (CarServiceStore *store, GString *out, const char *source, GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows = car_service_store_select (
      store, &problem, "SELECT collection, n FROM held WHERE source = ? AND n > 0", "s", source);

  car_service_json_name (out, "counts");
  g_string_append_c (out, '{');
  while (rows != NULL && car_service_store_next (store, rows, &problem))
    car_service_json_integer (out, car_service_store_get_text (rows, 0), sqlite3_column_int64 (rows, 1));
  g_string_append_c (out, '}');

  return car_service_store_ended (&problem, error);
}

static gboolean
append_source (CarServiceStore *store, GString *out, const char *key, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (
      store, error, "SELECT name, description, product_link, model_state_id FROM source WHERE key = ?", "s",
      key);
  if (row == NULL)
    return FALSE;

  car_service_view_begin_item (out);
  car_service_json_string (out, "key", key);
  car_service_json_string (out, "name", car_service_store_get_text (row, 0));
  car_service_json_string (out, "description", car_service_store_get_text (row, 1));
  car_service_json_string (out, "product_link", car_service_store_get_text (row, 2));
  car_service_json_string (out, "save_point", car_service_store_get_text (row, 3));
  sqlite3_reset (row);
  if (!append_reports (store, out, key, error) || !append_counts (store, out, key, error))
    return FALSE;
  g_string_append_c (out, '}');

  return TRUE;
}

static gboolean
append_sources (CarServiceStore *store, GString *out, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *rows = car_service_store_select (store, &problem, "SELECT key FROM source ORDER BY key", "");

  while (rows != NULL && car_service_store_next (store, rows, &problem))
    g_ptr_array_add (keys, g_strdup (car_service_store_get_text (rows, 0)));

  car_service_json_name (out, "sources");
  g_string_append_c (out, '[');
  for (guint i = 0; i < keys->len && problem == NULL; i++)
    append_source (store, out, keys->pdata[i], &problem);
  g_string_append_c (out, ']');

  return car_service_store_ended (&problem, error);
}

static void
append_model (GString *out, CarCoreModel *model)
{
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);

  car_service_json_name (out, "vertices");
  g_string_append_c (out, '[');
  for (guint i = 0; vertices[i] != NULL; i++)
    {
      g_string_append (out, i > 0 ? "," : "");
      car_json_append_string (out, vertices[i], -1);
    }
  g_string_append_c (out, ']');

  car_service_json_name (out, "edges");
  g_string_append_c (out, '[');
  for (guint i = 0; edges[i] != NULL; i++)
    {
      const char *from, *to;

      if (!car_core_model_get_edge_ends (model, edges[i], &from, &to))
        continue;
      car_service_view_begin_item (out);
      car_service_json_string (out, "name", edges[i]);
      car_service_json_string (out, "from", from);
      car_service_json_string (out, "to", to);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

/* "first": when the oldest of what is known began; "now": a moment that sees all that was imported, also where the clock was
 * set back. */
static gboolean
append_moments (CarServiceStore *store, GString *out, GError **error)
{
  sqlite3_stmt *row = car_service_store_get (store, error,
                                             "SELECT (SELECT min (t1) FROM vertex INDEXED BY vertex_begun),"
                                             " (SELECT max (t1) FROM vertex INDEXED BY vertex_begun)",
                                             "");
  if (row == NULL)
    return FALSE;

  gint64 now = g_get_real_time () / 1000;
  gint64 first = sqlite3_column_type (row, 0) != SQLITE_NULL ? sqlite3_column_int64 (row, 0) : now;
  car_service_json_integer (out, "first", first);
  car_service_json_integer (out, "now", MAX (now, sqlite3_column_int64 (row, 1)));
  sqlite3_reset (row);

  return TRUE;
}

gboolean
car_service_call_get_overview (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  CarCoreModel *model = car_service_store_get_model (store, error);
  g_autoptr (GString) out = g_string_new ("{");

  if (model == NULL || !append_moments (store, out, error))
    return FALSE;
  append_model (out, model);
  if (!append_sources (store, out, error))
    return FALSE;
  g_string_append_c (out, '}');
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}
