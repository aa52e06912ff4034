/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-page.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sessions.h"
#include "service/store/sql/car-service-sources.h"

static void
answer_job (CarServiceRequest *request, const char *member, gint64 id)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, id);
  GString *out = g_string_new ("{");

  car_service_json_string (out, member, text);
  g_string_append_c (out, '}');
  car_service_request_answer (request, out);
}

static gboolean
post_job (CarServiceStore *store,
          CarServiceRequest *request,
          const char *kind,
          const char *source,
          const char *member,
          GError **error)
{
  gint64 id = car_service_jobs_post (store, kind, source, request->body, error);
  if (id == 0)
    return FALSE;
  answer_job (request, member, id);

  return TRUE;
}

static void
append_names (GString *out, char **names)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (out->str[out->len - 1] != '[')
        g_string_append_c (out, ',');
      car_json_append_string (out, names[i], -1);
    }
}

/* No collection is ever missing, and none is without its indices: all of them share the same tables. */
static gboolean
get_databases (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *graph = car_service_store_get_setting (store, "graph_name", &local_error);
  CarCoreModel *model = local_error == NULL ? car_service_store_get_model (store, &local_error) : NULL;

  if (local_error == NULL && graph == NULL)
    g_set_error (&local_error, CAR_SERVICE_ERROR, 400, "The database is not set up yet: POST databases");
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);
  GString *out = g_string_new ("{\"databases\":[{\"name\":\"car\"");
  car_service_json_string (out, "graph_name", graph);
  car_service_json_boolean (out, "is_ready", *graph != '\0');
  g_string_append (out, ",\"missing_collections\":[],\"collections_without_indexes\":[],\"collections\":[");
  append_names (out, vertices);
  append_names (out, edges);
  g_string_append (out, "]}]}");
  car_service_request_answer (request, out);

  return TRUE;
}

static gboolean
post_databases (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  return post_job (store, request, CAR_SERVICE_JOB_SET_UP, NULL, "job_id", error);
}

/* A connector sets up a database that is not ready yet. What is ready is everybody's. */
static gboolean
may_change_graph (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *graph = car_service_store_get_setting (store, "graph_name", &problem);

  if (problem == NULL && graph != NULL && *graph != '\0' && request->token != NULL &&
      *request->token->sources != NULL)
    g_set_error (&problem, CAR_SERVICE_ERROR, 403,
                 "The token %s may set the database up, but not change one that is ready",
                 request->token->name);

  return car_service_rows_ended (&problem, error);
}

static gboolean
patch_databases (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  gboolean wrong = FALSE;

  if (!car_service_object_parse (&members, request->body, "The change", error))
    return FALSE;

  if (!may_change_graph (store, request, error))
    return FALSE;

  g_autofree char *graph = car_service_object_dup_string (&members, "graph_name", &wrong);
  const CarJsonSpan *indices = car_service_object_get (&members, "collections_without_indexes");
  if (graph != NULL && *graph != '\0')
    return post_job (store, request, CAR_SERVICE_JOB_GRAPH, NULL, "job_id", error);
  if (indices != NULL && indices->type == CAR_JSON_ARRAY)
    return post_job (store, request, CAR_SERVICE_JOB_INDICES, NULL, "job_id", error);

  g_set_error (error, CAR_SERVICE_ERROR, 400,
               "The change needs \"graph_name\", a name, or \"collections_without_indexes\", an array");
  return FALSE;
}

static gboolean
get_source (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *key = car_service_request_get_path (request, 1);
  CarServiceRow *row;

  if (!car_service_sources_find (store, key, &row, error))
    return FALSE;
  if (row == NULL)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "There is no source %s", key);
      return FALSE;
    }

  GString *out = g_string_new ("{");
  car_service_json_string (out, "_key", key);
  car_service_json_string (out, "name", car_service_row_get_text (row, 1));
  car_service_json_string (out, "description", car_service_row_get_text (row, 2));
  car_service_json_string (out, "product_link", car_service_row_get_text (row, 3));
  car_service_json_name (out, "properties");
  g_string_append (out, !car_service_row_is_null (row, 4) ? car_service_row_get_text (row, 4) : "null");
  car_service_json_string (out, "model_state_id", car_service_row_get_text (row, 5));
  g_string_append_c (out, '}');
  car_service_row_end (row);
  car_service_request_answer (request, out);

  return TRUE;
}

static gboolean
patch_source (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  gboolean wrong = FALSE;
  g_autofree char *key = request->path->len > 1 ? g_strdup (car_service_request_get_path (request, 1))
                                                : car_service_request_need_parameter (request, "key", error);

  if (key == NULL || !car_service_token_check_source (request->token, key, error) ||
      !car_service_object_parse (&members, request->body, "The change", error))
    return FALSE;

  g_autofree char *save_point = car_service_object_dup_string (&members, "model_state_id", &wrong);
  g_autofree char *name = car_service_object_dup_string (&members, "name", &wrong);
  g_autofree char *description = car_service_object_dup_string (&members, "description", &wrong);
  if (wrong)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400,
                   "model_state_id, name and description are texts without NULs");
      return FALSE;
    }
  if (!car_service_sources_patch (store, key, name, description, save_point, error))
    return FALSE;
  car_service_request_answer_ok (request);

  return TRUE;
}

