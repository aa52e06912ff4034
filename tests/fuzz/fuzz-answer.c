/* SPDX-License-Identifier: Apache-2.0 */

/* The answers of a service, to each call of the client. The input begins with the call's letter. Texts follow, with NULs between:
 * an answer each, first a letter for its status and then its body. This file stands in for car-http.c, so no byte goes over a
 * wire. */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/client/car-client-places-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-http-private.h>
#include <libcar/client/car-import-warnings-private.h>
#include <libcar/client/car-sync-private.h>

#include "fuzz.h"

#define KEY "fuzz-the-service-key"
#define PASSWORD "fuzz-the-service-password"

struct _CarHttp
{
  CarLoop *loop;
};

/* What is left of the input, and the answer that was given last. The calls are one after the other, so the loop's thread and
 * the test's do not meet here. */
static const guint8 *input;
static gsize input_size;
static guint last_status;
static GBytes *last_body;

CarHttp *
car_http_new (CarLoop *loop, const CarHttpOptions *options)
{
  CarHttp *self = g_new0 (CarHttp, 1);

  self->loop = loop;
  return self;
}

void
car_http_free (CarHttp *self)
{
  g_free (self);
}

static guint
read_status (char letter)
{
  static const struct
  {
    char letter;
    guint status;
  } statuses[] = {
    { '1', 201 }, { '3', 302 }, { '4', 404 }, { 'b', 400 }, { 'c', 409 },
    { 'l', 413 }, { 'u', 422 }, { '5', 503 }, { 'x', 500 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (statuses[i].letter == letter)
      return statuses[i].status;
  return 200;
}

typedef struct
{
  CarHttpCallback callback;
  gpointer user_data;
  gsize max_answer;
} Exchange;

/* Where no answer is left, the service has failed. '!': there was no whole answer. */
static gboolean
answer (gpointer user_data)
{
  const Exchange *exchange = user_data;
  gsize length = 0;
  g_autofree char *text = fuzz_take_text (&input, &input_size, &length);

  g_clear_pointer (&last_body, g_bytes_unref);
  last_body = g_bytes_new (length > 0 ? text + 1 : "", length > 0 ? length - 1 : 0);
  last_status = text == NULL ? 500 : read_status (*text);
  if (text == NULL || *text != '!')
    {
      const CarHttpAnswer http = { .status = last_status, .retry_after = 0, .body = last_body };
      exchange->callback (&http, NULL, exchange->user_data);
      return G_SOURCE_REMOVE;
    }

  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "%s", PASSWORD);
  exchange->callback (NULL, error, exchange->user_data);
  return G_SOURCE_REMOVE;
}

void
car_http_send (CarHttp *self,
               const CarHttpRequest *request,
               GCancellable *cancellable,
               CarHttpCallback callback,
               gpointer user_data)
{
  Exchange *exchange = g_new (Exchange, 1);

  *exchange = (Exchange){ callback, user_data, request->max_answer };
  g_assert_nonnull (request->uri);
  car_loop_invoke (self->loop, answer, exchange, g_free);
}

static CarClient *
get_client (void)
{
  static CarClient *client;
  const CarClientLimits limits = {
    .idle_timeout = 20000, .max_retries = 1, .job_timeout = 5, .max_silence = 20000
  };

  if (client == NULL)
    {
      client = car_client_new ("http://127.0.0.1/api/car/v2", KEY, PASSWORD, NULL);
      car_client_set_limits (client, &limits);
    }
  return client;
}

/* The calls. Those that change something, or read more than one thing of an answer, say what must hold where they succeed. */

static const char *const keys[] = { "a", "b/c", NULL };

static gboolean
prepare_database (CarClient *client, GError **error)
{
  return car_client_prepare_database (client, NULL, NULL, error);
}

static gboolean
wait_for_job (CarClient *client, GError **error)
{
  return car_client_wait_for_job (client, "7", NULL, error);
}

static gboolean
wait_for_imports (CarClient *client, GError **error)
{
  static const char *const ids[] = { "1", "2", "3", NULL };

  return car_client_wait_for_imports (client, ids, NULL, error);
}

static gboolean
look_at_imports (CarClient *client, GError **error)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) warnings = NULL;
  g_auto (CarSync) sync = { 0 };

  g_ptr_array_add (ids, g_strdup ("1"));
  g_ptr_array_add (ids, g_strdup ("2"));
  car_sync_begin (&sync);
  car_client_look_at_imports_async (client, ids, NULL, car_sync_return, &sync);
  g_autoptr (GPtrArray) left =
      car_client_look_at_imports_finish (client, car_sync_wait (&sync), &warnings, error);
  for (guint i = 0; left != NULL && i < warnings->len; i++)
    {
      g_autofree char *said = car_import_warning_describe (warnings->pdata[i]);
      g_assert_true (g_utf8_validate (said, -1, NULL));
      g_assert_null (strstr (said, PASSWORD));
    }
  return left != NULL;
}

static gboolean
post_page (CarClient *client, GError **error)
{
  g_autoptr (GBytes) page = g_bytes_new_static ("{}", 2);
  gboolean too_large;
  g_auto (CarSync) sync = { 0 };

  car_sync_begin (&sync);
  car_client_post_page_async (client, page, NULL, car_sync_return, &sync);
  g_autoptr (GError) problem = NULL;
  g_autofree char *id = car_client_post_page_finish (client, car_sync_wait (&sync), &too_large, &problem);
  g_assert_true (too_large + (id != NULL) + (problem != NULL) == 1);
  g_assert_true (id == NULL || *id != '\0');
  if (too_large)
    return g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, 0, "too large"), FALSE;
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return id != NULL;
}

