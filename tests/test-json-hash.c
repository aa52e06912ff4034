/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "json-tests.h"
#include <libcar/json/car-json-hash-private.h>

static CarJsonHash
hash (const char *text)
{
  const CarJsonSpan span = json_span (text);

  return car_json_hash_value (&span);
}

static guint64
digest (const char *text)
{
  const CarJsonSpan span = json_span (text);

  return car_json_digest_member (car_json_hash_text ("a", 1), &span);
}

static gboolean
same (CarJsonHash a, CarJsonHash b)
{
  return a.low == b.low && a.high == b.high;
}

/* Values of one number are equal, all others are not: each is compared with each. */
static void
test_values (void)
{
  static const struct
  {
    int value;
    const char *text;
  } cases[] = {
    { 0, "null" },
    { 1, "false" },
    { 2, "true" },
    { 3, "\"\"" },
    { 4, "\"true\"" },
    { 5, "[]" },
    { 5, " [ ] " },
    { 6, "{}" },
    { 7, "[[]]" },
    { 8, "[\"\"]" },
    { 9, "[null]" },
    /* Numbers, however they are spelt. */
    { 10, "0" },
    { 10, "-0" },
    { 10, "0.0e400" },
    { 11, "1" },
    { 11, "1.0" },
    { 11, "10e-1" },
    { 12, "-1" },
    { 13, "0.5" },
    { 13, "5E-1" },
    { 14, "-0.5" },
    { 15, "9007199254740992" },
    { 16, "9007199254740993" },
    { 17, "18446744073709551616" },
    { 17, "1.8446744073709551616e19" },
    { 18, "-18446744073709551616" },
    { 19, "1e400" },
    { 19, "10e399" },
    { 20, "1e401" },
    { 21, "\"1\"" },
    /* Strings, escaped or not. */
    { 30, "\"a\"" },
    { 30, "\"\\u0061\"" },
    { 31, "\"a\\u0000b\"" },
    { 32, "\"a\\u0000\"" },
    { 33, "\"😀\"" },
    { 33, "\"\\ud83d\\ude00\"" },
    { 34, "\"/\"" },
    { 34, "\"\\/\"" },
    { 35, "\"\\\\/\"" },
    /* Arrays: the order and the nesting count. */
    { 40, "[1, 2]" },
    { 40, "[1.0,2e0]" },
    { 41, "[2, 1]" },
    { 42, "[[1, 2]]" },
    { 43, "[[1], 2]" },
    { 44, "[1, [2]]" },
    { 45, "[1, 2, null]" },
    { 46, "[1, 1]" },
    { 47, "[1]" },
    /* Objects: the order does not count; which value belongs to which name does. */
    { 50, "{\"a\": 1, \"b\": 2}" },
    { 50, "{\"\\u0062\": 2.0, \"a\": 1}" },
    { 51, "{\"a\": 2, \"b\": 1}" },
    { 52, "{\"a\": 1}" },
    { 53, "{\"a\": \"b\"}" },
    { 54, "{\"b\": \"a\"}" },
    { 55, "{\"a\": \"b\", \"c\": \"d\"}" },
    { 56, "{\"a\": \"d\", \"c\": \"b\"}" },
    { 57, "{\"a\": {}}" },
    { 58, "{\"a\": []}" },
    { 59, "{\"a\": {\"a\": {}}}" },
    { 60, "[\"a\", 1]" },
    { 61, "{\"\": 1}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (cases); j++)
      {
        g_test_message ("%s and %s", cases[i].text, cases[j].text);
        g_assert_cmpint (same (hash (cases[i].text), hash (cases[j].text)), ==,
                         cases[i].value == cases[j].value);
        g_assert_cmpint (digest (cases[i].text) == digest (cases[j].text), ==,
                         cases[i].value == cases[j].value);
      }
}

/* Strings and numbers that outgrow the buffers on the stack. */
static void
test_long (void)
{
  for (gsize length = 40; length < 600; length += 7)
    {
      g_autofree char *digits = g_strnfill (length, '7');
      g_autofree char *plain = g_strdup_printf ("\"%sé\"", digits);
      g_autofree char *escaped = g_strdup_printf ("\"%s\\u00e9\"", digits);
      g_autofree char *other = g_strdup_printf ("\"%s\\u00e8\"", digits);
      g_autofree char *number = g_strdup_printf ("%s.0", digits);
      g_autofree char *fraction = g_strdup_printf ("%s.1", digits);

      g_assert_true (same (hash (plain), hash (escaped)));
      g_assert_false (same (hash (plain), hash (other)));
      g_assert_true (same (hash (digits), hash (number)));
      g_assert_false (same (hash (digits), hash (fraction)));
      g_assert_cmphex (digest (plain), ==, digest (escaped));
      g_assert_cmphex (digest (digits), ==, digest (number));
      g_assert_cmphex (digest (digits), !=, digest (fraction));
    }
}

static void
test_deep (void)
{
  g_autofree char *deep = json_nest ("[", "", "]", CAR_JSON_MAX_DEPTH);
  g_autofree char *spaced = json_nest ("[ ", "", "]", CAR_JSON_MAX_DEPTH);
  g_autofree char *less = json_nest ("[", "", "]", CAR_JSON_MAX_DEPTH - 1);
  g_autofree char *objects = json_nest ("{\"a\":", "1", "}", CAR_JSON_MAX_DEPTH);

  g_assert_true (same (hash (deep), hash (spaced)));
  g_assert_false (same (hash (deep), hash (less)));
  g_assert_false (same (hash (deep), hash (objects)));
}

static void
test_text (void)
{
  const CarJsonSpan escaped = json_span ("\"a\\u0000b\"");

  g_assert_true (same (car_json_hash_text ("a\0b", 3), car_json_hash_string (&escaped)));
  g_assert_false (same (car_json_hash_text ("a\0b", 3), car_json_hash_text ("a\0c", 3)));
  g_assert_false (same (car_json_hash_text ("", 0), car_json_hash_text ("\0", 1)));
}

/* Through the growth from a few to many slots. */
static void
test_set (void)
{
  const gint64 n = 5000;
  g_auto (CarJsonHashSet) set;

  memset (&set, 0xff, sizeof set);
  car_json_hash_set_init (&set);
  for (gint64 i = 0; i < n; i++)
    {
      const CarJsonHash next = car_json_hash_text ((const char *) &i, sizeof i);
      g_assert_false (car_json_hash_set_contains (&set, next));
      g_assert_true (car_json_hash_set_add (&set, next));
      g_assert_false (car_json_hash_set_add (&set, next));
      g_assert_cmpuint (set.n_hashes, ==, i + 1);
    }
  for (gint64 i = 0; i < 2 * n; i++)
    g_assert_cmpint (car_json_hash_set_contains (&set, car_json_hash_text ((const char *) &i, sizeof i)), ==,
                     i < n);
}

/* Hashes that share half of their bits, and so their slot, are told apart. */
static void
test_set_collisions (void)
{
  g_auto (CarJsonHashSet) set;

  car_json_hash_set_init (&set);
  for (guint64 i = 1; i <= 500; i++)
    {
      g_assert_true (car_json_hash_set_add (&set, (CarJsonHash){ 63, i }));
      g_assert_true (car_json_hash_set_add (&set, (CarJsonHash){ i << 32, 1 }));
    }
  for (guint64 i = 1; i <= 1000; i++)
    {
      g_assert_cmpint (car_json_hash_set_contains (&set, (CarJsonHash){ 63, i }), ==, i <= 500);
      g_assert_cmpint (car_json_hash_set_contains (&set, (CarJsonHash){ i << 32, 1 }), ==, i <= 500);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-hash/values", test_values);
  g_test_add_func ("/json-hash/long", test_long);
  g_test_add_func ("/json-hash/deep", test_deep);
  g_test_add_func ("/json-hash/text", test_text);
  g_test_add_func ("/json-hash/set", test_set);
  g_test_add_func ("/json-hash/set-collisions", test_set_collisions);
  return g_test_run ();
}
