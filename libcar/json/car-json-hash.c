/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-hash-private.h>

#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Two values are equal if their hashes are: that compares them whatever their spelling is, keeps no text, and takes one
 * look at each. With 128 bits, chance brings no two values together. An attacker could search for such two, but would
 * have to know the seed, which each process draws anew.
 *
 * The hash is built from the bottom up:
 *
 * - a string: its bytes, unescaped;
 * - a number: its exact value. Small integers are hashed as such, which is fast; all others as their significant
 *   digits, their exponent and their sign, which each value has only one of;
 * - an array: a chain. Each item is hashed together with what the items before it gave, so the order counts;
 * - an object: the sum of its members' hashes, since a sum does not depend on the order. This is why members can be
 *   added as they are read, and members that stand elsewhere (car-json-fixed-members.c) with them.
 *
 * Arrays and objects hash their length last. This turns the running chain or sum into a value's hash: an object that is
 * in another one then counts as a whole, and not as if its members were the outer one's. */

/* Added to the seed, these tell values of different types apart that have the same bytes: "" and [], 1 and true. */
enum
{
  SALT_STRING,
  SALT_INTEGER,
  SALT_NUMBER,
  SALT_LITERAL,
  SALT_ARRAY,
  SALT_OBJECT,
};

static guint64
get_seed (void)
{
  static gsize seed = 0;

  if (g_once_init_enter (&seed))
    {
      guint64 random;
      if (getentropy (&random, sizeof random) != 0)
        random = (guint64) g_random_int () << 32 | g_random_int ();
      g_once_init_leave (&seed, (gsize) random | 1);
    }
  return seed;
}

static inline CarJsonHash
hash_bytes (const void *bytes, gsize length, guint64 salt)
{
  XXH128_hash_t hash = XXH3_128bits_withSeed (bytes, length, get_seed () + salt);
  return (CarJsonHash){ hash.low64, hash.high64 };
}

CarJsonHash
car_json_hash_text (const char *text, gsize length)
{
  return hash_bytes (text, length, SALT_STRING);
}

CarJsonHash
car_json_hash_string (const CarJsonSpan *string)
{
  char buffer[256];

  if (!string->escaped)
    return car_json_hash_text (string->text, string->length);

  g_autofree char *large = string->length > sizeof buffer ? g_malloc (string->length) : NULL;
  char *text = large != NULL ? large : buffer;
  return car_json_hash_text (text, car_json_span_unescape_to (string, text));
}

static CarJsonHash
hash_number (const CarJsonSpan *span)
{
  CarJsonNumber number;
  char buffer[64];

  car_json_number_init (&number, span);
  if (number.is_small)
    return hash_bytes (&number.small, sizeof number.small, SALT_INTEGER);

  /* The digits come first and have no fixed length; the tail does: no two numbers give the same bytes. */
  gint64 tail[2] = { number.exponent, number.negative };
  gsize length = number.n_digits + sizeof tail;
  g_autofree char *large = length > sizeof buffer ? g_malloc (length) : NULL;
  char *bytes = large != NULL ? large : buffer;
  car_json_number_copy_digits (&number, bytes);
  memcpy (bytes + number.n_digits, tail, sizeof tail);
  return hash_bytes (bytes, length, SALT_NUMBER);
}

static CarJsonHash
combine (CarJsonHash a, CarJsonHash b, guint64 salt)
{
  CarJsonHash both[] = { a, b };
  return hash_bytes (both, sizeof both, salt);
}

/* A member's hash tells which value belongs to which name, even in a sum with others: with name + value alone, {"a":
 * 1, "b": 2} and {"a": 2, "b": 1} would be the same. So the two are joined and then mixed by MurmurHash3's last
 * steps. The value is rotated first, or "a": "b" would be "b": "a". Both are random bits already: this is enough, and
 * far cheaper than to hash them once more, for each member of each edge. */
static inline guint64
stir (guint64 name, guint64 value)
{
  guint64 mixed = name + (value << 23 | value >> 41);

  mixed = (mixed ^ mixed >> 33) * G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  mixed = (mixed ^ mixed >> 33) * G_GUINT64_CONSTANT (0xc4ceb9fe1a85ec53);
  return mixed ^ mixed >> 33;
}

CarJsonHash
car_json_hash_member (CarJsonHash name, CarJsonHash value)
{
  return (CarJsonHash){ stir (name.low, value.low), stir (name.high, value.high) };
}

/* As deep as the scanner allows at most. */
static CarJsonHash
hash_next (CarJsonScanner *scanner)
{
  CarJsonSpan span;
  CarJsonType type = car_json_scanner_peek (scanner);
  CarJsonHash hash = { 0, 0 };
  guint64 n = 0;

  if (type == CAR_JSON_ARRAY)
    {
      car_json_scanner_enter (scanner, type);
      for (; car_json_scanner_next_item (scanner); n++)
        hash = combine (hash, hash_next (scanner), SALT_ARRAY);
      return combine (hash, (CarJsonHash){ n, 0 }, SALT_ARRAY);
    }
  if (type == CAR_JSON_OBJECT)
    {
      car_json_scanner_enter (scanner, type);
      for (; car_json_scanner_next_member (scanner, &span); n++)
        {
          CarJsonHash name = car_json_hash_string (&span);
          CarJsonHash member = car_json_hash_member (name, hash_next (scanner));
          hash.low += member.low;
          hash.high += member.high;
        }
      return combine (hash, (CarJsonHash){ n, 0 }, SALT_OBJECT);
    }
  return car_json_scanner_read (scanner, &span) ? car_json_hash_value (&span) : hash;
}

