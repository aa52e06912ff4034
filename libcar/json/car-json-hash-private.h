/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-names-private.h>
#include <libcar/json/car-json-number-private.h>
#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* A hash of a JSON value: the same for equal values, however they are spelt (members in any order, 1.0 and 1, escaped
 * or not). It has 128 bits and a seed that no other process knows: values with the same hash are taken to be equal. */
typedef struct
{
  guint64 low;
  guint64 high;
} CarJsonHash;

static inline gboolean
car_json_hash_equal (CarJsonHash a, CarJsonHash b)
{
  return a.low == b.low && a.high == b.high;
}

/* Of a string that holds no escape sequence. */
CarJsonHash car_json_hash_text (const char *text, gsize length);
CarJsonHash car_json_hash_string (const CarJsonSpan *string);

/* Of a value that car_json_scanner_read() gave. */
CarJsonHash car_json_hash_value (const CarJsonSpan *value);

/* Of one member; an object's are summed up, so that their order does not matter. */
CarJsonHash car_json_hash_member (CarJsonHash name, CarJsonHash value);

/* Of a text of up to 16 bytes all is in two numbers, and a product of both, folded, is as good a hash as any. */
#ifdef __SIZEOF_INT128__
#define CAR_JSON_SHORT 16

static inline guint64
car_json_digest_short (CarJsonHash name, CarJsonType type, const char *text, gsize length)
{
  const CarJsonNameBytes bytes = car_json_names_get_bytes (text, length);
  const unsigned __int128 product =
      (unsigned __int128) (bytes.first ^ (name.low + type)) * (bytes.last ^ (name.high + length));

  return (guint64) (product >> 64) ^ (guint64) product;
}
#endif

guint64 car_json_digest_other (CarJsonHash name, const CarJsonSpan *value);

/* The same as car_json_hash_member() in 64 bits, and far cheaper: enough to tell what differs, and not to take two things for
 * one. Most values are short, and spelt in the one way that is digested as it stands. */
static inline guint64
car_json_digest_member (CarJsonHash name, const CarJsonSpan *value)
{
#ifdef CAR_JSON_SHORT
  if (G_LIKELY (value->length <= CAR_JSON_SHORT && value->type <= CAR_JSON_STRING && !value->escaped &&
                (value->type != CAR_JSON_NUMBER || car_json_number_is_plain (value))))
    return car_json_digest_short (name, value->type, value->text, value->length);
#endif
  return car_json_digest_other (name, value);
}

/* A set that allocates nothing while it is small. All bytes may be garbage before _init(). */
typedef struct
{
  gsize n_hashes;
  gsize n_slots;      /* 0: they stand in `few`, one behind the other */
  CarJsonHash *slots; /* open addressing; all zero: free */
  CarJsonHash few[16];
} CarJsonHashSet;

static inline void
car_json_hash_set_init (CarJsonHashSet *self)
{
  self->n_hashes = 0;
  self->n_slots = 0;
  self->slots = NULL;
}

static inline void
car_json_hash_set_clear (CarJsonHashSet *self)
{
  if (G_UNLIKELY (self->slots != NULL))
    g_free (self->slots);
}

/* FALSE where it was in the set before. */
gboolean car_json_hash_set_add (CarJsonHashSet *self, CarJsonHash hash);
gboolean car_json_hash_set_contains (const CarJsonHashSet *self, CarJsonHash hash);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarJsonHashSet, car_json_hash_set_clear)

G_END_DECLS
