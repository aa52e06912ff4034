/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "json-tests.h"
#include <libcar/base/car-error.h>
#include <libcar/json/car-json-writer-private.h>

static void
test_text (void)
{
  static const char *const refused[] = { "", " ", "nul", "{} {}", "[1,]", "{\"a\": 1} x", "\"\xff\"" };
  const CarJsonSpan value = json_span ("\n[1, \"\\u0000\"] ");

  g_assert_cmpint (value.type, ==, CAR_JSON_ARRAY);
  g_assert_cmpmem (value.text, value.length, "[1, \"\\u0000\"]", 13);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      CarJsonSpan span;
      g_assert_false (car_json_read_text (refused[i], strlen (refused[i]), &span, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
    }
}

/* A member that stands there twice has no value: two readers might take two different ones. */
static void
test_member (void)
{
  static const struct
  {
    const char *object, *name, *value; /* NULL: none */
  } cases[] = {
    { "{\"a\": 1, \"b\": [2]}", "b", "[2]" },
    { "{\"\\u0061\": \"x\"}", "a", "x" },
    { "{\"\": {}}", "", "{}" },
    { "{\"b\": {\"a\": 1}}", "a", NULL },
    { "{\"a\": 1, \"\\u0061\": 1}", "a", NULL },
    { "{\"a\\u0000\": 1}", "a", NULL },
    { "{}", "a", NULL },
    { "[\"a\", 1]", "a", NULL },
    { "\"a\"", "a", NULL },
    { "null", "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonSpan object = json_span (cases[i].object);
      const CarJsonSpan value = car_json_span_get_member (&object, cases[i].name);

      g_test_message ("%s of %s", cases[i].name, cases[i].object);
      if (cases[i].value == NULL)
        g_assert_cmpint (value.type, ==, CAR_JSON_INVALID);
      else
        g_assert_cmpmem (value.text, value.length, cases[i].value, strlen (cases[i].value));
    }
}

static void
test_items (void)
{
  const CarJsonSpan array = json_span ("[ 1.50, [2, 3], \"a\\n\", {} ]");
  const CarJsonSpan empty = json_span ("[]"), object = json_span ("{\"a\": 1}"), text = json_span ("\"[1]\"");
  g_autoptr (GArray) items = car_json_span_get_items (&array);
  g_autoptr (GArray) none = car_json_span_get_items (&empty);
  const char *const expected[] = { "1.50", "[2, 3]", "a\\n", "{}" };

  g_assert_cmpuint (items->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      g_assert_cmpmem (item->text, item->length, expected[i], strlen (expected[i]));
    }
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_null (car_json_span_get_items (&object));
  g_assert_null (car_json_span_get_items (&text));
}

static void
test_string (void)
{
  static const struct
  {
    const char *json, *string; /* NULL: none */
  } cases[] = {
    { "\"\"", "" },
    { "\"a\\n\\ud83d\\ude00\"", "a\n😀" },
    { "\"a\\u0000\"", NULL },
    { "\"\\u0000\"", NULL },
    { "1", NULL },
    { "null", NULL },
    { "[\"a\"]", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonSpan span = json_span (cases[i].json);
      g_autofree char *string = car_json_span_dup_string (&span);
      g_assert_cmpstr (string, ==, cases[i].string);
    }
}

static void
test_int (void)
{
  static const struct
  {
    const char *json;
    gboolean ok;
    gint64 value;
  } cases[] = {
    { "0", TRUE, 0 },
    { "-0", TRUE, 0 },
    { "\"42\"", TRUE, 42 },
    { "9223372036854775807", TRUE, G_MAXINT64 },
    { "-9223372036854775808", TRUE, G_MININT64 },
    { "9223372036854775808", FALSE, 0 },
    { "18446744073709551616", FALSE, 0 },
    { "1.0", FALSE, 0 },
    { "1e2", FALSE, 0 },
    { "\"\"", FALSE, 0 },
    { "\" 1\"", FALSE, 0 },
    { "\"1x\"", FALSE, 0 },
    { "\"1\\u0000\"", FALSE, 0 },
    { "true", FALSE, 0 },
    { "null", FALSE, 0 },
    { "[1]", FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonSpan span = json_span (cases[i].json);
      gint64 value = 0;
      g_test_message ("%s", cases[i].json);
      g_assert_cmpint (car_json_span_get_int (&span, &value), ==, cases[i].ok);
      if (cases[i].ok)
        g_assert_cmpint (value, ==, cases[i].value);
    }
}

/* What json-glib holds is written as it was read. */
static void
test_node (void)
{
  static const char *const texts[] = {
    "null",
    "true",
    "false",
    "\"\"",
    "\"é😀\\n\"",
    "0",
    "0.1",
    "9223372036854775807",
    "-9223372036854775808",
    "1.7976931348623157e308",
    "[]",
    "{}",
    "[[],{\"\":[null]}]",
    "{\"b\":1,\"a\":{\"c\":false}}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      const CarJsonSpan span = json_span (texts[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = car_json_span_to_node (&span, &error);
      g_assert_no_error (error);
      g_autofree char *text = car_json_node_to_text (node, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

/* What json-glib cannot hold is an error: it must not become something else. */
static void
test_node_cannot_hold (void)
{
  static const char *const texts[] = {
    "\"a\\u0000b\"", "[\"\\u0000\"]", "{\"a\\u0000\": 1}",          "{\"a\": {\"b\": \"\\u0000\"}}",
    "1e400",         "[-1e400]",      "{\"a\": 1, \"\\u0061\": 2}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      const CarJsonSpan span = json_span (texts[i]);
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", texts[i]);
      g_assert_null (car_json_span_to_node (&span, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
    }
}

static void
test_node_deep (void)
{
  g_autofree char *text = json_nest ("[{\"a\":", "1", "}]", CAR_JSON_MAX_DEPTH / 2);
  const CarJsonSpan span = json_span (text);
  g_autoptr (JsonNode) node = car_json_span_to_node (&span, NULL);
  g_autofree char *again = car_json_node_to_text (node, NULL);

  g_assert_cmpstr (again, ==, text);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-reader/text", test_text);
  g_test_add_func ("/json-reader/member", test_member);
  g_test_add_func ("/json-reader/items", test_items);
  g_test_add_func ("/json-reader/string", test_string);
  g_test_add_func ("/json-reader/int", test_int);
  g_test_add_func ("/json-reader/node", test_node);
  g_test_add_func ("/json-reader/node-cannot-hold", test_node_cannot_hold);
  g_test_add_func ("/json-reader/node-deep", test_node_deep);
  return g_test_run ();
}
