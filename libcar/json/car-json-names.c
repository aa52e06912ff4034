/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-names-private.h>

/* The hash is a multiplication, and the multiplier can be chosen. car_json_names_seal() tries some, and keeps the one
 * that lets most names have a slot to themselves: a look-up then compares one name, or none. */
#define TRIES 64

static void
clear_name (CarJsonName *name)
{
  g_free (name->text);
}

void
car_json_names_init (CarJsonNames *self)
{
  *self = (CarJsonNames){ .names = g_array_new (FALSE, FALSE, sizeof (CarJsonName)) };
  g_array_set_clear_func (self->names, (GDestroyNotify) clear_name);
}

void
car_json_names_clear (CarJsonNames *self)
{
  g_array_unref (self->names);
  g_free (self->slots);
}

/* Puts all names into their slots: how many did not get the first one that they asked for. */
static guint
fill (CarJsonNames *self)
{
  guint n_displaced = 0;

  memset (self->slots, 0, sizeof *self->slots * (self->mask + 1));
  for (guint index = 0; index < self->names->len; index++)
    {
      const CarJsonName *name = car_json_names_get (self, index);
      guint64 i = car_json_names_hash (self, &name->bytes);
      n_displaced += self->slots[i & self->mask] != 0;
      while (self->slots[i & self->mask] != 0)
        i++;
      self->slots[i & self->mask] = index + 1;
    }
  return n_displaced;
}

/* `sparseness` slots a name, at least. */
static void
reserve (CarJsonNames *self, guint n_names, guint sparseness)
{
  guint32 n_slots = 4;

  while (n_slots < n_names * sparseness)
    n_slots *= 2;
  g_free (self->slots);
  self->slots = g_new0 (guint32, n_slots);
  self->mask = n_slots - 1;
  self->multiplier = G_GUINT64_CONSTANT (0xd6e8feb86659fd93);
}

guint
car_json_names_add (CarJsonNames *self, const char *text, gsize length)
{
  if (self->slots == NULL || self->names->len > self->mask / 2)
    {
      reserve (self, self->names->len + 1, 4);
      fill (self);
    }

  guint index = car_json_names_lookup (self, text, length);
  if (index != CAR_JSON_NAMES_NONE)
    return index;

  CarJsonName name = { g_malloc (length + 1), car_json_names_get_bytes (text, length) };
  memcpy (name.text, text, length);
  name.text[length] = '\0';
  guint64 i = car_json_names_hash (self, &name.bytes);
  while (self->slots[i & self->mask] != 0)
    i++;
  g_array_append_val (self->names, name);
  self->slots[i & self->mask] = self->names->len;
  return self->names->len - 1;
}

void
car_json_names_seal (CarJsonNames *self)
{
  guint64 best = 0;
  guint fewest = G_MAXUINT;

  reserve (self, self->names->len, 8);
  for (guint i = 0; i < TRIES && fewest > 0; i++)
    {
      self->multiplier = (self->multiplier + i) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) | 1;
      guint n_displaced = fill (self);
      if (n_displaced < fewest)
        {
          fewest = n_displaced;
          best = self->multiplier;
        }
    }
  self->multiplier = best;
  fill (self);
}
