/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-scanner-private.h>

#include <float.h>
#include <math.h>
#include <string.h>

/* The text is copied to a block of its own length, so that a read beyond its end is seen by the sanitizers. */
static gboolean
accepts (const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_memdup2 (text, length);
  CarJsonScanner scanner;
  CarJsonSpan value;

  car_json_scanner_init (&scanner, copy, length);
  if (car_json_scanner_read (&scanner, &value) && car_json_scanner_finish (&scanner))
    {
      g_assert_cmpuint (scanner.depth, ==, 0);
      return TRUE;
    }
  g_assert_nonnull (scanner.problem);
  car_json_scanner_set_error (&scanner, error);
  return FALSE;
}

static void
test_accepts (void)
{
  static const char *const texts[] = {
    "null",
    " \t\r\n true ",
    "false",
    "0",
    "-0",
    "10",
    "-1.5e+10",
    "1E9",
    "0.000",
    "123456789012345678901234567890",
    "1e999999999999",
    "\"\"",
    "\"plain ascii of some length\"",
    "\"seven\\n\\\\\\\"\\/\\b\\f\\r\\t\"",
    "\"\\u0000\\u00e9\\uD83D\\uDe00\"",
    "\"\x7f\"",
    "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xed\x9f\xbf \xef\xbf\xbf\"",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[[],{},[[]]]",
    "[1 , 2]",
    "{\"a\":1,\"b\" : [ { } ] , \"\" : null}",
    "{\"a\":1,\"a\":2}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      if (!accepts (texts[i], strlen (texts[i]), &error))
        g_error ("%s: %s", texts[i], error->message);
    }
}

static void
test_refuses (void)
{
  static const char *const texts[] = {
    "",
    " ",
    "\xef\xbb\xbf{}",
    "nul",
    "nulll",
    "True",
    "01",
    "-01",
    "-",
    "+1",
    ".5",
    "1.",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "NaN",
    "Infinity",
    "-Infinity",
    "1 2",
    "\"",
    "\"abc",
    "'abc'",
    "\"a\nb\"",
    "\"a\tb\"",
    "\"\x1f\"",
    "\"\\\"",
    "\"\\a\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\ud800x\"",
    "\"\\ud800\\n\"",
    "\"\\ud800\\ud800\"",
    "\"\\udc00\"",
    "\"\x80\"",
    "\"\xc0\xaf\"",
    "\"\xc1\xbf\"",
    "\"\xe0\x9f\xbf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf0\x8f\xbf\xbf\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"",
    "\"\xff\"",
    "\"\xe2\x82\"",
    "\"\xc3",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[}",
    "{",
    "{]",
    "{\"a\"",
    "{\"a\" 1}",
    "{\"a\":",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1}}",
    "[1] // one",
    "/* one */ 1",
    "\f1",
    ("\xc2\xa0"
     "1"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      if (accepts (texts[i], strlen (texts[i]), &error))
        g_error ("accepted: %s", texts[i]);
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }

  g_assert_false (accepts ("\"a\0b\"", 5, NULL));
  g_assert_false (accepts ("1\0", 2, NULL));
}

/* A special byte is found wherever it stands among the eight that are looked at together. */
static void
test_string_alignment (void)
{
  static const char specials[] = "\x01\x1f\n\xff\x80";

  for (gsize length = 0; length < 40; length++)
    for (gsize at = 0; at < length; at++)
      for (const char *special = specials; *special != '\0'; special++)
        {
          g_autoptr (GString) text = g_string_new ("\"");
          for (gsize i = 0; i < length; i++)
            g_string_append_c (text, "!#[]~\x7f "[i % 7]);
          g_string_append_c (text, '"');
          g_assert_true (accepts (text->str, text->len, NULL));

          text->str[1 + at] = *special;
          g_assert_false (accepts (text->str, text->len, NULL));
          text->str[1 + at] = '"';
          g_assert_false (accepts (text->str, text->len, NULL));
          text->str[1 + at] = '\\';
          text->str[2 + at] = at + 1 == length ? '"' : 'n';
          g_assert_true (accepts (text->str, text->len, NULL) == (at + 1 != length));
        }
}

