/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>

#include "service/store/car-service-properties.h"

struct _CarServiceProperties
{
  char *collection;
  GBytes *text; /* an object of all defaults */
  CarServiceObject defaults;
  GPtrArray *unique; /* names */
};

static void
add_default (GString *defaults, CarCoreModel *model, const char *collection, const char *property)
{
  g_autofree char *value = car_core_model_dup_default (model, collection, property);
  if (value == NULL)
    return;

  car_service_json_name (defaults, property);
  g_string_append (defaults, value);
}

CarServiceProperties *
car_service_properties_new (CarCoreModel *model, const char *collection)
{
  CarServiceProperties *self = g_new0 (CarServiceProperties, 1);
  g_auto (GStrv) names = car_core_model_get_properties (model, collection);
  GString *defaults = g_string_new ("{");

  self->collection = g_strdup (collection);
  self->unique = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; names[i] != NULL; i++)
    {
      if (car_core_model_is_unique (model, collection, names[i]))
        g_ptr_array_add (self->unique, g_strdup (names[i]));
      add_default (defaults, model, collection, names[i]);
    }
  g_string_append_c (defaults, '}');
  self->text = g_string_free_to_bytes (defaults);
  /* The model has checked each. */
  car_service_object_parse (&self->defaults, self->text, "The defaults", NULL);

  return self;
}

void
car_service_properties_free (CarServiceProperties *self)
{
  if (self == NULL)
    return;

  g_free (self->collection);
  car_service_object_clear (&self->defaults);
  g_bytes_unref (self->text);
  g_ptr_array_unref (self->unique);
  g_free (self);
}

gboolean
car_service_properties_fill (const CarServiceProperties *self, CarServiceObject *object)
{
  const guint before = object->members->len;

  for (guint i = 0; i < self->defaults.members->len; i++)
    {
      const CarServiceMember *member = &g_array_index (self->defaults.members, CarServiceMember, i);
      g_autofree char *name = car_json_span_dup_string (&member->name);

      if (car_service_object_get (object, name) == NULL)
        g_array_append_vals (object->members, member, 1);
    }

  return object->members->len > before;
}

const GPtrArray *
car_service_properties_get_unique (const CarServiceProperties *self)
{
  return self->unique;
}
