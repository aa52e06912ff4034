/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "service/store/sqlite/car-sqlite-known.h"

/* The table is made of pieces of 1 MB, and doubled as it fills, up to 32 of them. A bucket is a line of the processor's cache. One
 * half of a name's hash says which piece it is in; the other half, which two buckets: the second one is for when the first is full.
 * So names move to a new piece by what the bucket has of them. */
#define N_BUCKETS (1 << 14)
#define MAX_PIECES 32
#define N_PLACES 5

typedef struct
{
  XXH64_hash_t names[N_PLACES]; /* halves of their hashes */
  guint32 ids[N_PLACES];        /* 0: nobody is here */
} Bucket;

G_STATIC_ASSERT (sizeof (Bucket) == 64);

struct _CarSqliteKnown
{
  XXH64_hash_t seed;
  guint n_pieces; /* a power of two */
  guint n_names;
  Bucket *pieces[MAX_PIECES];
};

static Bucket *
piece_new (void)
{
  return g_aligned_alloc0 (N_BUCKETS, sizeof (Bucket), sizeof (Bucket));
}

CarSqliteKnown *
car_sqlite_known_new (void)
{
  CarSqliteKnown *self = g_new0 (CarSqliteKnown, 1);

  self->seed = (XXH64_hash_t) g_random_int () << 32 | g_random_int ();
  self->n_pieces = 1;
  self->pieces[0] = piece_new ();

  return self;
}

void
car_sqlite_known_free (CarSqliteKnown *self)
{
  for (guint i = 0; i < self->n_pieces; i++)
    g_aligned_free (self->pieces[i]);
  g_free (self);
}

typedef struct
{
  XXH64_hash_t hash;
  guint buckets[2];
  guint replaced; /* place that it takes where all are taken */
} Name;

/* 64 bits and 13 of the bucket, and a seed that nobody knows: two names are never taken for one. */
static Name
make_name (const CarSqliteKnown *self, int collection, gint64 source, const char *node_id, gsize length)
{
  const XXH128_hash_t hash = XXH3_128bits_withSeed (
      node_id, length, self->seed ^ (XXH64_hash_t) source << 16 ^ (XXH64_hash_t) collection);

  return (Name){ hash.high64,
                 { hash.low64 % N_BUCKETS, hash.low64 / N_BUCKETS % N_BUCKETS },
                 (hash.low64 >> 32) % N_PLACES };
}

static Bucket *
get_bucket (const CarSqliteKnown *self, const Name *name, guint number)
{
  return &self->pieces[name->hash & (self->n_pieces - 1)][name->buckets[number]];
}

/* NULL: it is not there. */
static guint32 *
find (const CarSqliteKnown *self, const Name *name)
{
  for (guint number = 0; number < 2; number++)
    {
      Bucket *bucket = get_bucket (self, name, number);

      for (guint i = 0; i < N_PLACES; i++)
        if (bucket->names[i] == name->hash && bucket->ids[i] != 0)
          return &bucket->ids[i];
    }

  return NULL;
}

gint64
car_sqlite_known_get (const CarSqliteKnown *self,
                      int collection,
                      gint64 source,
                      const char *node_id,
                      gsize length)
{
  const Name name = make_name (self, collection, source, node_id, length);
  const guint32 *id = find (self, &name);

  return id != NULL ? *id : 0;
}

void
car_sqlite_known_expect (const CarSqliteKnown *self,
                         int collection,
                         gint64 source,
                         const char *node_id,
                         gsize length)
{
  const Name name = make_name (self, collection, source, node_id, length);

  __builtin_prefetch (get_bucket (self, &name, 0));
}

/* Moves those names to the new bucket whose piece that is now. */
static void
split (Bucket *bucket, Bucket *other, guint n_pieces)
{
  for (guint i = 0, n = 0; i < N_PLACES; i++)
    if (bucket->ids[i] != 0 && (bucket->names[i] & n_pieces) != 0)
      {
        other->names[n] = bucket->names[i];
        other->ids[n++] = bucket->ids[i];
        bucket->ids[i] = 0;
      }
}

static void
grow (CarSqliteKnown *self)
{
  for (guint i = 0; i < self->n_pieces; i++)
    {
      Bucket *other = piece_new ();

      for (guint n = 0; n < N_BUCKETS; n++)
        split (&self->pieces[i][n], &other[n], self->n_pieces);
      self->pieces[self->n_pieces + i] = other;
    }
  self->n_pieces *= 2;
}

static void
put (Bucket *bucket, guint at, XXH64_hash_t hash, guint32 id)
{
  bucket->names[at] = hash;
  bucket->ids[at] = id;
}

static void
add (CarSqliteKnown *self, const Name *name, guint32 id)
{
  for (guint number = 0; number < 2; number++)
    {
      Bucket *bucket = get_bucket (self, name, number);

      for (guint i = 0; i < N_PLACES; i++)
        if (bucket->ids[i] == 0)
          {
            put (bucket, i, name->hash, id);
            self->n_names++;
            return;
          }
    }

  put (get_bucket (self, name, 0), name->replaced, name->hash, id);
}

void
car_sqlite_known_add (CarSqliteKnown *self,
                      int collection,
                      gint64 source,
                      const char *node_id,
                      gsize length,
                      gint64 id)
{
  const Name name = make_name (self, collection, source, node_id, length);

  /* A greater one is found in the table. */
  if (id > G_MAXUINT32)
    return;
  add (self, &name, (guint32) id);
  if (self->n_names > self->n_pieces * N_BUCKETS * 3 && self->n_pieces < MAX_PIECES)
    grow (self);
}

void
car_sqlite_known_forget (CarSqliteKnown *self,
                         int collection,
                         gint64 source,
                         const char *node_id,
                         gsize length)
{
  const Name name = make_name (self, collection, source, node_id, length);
  guint32 *id = find (self, &name);

  if (id == NULL)
    return;
  *id = 0;
  self->n_names--;
}
