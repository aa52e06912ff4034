/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-keys.h"

/* Objects that one answer brings of one kind. A caller would take a part for the whole, so more are refused. */
#define MAX_FOUND 10000

static gboolean
need_vertex_collection (CarServiceStore *store, const char *collection, GError **error)
{
  CarCoreModel *model = car_service_store_get_model (store, error);

  if (model == NULL)
    return FALSE;
  if (car_core_model_has_vertex (model, collection))
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
  gint64 now;

  if (!car_service_token_check_source (request->token, source, error) ||
      !need_vertex_collection (store, collection, error))
    return FALSE;

  g_autoptr (GPtrArray) names =
      car_service_request_dup_list (request, keys != NULL ? "keys" : "external_ids", error);
  if (names == NULL || !car_service_store_tick (store, &now, error))
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *key = car_service_key_new (collection, g_ptr_array_index (names, i), NULL);

      if (!car_service_store_delete_vertex (store, source, collection, key, now, error))
        return FALSE;
    }
  car_service_request_answer_ok (request);

  return TRUE;
}

/* What is read of an object, before more is asked for. */
typedef struct
{
  char *texts[6];
  GBytes *body;
  gint64 reported_at; /* where it is asked for */
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

static Row *
row_new (CarServiceRow *found, int n_texts, gboolean has_time)
{
  Row *row = g_new0 (Row, 1);
  gsize length;
  const char *body = car_service_row_get_data (found, n_texts, &length);

  for (int i = 0; i < n_texts; i++)
    row->texts[i] = g_strdup (car_service_row_get_text (found, i));
  row->body = g_bytes_new (body, length);
  if (has_time)
    row->reported_at = car_service_row_get_integer (found, n_texts + 1);

  return row;
}

/* Of rows of texts, then the body, then perhaps the time. `found` may be NULL, where `error` says why. */
static GPtrArray *
read_rows (CarServiceRow *found, int n_texts, gboolean has_time, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  g_autoptr (GError) local_error = NULL;

  if (found == NULL)
    return NULL;
  while (car_service_row_next (found, &local_error))
    g_ptr_array_add (rows, row_new (found, n_texts, has_time));
  if (local_error == NULL && rows->len > MAX_FOUND)
    g_set_error (&local_error, CAR_SERVICE_ERROR, 400,
                 "There are more than %d: ask for fewer, or in pages (POST v3/query, with limit and offset)",
                 MAX_FOUND);

  return car_service_rows_ended (&local_error, error) ? g_steal_pointer (&rows) : NULL;
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

/* Puts the one object of the page into the place of the one that is there. */
static gboolean
put_changed (CarServiceStore *store, const CarServiceReport *report, CarServicePage *page, GError **error)
{
  if (!car_service_store_put_page (store, report, page, error))
    return FALSE;

  const char *reason = car_service_page_get_reason (page);
  if (reason == NULL)
    return TRUE;

  g_set_error_literal (error, CAR_SERVICE_ERROR, 422, reason);
  return FALSE;
}

static gboolean
put_changed_vertex (CarServiceStore *store,
                    const CarServiceReport *report,
                    const char *collection,
                    const char *key,
                    const GString *body,
                    GError **error)
{
  CarCoreModel *model = car_service_store_get_model (store, error);
  const CarJsonSpan span = { .text = body->str, .length = body->len, .type = CAR_JSON_OBJECT };

  if (model == NULL)
    return FALSE;

  g_autoptr (CarServicePage) page = car_service_page_new (model, report->source, collection);
  car_service_page_add_vertex (page, key, &span);

  return put_changed (store, report, page, error);
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

  g_autoptr (GPtrArray) rows = key != NULL
                                   ? read_rows (car_service_store_find_named (store, collection, source, key,
                                                                              FALSE, MAX_FOUND + 1, error),
                                                2, TRUE, error)
                                   : NULL;
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
  report.reported_at = row->reported_at;

  return put_changed_vertex (store, &report, collection, key, body, error);
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

/* Edges of one collection between two ends. */
typedef struct
{
  CarCoreModel *model;
  const char *collection;
  const char *from; /* the collections of the ends */
  const char *to;
  char *source;
  char *from_key;
  char *to_key;
} Edges;

static void
edges_clear (Edges *edges)
{
  g_clear_pointer (&edges->source, g_free);
  g_clear_pointer (&edges->from_key, g_free);
  g_clear_pointer (&edges->to_key, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edges, edges_clear)

/* What is kept of a changed edge. The external_id is part of what the edge is, so it stays what it was. */
static GString *
write_edge (const GString *changed, GBytes *stored, GError **error)
{
  static const char *const columns[] = { "active",          "external_id", "report", "source",
                                         "timestamp",       "_from",       "_to",    "_from_external_id",
                                         "_to_external_id", NULL };
  g_autoptr (GString) body = g_string_new (NULL);
  g_auto (CarServiceObject) members = { NULL };
  g_auto (CarServiceObject) kept = { NULL };
  g_autoptr (GBytes) text = g_bytes_new (changed->str, changed->len);

  if (!car_service_object_parse (&members, text, "The changed edge", error) ||
      !car_service_object_parse (&kept, stored, "The stored edge", error))
    return NULL;

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

  return g_steal_pointer (&body);
}

static gboolean
put_changed_edge (CarServiceStore *store,
                  const CarServiceReport *report,
                  const Edges *edges,
                  const CarServiceObject *changes,
                  const Row *row,
                  GError **error)
{
  const CarJsonSpan *active = car_service_object_get (changes, "active");
  g_autoptr (GString) whole = merge (row->body, changes, NULL, error);
  if (whole == NULL || !validate (store, edges->collection, whole, error))
    return FALSE;

  g_autoptr (GString) body = write_edge (whole, row->body, error);
  if (body == NULL)
    return FALSE;

  g_autoptr (CarServicePage) page = car_service_page_new (edges->model, edges->source, edges->collection);
  const CarServiceEdge edge = {
    .from_key = edges->from_key,
    .to_key = edges->to_key,
    .external_id = row->texts[0],
    .active = active == NULL || active->type != CAR_JSON_FALSE,
    .body = { .text = body->str, .length = body->len, .type = CAR_JSON_OBJECT },
  };
  CarServiceReport of_edge = *report;

  car_service_page_add_edge (page, &edge);
  of_edge.reported_at = row->reported_at;

  return put_changed (store, &of_edge, page, error);
}

/* The edges between two ends that hold; or, where they are to be active again, what was the last of them. */
static GPtrArray *
find_edges (CarServiceStore *store, const Edges *edges, const CarServiceObject *changes, GError **error)
{
  const CarJsonSpan *active = car_service_object_get (changes, "active");
  g_autoptr (GPtrArray) rows =
      read_rows (car_service_store_find_edges (store, edges->collection, edges->source, edges->from_key,
                                               edges->to_key, FALSE, error),
                 1, TRUE, error);

  if (rows == NULL || rows->len > 0 || active == NULL || active->type != CAR_JSON_TRUE)
    return g_steal_pointer (&rows);

  return read_rows (car_service_store_find_edges (store, edges->collection, edges->source, edges->from_key,
                                                  edges->to_key, TRUE, error),
                    1, TRUE, error);
}

static gboolean
read_edges (CarServiceRequest *request, Edges *edges, GError **error)
{
  edges->source = car_service_request_need_parameter (request, "source", error);
  edges->from_key =
      edges->source != NULL ? need_end (request, edges->model, "from", edges->from, error) : NULL;
  edges->to_key = edges->from_key != NULL ? need_end (request, edges->model, "to", edges->to, error) : NULL;

  return edges->to_key != NULL && car_service_token_check_source (request->token, edges->source, error);
}

static gboolean
patch_edges (CarServiceStore *store,
             CarServiceRequest *request,
             Edges *edges,
             const CarServiceObject *changes,
             GError **error)
{
  CarServiceReport report = { 0 };

  if (!read_edges (request, edges, error) || !car_service_store_tick (store, &report.now, error))
    return FALSE;

  report.source = edges->source;
  g_autoptr (GPtrArray) rows = find_edges (store, edges, changes, error);
  if (rows == NULL)
    return FALSE;
  if (rows->len == 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "The source %s has no %s from %s to %s", edges->source,
                   edges->collection, edges->from_key, edges->to_key);
      return FALSE;
    }

  for (guint i = 0; i < rows->len; i++)
    if (!put_changed_edge (store, &report, edges, changes, g_ptr_array_index (rows, i), error))
      return FALSE;

  return TRUE;
}

gboolean
car_service_call_patch_object (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (CarServiceObject) changes = { NULL };
  g_auto (Edges) edges = { .model = car_service_store_get_model (store, error),
                           .collection = car_service_request_get_path (request, 0) };

  if (edges.model == NULL || !car_service_object_parse (&changes, request->body, "The change", error))
    return FALSE;
  if (car_core_model_get_edge_ends (edges.model, edges.collection, &edges.from, &edges.to))
    {
      if (!patch_edges (store, request, &edges, &changes, error))
        return FALSE;
    }
  else if (!need_vertex_collection (store, edges.collection, error) ||
           !patch_vertex (store, request, edges.collection, &changes, error))
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
append_related (CarServiceStore *store,
                const char *collection,
                const char *id,
                gboolean is_out,
                GString *out,
                GError **error)
{
  g_autoptr (GPtrArray) rows = read_rows (
      car_service_store_list_related (store, collection, id, is_out, MAX_FOUND + 1, error), 6, FALSE, error);
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

/* {"result":[…],"related":[…]} of vertices: source, id, body. */
static gboolean
answer_found (CarServiceStore *store,
              CarServiceRequest *request,
              const char *collection,
              CarServiceRow *found,
              GError **error)
{
  g_autoptr (GPtrArray) rows = read_rows (found, 2, FALSE, error);
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
          !append_related (store, collection, row->texts[1], TRUE, related, error) ||
          !append_related (store, collection, row->texts[1], FALSE, related, error))
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

  if (!need_vertex_collection (store, collection, error))
    return FALSE;

  g_autofree char *conditions = write_conditions (request, error);
  if (conditions == NULL)
    return FALSE;

  return answer_found (store, request, collection,
                       car_service_store_find_vertices (store, collection, conditions, MAX_FOUND + 1, error),
                       error);
}

gboolean
car_service_call_get_neighbours (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *collection = car_service_request_get_path (request, 0);
  g_autoptr (GString) id = g_string_new (car_service_request_get_path (request, 1));

  if (!need_vertex_collection (store, collection, error))
    return FALSE;

  /* An id, SOURCE/KEY, may come with its slashes as they are. */
  for (guint i = 2; i + 1 < request->path->len; i++)
    g_string_append_printf (id, "/%s", car_service_request_get_path (request, i));

  return answer_found (
      store, request, collection,
      car_service_store_find_named (store, collection, NULL, id->str, TRUE, MAX_FOUND + 1, error), error);
}
