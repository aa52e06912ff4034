/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-graph.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-keys.h"

#define OPEN "9223372036854775807"

/* Objects that one answer brings of one kind. A caller would take a part for the whole, so more are refused. */
#define MAX_FOUND 10000

static gboolean
need_vertex_collection (CarServiceStore *store, const char *collection, CarCoreModel **model, GError **error)
{
  *model = car_service_store_get_model (store, error);
  if (*model == NULL)
    return FALSE;
  if (car_core_model_has_vertex (*model, collection))
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 404, "There is no collection of vertices named %s", collection);
  return FALSE;
}

gboolean
car_service_call_delete_vertices (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *source = car_service_request_get_path (request, 1);
  const char *collection = car_service_request_get_path (request, 2);
  g_autofree char *keys = car_service_request_dup_parameter (request, "keys");
  CarCoreModel *model;
  gint64 now;

  if (!car_service_token_check_source (request->token, source, error) ||
      !need_vertex_collection (store, collection, &model, error))
    return FALSE;

  g_autoptr (GPtrArray) names =
      car_service_request_dup_list (request, keys != NULL ? "keys" : "external_ids", error);
  if (names == NULL || !car_service_store_tick (store, &now, error))
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *key = car_service_key_new (collection, g_ptr_array_index (names, i), NULL);

      if (!car_service_graph_delete_vertex (store, source, collection, key, now, error))
        return FALSE;
    }
  car_service_request_answer_ok (request);

  return TRUE;
}

/* A version that holds, as it is read to be changed. */
typedef struct
{
  char *texts[6];
  GBytes *body;
  gint64 numbers[2];
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  for (guint i = 0; i < G_N_ELEMENTS (row->texts); i++)
    g_free (row->texts[i]);
  g_clear_pointer (&row->body, g_bytes_unref);
  g_free (row);
}

/* Of rows of texts, then the body, then numbers. */
static GPtrArray *
read_rows (CarServiceStore *store, sqlite3_stmt *statement, int n_texts, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  g_autoptr (GError) local_error = NULL;

  while (car_service_store_next (store, statement, &local_error))
    {
      Row *row = g_new0 (Row, 1);
      int columns = sqlite3_column_count (statement);

      for (int i = 0; i < n_texts; i++)
        row->texts[i] = g_strdup (car_service_store_get_text (statement, i));
      row->body = g_bytes_new (sqlite3_column_text (statement, n_texts),
                               (gsize) sqlite3_column_bytes (statement, n_texts));
      for (int i = n_texts + 1; i < columns; i++)
        row->numbers[i - n_texts - 1] = sqlite3_column_int64 (statement, i);
      g_ptr_array_add (rows, row);
    }
  if (local_error == NULL && rows->len > MAX_FOUND)
    g_set_error (&local_error, CAR_SERVICE_ERROR, 400,
                 "There are more than %d: ask for fewer, or in pages (POST v3/query, with limit and offset)",
                 MAX_FOUND);

  return car_service_store_ended (&local_error, error) ? g_steal_pointer (&rows) : NULL;
}

/* The stored object with the changes in it. */
static GString *
merge (GBytes *body, const CarServiceObject *changes, const char *const *leave_out, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };

  if (!car_service_object_parse (&members, body, "The stored object", error))
    return NULL;

  GString *merged = g_string_new (NULL);
  car_service_object_write (&members, leave_out, changes, merged);

  return merged;
}

/* The object as an import would have brought it, for the schema to look at. */
static gboolean
validate (CarServiceStore *store, const char *collection, const GString *object, GError **error)
{
  CarImportSchema *schema = car_service_store_get_import_schema (store, error);

  return schema != NULL &&
         car_import_schema_validate_object (schema, collection, object->str, (gssize) object->len, error);
}

static GPtrArray *
find_vertices_named (CarServiceStore *store,
                     const char *collection,
                     const char *key,
                     const char *source,
                     GError **error)
{
  sqlite3_stmt *statement =
      car_service_store_select (store, error,
                                "SELECT source, body, seen, reported_at FROM vertex INDEXED BY vertex_key "
                                "WHERE collection = ?1 AND key = ?2"
                                " AND (?3 IS NULL OR source = ?3) AND t2 = " OPEN,
                                "sss", collection, key, source);

  return statement != NULL ? read_rows (store, statement, 1, error) : NULL;
}

