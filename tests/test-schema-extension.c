/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car.h>
#include <string.h>

#define WHOLE                                                                                                \
  "{\"vertices\":[{\"name\":\"xx_site\",\"properties\":{"                                                    \
  "\"town\":{\"type\":\"text\",\"indexed\":true,\"required\":true,\"unique\":false,\"description\":\"d\","   \
  "\"default\":\"\","                                                                                        \
  "\"validation\":[{\"pattern\":\"^[A-Z]\",\"error_message\":\"e\"}]},"                                      \
  "\"floors\":{\"type\":\"integer\",\"validation\":[{\"minimum\":1,\"maximum\":200,\"error_message\":\"e\"}" \
  "]},"                                                                                                      \
  "\"floor_area\":{\"type\":\"float\",\"validation\":[{\"minimum\":0.5}]}},"                                 \
  "\"validation\":[{\"oneOf\":{\"pattern\":[{\"required\":[\"town\"]},{\"required\":[\"floors\",\"town\"]}]" \
  ","                                                                                                        \
  "\"error_message\":\"e\"}}]},{\"name\":\"asset\"}],"                                                       \
  "\"edges\":[{\"end1\":\"xx_site\",\"end2\":\"asset\",\"properties\":{\"since\":{\"type\":\"timestamp\"}}}" \
  "]}"

static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarSchemaExtension) extension = car_schema_extension_new ("key", "owner", 7, WHOLE, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (car_schema_extension_get_key (extension), ==, "key");
  g_assert_cmpstr (car_schema_extension_get_owner (extension), ==, "owner");
  g_assert_cmpint (car_schema_extension_get_version (extension), ==, 7);
  g_assert_cmpstr (car_schema_extension_get_schema (extension), ==, WHOLE);
}

static void
test_types (void)
{
  const char *const types[] = { "text",      "numeric", "boolean", "integer",   "bigint", "jsonb",
                                "timestamp", "inet",    "macaddr", "bigserial", "float" };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *json = g_strdup_printf (
          "{\"vertices\":[{\"name\":\"v\",\"properties\":{\"p\":{\"type\":\"%s\"}}}]}", types[i]);
      g_autoptr (CarSchemaExtension) extension = car_schema_extension_new ("k", "o", 0, json, &error);
      g_assert_no_error (error);
      g_assert_nonnull (extension);
    }
}

static void
test_mistakes (void)
{
  const struct
  {
    const char *json;
    const char *place;
  } cases[] = {
    { "[]", ": it is [], not of the type object" },
    { "{}", "“vertices” or “edges” belongs here" },
    { "{\"vertices\":{}}", ": /vertices " },
    { "{\"vertices\":[],\"vertices\":[]}", ": /vertices stands in the object twice" },
    { "{\"vertices\":[],\"more\":[]}", ": /more is a member that the schema does not allow" },
    { "{\"vertices\":[1]}", ": /vertices/0 " },
    { "{\"vertices\":[{}]}", ": /vertices/0/name is missing" },
    { "{\"vertices\":[{\"name\":\"a\"},{\"name\":\"A\"}]}", ": /vertices/1/name " },
    { "{\"vertices\":[{\"name\":\"\"}]}", ": /vertices/0/name " },
    { "{\"vertices\":[{\"name\":\"1a\"}]}", ": /vertices/0/name " },
    { "{\"vertices\":[{\"name\":\"a b\"}]}", ": /vertices/0/name " },
    { "{\"vertices\":[{\"name\":\"a\\u0000b\"}]}", ": /vertices/0/name " },
    { "{\"vertices\":[{\"name\":\"a\\n\"}]}", ": /vertices/0/name " },
    { "{\"vertices\":[{\"name\":7}]}", ": /vertices/0/name " },
    { "{\"vertices\":[{\"name\":\"a\",\"label\":\"x\"}]}", ": /vertices/0/label is a member" },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":[]}]}", ": /vertices/0/properties " },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"a/b~\":{\"type\":\"text\"}}}]}",
      ": /vertices/0/properties/a~1b~0 is" },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{}}}]}",
      ": /vertices/0/properties/p/type is missing" },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{\"type\":\"string\"}}}]}",
      ": /vertices/0/properties/p/type " },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{\"type\":\"text\",\"indexed\":1}}}]}",
      ": /vertices/0/properties/p/indexed " },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{\"type\":\"text\",\"x/y~z\":1}}}]}",
      ": /vertices/0/properties/p/x~1y~0z is a member" },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{\"type\":\"text\",\"validation\":[{}]}}}]}",
      ": /vertices/0/properties/p/validation/0 " },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{\"type\":\"text\",\"validation\":"
      "[{\"pattern\":\"x\",\"minimum\":1}]}}}]}",
      ": /vertices/0/properties/p/validation/0 " },
    { "{\"vertices\":[{\"name\":\"a\",\"properties\":{\"p\":{\"type\":\"text\",\"validation\":[{\"minimum\":"
      "\"1\"}]}}}]}",
      ": /vertices/0/properties/p/validation/0/minimum " },
    { "{\"vertices\":[{\"name\":\"a\",\"validation\":[{\"anyOf\":{}}]}]}",
      ": /vertices/0/validation/0/anyOf is a member" },
    { "{\"vertices\":[{\"name\":\"a\",\"validation\":[{\"oneOf\":{}}]}]}",
      ": /vertices/0/validation/0/oneOf/pattern is missing" },
    { "{\"vertices\":[{\"name\":\"a\",\"validation\":[{\"oneOf\":{\"pattern\":[{\"required\":\"x\"}]}}]}]}",
      ": /vertices/0/validation/0/oneOf/pattern/0/required " },
    { "{\"edges\":[{\"end1\":\"a\"}]}", ": /edges/0/end2 is missing" },
    { "{\"edges\":[{\"end1\":\"a\",\"end2\":\"b-c\"}]}", ": /edges/0/end2 " },
    { "{\"edges\":[{\"name\":\"x\",\"end1\":\"a\",\"end2\":\"b\"}]}", ": /edges/0/name is a member" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_schema_extension_new ("k", "o", 1, cases[i].json, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
      if (!strstr (error->message, cases[i].place))
        g_test_message ("%s: %s", cases[i].json, error->message);
      g_assert_nonnull (strstr (error->message, cases[i].place));
    }
}

