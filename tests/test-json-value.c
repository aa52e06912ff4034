/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "json-tests.h"
#include <libcar/base/car-error.h>
#include <libcar/json/car-json-value-private.h>

static CarJsonValue *
read_tree (const char *text)
{
  g_autoptr (GError) error = NULL;
  CarJsonValue *value = car_json_value_new (text, strlen (text), &error);

  g_assert_no_error (error);
  return value;
}

static void
test_tree (void)
{
  g_autoptr (CarJsonValue) root = read_tree (
      " {\"n\": -0.0, \"s\": \"a\\u0000\\ud83d\\ude00\", \"a\": [null, {\"b\": true}], \"o\\n\": {}} ");
  const CarJsonValue *number = car_json_value_get_member (root, "n");
  const CarJsonValue *string = car_json_value_get_member (root, "s");
  const CarJsonValue *array = car_json_value_get_member (root, "a");

  g_assert_cmpint (root->span.type, ==, CAR_JSON_OBJECT);
  g_assert_cmpuint (car_json_value_get_length (root), ==, 4);
  g_assert_null (root->parent);
  g_assert_null (root->name);

  /* A number keeps its spelling, a string is read. */
  g_assert_cmpmem (number->span.text, number->span.length, "-0.0", 4);
  g_assert_cmpuint (car_json_value_get_length (number), ==, 0);
  g_assert_cmpmem (string->string, string->string_length, "a\0😀", 6);
  g_assert_null (number->string);

  g_assert_true (array->parent == root);
  g_assert_cmpuint (array->index, ==, 2);
  g_assert_cmpmem (array->span.text, array->span.length, "[null, {\"b\": true}]", 19);
  g_assert_cmpint (car_json_value_get (array, 0)->span.type, ==, CAR_JSON_NULL);
  g_assert_null (car_json_value_get (array, 0)->name);
  g_assert_true (car_json_value_get (root, 3) == car_json_value_get_member (root, "o\n"));

  g_assert_null (car_json_value_get_member (root, "b"));
  g_assert_null (car_json_value_get_member (array, "0"));
  g_assert_null (car_json_value_get_member (string, "s"));
}

/* A name that C cannot hold is in the tree, and is not taken for its beginning. */
static void
test_nul_in_name (void)
{
  g_autoptr (CarJsonValue) root = read_tree ("{\"a\\u0000b\": 1, \"a\": 2}");

  g_assert_cmpmem (car_json_value_get (root, 0)->name, car_json_value_get (root, 0)->name_length, "a\0b", 3);
  g_assert_true (car_json_value_get_member (root, "a") == car_json_value_get (root, 1));
}

static void
test_refused (void)
{
  static const char *const texts[] = {
    "",
    " ",
    "{} {}",
    "[1,]",
    "01",
    "\"\\ud800\"",
    "\"\xff\"",
    "{\"a\": 1, \"\\u0061\": 2}",
    "[{\"\": 1, \"\": 1}]",
    "{\"a\\u0000b\": 1, \"a\\u0000b\": 1}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", texts[i]);
      g_assert_null (car_json_value_new (texts[i], strlen (texts[i]), &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
    }
}

static void
test_depth (void)
{
  for (int depth = CAR_JSON_MAX_DEPTH - 1; depth <= CAR_JSON_MAX_DEPTH + 1; depth++)
    {
      g_autofree char *arrays = json_nest ("[", "", "]", depth);
      g_autofree char *objects = json_nest ("{\"a\":", "1", "}", depth);
      g_autoptr (CarJsonValue) array = car_json_value_new (arrays, strlen (arrays), NULL);
      g_autoptr (CarJsonValue) object = car_json_value_new (objects, strlen (objects), NULL);

      g_assert_cmpint (array != NULL, ==, depth <= CAR_JSON_MAX_DEPTH);
      g_assert_cmpint (object != NULL, ==, depth <= CAR_JSON_MAX_DEPTH);
    }
}

/* The examples of RFC 6901, section 5, and what a pointer must not reach. */
static void
test_resolve (void)
{
  g_autoptr (CarJsonValue) root =
      read_tree ("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4,"
                 " \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}");
  static const struct
  {
    const char *pointer, *text;
  } cases[] = {
    { "/foo", "[\"bar\", \"baz\"]" },
    { "/foo/0", "bar" },
    { "/foo/1", "baz" },
    { "/", "0" },
    { "/a~1b", "1" },
    { "/c%d", "2" },
    { "/e^f", "3" },
    { "/g|h", "4" },
    { "/i\\j", "5" },
    { "/k\"l", "6" },
    { "/ ", "7" },
    { "/m~0n", "8" },
  };
  static const char *const nowhere[] = {
    "foo",     "/fo",    "/foo/",   "/foo/2",  "/foo/00",
    "/foo/01", "/foo/-", "/foo/-1", "/foo/+1", "/foo/ 0",
    "/foo/0/", "/a/b",   "/m~n",    "//",      "/foo/18446744073709551616",
  };

  g_assert_true (car_json_value_resolve (root, "") == root);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonValue *value = car_json_value_resolve (root, cases[i].pointer);
      g_test_message ("%s", cases[i].pointer);
      g_assert_nonnull (value);
      g_assert_cmpmem (value->span.text, value->span.length, cases[i].text, strlen (cases[i].text));

      g_autofree char *pointer = car_json_value_get_pointer (value);
      g_assert_cmpstr (pointer, ==, cases[i].pointer);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (nowhere); i++)
    {
      g_test_message ("%s", nowhere[i]);
      g_assert_null (car_json_value_resolve (root, nowhere[i]));
    }
}

static void
test_deep_pointer (void)
{
  g_autofree char *text = json_nest ("{\"a\":[", "", "]}", CAR_JSON_MAX_DEPTH / 2);
  g_autofree char *expected = json_nest ("/a/0", "/a", "", CAR_JSON_MAX_DEPTH / 2 - 1);
  g_autoptr (CarJsonValue) root = read_tree (text);
  const CarJsonValue *value = car_json_value_resolve (root, expected);

  g_assert_nonnull (value);
  g_autofree char *pointer = car_json_value_get_pointer (value);
  g_assert_cmpstr (pointer, ==, expected);
  g_autofree char *of_root = car_json_value_get_pointer (root);
  g_assert_cmpstr (of_root, ==, "");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-value/tree", test_tree);
  g_test_add_func ("/json-value/nul-in-name", test_nul_in_name);
  g_test_add_func ("/json-value/refused", test_refused);
  g_test_add_func ("/json-value/depth", test_depth);
  g_test_add_func ("/json-value/resolve", test_resolve);
  g_test_add_func ("/json-value/deep-pointer", test_deep_pointer);
  return g_test_run ();
}
