/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The keys seen so far: 128-bit hashes, never the strings, each with a digest of what it names, at 30 to 44 bytes a key.
 * What hashes to what differs from set to set, so that nobody can choose keys that collide. */
typedef struct _CarKeySet CarKeySet;

CarKeySet *car_key_set_new (void);
void car_key_set_free (CarKeySet *self);

/* Keys are compared within a scope; two names have two scopes. */
guint64 car_key_set_get_scope (CarKeySet *self, const char *name);

typedef struct
{
  guint64 high;
  guint64 low;
  guint64 digest; /* of what the key names; no part of the key */
} CarKey;

/* The key as the set knows it, with a digest of 0. It also asks the memory for where the key would stand, which takes
 * longer than all else: whoever has something to do before car_key_set_add() does not wait for it. */
CarKey car_key_set_prepare (const CarKeySet *self, guint64 scope, const void *key, gsize length);

/* The key of what two keys make together, in this order. */
CarKey car_key_set_join (const CarKeySet *self, guint64 scope, CarKey first, CarKey second);

/* NULL where the key is new. Else it is in the set already, and this is the digest that it came with, which the caller may
 * change until the next key is added. */
guint64 *car_key_set_add (CarKeySet *self, CarKey key);

/* The same without adding it: NULL where it is not in the set. */
guint64 *car_key_set_find (CarKeySet *self, CarKey key);

gsize car_key_set_get_size (CarKeySet *self);
gsize car_key_set_get_bytes (CarKeySet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarKeySet, car_key_set_free)

G_END_DECLS