/* Only the name tells which vertex is meant; where several sources have one of that name, `source` must say whose. */
static gboolean
patch_vertex (CarServiceStore *store,
              CarServiceRequest *request,
              const char *collection,
              const CarServiceObject *changes,
              GError **error)
{
  static const char *const names[] = { "external_id", "_key", "tag", "untag", NULL };
  g_autofree char *source = car_service_request_dup_parameter (request, "source");
  g_autofree char *name = car_service_request_dup_parameter (request, "key");
  CarServiceReport report = { 0 };

  if (name == NULL)
    name = car_service_request_need_parameter (request, "external_id", error);
  g_autofree char *key = name != NULL ? car_service_key_new (collection, name, NULL) : NULL;
  for (guint i = 0; key != NULL && names[i] != NULL; i++)
    if (car_service_object_get (changes, names[i]) != NULL)
      {
        g_set_error (error, CAR_SERVICE_ERROR, 400, "%s cannot be changed in this way: import the vertex",
                     names[i]);
        return FALSE;
      }

  g_autoptr (GPtrArray) rows =
      key != NULL ? find_vertices_named (store, collection, key, source, error) : NULL;
  if (rows == NULL || !car_service_store_tick (store, &report.now, error))
    return FALSE;
  if (rows->len != 1)
    {
      g_set_error (error, CAR_SERVICE_ERROR, rows->len == 0 ? 404 : 409,
                   rows->len == 0 ? "There is no %s named %s"
                                  : "More than one source has the %s %s: add the parameter source",
                   collection, key);
      return FALSE;
    }

  const Row *row = g_ptr_array_index (rows, 0);
  g_autoptr (GString) body = merge (row->body, changes, NULL, error);
  if (body == NULL || !validate (store, collection, body, error))
    return FALSE;

  report.source = row->texts[0];
  if (!car_service_token_check_source (request->token, report.source, error))
    return FALSE;
  report.generation = row->numbers[0];
  report.reported_at = row->numbers[1];
  CarCoreModel *model = car_service_store_get_model (store, error);
  if (model == NULL)
    return FALSE;
  g_autoptr (CarServiceProperties) properties = car_service_properties_new (model, collection);
  const CarServiceVertex vertex = {
    collection, key, { .text = body->str, .length = body->len, .type = CAR_JSON_OBJECT }, properties
  };

  return car_service_graph_put_vertex (store, &report, &vertex, error);
}

static char *
need_end (CarServiceRequest *request,
          CarCoreModel *model,
          const char *parameter,
          const char *collection,
          GError **error)
{
  g_autofree char *end = car_service_request_need_parameter (request, parameter, error);

  return end != NULL ? car_service_key_new_of_end (model, collection, end, parameter, error) : NULL;
}

static gboolean
put_changed_edge (CarServiceStore *store,
                  CarServiceReport *report,
                  const CarServiceObject *changes,
                  const Row *row,
                  CarServiceEdge *edge,
                  GError **error)
{
  static const char *const columns[] = { "active",          "external_id", "report", "source",
                                         "timestamp",       "_from",       "_to",    "_from_external_id",
                                         "_to_external_id", NULL };
  const CarJsonSpan *active = car_service_object_get (changes, "active");
  g_autoptr (GString) whole = merge (row->body, changes, NULL, error);
  if (whole == NULL || !validate (store, edge->collection, whole, error))
    return FALSE;

  /* The external_id is part of what the edge is, so it stays what it was. */
  g_autoptr (GString) body = g_string_new (NULL);
  g_auto (CarServiceObject) members = { NULL };
  g_auto (CarServiceObject) kept = { NULL };
  g_autoptr (GBytes) text = g_bytes_new (whole->str, whole->len);
  if (!car_service_object_parse (&members, text, "The changed edge", error) ||
      !car_service_object_parse (&kept, row->body, "The stored edge", error))
    return FALSE;

  const CarJsonSpan *external_id = car_service_object_get (&kept, "external_id");
  car_service_object_write (&members, columns, NULL, body);
  if (external_id != NULL)
    {
      g_string_truncate (body, body->len - 1);
      car_service_json_name (body, "external_id");
      g_string_append_c (body, '"');
      g_string_append_len (body, external_id->text, (gssize) external_id->length);
      g_string_append (body, "\"}");
    }

  edge->external_id = row->texts[0];
  edge->active = active == NULL || active->type != CAR_JSON_FALSE;
  edge->body = (CarJsonSpan){ .text = body->str, .length = body->len, .type = CAR_JSON_OBJECT };
  report->generation = row->numbers[0];
  report->reported_at = row->numbers[1];

  return car_service_graph_put_edge (store, report, edge, error);
}

