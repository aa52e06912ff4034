/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/sql/car-service-tags.h"

/* A vertex at a moment: what it was at all times, where else it is known, and what it is joined with. */

#define MAX_VERSIONS 100
#define MAX_INSTANCES 100
#define DEFAULT_NEIGHBOURS 20
#define MAX_NEIGHBOURS 500

typedef struct
{
  char *collection;
  char *id;
  gint64 at;
} Asked;

static void
asked_clear (Asked *asked)
{
  g_clear_pointer (&asked->collection, g_free);
  g_clear_pointer (&asked->id, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

static gboolean
read_asked (const CarServiceRequest *request, Asked *asked, GError **error)
{
  asked->at = CAR_SERVICE_STORE_NOW;
  asked->collection = car_service_request_need_parameter (request, "collection", error);
  asked->id = asked->collection != NULL ? car_service_request_need_parameter (request, "id", error) : NULL;

  return asked->id != NULL && car_service_request_read_timepoint (request, &asked->at, error);
}

/* A version that holds still has no end. */
static void
append_version (GString *out, CarServiceRow *row)
{
  car_service_view_begin_item (out);
  car_service_json_integer (out, "from", car_service_row_get_integer (row, 0));
  car_service_json_name (out, "to");
  if (car_service_row_get_integer (row, 1) == CAR_SERVICE_STORE_OPEN)
    g_string_append (out, "null");
  else
    g_string_append_printf (out, "%" G_GINT64_FORMAT, car_service_row_get_integer (row, 1));
  car_service_json_integer (out, "reported_at", car_service_row_get_integer (row, 2));
  car_service_json_name (out, "members");
  g_string_append (out, car_service_row_get_text (row, 3));
  g_string_append_c (out, '}');
}

static gboolean
append_versions (CarServiceStore *store, GString *out, const Asked *asked, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gint64 n = 0;
  CarServiceRow *rows =
      car_service_store_list_versions (store, asked->collection, asked->id, MAX_VERSIONS + 1, &problem);

  car_service_json_name (out, "versions");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_row_next (rows, &problem) && n++ < MAX_VERSIONS)
    append_version (out, rows);
  g_string_append_c (out, ']');
  car_service_json_boolean (out, "more_versions", n > MAX_VERSIONS);
  if (rows != NULL)
    car_service_row_end (rows);

  return car_service_rows_ended (&problem, error);
}

static gboolean
append_tags (CarServiceStore *store, GString *out, const Asked *asked, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_tags_list (store, asked->collection, asked->id, asked->at, &problem);

  car_service_json_name (out, "tags");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      g_string_append (out, out->str[out->len - 1] != '[' ? "," : "");
      car_json_append_string (out, car_service_row_get_text (rows, 0), -1);
    }
  g_string_append_c (out, ']');

  return car_service_rows_ended (&problem, error);
}

static gboolean
append_instances (CarServiceStore *store,
                  GString *out,
                  const Asked *asked,
                  const char *connecting_id,
                  GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_list_instances (store, asked->collection, asked->id, connecting_id,
                                                          asked->at, MAX_INSTANCES, &problem);

  car_service_json_name (out, "instances");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_view_append_vertex (out, rows, 0);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_rows_ended (&problem, error);
}

/* The version that holds at the moment; where none does, the last one, and "holds" is false. */
static gboolean
append_vertex (CarServiceStore *store, GString *out, const Asked *asked, char **connecting_id, GError **error)
{
  CarServiceRow *row = car_service_store_get_vertex (store, asked->collection, asked->id, asked->at, error);
  g_autoptr (GError) problem = NULL;

  if (row == NULL)
    return FALSE;
  if (!car_service_row_next (row, &problem))
    {
      if (problem == NULL)
        g_set_error (&problem, CAR_SERVICE_ERROR, 404, "There never was a vertex %s of %s", asked->id,
                     asked->collection);
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  car_service_view_append_vertex (out, row, 0);
  car_service_json_boolean (out, "holds", car_service_row_get_integer (row, 5) != 0);
  *connecting_id = g_strdup (car_service_row_get_text (row, 4));
  car_service_row_end (row);

  return TRUE;
}

gboolean
car_service_call_get_object (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (Asked) asked = { 0 };
  g_autofree char *connecting_id = NULL;
  g_autoptr (GString) out = g_string_new ("{");

  if (!read_asked (request, &asked, error) || !append_vertex (store, out, &asked, &connecting_id, error) ||
      !append_tags (store, out, &asked, error) ||
      !append_instances (store, out, &asked, connecting_id, error) ||
      !append_versions (store, out, &asked, error))
    return FALSE;
  g_string_append_c (out, '}');
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}

/* A collection of edges that ends in the vertex, with one of its ends or the other. */
typedef struct
{
  char *collection;
  char *other; /* collection of the other end */
  gboolean is_out;
  gint64 n;
} Kind;

static void
kind_free (gpointer data)
{
  Kind *kind = data;

  g_free (kind->collection);
  g_free (kind->other);
  g_free (kind);
}

static gboolean
list_kinds (CarServiceStore *store, const Asked *asked, GPtrArray *kinds, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_list_kinds (store, asked->collection, asked->id, asked->at, &problem);

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      Kind *kind = g_new0 (Kind, 1);

      kind->collection = g_strdup (car_service_row_get_text (rows, 0));
      kind->other = g_strdup (car_service_row_get_text (rows, 1));
      kind->is_out = car_service_row_get_integer (rows, 2) != 0;
      kind->n = car_service_row_get_integer (rows, 3);
      g_ptr_array_add (kinds, kind);
    }

  return car_service_rows_ended (&problem, error);
}

static gboolean
append_neighbours (CarServiceStore *store,
                   GString *out,
                   const Asked *asked,
                   const Kind *kind,
                   gint64 limit,
                   gint64 offset,
                   GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_list_neighbours (store, asked->collection, asked->id, asked->at, kind->collection,
                                         kind->is_out, limit, offset, &problem);

  car_service_json_name (out, "vertices");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_view_append_vertex (out, rows, 0);
      car_service_json_name (out, "edge");
      g_string_append (out, car_service_row_get_text (rows, 4));
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_rows_ended (&problem, error);
}

gboolean
car_service_call_list_neighbours (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (Asked) asked = { 0 };
  g_autofree char *only = car_service_request_dup_parameter (request, "edge");
  g_autoptr (GPtrArray) kinds = g_ptr_array_new_with_free_func (kind_free);
  g_autoptr (GString) out = g_string_new ("{\"kinds\":[");
  gint64 limit = DEFAULT_NEIGHBOURS;
  gint64 offset = 0;

  if (!read_asked (request, &asked, error) ||
      !car_service_request_read_number (request, "limit", MAX_NEIGHBOURS, &limit, error) ||
      !car_service_request_read_number (request, "offset", G_MAXINT32, &offset, error) ||
      !list_kinds (store, &asked, kinds, error))
    return FALSE;
  for (guint i = 0; i < kinds->len; i++)
    {
      const Kind *kind = kinds->pdata[i];

      if (only != NULL && strcmp (only, kind->collection) != 0)
        continue;
      car_service_view_begin_item (out);
      car_service_json_string (out, "edge", kind->collection);
      car_service_json_string (out, "collection", kind->other);
      car_service_json_boolean (out, "is_out", kind->is_out);
      car_service_json_integer (out, "count", kind->n);
      if (!append_neighbours (store, out, &asked, kind, limit, offset, error))
        return FALSE;
      g_string_append_c (out, '}');
    }
  g_string_append (out, "]}");
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}