static gboolean
post_imports (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *source = NULL;
  g_autofree char *report = NULL;

  return car_service_page_check (request->body, &source, &report, error) &&
         car_service_token_check_source (request->token, source, error) &&
         car_service_sessions_join (store, source, report, error) &&
         post_job (store, request, CAR_SERVICE_JOB_IMPORT, source, "id", error);
}

/* The published calls do not say whose report a full import is. libcar says it in a header, which any other service leaves
 * unread. */
static gboolean
begin_full_import (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *source = car_service_request_get_path (request, 1);

  return car_service_token_check_source (request->token, source, error) &&
         car_service_sessions_begin (store, source, request->report, error) &&
         post_job (store, request, CAR_SERVICE_JOB_BEGIN, source, "job_id", error);
}

static gboolean
end_full_import (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  const char *source = car_service_request_get_path (request, 1);
  gint64 job;

  if (!car_service_token_check_source (request->token, source, error) ||
      !car_service_sessions_end (store, source, request->report, &job, error))
    return FALSE;
  if (job == 0)
    {
      job = car_service_jobs_post (store, CAR_SERVICE_JOB_END, source, NULL, error);
      if (job == 0 || !car_service_sessions_note_end (store, source, job, error))
        return FALSE;
    }
  answer_job (request, "job_id", job);

  return TRUE;
}

static const CarServiceRoute routes[] = {
  { "health", "GET", "v2", "health", CAR_SERVICE_READ, car_service_call_get_health },
  { "databases", "GET", "v2", "databases", CAR_SERVICE_READ, get_databases },
  { "set-up", "POST", "v2", "databases", CAR_SERVICE_WRITE, post_databases },
  { "change-database", "PATCH", "v2", "databases", CAR_SERVICE_WRITE, patch_databases },
  { "job", "GET", "v2", "jobstatus", CAR_SERVICE_READ, car_service_call_get_statuses },
  { "job", "GET", "v2", "jobstatus/*", CAR_SERVICE_READ, car_service_call_get_job_status },
  { "source", "GET", "v2", "source/*", CAR_SERVICE_READ, get_source },
  { "save-point", "PATCH", "v2", "source", CAR_SERVICE_WRITE, patch_source },
  { "save-point", "PATCH", "v2", "source/*", CAR_SERVICE_WRITE, patch_source },
  { "import", "POST", "v2", "imports", CAR_SERVICE_WRITE, post_imports },
  { "import-status", "GET", "v2", "importstatus", CAR_SERVICE_READ, car_service_call_get_statuses },
  { "import-status", "GET", "v2", "importstatus/*", CAR_SERVICE_READ, car_service_call_get_import_status },
  { "begin-full", "POST", "v2", "source/*/full-import-in-progress", CAR_SERVICE_WRITE, begin_full_import },
  { "end-full", "DELETE", "v2", "source/*/full-import-in-progress", CAR_SERVICE_WRITE, end_full_import },
  { "delete", "DELETE", "v2", "source/*/*", CAR_SERVICE_WRITE_IN_ORDER, car_service_call_delete_vertices },
  { "neighbours", "GET", "v2", "*/**/graph", CAR_SERVICE_QUERY, car_service_call_get_neighbours },
  { "patch", "PATCH", "v2", "*", CAR_SERVICE_WRITE_IN_ORDER, car_service_call_patch_object },
  { "find", "GET", "v2", "*", CAR_SERVICE_QUERY, car_service_call_find_vertices },
  { "query", "POST", "v3", "query", CAR_SERVICE_QUERY, car_service_call_query },
  { "import-schema", "GET", "v3", "importSchema", CAR_SERVICE_READ, car_service_call_get_import_schema },
  { "extension-schema", "GET", "v3", "extensionSchema", CAR_SERVICE_READ,
    car_service_call_get_extension_schema },
  { "extensions", "GET", "v3", "carSchema", CAR_SERVICE_READ, car_service_call_list_extensions },
  { "add-extension", "POST", "v3", "carSchema", CAR_SERVICE_WRITE, car_service_call_post_extension },
  { "extension", "GET", "v3", "carSchema/*", CAR_SERVICE_READ, car_service_call_get_extension },
  { "remove-extension", "DELETE", "v3", "carSchema/*", CAR_SERVICE_WRITE_IN_ORDER,
    car_service_call_delete_extension },
  { "health", "GET", "v3", "health", CAR_SERVICE_READ, car_service_call_get_health },
  { "health-of-all", "GET", "v3", "health/all", CAR_SERVICE_READ, car_service_call_get_health_of_all },
  { "metrics", "GET", "v3", "metrics", CAR_SERVICE_READ, car_service_call_get_metrics },
  { "retention", "GET", "v3", "DataRetentionPolicy", CAR_SERVICE_READ, car_service_call_get_retention },
  { "set-retention", "POST", "v3", "DataRetentionPolicy", CAR_SERVICE_WRITE,
    car_service_call_post_retention },
  { "clear-token", "GET", "v3", "clearDbToken", CAR_SERVICE_WRITE, car_service_call_get_clear_token },
  { "clear", "POST", "v3", "clearDb", CAR_SERVICE_WRITE_IN_ORDER, car_service_call_clear },
  { "overview", "GET", "v3", "overview", CAR_SERVICE_QUERY, car_service_call_get_overview },
  { "jobs", "GET", "v3", "jobs", CAR_SERVICE_QUERY, car_service_call_list_jobs },
  { "search", "GET", "v3", "search", CAR_SERVICE_QUERY, car_service_call_search },
  { "object", "GET", "v3", "object", CAR_SERVICE_QUERY, car_service_call_get_object },
  { "object-neighbours", "GET", "v3", "neighbours", CAR_SERVICE_QUERY, car_service_call_list_neighbours },
  { "changes", "GET", "v3", "changes", CAR_SERVICE_QUERY, car_service_call_get_changes },
  { "changes", "GET", "v3", "changes/count", CAR_SERVICE_QUERY, car_service_call_count_changes },
};