/* The edges between two ends that hold; or, where they are to be active again, what was the last of them. */
static GPtrArray *
find_edges (CarServiceStore *store,
            const char *source,
            const CarServiceEdge *edge,
            const CarServiceObject *changes,
            GError **error)
{
  const CarJsonSpan *active = car_service_object_get (changes, "active");
  g_autofree char *from_id = car_service_node_id_new (source, edge->from_key);
  sqlite3_stmt *statement = car_service_store_select (
      store, error,
      "SELECT external_id, body, seen, reported_at FROM edge INDEXED BY edge_from WHERE from_id = ?"
      " AND collection = ? AND source = ? AND from_key = ? AND to_key = ? AND t2 = " OPEN,
      "sssss", from_id, edge->collection, source, edge->from_key, edge->to_key);
  GPtrArray *rows = statement != NULL ? read_rows (store, statement, 1, error) : NULL;

  if (rows == NULL || rows->len > 0 || active == NULL || active->type != CAR_JSON_TRUE)
    return rows;

  g_ptr_array_unref (rows);
  statement = car_service_store_select (
      store, error,
      "SELECT external_id, body, seen, reported_at FROM edge INDEXED BY edge_from WHERE from_id = ?"
      " AND collection = ? AND source = ? AND from_key = ? AND to_key = ? ORDER BY t2 DESC LIMIT 1",
      "sssss", from_id, edge->collection, source, edge->from_key, edge->to_key);
  return statement != NULL ? read_rows (store, statement, 1, error) : NULL;
}

static gboolean
patch_edge (CarServiceStore *store,
            CarServiceRequest *request,
            CarCoreModel *model,
            CarServiceEdge *edge,
            const CarServiceObject *changes,
            GError **error)
{
  g_autofree char *source = car_service_request_need_parameter (request, "source", error);
  g_autofree char *from =
      source != NULL ? need_end (request, model, "from", edge->from_collection, error) : NULL;
  g_autofree char *to = from != NULL ? need_end (request, model, "to", edge->to_collection, error) : NULL;
  CarServiceReport report = { .source = source };

  if (to == NULL || !car_service_token_check_source (request->token, source, error) ||
      !car_service_store_tick (store, &report.now, error))
    return FALSE;

  g_autoptr (CarServiceProperties) properties = car_service_properties_new (model, edge->collection);
  edge->properties = properties;
  edge->from_key = from;
  edge->to_key = to;
  g_autoptr (GPtrArray) rows = find_edges (store, source, edge, changes, error);
  if (rows == NULL)
    return FALSE;
  if (rows->len == 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "The source %s has no %s from %s to %s", source,
                   edge->collection, from, to);
      return FALSE;
    }

  for (guint i = 0; i < rows->len; i++)
    if (!put_changed_edge (store, &report, changes, g_ptr_array_index (rows, i), edge, error))
      return FALSE;

  return TRUE;
}

