/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-char-set-private.h>

static char *
write_set (const CarJsonCharSet *set)
{
  GString *regex = g_string_new (NULL);

  car_json_char_set_append_regex (set, regex);
  return g_string_free (regex, FALSE);
}

/* Ranges in any order, sorted and joined, and what they leave out. */
static void
test_ranges (void)
{
  static const struct
  {
    gsize n;
    CarJsonCharRange ranges[4];
    const char *set, *complement;
  } cases[] = {
    { 0, {}, "(?!)", "[\\x{0}-\\x{10ffff}]" },
    { 1, { { 0, 0x10ffff } }, "[\\x{0}-\\x{10ffff}]", "(?!)" },
    { 1, { { 'a', 'a' } }, "[\\x{61}]", "[\\x{0}-\\x{60}\\x{62}-\\x{10ffff}]" },
    { 1, { { 0, 0 } }, "[\\x{0}]", "[\\x{1}-\\x{10ffff}]" },
    { 1, { { 0x10ffff, 0x10ffff } }, "[\\x{10ffff}]", "[\\x{0}-\\x{10fffe}]" },
    { 2, { { 'x', 'z' }, { 'a', 'c' } }, "[\\x{61}-\\x{63}\\x{78}-\\x{7a}]", NULL },
    { 2, { { 'a', 'c' }, { 'd', 'f' } }, "[\\x{61}-\\x{66}]", NULL },
    { 3, { { 'a', 'z' }, { 'c', 'd' }, { 'b', 'x' } }, "[\\x{61}-\\x{7a}]", NULL },
    { 3, { { 'a', 'c' }, { 'e', 'g' }, { 'c', 'e' } }, "[\\x{61}-\\x{67}]", NULL },
    { 2, { { 'a', 'a' }, { 'c', 'c' } }, "[\\x{61}\\x{63}]", "[\\x{0}-\\x{60}\\x{62}\\x{64}-\\x{10ffff}]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int negated = 0; negated < 2; negated++)
      {
        g_auto (CarJsonCharSet) set;
        car_json_char_set_init (&set);
        for (gsize j = 0; j < cases[i].n; j++)
          g_array_append_val (set.ranges, cases[i].ranges[j]);
        set.negated = negated;
        car_json_char_set_normalise (&set);
        g_autofree char *regex = write_set (&set);
        const char *expected = negated ? cases[i].complement : cases[i].set;
        g_assert_false (set.negated);
        if (expected != NULL)
          g_assert_cmpstr (regex, ==, expected);
      }
}

/* PCRE2 refuses a range that begins or ends with one. */
static void
test_surrogates (void)
{
  static const struct
  {
    gunichar first, last;
    const char *set, *complement;
  } cases[] = {
    { 0xd800, 0xdfff, "(?!)", "[\\x{0}-\\x{10ffff}]" },
    { 0xdc00, 0xdc00, "(?!)", "[\\x{0}-\\x{10ffff}]" },
    { 0xd7ff, 0xd800, "[\\x{d7ff}]", "[\\x{0}-\\x{d7fe}\\x{e000}-\\x{10ffff}]" },
    { 0xdfff, 0xe000, "[\\x{e000}]", "[\\x{0}-\\x{d7ff}\\x{e001}-\\x{10ffff}]" },
    { 0xd700, 0xe001, "[\\x{d700}-\\x{e001}]", "[\\x{0}-\\x{d6ff}\\x{e002}-\\x{10ffff}]" },
    { 0, 0xd7ff, "[\\x{0}-\\x{d7ff}]", "[\\x{e000}-\\x{10ffff}]" },
    { 0xe000, 0x10ffff, "[\\x{e000}-\\x{10ffff}]", "[\\x{0}-\\x{d7ff}]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int negated = 0; negated < 2; negated++)
      {
        g_auto (CarJsonCharSet) set;
        car_json_char_set_init (&set);
        car_json_char_set_add (&set, cases[i].first, cases[i].last);
        set.negated = negated;
        car_json_char_set_normalise (&set);
        g_autofree char *regex = write_set (&set);
        g_assert_cmpstr (regex, ==, negated ? cases[i].complement : cases[i].set);
      }
}

static gboolean
holds (const CarJsonCharSet *set, gunichar c)
{
  for (guint i = 0; i < set->ranges->len; i++)
    {
      const CarJsonCharRange range = g_array_index (set->ranges, CarJsonCharRange, i);
      if (c >= range.first && c <= range.last)
        return TRUE;
    }
  return FALSE;
}

/* ECMA-262's \s has more than ASCII, \d and \w have not; an upper letter is what the lower one leaves out. */
static void
test_escapes (void)
{
  static const struct
  {
    char escape;
    const char *inside, *outside;
  } cases[] = {
    { 'd', "09", "/:a٣é" },
    { 'w', "azAZ_09", "-@[`{éß٣" },
    { 's', "\t\n\v\f\r \u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
      "a_\xc2\x85\u180e\u200b" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int upper = 0; upper < 2; upper++)
      {
        g_auto (CarJsonCharSet) set;
        car_json_char_set_init (&set);
        g_assert_true (
            car_json_char_set_add_escape (&set, upper ? g_ascii_toupper (cases[i].escape) : cases[i].escape));
        for (const char *c = cases[i].inside; *c != '\0'; c = g_utf8_next_char (c))
          g_assert_cmpint (holds (&set, g_utf8_get_char (c)), ==, !upper);
        for (const char *c = cases[i].outside; *c != '\0'; c = g_utf8_next_char (c))
          g_assert_cmpint (holds (&set, g_utf8_get_char (c)), ==, upper);
      }

  g_auto (CarJsonCharSet) none;
  car_json_char_set_init (&none);
  for (const char *c = "abpnxAB\\"; *c != '\0'; c++)
    g_assert_false (car_json_char_set_add_escape (&none, *c));
  g_assert_cmpuint (none.ranges->len, ==, 0);
}

/* What a property holds is PCRE2's to know: the set stays negated, and PCRE2 takes the complement. */
static void
test_properties (void)
{
  g_auto (CarJsonCharSet) set;

  car_json_char_set_init (&set);
  g_string_append (set.properties, "\\p{L}");
  car_json_char_set_add (&set, '0', '9');
  set.negated = TRUE;
  car_json_char_set_normalise (&set);
  g_autofree char *regex = write_set (&set);
  g_assert_cmpstr (regex, ==, "[^\\x{30}-\\x{39}\\p{L}]");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-char-set/ranges", test_ranges);
  g_test_add_func ("/json-char-set/surrogates", test_surrogates);
  g_test_add_func ("/json-char-set/escapes", test_escapes);
  g_test_add_func ("/json-char-set/properties", test_properties);
  return g_test_run ();
}
