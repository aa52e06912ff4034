/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-json.h"
#include "service/store/sql/car-service-sources.h"

/* What there is: the model, and each source with its reports and how much of each collection it has now. */

#define MAX_REPORTS 50

static gboolean
append_reports (CarServiceStore *store, GString *out, const char *source, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_sources_list_reports (store, source, MAX_REPORTS, &problem);

  car_service_json_name (out, "reports");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_json_string (out, "key", car_service_row_get_text (rows, 0));
      car_service_json_integer (out, "begun_at", car_service_row_get_integer (rows, 1));
      car_service_json_integer (out, "reported_at", car_service_row_get_integer (rows, 2));
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_rows_ended (&problem, error);
}

static gboolean
append_counts (CarServiceStore *store, GString *out, const char *source, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_sources_list_counts (store, source, &problem);

  car_service_json_name (out, "counts");
  g_string_append_c (out, '{');
  while (rows != NULL && car_service_row_next (rows, &problem))
    car_service_json_integer (out, car_service_row_get_text (rows, 1), car_service_row_get_integer (rows, 2));
  g_string_append_c (out, '}');

  return car_service_rows_ended (&problem, error);
}

/* The record of a row, before what is asked for it besides. */
static char *
write_record (CarServiceRow *row)
{
  g_autoptr (GString) out = g_string_new ("{");

  car_service_json_string (out, "key", car_service_row_get_text (row, 0));
  car_service_json_string (out, "name", car_service_row_get_text (row, 1));
  car_service_json_string (out, "description", car_service_row_get_text (row, 2));
  car_service_json_string (out, "product_link", car_service_row_get_text (row, 3));
  car_service_json_string (out, "save_point", car_service_row_get_text (row, 5));

  return g_strdup (out->str);
}

static gboolean
append_sources (CarServiceStore *store, GString *out, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (g_free);
  CarServiceRow *rows = car_service_sources_list (store, &problem);

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      g_ptr_array_add (keys, g_strdup (car_service_row_get_text (rows, 0)));
      g_ptr_array_add (records, write_record (rows));
    }

  car_service_json_name (out, "sources");
  g_string_append_c (out, '[');
  for (guint i = 0; i < keys->len && problem == NULL; i++)
    {
      g_string_append (out, i > 0 ? "," : "");
      g_string_append (out, records->pdata[i]);
      if (append_reports (store, out, keys->pdata[i], &problem))
        append_counts (store, out, keys->pdata[i], &problem);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_rows_ended (&problem, error);
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
  g_autoptr (GError) problem = NULL;
  gint64 now = g_get_real_time () / 1000;
  gint64 first = now, last = now;
  CarServiceRow *row = car_service_sources_get_span (store, &problem);

  if (row != NULL && car_service_row_next (row, &problem))
    {
      first = !car_service_row_is_null (row, 0) ? car_service_row_get_integer (row, 0) : now;
      last = MAX (now, car_service_row_get_integer (row, 1));
      car_service_row_end (row);
    }
  car_service_json_integer (out, "first", first);
  car_service_json_integer (out, "now", last);

  return car_service_rows_ended (&problem, error);
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
