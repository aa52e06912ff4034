/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-writer-private.h>

static void
assert_written (JsonNode *node, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = car_json_node_to_text (node, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

/* What is told names the place, and the text stays JSON. */
static void
assert_refused (JsonObject *object, const char *place, const char *reason)
{
  g_auto (CarJsonViolation) violation = { NULL };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  CarJsonSpan span;

  car_json_write_object (text, object, &violation);
  g_assert_cmpstr (violation.rule, ==, CAR_JSON_RULE_JSON);
  g_assert_cmpstr (violation.place, ==, place);
  g_assert_nonnull (strstr (violation.text, reason));
  g_assert_true (g_utf8_validate (violation.text, -1, NULL));
  g_assert_true (car_json_read_text (text->str, text->len, &span, &error));
  g_assert_no_error (error);

  g_assert_null (car_json_object_to_text (object, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
  g_assert_cmpstr (error->message, ==, violation.text);
}

static void
test_values (void)
{
  static const char text[] =
      "{\"s\":\"a\\\"b\",\"i\":9007199254740993,\"d\":0.1,\"b\":false,\"t\":true,\"n\":null,"
      "\"o\":{\"x\":[1,{\"y\":{}}],\"z\":[]},\"long\":\"a text of more than 16 bytes\"}";
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  assert_written (node, text);
}

/* A node may be made and never given what it holds. */
static void
test_nodes_of_nothing (void)
{
  const JsonNodeType types[] = { JSON_NODE_OBJECT, JSON_NODE_ARRAY, JSON_NODE_NULL };

  assert_written (NULL, "null");
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (JsonNode) node = json_node_new (types[i]);
      assert_written (node, "null");
    }

  g_autoptr (JsonNode) string = json_node_new (JSON_NODE_VALUE);
  json_node_set_string (string, NULL);
  assert_written (string, "null");

  g_autoptr (JsonNode) holder = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) object = json_object_new ();
  json_object_set_string_member (object, "string", NULL);
  json_object_set_member (object, "object", json_node_new (JSON_NODE_OBJECT));
  json_object_set_member (object, "array", json_node_new (JSON_NODE_ARRAY));
  json_node_set_object (holder, object);
  assert_written (holder, "{\"string\":null,\"object\":null,\"array\":null}");
}

static JsonNode *
nest (JsonNode *inner, guint depth)
{
  for (guint i = 0; i < depth; i++)
    {
      JsonArray *array = json_array_new ();
      JsonNode *node = json_node_new (JSON_NODE_ARRAY);

      json_array_add_element (array, inner);
      json_node_take_array (node, array);
      inner = node;
    }
  return inner;
}

static void
test_depth (void)
{
  g_autoptr (JsonObject) deepest = json_object_new ();
  json_object_set_member (deepest, "deep", nest (json_node_new (JSON_NODE_NULL), CAR_JSON_MAX_DEPTH - 1));
  g_autofree char *text = car_json_object_to_text (deepest, NULL);
  CarJsonSpan span;
  g_assert_true (car_json_read_text (text, strlen (text), &span, NULL));

  for (guint depth = CAR_JSON_MAX_DEPTH; depth <= 1000; depth += 872)
    {
      g_autoptr (JsonObject) too_deep = json_object_new ();
      g_autoptr (GString) place = g_string_new ("/deep");
      json_object_set_member (too_deep, "deep", nest (json_node_new (JSON_NODE_NULL), depth));
      for (guint i = 0; i < CAR_JSON_MAX_DEPTH - 1; i++)
        g_string_append (place, "/0");
      assert_refused (too_deep, place->str, "nested too deeply");
    }
}

static void
test_refused (void)
{
  g_autoptr (JsonObject) text = json_object_new ();
  json_object_set_string_member (text, "s", "\xff");
  json_object_set_string_member (text, "t", "\xfe");
  assert_refused (text, "/s", "is not UTF-8 text");

  g_autoptr (JsonObject) name = json_object_new ();
  json_object_set_int_member (name, "\xff", 1);
  assert_refused (name, "/\xef\xbf\xbd", "a name that is not UTF-8 text");

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (JsonObject) number = json_object_new ();
      JsonArray *array = json_array_new ();
      json_array_add_double_element (array, 1.5);
      json_array_add_double_element (array, i == 0   ? (double) NAN
                                            : i == 1 ? (double) INFINITY
                                                     : -(double) INFINITY);
      json_object_set_array_member (number, "a/b~\\u0041", array);
      assert_refused (number, "/a~1b~0\\u0041/1", "is not a finite number");
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-writer/values", test_values);
  g_test_add_func ("/json-writer/nodes-of-nothing", test_nodes_of_nothing);
  g_test_add_func ("/json-writer/depth", test_depth);
  g_test_add_func ("/json-writer/refused", test_refused);
  return g_test_run ();
}
