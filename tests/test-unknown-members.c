/* SPDX-License-Identifier: Apache-2.0 */

/* Members that the import schema does not have: told once, or a rule that is broken. */

#include "config.h"

#include <string.h>

#include <libcar/car.h>
#include <libcar/staging/car-data-handler-private.h>

static const char schema_text[] =
    "{\"properties\":{"
    "\"asset\":{\"items\":{\"properties\":{\"external_id\":{},\"name\":{},\"operating_system\":{}},"
    "\"patternProperties\":{\"^x_\":{}},\"allOf\":[{\"properties\":{\"owner\":{}}}],\"required\":[\"external_"
    "id\"]}},"
    "\"hostname\":{\"items\":{\"properties\":{\"_key\":{}},\"additionalProperties\":{\"type\":\"string\"}}},"
    "\"free\":{\"items\":{\"type\":\"object\"}},"
    "\"referred\":{\"items\":{\"$ref\":\"#/properties/asset/items\"}},"
    "\"asset_hostname\":{\"items\":{\"properties\":{\"_from_external_id\":{},\"_to\":{},\"weight\":{}}}}}}";

static CarDataHandler *
make_handler (gboolean strict)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (schema_text, -1, &error);
  CarDataHandler *handler = g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, &error, "schema", schema, "source",
                                            "s", "strict", strict, NULL);

  g_assert_no_error (error);
  return handler;
}

static void
add (CarDataHandler *handler, const char *collection, const char *json)
{
  g_autoptr (GError) error = NULL;

  if (strstr (collection, "_") != NULL)
    car_data_handler_add_edge_json (handler, collection, json, -1, &error);
  else
    car_data_handler_add_vertex_json (handler, collection, json, -1, &error);
  g_assert_no_error (error);
}

static void
expect_warning (const char *pattern)
{
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, pattern);
}

static void
assert_left_out (CarDataHandler *handler, guint read, guint left_out)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (handler);

  g_assert_cmpuint (car_collection_summary_get_n_read (summaries->pdata[0]), ==, read);
  g_assert_cmpuint (car_collection_summary_get_n_left_out (summaries->pdata[0]), ==, left_out);
}

/* Once a name, with the nearest that there is. */
static void
test_told (void)
{
  g_autoptr (CarDataHandler) handler = make_handler (FALSE);

  expect_warning (
      "Objects of asset have the member “nmae”, which the import schema does not have: it is sent, "
      "and may be lost; did you mean “name”?");
  add (handler, "asset", "{\"external_id\":\"1\",\"nmae\":\"n\"}");
  add (handler, "asset", "{\"external_id\":\"2\",\"nmae\":\"n\"}");
  add (handler, "asset", "{\"nmae\":\"n\",\"external_id\":\"3\",\"name\":\"n\"}");
  expect_warning ("*“OperatingSystem”*; did you mean “operating_system”?");
  expect_warning ("*“z”, which the import schema does not have: it is sent, and may be lost");
  add (handler, "asset",
       "{\"external_id\":\"4\",\"OperatingSystem\":\"o\",\"nmae\":\"n\",\"\\u007a\":{\"zz\":1}}");
  add (handler, "asset", "{\"external_id\":\"5\",\"z\":1}");
  add (handler, "asset", "{\"external_id\":\"6\",\"nmae\":1}");
  assert_left_out (handler, 6, 0);

  /* Another collection is told of for itself. */
  expect_warning ("Objects of referred have the member “nmae”*");
  add (handler, "referred", "{\"external_id\":\"1\",\"nmae\":1}");
  expect_warning ("Objects of asset_hostname have the member “wieght”*; did you mean “weight”?");
  add (handler, "asset_hostname",
       "{\"_from_external_id\":\"1\",\"_to\":\"h\",\"wieght\":1,\"source\":\"x\"}");
  add (handler, "asset_hostname", "{\"_from_external_id\":\"2\",\"_to\":\"h\",\"wieght\":1}");
  g_test_assert_expected_messages ();
}