static void
test_not_json (void)
{
  const char *const texts[] = {
    "", "{", "{'vertices':[]}", "{\"vertices\":[]} x", "{\"vertices\":[],}", "{\"vertices\":[\"\xff\"]}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_schema_extension_new ("k", "o", 1, texts[i], &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
    }
}

static void
test_labels (void)
{
  const struct
  {
    const char *key;
    const char *owner;
    gint64 version;
  } cases[] = { { "", "o", 1 }, { "k", "", 1 }, { "\xff", "o", 1 }, { "k", "\xff", 1 }, { "k", "o", -1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_schema_extension_new (cases[i].key, cases[i].owner, cases[i].version,
                                               "{\"vertices\":[]}", &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
    }
}

/* What is linear here was quadratic once: it would take half an hour. */
static void
test_many_properties (void)
{
  g_autoptr (GString) json = g_string_new ("{\"vertices\":[{\"name\":\"v\",\"properties\":{");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 100000; i++)
    g_string_append_printf (json, "%s\"a_long_name_%06u_of_a_property\":{\"type\":\"text\"}",
                            i > 0 ? "," : "", i);
  g_string_append (json, "}}]}");
  g_autoptr (CarSchemaExtension) extension = car_schema_extension_new ("k", "o", 1, json->str, &error);
  g_assert_no_error (error);
  g_assert_nonnull (extension);
}

/* As a binding makes it, without the constructor. */
static void
test_properties (void)
{
  g_autoptr (CarSchemaExtension) empty = g_object_new (CAR_TYPE_SCHEMA_EXTENSION, NULL);
  g_autoptr (CarSchemaExtension) bad =
      g_object_new (CAR_TYPE_SCHEMA_EXTENSION, "key", "k", "owner", "o", "schema", "[]", NULL);
  g_autoptr (CarSchemaExtension) good =
      g_object_new (CAR_TYPE_SCHEMA_EXTENSION, "key", "k", "owner", "o", "version", G_GINT64_CONSTANT (3),
                    "schema", WHOLE, NULL);
  g_autoptr (CarClient) client = car_client_new ("http://127.0.0.1:9", "k", "p", NULL);
  g_autoptr (GError) no_key = NULL, no_object = NULL, refused = NULL, error = NULL;

  g_assert_false (g_initable_init (G_INITABLE (empty), NULL, &no_key));
  g_assert_error (no_key, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
  g_assert_false (g_initable_init (G_INITABLE (bad), NULL, &no_object));
  g_assert_error (no_object, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
  g_assert_true (g_initable_init (G_INITABLE (good), NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (car_schema_extension_get_version (good), ==, 3);

  if (client != NULL)
    {
      g_assert_false (car_client_ensure_schema_extension (client, empty, NULL, &refused));
      g_assert_error (refused, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/schema-extension/whole", test_whole);
  g_test_add_func ("/schema-extension/types", test_types);
  g_test_add_func ("/schema-extension/mistakes", test_mistakes);
  g_test_add_func ("/schema-extension/not-json", test_not_json);
  g_test_add_func ("/schema-extension/labels", test_labels);

  g_test_add_func ("/schema-extension/many-properties", test_many_properties);
  g_test_add_func ("/schema-extension/properties", test_properties);

  return g_test_run ();
}