static gboolean
matches (const char *pattern, const GPtrArray *path)
{
  g_auto (GStrv) parts = g_strsplit (pattern, "/", -1);
  guint n_parts = g_strv_length (parts);
  guint at = 0;

  for (guint i = 0; i < n_parts; i++)
    {
      guint swallowed = strcmp (parts[i], "**") == 0 && path->len >= n_parts ? path->len - n_parts + 1 : 1;

      if (at >= path->len || (*parts[i] != '*' && strcmp (parts[i], g_ptr_array_index (path, at)) != 0))
        return FALSE;
      at += swallowed;
    }

  return at == path->len;
}

const CarServiceRoute *
car_service_calls_list (guint *n_routes)
{
  *n_routes = G_N_ELEMENTS (routes);
  return routes;
}

/* The next route after `i` that is for this path, whatever its method: -1 is the one before the first, and where there is
 * none. Any name may be a collection's but one that begins a path of its own. */
static int
find_next (const CarServiceRequest *request, int i)
{
  gboolean has_own = i >= 0 && *routes[i].path != '*';

  while (++i < (int) G_N_ELEMENTS (routes))
    if (strcmp (routes[i].version, request->version) == 0 && matches (routes[i].path, request->path))
      return has_own && *routes[i].path == '*' ? -1 : i;

  return -1;
}

char *
car_service_calls_dup_allowed (const CarServiceRequest *request)
{
  g_autoptr (GString) methods = g_string_new (NULL);

  for (int i = find_next (request, -1); i >= 0; i = find_next (request, i))
    if (strstr (methods->str, routes[i].method) == NULL)
      g_string_append_printf (methods, "%s%s%s", methods->len > 0 ? ", " : "", routes[i].method,
                              strcmp (routes[i].method, "GET") == 0 ? ", HEAD" : "");

  return methods->len > 0 ? g_strdup (methods->str) : NULL;
}

const CarServiceRoute *
car_service_calls_find (const CarServiceRequest *request, GError **error)
{
  /* libsoup leaves the body of the answer to HEAD away. */
  const char *method = strcmp (request->method, "HEAD") == 0 ? "GET" : request->method;

  for (int i = find_next (request, -1); i >= 0; i = find_next (request, i))
    if (strcmp (routes[i].method, method) == 0)
      return &routes[i];

  g_autofree char *allowed = car_service_calls_dup_allowed (request);
  if (allowed != NULL)
    g_set_error (error, CAR_SERVICE_ERROR, 405, "This call is not made with %s: use %s", request->method,
                 allowed);
  else
    g_set_error (error, CAR_SERVICE_ERROR, 404, "There is no such call");

  return NULL;
}

char *
car_service_calls_dup_source (const CarServiceRequest *request)
{
  if (strcmp (car_service_request_get_path (request, 0), "source") == 0 && request->path->len > 1)
    return g_strdup (car_service_request_get_path (request, 1));

  return car_service_request_dup_parameter (request, "source");
}

/* What changes something of a source, and sees to it that the token may write that source. */
static gboolean
checks_source (CarServiceHandler handler)
{
  static const CarServiceHandler handlers[] = {
    post_databases,
    patch_databases,
    patch_source,
    post_imports,
    begin_full_import,
    end_full_import,
    car_service_call_delete_vertices,
    car_service_call_patch_object,
    car_service_call_query,
  };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    if (handlers[i] == handler)
      return TRUE;

  return FALSE;
}

gboolean
car_service_calls_check (CarServiceHandler handler,
                         CarServiceAccess access,
                         const CarServiceToken *token,
                         GError **error)
{
  gboolean changes = access == CAR_SERVICE_WRITE || access == CAR_SERVICE_WRITE_IN_ORDER;

  if (token == NULL || !changes ||
      (!token->read_only && (*token->sources == NULL || checks_source (handler))))
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 403,
               token->read_only ? "The token %s may only read"
                                : "The token %s may change its sources alone, and not what is everybody's",
               token->name);
  return FALSE;
}