/* What the schema allows in another way, or the contract does. */
static void
test_known (void)
{
  g_autoptr (CarDataHandler) handler = make_handler (TRUE);

  add (handler, "asset",
       "{\"external_id\":\"1\",\"x_of_ours\":1,\"owner\":\"o\",\"_key\":\"k\",\"tag\":[],\"untag\":[]}");
  add (handler, "asset", "{\"external_id\":\"2\",\"source\":\"s\",\"name\":{\"nested\":1}}");
  add (handler, "hostname", "{\"_key\":\"h\",\"anything\":\"else\"}");
  add (handler, "free", "{\"external_id\":\"1\",\"anything\":\"else\"}");
  add (handler, "asset_hostname",
       "{\"_from_external_id\":\"1\",\"_to\":\"h\",\"external_id\":\"e\",\"active\":true,"
       "\"report\":\"r\",\"source\":\"s\",\"timestamp\":1}");
  assert_left_out (handler, 2, 0);
}

/* Without the service's schema nobody knows what is right. */
static void
test_no_schema (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarDataHandler) handler =
      g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, &error, "source", "s", "strict", TRUE, NULL);

  g_assert_no_error (error);
  add (handler, "asset", "{\"external_id\":\"1\",\"nmae\":1}");
  assert_left_out (handler, 1, 0);
}

static void
test_strict (void)
{
  g_autoptr (CarDataHandler) handler = make_handler (TRUE);
  g_autoptr (GError) error = NULL;

  expect_warning ("An object is left out: asset “1”: /nmae is a member that the import schema does not have "
                  "(-strict); did you mean “name”?");
  add (handler, "asset", "{\"external_id\":\"1\",\"nmae\":1}");
  expect_warning ("An object is left out: asset “2”: /nmae *");
  add (handler, "asset", "{\"external_id\":\"2\",\"nmae\":1}");
  add (handler, "asset", "{\"external_id\":\"3\",\"owner\":1}");
  expect_warning ("An object is left out: asset “4”: /nmae *");
  car_data_handler_add_vertices_json (
      handler, "asset", "[{\"external_id\":\"4\",\"nmae\":1},{\"external_id\":\"5\"}]", -1, &error);
  g_assert_no_error (error);
  expect_warning ("An object is left out: asset_hostname “1” → “h”: /wieght *");
  add (handler, "asset_hostname", "{\"_from_external_id\":\"1\",\"_to\":\"h\",\"wieght\":1}");
  assert_left_out (handler, 5, 3);
  g_test_assert_expected_messages ();

  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (handler);
  g_autoptr (GPtrArray) violations = car_collection_summary_list_violations (summaries->pdata[0]);
  g_assert_cmpuint (violations->len, ==, 1);
  g_assert_cmpstr (car_violation_get_rule (violations->pdata[0]), ==, "member");
  g_assert_cmpstr (car_violation_get_place (violations->pdata[0]), ==, "/nmae");
}

/* A source may make names of its data: the log stays small, and the time short. */
static void
test_many (void)
{
  g_autoptr (CarDataHandler) handler = make_handler (FALSE);

  for (guint i = 0; i < 15; i++)
    expect_warning ("Objects of asset have the member “of*");
  expect_warning ("*“of 15 “*(no more such members of this collection are told)");
  for (guint i = 0; i < 20000; i++)
    {
      g_autofree char *long_name = g_strnfill (i % 100, 'n');
      g_autofree char *json = g_strdup_printf ("{\"external_id\":\"%u\",\"of %u “%s\":1}", i, i, long_name);
      add (handler, "asset", json);
    }
  assert_left_out (handler, 20000, 0);
  g_test_assert_expected_messages ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/unknown-members/told", test_told);
  g_test_add_func ("/unknown-members/known", test_known);
  g_test_add_func ("/unknown-members/no-schema", test_no_schema);
  g_test_add_func ("/unknown-members/strict", test_strict);
  g_test_add_func ("/unknown-members/many", test_many);

  return g_test_run ();
}
