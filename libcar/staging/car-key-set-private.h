/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The keys seen so far: 128-bit hashes, never the strings, at 20 to 30 bytes a key. What hashes to what differs from
 * set to set, so that nobody can choose keys that collide. */
typedef struct _CarKeySet CarKeySet;

CarKeySet *car_key_set_new (void);
void car_key_set_free (CarKeySet *self);

/* Keys are compared within a scope; two names have two scopes. */
guint64 car_key_set_get_scope (CarKeySet *self, const char *name);

typedef struct
{
  guint64 high;
  guint64 low;
} CarKey;

/* The key as the set knows it. It also asks the memory for where the key would stand, which takes longer than all else:
 * whoever has something to do before car_key_set_add() does not wait for it. */
CarKey car_key_set_prepare (const CarKeySet *self, guint64 scope, const void *key, gsize length);

/* Whether the key is new. */
gboolean car_key_set_add (CarKeySet *self, CarKey key);

gsize car_key_set_get_size (CarKeySet *self);
gsize car_key_set_get_bytes (CarKeySet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarKeySet, car_key_set_free)

G_END_DECLS