static void
test_spans (void)
{
  const char *text = " { \"a\" : [ 1.50 , \"x\\u00e9\" ] , \"b\\n\" : { } , \"c\" : -0 } ";
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_scanner_init (&scanner, text, strlen (text));
  g_assert_cmpint (car_json_scanner_peek (&scanner), ==, CAR_JSON_OBJECT);
  g_assert_true (car_json_scanner_enter (&scanner, CAR_JSON_OBJECT));

  g_assert_true (car_json_scanner_next_member (&scanner, &name));
  g_assert_true (car_json_span_equals (&name, "a"));
  g_assert_true (car_json_scanner_enter (&scanner, CAR_JSON_ARRAY));
  g_assert_cmpuint (scanner.depth, ==, 2);
  g_assert_true (car_json_scanner_next_item (&scanner));
  g_assert_true (car_json_scanner_read (&scanner, &value));
  g_assert_cmpint (value.type, ==, CAR_JSON_NUMBER);
  g_assert_cmpmem (value.text, value.length, "1.50", 4);
  g_assert_true (car_json_scanner_next_item (&scanner));
  g_assert_true (car_json_scanner_read (&scanner, &value));
  g_assert_true (value.escaped);
  g_assert_true (car_json_span_equals (&value, "xé"));
  g_assert_false (car_json_span_equals (&value, "xé "));
  g_assert_false (car_json_scanner_next_item (&scanner));
  g_assert_null (scanner.problem);

  g_assert_true (car_json_scanner_next_member (&scanner, &name));
  g_assert_true (car_json_span_equals (&name, "b\n"));
  g_assert_true (car_json_scanner_read (&scanner, &value));
  g_assert_cmpmem (value.text, value.length, "{ }", 3);
  g_assert_cmpint (value.type, ==, CAR_JSON_OBJECT);

  g_assert_true (car_json_scanner_next_member (&scanner, &name));
  g_assert_cmpint (car_json_scanner_peek (&scanner), ==, CAR_JSON_NUMBER);
  g_assert_true (car_json_scanner_read (&scanner, &value));
  g_assert_false (car_json_scanner_next_member (&scanner, &name));
  g_assert_true (car_json_scanner_finish (&scanner));
  g_assert_cmpuint (scanner.depth, ==, 0);
}

static void
test_enter_wrong_type (void)
{
  CarJsonScanner scanner;
  g_autoptr (GError) error = NULL;

  car_json_scanner_init (&scanner, "\n\n  []", 6);
  g_assert_false (car_json_scanner_enter (&scanner, CAR_JSON_OBJECT));
  car_json_scanner_set_error (&scanner, &error);
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
  g_assert_nonnull (strstr (error->message, "line 3, column 3"));
}

static void
test_depth (void)
{
  for (int arrays = 0; arrays < 2; arrays++)
    for (int depth = CAR_JSON_MAX_DEPTH - 1; depth <= CAR_JSON_MAX_DEPTH + 1; depth++)
      {
        g_autoptr (GString) text = g_string_new (NULL);
        for (int i = 0; i < depth; i++)
          g_string_append (text, arrays ? "[" : i + 1 < depth ? "{\"a\":" : "{");
        for (int i = 0; i < depth; i++)
          g_string_append (text, arrays ? "]" : "}");
        g_assert_true (accepts (text->str, text->len, NULL) == (depth <= CAR_JSON_MAX_DEPTH));
      }

  g_autofree char *hostile = g_strnfill (1000000, '[');
  g_assert_false (accepts (hostile, 1000000, NULL));
}