gboolean
car_service_call_patch_object (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (CarServiceObject) changes = { NULL };
  CarServiceEdge edge = { .collection = car_service_request_get_path (request, 0) };
  CarCoreModel *model = car_service_store_get_model (store, error);

  if (model == NULL || !car_service_object_parse (&changes, request->body, "The change", error))
    return FALSE;
  if (car_core_model_get_edge_ends (model, edge.collection, &edge.from_collection, &edge.to_collection))
    {
      if (!patch_edge (store, request, model, &edge, &changes, error))
        return FALSE;
    }
  else if (!need_vertex_collection (store, edge.collection, &model, error) ||
           !patch_vertex (store, request, edge.collection, &changes, error))
    return FALSE;
  car_service_request_answer_ok (request);

  return TRUE;
}

static gboolean
append_vertex (GString *out,
               const char *collection,
               const char *source,
               const char *node_id,
               GBytes *body,
               GError **error)
{
  static const char *const ours[] = { "_id", "_collection", "source", NULL };
  g_auto (CarServiceObject) members = { NULL };
  g_autoptr (GString) rest = g_string_new (NULL);

  if (!car_service_object_parse (&members, body, "The stored object", error))
    return FALSE;

  g_string_append_c (out, '{');
  car_service_json_string (out, "_id", node_id);
  car_service_json_string (out, "_collection", collection);
  car_service_json_string (out, "source", source);
  car_service_object_write (&members, ours, NULL, rest);
  if (rest->len > 2)
    g_string_append_printf (out, ",%s", rest->str + 1);
  else
    g_string_append_c (out, '}');

  return TRUE;
}

/* The neighbours over edges in one direction, with the edge that leads there. */
static gboolean
append_related (CarServiceStore *store, sqlite3_stmt *statement, GString *out, GError **error)
{
  g_autoptr (GPtrArray) rows = statement != NULL ? read_rows (store, statement, 6, error) : NULL;
  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = g_ptr_array_index (rows, i);

      g_string_append (out, out->str[out->len - 1] != '[' ? ",{\"link\":{" : "{\"link\":{");
      car_service_json_string (out, "_collection", row->texts[0]);
      car_service_json_string (out, "_from", row->texts[4]);
      car_service_json_string (out, "_to", row->texts[5]);
      g_string_append (out, "},\"node\":");
      if (!append_vertex (out, row->texts[1], row->texts[2], row->texts[3], row->body, error))
        return FALSE;
      g_string_append_c (out, '}');
    }

  return TRUE;
}

static gboolean
append_neighbours (CarServiceStore *store,
                   const char *collection,
                   const char *node_id,
                   GString *out,
                   GError **error)
{
  sqlite3_stmt *statement = car_service_store_select (
      store, error,
      "SELECT edge.collection, vertex.collection, vertex.source, vertex.node_id, edge.from_id, edge.to_id, "
      "vertex.body "
      "FROM edge INDEXED BY edge_from"
      " JOIN vertex INDEXED BY vertex_node ON vertex.node_id = edge.to_id AND vertex.collection = "
      "edge.to_collection"
      "  AND vertex.source = edge.source AND vertex.t2 = " OPEN
      " WHERE edge.from_id = ?1 AND edge.from_collection = ?2 AND edge.t2 = " OPEN " LIMIT ?3",
      "ssi", node_id, collection, (gint64) MAX_FOUND + 1);
  if (!append_related (store, statement, out, error))
    return FALSE;

  statement = car_service_store_select (
      store, error,
      "SELECT edge.collection, vertex.collection, vertex.source, vertex.node_id, edge.from_id, edge.to_id, "
      "vertex.body "
      "FROM edge INDEXED BY edge_to"
      " JOIN vertex INDEXED BY vertex_node ON vertex.node_id = edge.from_id AND vertex.collection = "
      "edge.from_collection"
      "  AND vertex.source = edge.source AND vertex.t2 = " OPEN
      " WHERE edge.to_id = ?1 AND edge.to_collection = ?2 AND edge.t2 = " OPEN " LIMIT ?3",
      "ssi", node_id, collection, (gint64) MAX_FOUND + 1);
  return append_related (store, statement, out, error);
}

