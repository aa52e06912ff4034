/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car.h>
#include <libcar/client/car-client-private.h>
#include <string.h>

#include "test-service.h"

/* The client against a real service, with names that hold what URLs and queries are made of. */
#define SOURCE "a@b=c%,+$*"
#define ASSET "x,1/\"}}) { y } } #"
#define HEAD                                                                                                 \
  "{\"source\":{\"_key\":\"" SOURCE                                                                          \
  "\"},\"report\":{\"_key\":\"1700000000000.5\",\"timestamp\":1700000000000.5}"

typedef struct
{
  TestService *service;
  CarClient *client;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const gboolean with_token = GPOINTER_TO_INT (data);

  fixture->service = test_service_start (NULL);
  fixture->client =
      with_token
          ? car_client_new_with_token (fixture->service->url, fixture->service->token, &error)
          : car_client_new (fixture->service->url, fixture->service->key, fixture->service->password, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->client);
  g_clear_pointer (&fixture->service, test_service_stop);
}

static void
prepare (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (car_client_prepare_database (fixture->client, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
import (Fixture *fixture, const char *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static (envelope, strlen (envelope));
  g_autofree char *id = car_client_import_bytes (fixture->client, bytes, NULL, &error);
  g_assert_no_error (error);

  const char *const ids[] = { id, NULL };
  g_assert_true (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
  g_assert_no_error (error);
}

/* What the service holds of the asset: the number of its objects, and the description of the first. */
static guint
find_asset (Fixture *fixture, char **description)
{
  const char *const fields[] = { "external_id", "description", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonArray) found =
      car_client_search_collection (fixture->client, "asset", "external_id", ASSET, fields, NULL, &error);
  g_assert_no_error (error);

  const guint n_found = json_array_get_length (found);
  if (description != NULL)
    *description = n_found > 0 ? g_strdup (json_object_get_string_member (
                                     json_array_get_object_element (found, 0), "description"))
                               : NULL;
  return n_found;
}

static void
import_asset (Fixture *fixture)
{
  import (fixture, HEAD
          ",\"asset\":[{\"external_id\":\"x,1/\\\"}}) { y } } #\",\"name\":\"n\",\"description\":\"one\"}]}");
}

static void
test_prepare (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean set_up_now = FALSE;

  g_assert_true (car_client_check_health (fixture->client, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (car_client_prepare_database (fixture->client, &set_up_now, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (set_up_now);
  g_assert_true (car_client_prepare_database (fixture->client, &set_up_now, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (set_up_now);
}

static void
test_wrong_password (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarClient) client =
      car_client_new (fixture->service->url, fixture->service->key, "wrong", &error);

  g_assert_no_error (error);
  g_assert_false (car_client_prepare_database (client, NULL, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "check the service's key and password"));
}

static void
test_schema (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  prepare (fixture);
  g_autoptr (CarImportSchema) plain = car_client_get_import_schema (fixture->client, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (car_import_schema_has_collection (plain, "asset"));
  g_assert_false (car_import_schema_has_collection (plain, "xx_site"));

  const char *schema =
      "{\"vertices\":[{\"name\":\"xx_site\",\"properties\":{\"town\":{\"type\":\"text\"}}}]}";
  for (gint64 version = 1; version <= 2; version++)
    {
      g_autoptr (CarSchemaExtension) extension =
          car_schema_extension_new ("4/7 ü", "owner", version, schema, &error);
      g_assert_true (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      g_assert_no_error (error);
      g_assert_true (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      g_assert_no_error (error);
    }

  g_autoptr (CarSchemaExtension) older = car_schema_extension_new ("4/7 ü", "owner", 1, schema, &error);
  g_assert_false (car_client_ensure_schema_extension (fixture->client, older, NULL, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_NEWER_EXTENSION);
  g_clear_error (&error);

  g_autoptr (CarImportSchema) extended = car_client_get_import_schema (fixture->client, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (car_import_schema_has_collection (extended, "xx_site"));
}

static void
test_save_point (Fixture *fixture, gconstpointer data)
{
  const char *const save_points[] = { "é\"1", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *none = NULL;

  prepare (fixture);
  g_assert_true (car_client_get_save_point (fixture->client, SOURCE, &none, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (none);

  import_asset (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (save_points); i++)
    {
      g_autofree char *save_point = NULL;
      g_assert_true (car_client_set_save_point (fixture->client, SOURCE, save_points[i], NULL, &error));
      g_assert_no_error (error);
      g_assert_true (car_client_get_save_point (fixture->client, SOURCE, &save_point, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (save_point, ==, save_points[i]);
    }
}

static void
test_full_import (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  prepare (fixture);
  import_asset (fixture);
  g_assert_cmpuint (find_asset (fixture, NULL), ==, 1);

  /* What a full import does not send is closed at its end. */
  g_assert_true (car_client_begin_full_import (fixture->client, SOURCE, NULL, &error));
  g_assert_no_error (error);
  import (fixture, HEAD "}");
  g_assert_cmpuint (find_asset (fixture, NULL), ==, 1);
  g_assert_true (car_client_end_full_import (fixture->client, SOURCE, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (find_asset (fixture, NULL), ==, 0);
}

/* A run whose full import another one replaced is told so at its next page, and at its end. */
static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  const char *envelope = HEAD "}";
  g_autoptr (GBytes) bytes = g_bytes_new_static (envelope, strlen (envelope));
  g_autoptr (GError) page_error = NULL, end_error = NULL;

  prepare (fixture);
  g_assert_true (car_client_begin_full_import (fixture->client, SOURCE, NULL, NULL));
  import (fixture, envelope);
  g_assert_true (car_client_begin_full_import (fixture->client, SOURCE, NULL, NULL));

  g_assert_null (car_client_import_bytes (fixture->client, bytes, NULL, &page_error));
  g_assert_error (page_error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (page_error->message, "replaced"));
  g_assert_false (car_client_end_full_import (fixture->client, SOURCE, NULL, &end_error));
  g_assert_error (end_error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (end_error->message, "replaced"));
}

/* The end says whose it is: that of a run which sent all its pages before it was replaced ends nothing of the other's. */
static void
test_replaced_before_end (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  prepare (fixture);
  car_client_set_report (fixture->client, "a");
  g_assert_true (car_client_begin_full_import (fixture->client, SOURCE, NULL, NULL));
  car_client_set_report (fixture->client, "1700000000000.5");
  g_assert_true (car_client_begin_full_import (fixture->client, SOURCE, NULL, NULL));
  import_asset (fixture);

  car_client_set_report (fixture->client, "a");
  g_assert_false (car_client_end_full_import (fixture->client, SOURCE, NULL, &error));
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "replaced"));
  car_client_set_report (fixture->client, "1700000000000.5");
  g_assert_true (car_client_end_full_import (fixture->client, SOURCE, NULL, NULL));
}

static void
test_failed_import (Fixture *fixture, gconstpointer data)
{
  const char *envelope = HEAD ",\"asset\":[{\"external_id\":7}]}";
  g_autoptr (GBytes) bytes = g_bytes_new_static (envelope, strlen (envelope));
  g_autoptr (GError) error = NULL;

  prepare (fixture);
  g_autofree char *id = car_client_import_bytes (fixture->client, bytes, NULL, &error);
  g_assert_no_error (error);

  const char *const ids[] = { id, NULL };
  g_assert_false (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "external_id"));
}

/* An edge of which the service has no end, an unknown collection: not held, so not sent (protocol.md, "We do"). */
static void
test_left_out (Fixture *fixture, gconstpointer data)
{
  prepare (fixture);
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING,
                         "The service left out 1 of asset_hostname: *nowhere*");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "The service left out 2 of nonsense: *collection*");
  import (fixture,
          HEAD ",\"nonsense\":[{},{}],\"asset_hostname\":[{\"_from_external_id\":\"no\",\"_to\":\"h\","
               "\"source\":\"s\",\"report\":\"1\",\"timestamp\":1,\"active\":true}]}");
  g_test_assert_expected_messages ();
}

static void
test_changes (Fixture *fixture, gconstpointer data)
{
  const char *const keys[] = { "other", ASSET, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) changes = json_object_new ();
  g_autofree char *description = NULL;

  prepare (fixture);
  import_asset (fixture);
  json_object_set_string_member (changes, "description", "two");
  g_assert_true (car_client_patch_vertex (fixture->client, "asset", ASSET, changes, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (find_asset (fixture, &description), ==, 1);
  g_assert_cmpstr (description, ==, "two");

  g_assert_true (car_client_delete_vertices (fixture->client, SOURCE, "asset", keys, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (find_asset (fixture, NULL), ==, 0);
}

/* How many items a member has in the answer of a call that has no function of its own. */
static guint
count_items (Fixture *fixture, const char *const *path, const char *const *query, const char *member)
{
  g_autoptr (GError) error = NULL;
  guint status;
  g_autoptr (GBytes) body = car_client_call (fixture->client, CAR_API_VERSION_V2, "GET", path, query, NULL, 0,
                                             &status, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, ==, 200);

  g_autofree char *text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  g_autoptr (JsonNode) answer = json_from_string (text, &error);
  g_assert_no_error (error);
  return json_array_get_length (json_object_get_array_member (json_node_get_object (answer), member));
}

static guint
count_related (Fixture *fixture)
{
  const char *const path[] = { "asset", SOURCE "/" ASSET, "graph", NULL };

  return count_items (fixture, path, NULL, "related");
}

static void
test_edges (Fixture *fixture, gconstpointer data)
{
  const char *const keys[] = { "10.0.0.1", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) off = json_object_new ();

  prepare (fixture);
  import_asset (fixture);
  import (fixture, HEAD ",\"ipaddress\":[{\"_key\":\"10.0.0.1\"}]}");
  import (fixture, HEAD ",\"asset_ipaddress\":[{\"_from_external_id\":\"x,1/\\\"}}) { y } } #\","
                        "\"_to\":\"ipaddress/10.0.0.1\",\"report\":\"1700000000000.5\",\"source\":\"" SOURCE
                        "\",\"active\":true,\"timestamp\":1700000000000.5}]}");
  g_assert_cmpuint (count_related (fixture), >, 0);

  json_object_set_boolean_member (off, "active", FALSE);
  g_assert_true (car_client_patch_edge (fixture->client, "asset_ipaddress", SOURCE, ASSET, "10.0.0.1", off,
                                        NULL, &error));
  g_assert_no_error (error);
  g_assert_true (car_client_delete_vertices (fixture->client, SOURCE, "ipaddress", keys, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_related (fixture), ==, 0);
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  prepare (fixture);
  import_asset (fixture);
  const char *const path[] = { "asset", NULL };
  const char *const query[] = { "external_id", ASSET, NULL };
  g_assert_cmpuint (count_items (fixture, path, query, "result"), ==, 1);

  g_assert_null (
      car_client_query (fixture->client, "{ asset { no_such_field } } # unchecked", NULL, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_nonnull (strstr (error->message, "no_such_field"));
}

static void
test_gone (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.first_retry_delay = limits.max_retry_delay = 1;
  car_client_set_limits (fixture->client, &limits);
  prepare (fixture);
  test_service_kill (fixture->service);
  g_assert_false (car_client_check_health (fixture->client, NULL, &error));
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT);
  fixture->service = NULL;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, function)                                                                                  \
  g_test_add ("/client-service/" path, Fixture, GINT_TO_POINTER (FALSE), set_up, function, tear_down)
  add ("prepare", test_prepare);
  g_test_add ("/client-service/token", Fixture, GINT_TO_POINTER (TRUE), set_up, test_prepare, tear_down);
  add ("wrong-password", test_wrong_password);
  add ("schema", test_schema);
  add ("save-point", test_save_point);
  add ("full-import", test_full_import);
  add ("replaced", test_replaced);
  add ("replaced-before-end", test_replaced_before_end);
  add ("failed-import", test_failed_import);
  add ("left-out", test_left_out);
  add ("changes", test_changes);
  add ("edges", test_edges);
  add ("find", test_find);
  add ("gone", test_gone);
#undef add

  return g_test_run ();
}
