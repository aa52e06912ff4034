/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* A table of names, made once and looked up for each member of each object: it is sparse, and its hash is one that
 * holds no two names in one slot wherever some tries find one. */
typedef struct
{
  guint64 first;
  guint64 last;
  guint64 middle; /* a hash of what stands between, in names of more than 16 bytes */
  gsize length;
} CarJsonNameBytes;

typedef struct
{
  char *text; /* NUL behind it */
  CarJsonNameBytes bytes;
} CarJsonName;

typedef struct
{
  GArray *names;  /* of CarJsonName */
  guint32 *slots; /* index + 1, 0: free */
  guint32 mask;
  guint64 multiplier;
} CarJsonNames;

#define CAR_JSON_NAMES_NONE G_MAXUINT32

void car_json_names_init (CarJsonNames *self);
void car_json_names_clear (CarJsonNames *self);

/* The name's index, whether it was there before or not. */
guint car_json_names_add (CarJsonNames *self, const char *text, gsize length);

/* No name can be looked up before this, none added after it. */
void car_json_names_seal (CarJsonNames *self);

static inline const CarJsonName *
car_json_names_get (const CarJsonNames *self, guint index)
{
  return &g_array_index (self->names, CarJsonName, index);
}

/* The first and last bytes and the length: of up to 16 bytes that is all there is. All bytes of longer ones count, or names
 * that differ in the middle alone would fall into one slot, and each look-up would go through all of them. */
static inline CarJsonNameBytes
car_json_names_get_bytes (const char *text, gsize length)
{
  guint64 first = 0, last = 0, middle = 0;

  if (length >= 8)
    {
      memcpy (&first, text, 8);
      memcpy (&last, text + (length - 8), 8);
      for (gsize i = 8; G_UNLIKELY (i + 8 < length); i += 8)
        {
          guint64 bytes;
          memcpy (&bytes, text + i, 8);
          middle = (middle ^ bytes) * G_GUINT64_CONSTANT (0x9fb21c651e98df25);
          middle ^= middle >> 32;
        }
    }
  else if (length >= 4)
    {
      guint32 low, high;
      memcpy (&low, text, 4);
      memcpy (&high, text + length - 4, 4);
      first = low;
      last = high;
    }
  else if (length > 0)
    {
      first = (guint8) text[0];
      last = (guint64) (guint8) text[length / 2] << 8 | (guint8) text[length - 1];
    }
  return (CarJsonNameBytes){ first, last, middle, length };
}

static inline guint64
car_json_names_hash (const CarJsonNames *self, const CarJsonNameBytes *bytes)
{
  guint64 digest = bytes->first ^ (bytes->last << 29 | bytes->last >> 35) ^ bytes->middle ^
                   bytes->length * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return (digest * self->multiplier) >> 32;
}

static G_ALWAYS_INLINE inline guint
car_json_names_lookup (const CarJsonNames *self, const char *text, gsize length)
{
  const CarJsonNameBytes bytes = car_json_names_get_bytes (text, length);

  for (guint64 i = car_json_names_hash (self, &bytes);; i++)
    {
      guint32 slot = self->slots[i & self->mask];
      if (slot == 0)
        return CAR_JSON_NAMES_NONE;
      const CarJsonName *name = car_json_names_get (self, slot - 1);
      if (name->bytes.first == bytes.first && name->bytes.last == bytes.last &&
          name->bytes.length == length && (length <= 16 || memcmp (name->text, text, length) == 0))
        return slot - 1;
    }
}

G_END_DECLS
