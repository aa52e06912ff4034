/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-touched.h"

void
car_service_ids_clear (CarServiceIds *self)
{
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->list, g_array_unref);
}

void
car_service_texts_clear (CarServiceTexts *self)
{
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->list, g_ptr_array_unref);
}

void
car_service_ids_init (CarServiceIds *self)
{
  self->list = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->known = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

void
car_service_texts_init (CarServiceTexts *self)
{
  self->list = g_ptr_array_new_with_free_func (g_free);
  self->known = g_hash_table_new (g_str_hash, g_str_equal);
}

void
car_service_ids_add (CarServiceIds *self, gint64 id)
{
  if (g_hash_table_contains (self->known, &id))
    return;
  g_array_append_val (self->list, id);
  g_hash_table_add (self->known, g_memdup2 (&id, sizeof id));
}

void
car_service_texts_add (CarServiceTexts *self, const char *text)
{
  char *copy;

  if (g_hash_table_contains (self->known, text))
    return;
  copy = g_strdup (text);
  g_ptr_array_add (self->list, copy);
  g_hash_table_add (self->known, copy);
}

CarServiceTouched *
car_service_touched_new (void)
{
  CarServiceTouched *self = g_new0 (CarServiceTouched, 1);

  car_service_ids_init (&self->users);
  car_service_ids_init (&self->accounts);
  car_service_texts_init (&self->names);

  return self;
}

void
car_service_touched_free (CarServiceTouched *self)
{
  car_service_ids_clear (&self->users);
  car_service_ids_clear (&self->accounts);
  car_service_texts_clear (&self->names);
  g_free (self);
}
