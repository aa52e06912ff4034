/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

/* A vertex at a moment: what it was at all times, where else it is known, and what it is joined with. */

#define MAX_VERSIONS 100
#define MAX_INSTANCES 100
#define DEFAULT_NEIGHBOURS 20
#define MAX_NEIGHBOURS 500

#define AT(v) v ".t1 <= ?3 AND " v ".t2 > ?3"

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
  asked->at = CAR_SERVICE_VIEW_NOW;
  asked->collection = car_service_request_need_parameter (request, "collection", error);
  asked->id = asked->collection != NULL ? car_service_request_need_parameter (request, "id", error) : NULL;

  return asked->id != NULL && car_service_request_read_timepoint (request, &asked->at, error);
}

/* A version that holds still has no end. */
static void
append_version (GString *out, sqlite3_stmt *row)
{
  car_service_view_begin_item (out);
  car_service_json_integer (out, "from", sqlite3_column_int64 (row, 0));
  car_service_json_name (out, "to");
  if (sqlite3_column_int64 (row, 1) == CAR_SERVICE_STORE_OPEN)
    g_string_append (out, "null");
  else
    g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64) sqlite3_column_int64 (row, 1));
  car_service_json_integer (out, "reported_at", sqlite3_column_int64 (row, 2));
  car_service_json_name (out, "members");
  g_string_append (out, car_service_store_get_text (row, 3));
  g_string_append_c (out, '}');
}

static gboolean
append_versions (CarServiceStore *store, GString *out, const Asked *asked, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gint64 n = 0;
  sqlite3_stmt *rows =
      car_service_store_select (store, &problem,
                                "SELECT t1, t2, reported_at, body FROM vertex"
                                " INDEXED BY vertex_node WHERE node_id = ? AND collection = ?"
                                " ORDER BY t1 DESC LIMIT ?",
                                "ssi", asked->id, asked->collection, (gint64) MAX_VERSIONS + 1);

  car_service_json_name (out, "versions");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_store_next (store, rows, &problem) && n++ < MAX_VERSIONS)
    append_version (out, rows);
  g_string_append_c (out, ']');
  car_service_json_boolean (out, "more_versions", n > MAX_VERSIONS);
  if (rows != NULL)
    sqlite3_reset (rows);

  return car_service_store_ended (&problem, error);
}

static gboolean
append_tags (CarServiceStore *store, GString *out, const Asked *asked, GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows = car_service_store_select (
      store, &problem,
      "SELECT tag.name FROM tagging INDEXED BY tagging_vertex JOIN tag ON tag.id = tagging.tag"
      " WHERE tagging.vertex_id = ?1 AND tagging.collection = ?2 AND " AT ("tagging") " ORDER BY 1",
      "ssi", asked->id, asked->collection, asked->at);

  car_service_json_name (out, "tags");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      g_string_append (out, out->str[out->len - 1] != '[' ? "," : "");
      car_json_append_string (out, car_service_store_get_text (rows, 0), -1);
    }
  g_string_append_c (out, ']');

  return car_service_store_ended (&problem, error);
}

static gboolean
append_instances (CarServiceStore *store,
                  GString *out,
                  const Asked *asked,
                  const char *connecting_id,
                  GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows = car_service_store_select (
      store, &problem,
      "SELECT v.collection, v.node_id, v.source, " CAR_SERVICE_VIEW_LABEL (
          "v") " FROM vertex v INDEXED BY vertex_connecting WHERE v.connecting_id = ?1 AND v.collection = ?2 "
               "AND " AT ("v") " AND v.node_id <> ?4 LIMIT ?5",
      "ssisi", connecting_id, asked->collection, asked->at, asked->id, (gint64) MAX_INSTANCES);

  car_service_json_name (out, "instances");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_view_append_vertex (out, rows, 0);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_store_ended (&problem, error);
}

/* The version that holds at the moment; where none does, the last one, and "holds" is false. */
static gboolean
append_vertex (CarServiceStore *store, GString *out, const Asked *asked, char **connecting_id, GError **error)
{
  sqlite3_stmt *row;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT v.collection, v.node_id, v.source, " CAR_SERVICE_VIEW_LABEL ("v") ", v.connecting_id, " AT (
              "v") " FROM vertex v INDEXED BY vertex_node"
                   " WHERE v.node_id = ?1 AND v.collection = ?2"
                   " ORDER BY " AT ("v") " DESC, v.t1 DESC LIMIT 1",
          "ssi", asked->id, asked->collection, asked->at))
    return FALSE;
  if (row == NULL)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "There never was a vertex %s of %s", asked->id,
                   asked->collection);
      return FALSE;
    }

  car_service_view_append_vertex (out, row, 0);
  car_service_json_boolean (out, "holds", sqlite3_column_int (row, 5) != 0);
  *connecting_id = g_strdup (car_service_store_get_text (row, 4));
  sqlite3_reset (row);

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
  sqlite3_stmt *rows = car_service_store_select (
      store, &problem,
      "SELECT collection, to_collection, 1, count(*) FROM edge e INDEXED BY edge_from"
      " WHERE from_id = ?1 AND from_collection = ?2 AND " AT (
          "e") " GROUP BY collection"
               " UNION ALL SELECT collection, from_collection, 0, count(*) FROM edge e INDEXED BY edge_to"
               " WHERE to_id = ?1 AND to_collection = ?2 AND " AT ("e") " GROUP BY collection",
      "ssi", asked->id, asked->collection, asked->at);

  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      Kind *kind = g_new0 (Kind, 1);

      kind->collection = g_strdup (car_service_store_get_text (rows, 0));
      kind->other = g_strdup (car_service_store_get_text (rows, 1));
      kind->is_out = sqlite3_column_int (rows, 2) != 0;
      kind->n = sqlite3_column_int64 (rows, 3);
      g_ptr_array_add (kinds, kind);
    }

  return car_service_store_ended (&problem, error);
}

#define NEIGHBOUR                                                                                            \
  "SELECT v.collection, v.node_id, v.source, " CAR_SERVICE_VIEW_LABEL ("v") ", e.body FROM edge e INDEXED "  \
                                                                            "BY "

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
  sqlite3_stmt *rows = car_service_store_select (
      store, &problem,
      kind->is_out ? NEIGHBOUR "edge_from JOIN vertex v INDEXED BY vertex_node ON v.node_id = e.to_id"
                               " AND v.collection = e.to_collection AND v.source = e.source AND " AT (
                                   "v") " WHERE e.from_id = ?1 AND e.from_collection = ?2 AND e.collection = "
                                        "?4 AND " AT ("e") " ORDER BY e.to_id, e.id LIMIT ?5 OFFSET ?6"
                   : NEIGHBOUR "edge_to JOIN vertex v INDEXED BY vertex_node ON v.node_id = e.from_id"
                               " AND v.collection = e.from_collection AND v.source = e.source AND " AT (
                                   "v") " WHERE e.to_id = ?1 AND e.to_collection = ?2 AND e.collection = ?4 "
                                        "AND " AT ("e") " ORDER BY e.id LIMIT ?5 OFFSET ?6",
      "ssisii", asked->id, asked->collection, asked->at, kind->collection, limit, offset);

  car_service_json_name (out, "vertices");
  g_string_append_c (out, '[');
  while (rows != NULL && car_service_store_next (store, rows, &problem))
    {
      car_service_view_begin_item (out);
      car_service_view_append_vertex (out, rows, 0);
      car_service_json_name (out, "edge");
      g_string_append (out, car_service_store_get_text (rows, 4));
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');

  return car_service_store_ended (&problem, error);
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
