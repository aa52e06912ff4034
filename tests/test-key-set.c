/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/staging/car-key-set-private.h>

/* What a key comes back with: nothing like its hash. */
static guint64
digest_of (const void *key, gsize length)
{
  const guint8 *bytes = key;
  guint64 digest = 1;

  for (gsize i = 0; i < length; i++)
    digest = digest * 31 + bytes[i];
  return digest;
}

static gboolean
add_bytes (CarKeySet *set, guint64 scope, const void *key, gsize length)
{
  CarKey prepared = car_key_set_prepare (set, scope, key, length);
  const guint64 *found = car_key_set_find (set, prepared);
  const gboolean is_new = found == NULL;

  prepared.digest = digest_of (key, length);
  const guint64 *first = car_key_set_add (set, prepared);
  g_assert_true (first == found);
  g_assert_cmpuint (*car_key_set_find (set, prepared), ==, prepared.digest);
  return is_new;
}

static gboolean
add (CarKeySet *set, guint64 scope, const char *key)
{
  return add_bytes (set, scope, key, strlen (key));
}

static void
test_add (void)
{
  g_autoptr (CarKeySet) set = car_key_set_new ();
  guint64 scope = car_key_set_get_scope (set, "asset");

  g_assert_true (add (set, scope, "a"));
  g_assert_true (add (set, scope, "b"));
  g_assert_true (add (set, scope, ""));
  g_assert_false (add (set, scope, "a"));
  g_assert_false (add (set, scope, ""));
  g_assert_true (add_bytes (set, scope, "a\0b", 3));
  g_assert_true (add_bytes (set, scope, "a\0c", 3));
  g_assert_cmpuint (car_key_set_get_size (set), ==, 5);
}

static void
test_scopes (void)
{
  g_autoptr (CarKeySet) set = car_key_set_new ();
  guint64 one = car_key_set_get_scope (set, "asset");
  guint64 two = car_key_set_get_scope (set, "user");

  g_assert_cmpuint (one, !=, two);
  g_assert_cmpuint (one, ==, car_key_set_get_scope (set, "asset"));
  g_assert_true (add (set, one, "a"));
  g_assert_true (add (set, two, "a"));
  g_assert_false (add (set, one, "a"));
  g_assert_false (add (set, two, "a"));
}

/* Nobody can work out beforehand which keys collide. */
static void
test_seeded (void)
{
  g_autoptr (CarKeySet) one = car_key_set_new ();
  g_autoptr (CarKeySet) two = car_key_set_new ();

  g_assert_cmpuint (car_key_set_get_scope (one, "asset"), !=, car_key_set_get_scope (two, "asset"));
}

static void
test_million (void)
{
  const guint n = 1000 * 1000;
  g_autoptr (CarKeySet) set = car_key_set_new ();
  guint64 scope = car_key_set_get_scope (set, "asset");

  for (guint i = 0; i < n; i++)
    {
      g_assert_true (add_bytes (set, scope, &i, sizeof i));
      g_assert_cmpuint (car_key_set_get_size (set), ==, i + 1);

      /* The table is allowed its first size, and then 45 bytes a key however many there are. */
      if (i > 10000)
        g_assert_cmpuint (car_key_set_get_bytes (set), <=, (gsize) 45 * (i + 1));

      /* One that has been in for long is still found, over every growth. */
      guint earlier = (guint) (((guint64) i * 2654435761u) % (i + 1));
      g_assert_false (add_bytes (set, scope, &earlier, sizeof earlier));
    }

  for (guint i = 0; i < n; i++)
    g_assert_false (add_bytes (set, scope, &i, sizeof i));
  g_assert_cmpuint (car_key_set_get_size (set), ==, n);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/key-set/add", test_add);
  g_test_add_func ("/key-set/scopes", test_scopes);
  g_test_add_func ("/key-set/seeded", test_seeded);
  g_test_add_func ("/key-set/million", test_million);

  return g_test_run ();
}
