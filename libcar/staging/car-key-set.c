/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <libcar/staging/car-key-set-private.h>

/* Open addressing, with the entries in the order of their hashes: an entry's home is its hash scaled to the table's
 * size, and it stands there or as near behind as the order allows. So the table can be of any size, and grows in
 * place: it never exists twice. */

#define FIRST_CAPACITY 1024
#define OVERHANG 256 /* entries behind the last home, instead of going round */

struct _CarKeySet
{
  CarKey *entries; /* an empty one's `high` is 0; capacity + OVERHANG of them, the very last always empty */
  gsize capacity;
  gsize n_keys;
  gsize max_keys; /* until it grows */
  guint64 seed;
};

static inline gsize
get_home (guint64 high, gsize capacity)
{
#ifdef __SIZEOF_INT128__
  return ((unsigned __int128) high * capacity) >> 64;
#else
  /* 32 bits are enough: no more entries fit into the memory of such a processor. */
  return ((high >> 32) * capacity) >> 32;
#endif
}

static void
set_capacity (CarKeySet *self, gsize capacity)
{
  self->capacity = capacity;
  self->max_keys = capacity / 100 * 82;
  self->entries = g_renew (CarKey, self->entries, capacity + OVERHANG);
}

/* Both loops are without branches that depend on the hashes: a processor guesses those wrong half of the time. */
static void
grow (CarKeySet *self)
{
  const gsize old_total = self->capacity + OVERHANG;

  set_capacity (self, self->capacity + self->capacity / 2);

  /* First all entries go to the very end; from there each one's new place is never behind where it stands. */
  const gsize total = self->capacity + OVERHANG;
  CarKey *entries = self->entries;
  gsize from = total;
  for (gsize i = old_total; i-- > 0;)
    {
      CarKey entry = entries[i];

      entries[from - 1] = entry;
      from -= entry.high != 0;
    }

  gsize at = 0;
  for (; from < total; at++)
    {
      CarKey entry = entries[from];
      gboolean stands_here = get_home (entry.high, self->capacity) <= at;
      guint64 mask = -(guint64) stands_here;

      /* Half of the table is empty, so that the overhang is never used up: the hashes cannot be chosen. */
      g_assert (stands_here || at < from);
      entries[at].high = entry.high & mask;
      entries[at].low = entry.low & mask;
      from += stands_here;
    }
  memset (entries + at, 0, (total - at) * sizeof (CarKey));
}

CarKeySet *
car_key_set_new (void)
{
  CarKeySet *self = g_new0 (CarKeySet, 1);

  set_capacity (self, FIRST_CAPACITY);
  memset (self->entries, 0, (FIRST_CAPACITY + OVERHANG) * sizeof (CarKey));
  if (getrandom (&self->seed, sizeof self->seed, 0) != sizeof self->seed)
    self->seed = ((guint64) g_random_int () << 32) | g_random_int ();
  return self;
}

void
car_key_set_free (CarKeySet *self)
{
  if (self == NULL)
    return;

  g_free (self->entries);
  g_free (self);
}

guint64
car_key_set_get_scope (CarKeySet *self, const char *name)
{
  return XXH3_64bits_withSeed (name, strlen (name), self->seed);
}

CarKey
car_key_set_prepare (const CarKeySet *self, guint64 scope, const void *key, gsize length)
{
  const XXH128_hash_t hash = XXH3_128bits_withSeed (key, length, scope);
  const CarKey entry = { MAX (hash.high64, 1), hash.low64 };
  const CarKey *home = self->entries + get_home (entry.high, self->capacity);

  __builtin_prefetch (home, 1);
  __builtin_prefetch (home + 4, 1);
  return entry;
}

gboolean
car_key_set_add (CarKeySet *self, CarKey entry)
{
  CarKey *at = self->entries + get_home (entry.high, self->capacity);

  while (at->high - 1 < entry.high - 1) /* an empty one is above all */
    at++;
  for (; at->high == entry.high; at++)
    if (at->low == entry.low)
      return FALSE;

  for (; at->high != 0; at++)
    {
      CarKey next = *at;

      *at = entry;
      entry = next;
    }
  *at = entry;

  self->n_keys++;
  if (G_UNLIKELY (self->n_keys > self->max_keys || at == self->entries + self->capacity + OVERHANG - 2))
    grow (self);
  return TRUE;
}

gsize
car_key_set_get_size (CarKeySet *self)
{
  return self->n_keys;
}

gsize
car_key_set_get_bytes (CarKeySet *self)
{
  return (self->capacity + OVERHANG) * sizeof (CarKey);
}
