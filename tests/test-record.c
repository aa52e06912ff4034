/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/car.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/staging/car-record-private.h>

static void
assert_json (const CarRecord *record, const char *expected)
{
  g_autofree char *json = car_record_to_json (record);

  g_assert_cmpstr (json, ==, expected);
}

static void
assert_problem (const CarRecord *record, const char *about)
{
  const CarJsonViolation *problem = car_record_get_problem (record);
  CarJsonSpan object;
  gsize length;

  g_assert_null (car_record_to_json (record));
  g_assert_nonnull (problem);
  g_assert_cmpint (problem->code, ==, CAR_SCHEMA_ERROR_INVALID_JSON);
  g_assert_nonnull (strstr (problem->text, about));
  g_assert_true (g_utf8_validate (problem->text, -1, NULL));

  /* The text is JSON nevertheless, so that the object can be named. */
  const char *text = car_record_peek (record, &length);
  g_assert_true (car_json_read_text (text, length, &object, NULL));
}

static void
test_types (void)
{
  g_autoptr (CarRecord) record = car_record_new ();
  const char *tags[] = { "one", "two \"2\"", NULL };
  const char *none[] = { NULL };

  assert_json (record, "{}");
  car_record_set_string (record, "s", "text");
  car_record_set_int (record, "i", -42);
  car_record_set_double (record, "d", 0.1);
  car_record_set_boolean (record, "t", TRUE);
  car_record_set_boolean (record, "f", FALSE);
  car_record_set_null (record, "n");
  car_record_set_strv (record, "tag", tags);
  car_record_set_strv (record, "untag", none);
  car_record_set_json (record, "j", " [1.50, {\"a\": 18446744073709551615}] ");
  assert_json (record, "{\"s\":\"text\",\"i\":-42,\"d\":0.1,\"t\":true,\"f\":false,\"n\":null,"
                       "\"tag\":[\"one\",\"two \\\"2\\\"\"],\"untag\":[],"
                       "\"j\": [1.50, {\"a\": 18446744073709551615}] }");
}

static void
test_left_out (void)
{
  g_autoptr (CarRecord) record = car_record_new ();

  car_record_set_string (record, "a", NULL);
  car_record_set_strv (record, "b", NULL);
  car_record_set_json (record, "c", NULL);
  car_record_set_string (record, "d", "");
  assert_json (record, "{\"d\":\"\"}");
}

static void
test_numbers (void)
{
  g_autoptr (CarRecord) record = car_record_new ();

  car_record_set_int (record, "a", G_MININT64);
  car_record_set_int (record, "b", G_MAXINT64);
  car_record_set_int (record, "c", 0);
  assert_json (record, "{\"a\":-9223372036854775808,\"b\":9223372036854775807,\"c\":0}");

  const double doubles[] = { 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 1700000000000.5, -2.5 };
  for (gsize i = 0; i < G_N_ELEMENTS (doubles); i++)
    {
      car_record_clear (record);
      car_record_set_double (record, "d", doubles[i]);
      g_autofree char *json = car_record_to_json (record);
      g_assert_cmpfloat (g_ascii_strtod (json + strlen ("{\"d\":"), NULL), ==, doubles[i]);
    }
}

/* Every byte that must be escaped, at every place of a text of every length around the width of a word. */
static void
test_escapes (void)
{
  g_autoptr (CarRecord) record = car_record_new ();

  for (guint length = 1; length <= 20; length++)
    for (guint at = 0; at < length; at++)
      for (guint byte = 1; byte < 0x80; byte++)
        {
          char text[32] = { 0 };

          memset (text, 'x', length);
          text[at] = byte;
          car_record_clear (record);
          car_record_set_string (record, "name", text);

          g_autofree char *json = car_record_to_json (record);
          g_autoptr (JsonNode) node = json_from_string (json, NULL);
          g_assert_nonnull (node);
          g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "name"), ==, text);

          gboolean escaped = byte < 0x20 || byte == '"' || byte == '\\';
          g_assert_cmpint (strchr (json, '\\') != NULL, ==, escaped);
          g_assert_true (!escaped || strchr (json, byte) == NULL || byte == '"' || byte == '\\');
        }
}

