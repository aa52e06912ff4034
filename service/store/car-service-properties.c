/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>

#include "service/query/car-query.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-properties.h"

typedef struct
{
  char *name;
  const char *check; /* the statement; interned, as the store keeps statements by their address */
} Unique;

struct _CarServiceProperties
{
  char *collection;
  GBytes *text; /* an object of all defaults */
  CarServiceObject defaults;
  GArray *unique;
};

static void
unique_clear (gpointer data)
{
  g_free (((Unique *) data)->name);
}

static void
add_unique (CarServiceProperties *self, CarCoreModel *model, const char *property)
{
  g_autofree char *check = car_core_model_is_unique (model, self->collection, property)
                               ? car_query_write_unique_check (model, self->collection, property)
                               : NULL;
  if (check == NULL)
    return;

  const Unique unique = { g_strdup (property), g_intern_string (check) };
  g_array_append_val (self->unique, unique);
}

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
  self->unique = g_array_new (FALSE, FALSE, sizeof (Unique));
  g_array_set_clear_func (self->unique, unique_clear);
  for (guint i = 0; names[i] != NULL; i++)
    {
      add_unique (self, model, names[i]);
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
  g_array_unref (self->unique);
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

gboolean
car_service_properties_check (const CarServiceProperties *self,
                              CarServiceStore *store,
                              const CarJsonSpan *body,
                              gint64 row,
                              const char *source,
                              gint64 generation,
                              GError **error)
{
  for (guint i = 0; i < self->unique->len; i++)
    {
      const Unique *unique = &g_array_index (self->unique, Unique, i);
      sqlite3_stmt *other;

      if (!car_service_store_find (store, &other, error, unique->check, "jisi", body, row, source,
                                   generation))
        return FALSE;
      if (other == NULL)
        continue;

      sqlite3_reset (other);
      g_set_error (error, CAR_SERVICE_ERROR, 422, "its %s has to be unique, and another %s has the same",
                   unique->name, self->collection);
      return FALSE;
    }

  return TRUE;
}