static void
test_unescape (void)
{
  const char *text = "\"\\u0000a\\/\\\\\\\"\\b\\f\\n\\r\\t\\u20ac\\ud83d\\ude00\"";
  CarJsonScanner scanner;
  CarJsonSpan value;
  gsize length;

  car_json_scanner_init (&scanner, text, strlen (text));
  g_assert_true (car_json_scanner_read (&scanner, &value));
  g_autofree char *string = car_json_span_unescape (&value, &length);
  g_assert_cmpmem (string, length, "\0a/\\\"\b\f\n\r\t€😀", 17);
  g_assert_cmpint (string[length], ==, '\0');
  g_assert_false (car_json_span_equals (&value, ""));
}

static void
test_append_string (void)
{
  g_autoptr (GString) out = g_string_new ("x");

  car_json_append_string (out, "a\"b\\c/\n\r\t\b\f\x01\x1f\x7fé😀", -1);
  g_assert_cmpstr (out->str, ==, "x\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\x7fé😀\"");

  g_string_truncate (out, 0);
  car_json_append_string (out, "a\0b", 3);
  g_assert_cmpstr (out->str, ==, "\"a\\u0000b\"");
}

static void
test_append_double (void)
{
  static const struct
  {
    double value;
    const char *spelling;
  } cases[] = {
    { 0, "0" },
    { -0.0, "-0" },
    { 1, "1" },
    { -42, "-42" },
    { 0.1, "0.1" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 1700000000000, "1700000000000" },
    { 1700000000000.5, "1700000000000.5" },
    { 1e15, "1e15" },
    { 1e22, "1e22" },
    { 1e-7, "1e-7" },
    { -1e-10, "-1e-10" },
    { 123456789.125, "123456789.125" },
    { 9007199254740993.0, "9007199254740992" },
    { DBL_MAX, "1.7976931348623157e308" },
    { 5e-324, "5e-324" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      car_json_append_double (out, cases[i].value);
      g_assert_cmpstr (out->str, ==, cases[i].spelling);
      g_assert_true (accepts (out->str, out->len, NULL));
    }

  for (int i = 0; i < 20000; i++)
    {
      guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
      double value;
      memcpy (&value, &bits, sizeof value);
      if (value - value != 0)
        continue;
      g_autoptr (GString) out = g_string_new (NULL);
      car_json_append_double (out, value);
      g_assert_true (g_ascii_strtod (out->str, NULL) == value);
      g_assert_true (accepts (out->str, out->len, NULL));
    }

  /* Of few decimals, as most are: 15 digits are always told apart, and printf drops the zeros behind. */
  for (int i = 0; i < 20000; i++)
    {
      static const double scales[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
      double value = g_test_rand_int () / scales[i % G_N_ELEMENTS (scales)];
      char expected[G_ASCII_DTOSTR_BUF_SIZE];
      if (fabs (value) < 1e-4)
        continue;
      g_ascii_formatd (expected, sizeof expected, "%.15g", value);
      g_autoptr (GString) out = g_string_new (NULL);
      car_json_append_double (out, value);
      g_assert_cmpstr (out->str, ==, expected);
    }
}

static void
test_append_int (void)
{
  static const struct
  {
    gint64 value;
    const char *spelling;
  } cases[] = {
    { 0, "0" },
    { 9, "9" },
    { 10, "10" },
    { -1, "-1" },
    { G_MAXINT64, "9223372036854775807" },
    { G_MININT64, "-9223372036854775808" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new ("x");
      car_json_append_int (out, cases[i].value);
      g_assert_cmpstr (out->str + 1, ==, cases[i].spelling);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-scanner/accepts", test_accepts);
  g_test_add_func ("/json-scanner/refuses", test_refuses);
  g_test_add_func ("/json-scanner/string-alignment", test_string_alignment);
  g_test_add_func ("/json-scanner/spans", test_spans);
  g_test_add_func ("/json-scanner/enter-wrong-type", test_enter_wrong_type);
  g_test_add_func ("/json-scanner/depth", test_depth);
  g_test_add_func ("/json-scanner/unescape", test_unescape);
  g_test_add_func ("/json-scanner/append-string", test_append_string);
  g_test_add_func ("/json-scanner/append-double", test_append_double);
  g_test_add_func ("/json-scanner/append-int", test_append_int);
  return g_test_run ();
}