CarJsonHash
car_json_hash_value (const CarJsonSpan *value)
{
  CarJsonScanner scanner;

  switch (value->type)
    {
    case CAR_JSON_STRING:
      return car_json_hash_string (value);
    case CAR_JSON_NUMBER:
      return hash_number (value);
    case CAR_JSON_ARRAY:
    case CAR_JSON_OBJECT:
      car_json_scanner_init (&scanner, value->text, value->length);
      return hash_next (&scanner);
    default:
      return hash_bytes (value->text, value->length, SALT_LITERAL);
    }
}

/* A string's text does not hold its quotes: the type tells "1" from 1. */
static inline guint64
digest_text (CarJsonHash name, CarJsonType type, const char *text, gsize length)
{
#ifdef CAR_JSON_SHORT
  if (length <= CAR_JSON_SHORT)
    return car_json_digest_short (name, type, text, length);
#endif
  return XXH3_64bits_withSeed (text, length, name.low + type);
}

static guint64
digest_escaped (CarJsonHash name, const CarJsonSpan *string)
{
  gsize length;
  g_autofree char *text = car_json_span_unescape (string, &length);

  return digest_text (name, CAR_JSON_STRING, text, length);
}

static guint64
digest_other_number (CarJsonHash name, const CarJsonSpan *span)
{
  CarJsonNumber number;
  char plain[CAR_JSON_NUMBER_MAX_PLAIN];

  car_json_number_init (&number, span);
  const gsize length = car_json_number_write_plain (&number, plain);

  return length > 0 ? digest_text (name, CAR_JSON_NUMBER, plain, length)
                    : stir (name.low, hash_number (span).low);
}

guint64
car_json_digest_other (CarJsonHash name, const CarJsonSpan *value)
{
  switch (value->type)
    {
    case CAR_JSON_STRING:
      if (G_UNLIKELY (value->escaped))
        return digest_escaped (name, value);
      break;
    case CAR_JSON_NUMBER:
      if (G_UNLIKELY (!car_json_number_is_plain (value)))
        return digest_other_number (name, value);
      break;
    case CAR_JSON_ARRAY:
    case CAR_JSON_OBJECT:
      return stir (name.low, car_json_hash_value (value).low);
    default:
      break;
    }
  return digest_text (name, value->type, value->text, value->length);
}

/* The slot that holds the hash, or the free one where it belongs. At least half of the slots are free, so the search
 * ends soon; a hash is random, so its low bits serve as the place to begin. (A hash that is 0 as a whole would pass
 * for a free slot. It does not happen.) */
static CarJsonHash *
find_slot (const CarJsonHashSet *self, CarJsonHash hash)
{
  static const CarJsonHash none;
  gsize i = hash.low;

  while (!car_json_hash_equal (self->slots[i & (self->n_slots - 1)], none) &&
         !car_json_hash_equal (self->slots[i & (self->n_slots - 1)], hash))
    i++;
  return &self->slots[i & (self->n_slots - 1)];
}

static void
grow (CarJsonHashSet *self)
{
  CarJsonHashSet larger = { .n_slots = self->n_slots == 0 ? 64 : self->n_slots * 2 };

  larger.slots = g_new0 (CarJsonHash, larger.n_slots);
  if (self->n_slots == 0)
    for (gsize i = 0; i < self->n_hashes; i++)
      *find_slot (&larger, self->few[i]) = self->few[i];
  else
    for (gsize i = 0; i < self->n_slots; i++)
      if (self->slots[i].low != 0 || self->slots[i].high != 0)
        *find_slot (&larger, self->slots[i]) = self->slots[i];
  g_free (self->slots);
  self->slots = larger.slots;
  self->n_slots = larger.n_slots;
}

gboolean
car_json_hash_set_contains (const CarJsonHashSet *self, CarJsonHash hash)
{
  if (self->n_slots > 0)
    return car_json_hash_equal (*find_slot (self, hash), hash);
  for (gsize i = 0; i < self->n_hashes; i++)
    if (car_json_hash_equal (self->few[i], hash))
      return TRUE;
  return FALSE;
}

gboolean
car_json_hash_set_add (CarJsonHashSet *self, CarJsonHash hash)
{
  if (car_json_hash_set_contains (self, hash))
    return FALSE;

  if (self->n_slots == 0 && self->n_hashes < G_N_ELEMENTS (self->few))
    self->few[self->n_hashes] = hash;
  else
    {
      if (self->n_slots == 0 || self->n_hashes >= self->n_slots / 2)
        grow (self);
      *find_slot (self, hash) = hash;
    }
  self->n_hashes++;
  return TRUE;
}