/* {"result":[…],"related":[…]} of the vertices that a statement finds: source, node_id, body. */
static gboolean
answer_found (CarServiceStore *store,
              CarServiceRequest *request,
              const char *collection,
              sqlite3_stmt *statement,
              GError **error)
{
  g_autoptr (GPtrArray) rows = statement != NULL ? read_rows (store, statement, 2, error) : NULL;
  g_autoptr (GString) related = g_string_new ("[");
  g_autoptr (GString) out = g_string_new ("{\"result\":[");

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = g_ptr_array_index (rows, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (!append_vertex (out, collection, row->texts[0], row->texts[1], row->body, error) ||
          !append_neighbours (store, collection, row->texts[1], related, error))
        return FALSE;
    }
  g_string_append_printf (out, "],\"related\":%s]}", related->str);
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}

/* [[ATTRIBUTE, VALUE], …], as the query's parameters have them. */
static char *
write_conditions (CarServiceRequest *request, GError **error)
{
  g_autoptr (GString) out = g_string_new ("[");

  for (guint i = 0; i < request->names->len; i++)
    {
      const char *name = g_ptr_array_index (request->names, i);
      g_autofree char *value = car_service_request_dup_value (request, i);

      g_string_append (out, i > 0 ? ",[" : "[");
      car_json_append_string (out, name, -1);
      g_string_append_c (out, ',');
      car_json_append_string (out, value, -1);
      g_string_append_c (out, ']');
    }
  if (request->names->len == 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400,
                   "Give at least one attribute and its value: COLLECTION?ATTRIBUTE=VALUE");
      return NULL;
    }
  g_string_append_c (out, ']');

  return g_strdup (out->str);
}

/* By all of the attributes: those that the service keeps of a vertex itself, and those that the object has, whether the
 * model knows them or not. */
gboolean
car_service_call_find_vertices (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *collection = car_service_request_get_path (request, 0);
  CarCoreModel *model;

  if (!need_vertex_collection (store, collection, &model, error))
    return FALSE;

  g_autofree char *conditions = write_conditions (request, error);
  if (conditions == NULL)
    return FALSE;

  sqlite3_stmt *statement = car_service_store_select (
      store, error,
      "SELECT source, node_id, body FROM vertex WHERE collection = ?1 AND t2 = " OPEN
      " AND NOT EXISTS (SELECT 1 FROM json_each (?2) AS wanted WHERE NOT CASE wanted.value ->> 0"
      "  WHEN 'source' THEN vertex.source = wanted.value ->> 1"
      "  WHEN '_id' THEN vertex.node_id = wanted.value ->> 1"
      "  WHEN 'id' THEN vertex.node_id = wanted.value ->> 1"
      "  ELSE (wanted.value ->> 0 IN ('_key', 'external_id') AND vertex.key = wanted.value ->> 1)"
      "   OR EXISTS (SELECT 1 FROM json_each (vertex.body) AS member WHERE member.key = wanted.value ->> 0"
      "    AND (CAST (member.value AS TEXT) = wanted.value ->> 1"
      "     OR vertex.body -> member.fullkey = wanted.value ->> 1)) END)"
      " ORDER BY source, node_id LIMIT ?3",
      "ssi", collection, conditions, (gint64) MAX_FOUND + 1);

  return answer_found (store, request, collection, statement, error);
}

gboolean
car_service_call_get_neighbours (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *collection = car_service_request_get_path (request, 0);
  g_autoptr (GString) id = g_string_new (car_service_request_get_path (request, 1));
  CarCoreModel *model;

  if (!need_vertex_collection (store, collection, &model, error))
    return FALSE;

  /* An id, SOURCE/KEY, may come with its slashes as they are. */
  for (guint i = 2; i + 1 < request->path->len; i++)
    g_string_append_printf (id, "/%s", car_service_request_get_path (request, i));

  sqlite3_stmt *statement = car_service_store_select (
      store, error,
      "SELECT source, node_id, body FROM vertex WHERE collection = ?1 AND t2 = " OPEN
      " AND (node_id = ?2 OR key = ?2) LIMIT ?3",
      "ssi", collection, id->str, (gint64) MAX_FOUND + 1);

  return answer_found (store, request, collection, statement, error);
}
