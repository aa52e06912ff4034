/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "service/store/sqlite/car-sqlite-known.h"

/* 16 MB, as far as they are used. */
#define N_PLACES (1 << 20)

typedef struct
{
  XXH64_hash_t name; /* one half of its hash; the other one says which place it is */
  gint64 id;         /* 0: nobody is here */
} Place;

struct _CarSqliteKnown
{
  XXH64_hash_t seed;
  Place *places;
};

CarSqliteKnown *
car_sqlite_known_new (void)
{
  CarSqliteKnown *self = g_new (CarSqliteKnown, 1);

  self->seed = (XXH64_hash_t) g_random_int () << 32 | g_random_int ();
  self->places = g_new0 (Place, N_PLACES);
  return self;
}

void
car_sqlite_known_free (CarSqliteKnown *self)
{
  g_free (self->places);
  g_free (self);
}

/* 64 bits and those of the place, and a seed that nobody knows: two names are never taken for one. */
static XXH128_hash_t
hash (const CarSqliteKnown *self, int collection, gint64 source, const char *node_id, gsize length)
{
  return XXH3_128bits_withSeed (node_id, length,
                                self->seed ^ (XXH64_hash_t) source << 16 ^ (XXH64_hash_t) collection);
}

gint64
car_sqlite_known_get (const CarSqliteKnown *self,
                      int collection,
                      gint64 source,
                      const char *node_id,
                      gsize length)
{
  const XXH128_hash_t name = hash (self, collection, source, node_id, length);
  const Place *place = &self->places[name.low64 % N_PLACES];

  return place->name == name.high64 ? place->id : 0;
}

void
car_sqlite_known_expect (const CarSqliteKnown *self,
                         int collection,
                         gint64 source,
                         const char *node_id,
                         gsize length)
{
  __builtin_prefetch (&self->places[hash (self, collection, source, node_id, length).low64 % N_PLACES]);
}

void
car_sqlite_known_set (CarSqliteKnown *self,
                      int collection,
                      gint64 source,
                      const char *node_id,
                      gsize length,
                      gint64 id)
{
  const XXH128_hash_t name = hash (self, collection, source, node_id, length);
  Place *place = &self->places[name.low64 % N_PLACES];

  if (id == 0 && place->name != name.high64)
    return;
  place->name = name.high64;
  place->id = id;
}
