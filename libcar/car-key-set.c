/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <libcar/car-key-set-private.h>

/* Open addressing, with the entries in the order of their hashes: an entry's home is its hash scaled to the table's
 * size, and it stands there or as near behind as the order allows. So the table can be of any size, and grows in
 * place by a quarter at a time: it never exists twice. */

#define FIRST_CAPACITY 1024
#define OVERHANG 256 /* entries behind the last home, instead of going round */

typedef struct
{
  guint64 high; /* both 0: empty */
  guint64 low;
} Entry;

struct _CarKeySet
{
  Entry *entries; /* capacity + OVERHANG of them, the very last always empty */
  gsize capacity;
  gsize n_keys;
  guint64 seed;
};

static inline gsize
get_home (const Entry *entry, gsize capacity)
{
  return ((unsigned __int128) entry->high * capacity) >> 64;
}

static inline gboolean
is_empty (const Entry *entry)
{
  return (entry->high | entry->low) == 0;
}

static inline gboolean
is_before (const Entry *a, const Entry *b)
{
  return a->high < b->high || (a->high == b->high && a->low < b->low);
}

/* Where the last entry would stand in a table of that capacity. */
static gsize
get_last_position (CarKeySet *self, gsize capacity)
{
  gsize next = 0;

  for (gsize i = 0; i < self->capacity + OVERHANG; i++)
    if (!is_empty (&self->entries[i]))
      next = MAX (next, get_home (&self->entries[i], capacity)) + 1;
  return next;
}

static void
grow (CarKeySet *self)
{
  gsize old_total = self->capacity + OVERHANG;
  gsize capacity = self->capacity + self->capacity / 4;

  while (G_UNLIKELY (get_last_position (self, capacity) >= capacity + OVERHANG))
    capacity += capacity / 4;

  gsize total = capacity + OVERHANG;
  self->entries = g_renew (Entry, self->entries, total);

  /* First all go to the very end; from there each one's new place is never behind where it stands. */
  gsize from = total;
  for (gsize i = old_total; i-- > 0;)
    if (!is_empty (&self->entries[i]))
      self->entries[--from] = self->entries[i];

  gsize next = 0;
  for (; from < total; from++)
    {
      Entry entry = self->entries[from];
      gsize at = MAX (next, get_home (&entry, capacity));

      memset (self->entries + next, 0, (at - next) * sizeof (Entry));
      self->entries[at] = entry;
      next = at + 1;
    }
  memset (self->entries + next, 0, (total - next) * sizeof (Entry));

  self->capacity = capacity;
}

CarKeySet *
car_key_set_new (void)
{
  CarKeySet *self = g_new0 (CarKeySet, 1);

  self->capacity = FIRST_CAPACITY;
  self->entries = g_new0 (Entry, FIRST_CAPACITY + OVERHANG);
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

gboolean
car_key_set_add (CarKeySet *self, guint64 scope, const void *key, gsize length)
{
  XXH128_hash_t hash = XXH3_128bits_withSeed (key, length, scope);
  Entry entry = { hash.high64, hash.low64 };

  if (G_UNLIKELY (is_empty (&entry)))
    entry.low = 1;

  Entry *at = self->entries + get_home (&entry, self->capacity);
  while (!is_empty (at) && is_before (at, &entry))
    at++;
  if (at->high == entry.high && at->low == entry.low)
    return FALSE;

  Entry *end = at;
  while (!is_empty (end))
    end++;
  memmove (at + 1, at, (end - at) * sizeof (Entry));
  *at = entry;

  self->n_keys++;
  if (self->n_keys > self->capacity / 5 * 4 || end == self->entries + self->capacity + OVERHANG - 2)
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
  return (self->capacity + OVERHANG) * sizeof (Entry);
}
