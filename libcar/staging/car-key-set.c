/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <libcar/staging/car-key-set-private.h>

/* A hash table with open addressing: all entries stand in one array, sorted by their hashes.
 *
 * A hash says where its entry wants to stand, its home: a hash of 30 % of the largest possible one has its home at 30 % of
 * the array. Where other entries are in the way, the entry stands a little behind its home; those that come after it in the order
 * move one place on. A search begins at the home, passes smaller hashes, and ends at the first one that is as large
 * or larger. Since the homes are in the order of the hashes, the array stays sorted whatever its size is. That is why
 * it can grow by half, in place: the entries keep their order and only move apart, and the table never exists
 * twice. */

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

/* Makes the array larger, and spreads the entries over it.
 *
 * The first loop packs the entries at the very end of the new array. The second one fills the array from its begin: it
 * either takes the next packed entry, when that entry's home is here or was passed already, or leaves the place empty. An
 * entry's new place is never behind its packed one, so none is overwritten before it was taken.
 *
 * Neither loop has a branch that depends on the hashes, which are random: a processor would guess half of them wrong. An entry is
 * written in any case, and a mask makes it empty where nothing is to stand. */
static void
grow (CarKeySet *self)
{
  const gsize old_total = self->capacity + OVERHANG;

  set_capacity (self, self->capacity + self->capacity / 2);

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

      /* Nearly half of the table is empty, so the overhang is never used up: nobody can choose the hashes. */
      g_assert (stands_here || at < from);
      entries[at].high = entry.high & mask;
      entries[at].low = entry.low & mask;
      entries[at].digest = entry.digest;
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

static inline CarKey
make_key (const CarKeySet *self, guint64 high, guint64 low)
{
  const CarKey key = { MAX (high, 1), low, 0 }; /* 0 would mean empty */
  const CarKey *home = self->entries + get_home (key.high, self->capacity);

  __builtin_prefetch (home, 1);
  __builtin_prefetch (home + 4, 1);
  return key;
}

CarKey
car_key_set_prepare (const CarKeySet *self, guint64 scope, const void *key, gsize length)
{
  const XXH128_hash_t hash = XXH3_128bits_withSeed (key, length, scope);

  return make_key (self, hash.high64, hash.low64);
}

/* MurmurHash3's last steps. Both are random bits that nobody outside knows, so this is enough; the rotation tells the first from
 * the second. */
static inline guint64
join (guint64 first, guint64 second)
{
  guint64 mixed = first + (second << 23 | second >> 41);

  mixed = (mixed ^ mixed >> 33) * G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  mixed = (mixed ^ mixed >> 33) * G_GUINT64_CONSTANT (0xc4ceb9fe1a85ec53);
  return mixed ^ mixed >> 33;
}

CarKey
car_key_set_join (const CarKeySet *self, guint64 scope, CarKey first, CarKey second)
{
  return make_key (self, join (first.high + scope, second.high), join (first.low + scope, second.low));
}

/* Where the entry stands; if it does not, *before is the first one that it would stand before. */
static inline CarKey *
search (const CarKeySet *self, const CarKey *entry, CarKey **before)
{
  CarKey *at = self->entries + get_home (entry->high, self->capacity);

  /* Less 1, an empty one (0) is the largest number: it ends the search, too. */
  while (at->high - 1 < entry->high - 1)
    at++;
  for (; at->high == entry->high; at++)
    if (at->low == entry->low)
      return at;

  *before = at;
  return NULL;
}

guint64 *
car_key_set_find (CarKeySet *self, CarKey key)
{
  CarKey *before;
  CarKey *found = search (self, &key, &before);

  return found != NULL ? &found->digest : NULL;
}

guint64 *
car_key_set_add (CarKeySet *self, CarKey entry)
{
  CarKey *at;
  CarKey *found = search (self, &entry, &at);

  if (found != NULL)
    return &found->digest;

  /* It is new: it takes this place, and all up to the next empty one move on. */
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
  return NULL;
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
