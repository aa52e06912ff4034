/* SPDX-License-Identifier: Apache-2.0 */

/* What is refused, and what becomes of hostile patterns and texts. What a pattern means is in
 * tests/json-schema/patterns.json. */

#include "config.h"

#include "json-tests.h"
#include <libcar/base/car-error.h>
#include <libcar/json/car-json-pattern-private.h>

static CarJsonPattern *
compile (const char *source)
{
  g_autoptr (GError) error = NULL;
  CarJsonPattern *pattern = car_json_pattern_new (source, strlen (source), &error);

  g_assert_no_error (error);
  return pattern;
}

static void
test_invalid (void)
{
  static const char *const sources[] = {
    "(",
    "a)",
    "[",
    "[a",
    "a**",
    "*a",
    "a|*",
    "^*",
    "a{2,1}",
    "(?i)a",
    "(?P<x>a)",
    "(?>a)",
    "(?#a)",
    "(?R)",
    "(*UTF)",
    "a++",
    "\\a",
    "\\Qa",
    "\\A",
    "\\z",
    "\\pL",
    "\\x1",
    "\\u12",
    "[z-a]",
    "\\1",
    "(a)\\2",
    "\\k<a>",
    "\\c1",
    "\\01",
    "(?<1>a)",
    "(?<a>a)(?<a>b)",
    "\\u{110000}",
    "\\u{}",
    "\\p{Foo}",
    "\\p{Script}",
    "\\p{Foo=Lu}",
    "\\p{Xan}",
    "\\p{}",
    "\\p{L",
    "\\",
    "[\\",
    "^[a]{2,1}$",
    "a{99999999999999999999}b|c",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", sources[i]);
      g_assert_null (car_json_pattern_new (sources[i], strlen (sources[i]), &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
    }
}

/* The place is counted in characters. */
static void
test_place (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (car_json_pattern_new ("é€😀)", strlen ("é€😀)"), &error));
  g_assert_cmpstr (error->message, ==, "there is no group to close at character 4");
}

static void
test_source (void)
{
  g_autoptr (CarJsonPattern) part = car_json_pattern_new ("^[a-z]+$|x", 8, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (car_json_pattern_get_source (part), ==, "^[a-z]+$");
  g_assert_null (car_json_pattern_new ("a\0b", 3, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
}

/* Most patterns of import schemas become a table, all others PCRE2's. Each case stands for both: `()` keeps the compiler
 * from a table. */
static void
test_both_ways (void)
{
  static const struct
  {
    const char *before, *after; /* the pattern, with room for `()` */
    const char *text;
    gsize length;
    gboolean matches;
  } cases[] = {
    { "^", "[a-z]$", "a", 1, TRUE },
    { "^", "[a-z]$", "", 0, FALSE },
    { "^", "[a-z]$", "ab", 2, FALSE },
    { "^", "[a-z]*$", "", 0, TRUE },
    { "^", "[a-z]{2,3}$", "a", 1, FALSE },
    { "^", "[a-z]{2,3}$", "abc", 3, TRUE },
    { "^", "[a-z]{2,3}$", "abcd", 4, FALSE },
    { "^", "[a-z]{2,}?$", "abcd", 4, TRUE },
    { "^", "[a-z]+$", "ab\n", 3, FALSE },
    { "^", "[^a]+$", "b\0c", 3, TRUE },
    { "^", "[^a]+$", "b\0a", 3, FALSE },
    { "^", "[^a]+$", "é😀\u2028\n", 10, TRUE },
    { "^", "[\\0]+$", "\0\0", 2, TRUE },
    { "^", ".+$", "a\0é", 4, TRUE },
    { "^", ".+$", "a\u2029", 4, FALSE },
    { "^", "[\\u0080-\\u07ff]+$", "\xc2\x80\xdf\xbf", 4, TRUE },
    { "^", "[\\u0080-\\u07ff]+$", "\xc2\x80\xe0\xa0\x80", 5, FALSE },
    { "^", "[\\u{10ffff}]$", "\U0010ffff", 4, TRUE },
    { "^", "[^\\u{10ffff}]$", "\U0010ffff", 4, FALSE },
    /* No text holds surrogates: what borders on them, or leaves them out, compiles all the same. */
    { "^", "[^\\ud7ff]$", "\ue000", 3, TRUE },
    { "^", "[^\\ud7ff]$", "\ud7ff", 3, FALSE },
    { "^", "[^\\ue000]$", "\ud7ff", 3, TRUE },
    { "^", "[^\\ue000]$", "\ue000", 3, FALSE },
    { "^", "[^\\0-\\ud7ff]$", "😀", 4, TRUE },
    { "^", "[^\\ud800]$", "😀", 4, TRUE },
    { "^", "[\\ud800]$", "😀", 4, FALSE },
    { "^", "[^\\0-\\u{10ffff}]$", "a", 1, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int table = 0; table < 2; table++)
      {
        g_autofree char *source = g_strconcat (cases[i].before, table ? "" : "()", cases[i].after, NULL);
        g_test_message ("%s", source);
        g_autoptr (CarJsonPattern) pattern = compile (source);
        g_assert_cmpint (car_json_pattern_match (pattern, cases[i].text, cases[i].length), ==,
                         cases[i].matches ? CAR_JSON_PATTERN_MATCHES : CAR_JSON_PATTERN_DIFFERS);
      }
}

/* Without anchors a pattern matches anywhere. */
static void
test_anywhere (void)
{
  g_autoptr (CarJsonPattern) letter = compile ("[b]");
  g_autoptr (CarJsonPattern) empty = compile ("");

  g_assert_cmpint (car_json_pattern_match (letter, "abc", 3), ==, CAR_JSON_PATTERN_MATCHES);
  g_assert_cmpint (car_json_pattern_match (letter, "acb", 2), ==, CAR_JSON_PATTERN_DIFFERS);
  g_assert_cmpint (car_json_pattern_match (empty, "", 0), ==, CAR_JSON_PATTERN_MATCHES);
}

static void
test_too_costly (void)
{
  static const char *const sources[] = { "^(?:(?:a+)+)+$", "^(a|aa)+$" };
  g_autofree char *text = json_nest ("a", "b", "", 60);

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autoptr (CarJsonPattern) pattern = compile (sources[i]);
      g_test_message ("%s", sources[i]);
      g_assert_cmpint (car_json_pattern_match (pattern, text, strlen (text)), ==,
                       CAR_JSON_PATTERN_TOO_COSTLY);
    }
}

/* What is long is not hostile for that. */
static void
test_long (void)
{
  static const char *const sources[] = { "^[a-d]+$", "^(?:a|bc|d)*$" };
  g_autofree char *text = json_nest ("abcd", "", "", 100000);

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autoptr (CarJsonPattern) pattern = compile (sources[i]);
      g_assert_cmpint (car_json_pattern_match (pattern, text, strlen (text)), ==, CAR_JSON_PATTERN_MATCHES);
      g_assert_cmpint (car_json_pattern_match (pattern, text, strlen (text) - 1), ==,
                       CAR_JSON_PATTERN_MATCHES);
      text[strlen (text) - 1] = 'e';
      g_assert_cmpint (car_json_pattern_match (pattern, text, strlen (text)), ==, CAR_JSON_PATTERN_DIFFERS);
      text[strlen (text) - 1] = 'd';
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-pattern/invalid", test_invalid);
  g_test_add_func ("/json-pattern/place", test_place);
  g_test_add_func ("/json-pattern/source", test_source);
  g_test_add_func ("/json-pattern/both-ways", test_both_ways);
  g_test_add_func ("/json-pattern/anywhere", test_anywhere);
  g_test_add_func ("/json-pattern/too-costly", test_too_costly);
  g_test_add_func ("/json-pattern/long", test_long);
  return g_test_run ();
}
