/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-names-private.h>

static void
test_lookup (void)
{
  static const char *const names[] = { "",
                                       "a",
                                       "ab",
                                       "abc",
                                       "abcd",
                                       "abcdefgh",
                                       "abcdefgi",
                                       "a name of 16 by",
                                       "a name of 16 byt",
                                       "a name of 17 byte" };
  CarJsonNames table;

  car_json_names_init (&table);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpuint (car_json_names_add (&table, names[i], strlen (names[i])), ==, i);
  g_assert_cmpuint (car_json_names_add (&table, "abc", 3), ==, 3);
  car_json_names_seal (&table);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpuint (car_json_names_lookup (&table, names[i], strlen (names[i])), ==, i);
  g_assert_cmpuint (car_json_names_lookup (&table, "abcdefgj", 8), ==, CAR_JSON_NAMES_NONE);
  g_assert_cmpuint (car_json_names_lookup (&table, "a name of 17 bytf", 17), ==, CAR_JSON_NAMES_NONE);
  g_assert_cmpuint (car_json_names_lookup (&table, "a\0c", 3), ==, CAR_JSON_NAMES_NONE);
  car_json_names_clear (&table);
}

/* Names that differ in their middle alone: one look-up for all of them would go through all others, for minutes. */
static void
test_alike (void)
{
  const guint n = 200000;
  CarJsonNames table;
  char name[64];

  car_json_names_init (&table);
  for (guint i = 0; i < n; i++)
    {
      g_snprintf (name, sizeof name, "the same beginning %08u the same end", i);
      g_assert_cmpuint (car_json_names_add (&table, name, strlen (name)), ==, i);
    }
  car_json_names_seal (&table);
  for (guint i = 0; i < n; i++)
    {
      g_snprintf (name, sizeof name, "the same beginning %08u the same end", i);
      g_assert_cmpuint (car_json_names_lookup (&table, name, strlen (name)), ==, i);
    }
  car_json_names_clear (&table);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-names/lookup", test_lookup);
  g_test_add_func ("/json-names/alike", test_alike);
  return g_test_run ();
}