static gboolean
ensure_schema_extension (CarClient *client, GError **error)
{
  g_autoptr (CarSchemaExtension) extension =
      car_schema_extension_new ("k", "o", 2, "{\"vertices\":[],\"edges\":[]}", NULL);

  return car_client_ensure_schema_extension (client, extension, NULL, error);
}

static gboolean
get_import_schema (CarClient *client, GError **error)
{
  g_autoptr (CarImportSchema) schema = car_client_get_import_schema (client, NULL, error);

  return schema != NULL;
}

static gboolean
begin_full_import (CarClient *client, GError **error)
{
  return car_client_begin_full_import (client, "s", NULL, error);
}

static gboolean
end_full_import (CarClient *client, GError **error)
{
  return car_client_end_full_import (client, "s", NULL, error);
}

static gboolean
get_save_point (CarClient *client, GError **error)
{
  g_autofree char *save_point = NULL;

  return car_client_get_save_point (client, "s", &save_point, NULL, error);
}

static gboolean
set_save_point (CarClient *client, GError **error)
{
  return car_client_set_save_point (client, "s", "17", NULL, error);
}

static gboolean
delete_vertices (CarClient *client, GError **error)
{
  return car_client_delete_vertices (client, "s", "asset", keys, NULL, error);
}

static gboolean
patch_vertex (CarClient *client, GError **error)
{
  return car_client_patch_vertex_json (client, "asset", "a", "{\"risk\":1}", NULL, error);
}

static gboolean
patch_edge (CarClient *client, GError **error)
{
  return car_client_patch_edge_json (client, "asset_user", "s", "a", "b", "{\"active\":false}", NULL, error);
}

/* The tree of json-glib, and a query that has all kinds of fields. */
static gboolean
query (CarClient *client, GError **error)
{
  g_autoptr (JsonNode) data = car_client_query (
      client,
      "{ asset { external_id ipaddresses { ipaddress { name } } } one: asset_by_pk(_pk: \"1\") { id } "
      "n: asset_aggregate { aggregate { count } } __type(name: \"asset\") { name } ...on q { x } }",
      NULL, NULL, error);

  g_assert_true (data == NULL || JSON_NODE_HOLDS_OBJECT (data));
  return data != NULL;
}

static gboolean
search (CarClient *client, GError **error)
{
  static const char *const fields[] = { "external_id", "name", NULL };
  g_autofree char *found =
      car_client_search_collection_json (client, "asset", "name", "\"x\"", fields, NULL, error);
  CarJsonSpan span;

  g_assert_true (found == NULL ||
                 (car_json_read_text (found, strlen (found), &span, NULL) && span.type == CAR_JSON_ARRAY));
  return found != NULL;
}

static gboolean
ask_places (CarClient *client, GError **error)
{
  CarPlace places[] = { { "asset", 3, FALSE }, { "user", 0, FALSE } };
  g_autofree char *refusal = NULL;
  const CarPlacesOutcome outcome =
      car_client_ask_places (client, "s", "asset", places, G_N_ELEMENTS (places), &refusal, NULL, error);

  g_assert_true ((outcome == CAR_PLACES_REFUSED || outcome == CAR_PLACES_NO_QUERY) == (refusal != NULL));
  return outcome != CAR_PLACES_FAILED;
}

typedef struct
{
  gboolean (*run) (CarClient *client, GError **error);
  gboolean needs_object; /* it succeeds by an answer that is an object and tells of no error */
} Call;

static const Call calls[] = {
  { prepare_database, TRUE },
  { wait_for_job, TRUE },
  { wait_for_imports, TRUE },
  { look_at_imports, TRUE },
  { post_page, TRUE },
  { ensure_schema_extension },
  { get_import_schema, TRUE },
  { begin_full_import, TRUE },
  { end_full_import, TRUE },
  { get_save_point },
  { set_save_point, TRUE },
  { delete_vertices, TRUE },
  { patch_vertex, TRUE },
  { patch_edge, TRUE },
  { query },
  { search },
  { ask_places },
};

static void
check_success (const Call *call)
{
  gsize length;
  const char *text = g_bytes_get_data (last_body, &length);
  CarJsonSpan value;
  if (!call->needs_object)
    return;

  g_assert_true (last_status == 200 || last_status == 201);
  g_assert_true (car_json_read_text (text, length, &value, NULL));
  g_assert_cmpint (value.type, ==, CAR_JSON_OBJECT);
  const CarJsonSpan errors = car_json_span_get_member (&value, "errors");
  g_assert_cmpint (errors.type, ==, CAR_JSON_INVALID);
}

static void
check_failure (const GError *error)
{
  fuzz_assert_message (error);
  g_assert_true (error->domain == CAR_RECOVERABLE_FAILURE || error->domain == CAR_UNRECOVERABLE_FAILURE ||
                 error->domain == CAR_APP_ERROR || error->domain == CAR_SCHEMA_ERROR);
  g_assert_null (strstr (error->message, PASSWORD));
  g_assert_null (strstr (error->message, KEY));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  if (size == 0)
    return 0;

  fuzz_be_quiet ();
  const Call *call = &calls[(guint8) (*data - 'a') % G_N_ELEMENTS (calls)];
  input = data + 1;
  input_size = size - 1;
  const gboolean ok = call->run (get_client (), &error);
  g_assert_true (ok == (error == NULL));
  if (ok)
    check_success (call);
  else
    check_failure (error);
  return 0;
}
