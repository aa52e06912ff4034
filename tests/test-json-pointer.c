/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-pointer-private.h>

#include <string.h>

/* A part is written and read back. */
static void
test_parts (void)
{
  static const struct
  {
    const char *part, *pointer;
  } cases[] = {
    { "", "/" },
    { "foo", "/foo" },
    { "a/b", "/a~1b" },
    { "m~n", "/m~0n" },
    { "~1", "/~01" },
    { "/~/", "/~1~0~1" },
    { "c%d", "/c%d" },
    { " ", "/ " },
    { "k\"l\\n", "/k\"l\\n" },
    { "é😀\n\x1b", "/é😀\n\x1b" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) pointer = g_string_new (NULL);
      car_json_pointer_append (pointer, cases[i].part, strlen (cases[i].part));
      g_assert_cmpstr (pointer->str, ==, cases[i].pointer);

      const char *at = pointer->str;
      g_autofree char *part = car_json_pointer_read (&at);
      g_assert_cmpstr (part, ==, cases[i].part);
      g_assert_true (at == pointer->str + pointer->len);
    }
}

static void
test_several (void)
{
  g_autoptr (GString) pointer = g_string_new (NULL);

  car_json_pointer_append (pointer, "a/", 2);
  car_json_pointer_append_index (pointer, 0);
  car_json_pointer_append_index (pointer, G_MAXSIZE);
  car_json_pointer_append (pointer, "", 0);
  g_autofree char *expected = g_strdup_printf ("/a~1/0/%" G_GSIZE_FORMAT "/", G_MAXSIZE);
  g_assert_cmpstr (pointer->str, ==, expected);

  const char *at = pointer->str;
  const char *const parts[] = { "a/", "0", NULL, "" };
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *part = car_json_pointer_read (&at);
      g_assert_nonnull (part);
      if (parts[i] != NULL)
        g_assert_cmpstr (part, ==, parts[i]);
    }
  g_assert_null (car_json_pointer_read (&at));
}

/* What a name holds besides text stays as it is. */
static void
test_nul (void)
{
  g_autoptr (GString) pointer = g_string_new (NULL);

  car_json_pointer_append (pointer, "a\0/", 3);
  g_assert_cmpmem (pointer->str, pointer->len, "/a\0~1", 5);
}

static void
test_broken (void)
{
  static const char *const pointers[] = { "", "a", "#/a", "/~", "/~2", "/a~", "/a~/b", "/~~0" };

  for (gsize i = 0; i < G_N_ELEMENTS (pointers); i++)
    {
      const char *at = pointers[i];
      g_assert_null (car_json_pointer_read (&at));
      g_assert_true (at == pointers[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-pointer/parts", test_parts);
  g_test_add_func ("/json-pointer/several", test_several);
  g_test_add_func ("/json-pointer/nul", test_nul);
  g_test_add_func ("/json-pointer/broken", test_broken);
  return g_test_run ();
}