static void
test_unicode (void)
{
  g_autoptr (CarRecord) record = car_record_new ();

  car_record_set_string (record, "schlüssel", "größer als 8 Zeichen: 日本語 \U0001f600");
  assert_json (record, "{\"schlüssel\":\"größer als 8 Zeichen: 日本語 \U0001f600\"}");
}

static void
test_name_is_escaped (void)
{
  g_autoptr (CarRecord) record = car_record_new ();

  car_record_set_int (record, "a\":1,\"b", 2);
  assert_json (record, "{\"a\\\":1,\\\"b\":2}");
}

static void
test_not_json (void)
{
  g_autoptr (CarRecord) record = car_record_new ();
  const char *bad_strv[] = { "ok", "\xc3(", NULL };

  car_record_set_string (record, "name", "broken \xff text");
  car_record_set_string (record, "later", "\xff");
  assert_problem (record, "/name ");

  car_record_clear (record);
  assert_json (record, "{}");
  car_record_set_string (record, "surrogate", "\xed\xa0\x80");
  assert_problem (record, "/surrogate ");

  car_record_clear (record);
  car_record_set_int (record, "bad \xff", 1);
  assert_problem (record, "UTF-8");

  /* Names come from outside, too: they are shown like those of any violation. */
  car_record_clear (record);
  car_record_set_double (record, "a/b\n", NAN);
  assert_problem (record, "/a~1b\\u000a ");

  g_autofree char *long_name = g_strnfill (1000, 'x');
  car_record_clear (record);
  car_record_set_double (record, long_name, NAN);
  assert_problem (record, "xx… is not");

  car_record_clear (record);
  car_record_set_strv (record, "tag", bad_strv);
  assert_problem (record, "/tag/1 ");

  const double doubles[] = { NAN, INFINITY, -INFINITY };
  for (gsize i = 0; i < G_N_ELEMENTS (doubles); i++)
    {
      car_record_clear (record);
      car_record_set_double (record, "score", doubles[i]);
      assert_problem (record, "/score ");
    }
}

/* Text given as JSON brings one value, and no members of its own. */
static void
test_json_injection (void)
{
  const char *texts[] = { "",    " ",         "1,\"b\":2", "1}",       "{\"a\":1},\"x\":{\"b\":2}",
                          "\"a", "[1,]",      "01",        "nul",      "\"\\ud800",
                          "1 2", "{\"a\" 1}", "\xff",      "\"\xff\"", "// 1\n1" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (CarRecord) record = car_record_new ();

      car_record_set_json (record, "j", texts[i]);
      assert_problem (record, "/j ");
    }
}

static void
test_copy (void)
{
  g_autoptr (CarRecord) record = car_record_new ();
  g_assert_true (G_TYPE_IS_BOXED (CAR_TYPE_RECORD));

  car_record_set_int (record, "a", 1);
  g_autoptr (CarRecord) copy = g_boxed_copy (CAR_TYPE_RECORD, record);
  car_record_set_int (copy, "b", 2);
  assert_json (record, "{\"a\":1}");
  assert_json (copy, "{\"a\":1,\"b\":2}");

  car_record_set_double (record, "c", NAN);
  g_autoptr (CarRecord) broken = car_record_copy (record);
  assert_problem (broken, "/c ");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/record/types", test_types);
  g_test_add_func ("/record/left-out", test_left_out);
  g_test_add_func ("/record/numbers", test_numbers);
  g_test_add_func ("/record/escapes", test_escapes);
  g_test_add_func ("/record/unicode", test_unicode);
  g_test_add_func ("/record/name-is-escaped", test_name_is_escaped);
  g_test_add_func ("/record/not-json", test_not_json);
  g_test_add_func ("/record/json-injection", test_json_injection);
  g_test_add_func ("/record/copy", test_copy);

  return g_test_run ();
}
