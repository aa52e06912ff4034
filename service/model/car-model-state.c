/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/model/car-model-private.h>

static void
property_clear (gpointer data)
{
  CarModelProperty *self = data;

  g_free (self->name);
  g_free (self->assertions);
  g_free (self->annotations);
  g_free (self->fallback);
}

CarModelProperty *
car_model_property_copy (const CarModelProperty *self)
{
  CarModelProperty *copy = g_atomic_rc_box_new0 (CarModelProperty);

  *copy = *self;
  copy->name = g_strdup (self->name);
  copy->assertions = g_strdup (self->assertions);
  copy->annotations = g_strdup (self->annotations);
  copy->fallback = g_strdup (self->fallback);
  return copy;
}

void
car_model_property_free (CarModelProperty *self)
{
  g_atomic_rc_box_release_full (self, property_clear);
}

static void
collection_free (gpointer data)
{
  CarModelCollection *self = data;

  g_ptr_array_unref (self->properties);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->rules);
  g_free (self);
}

static void
shared_free (gpointer data)
{
  g_ptr_array_unref (data);
}

CarModelState *
car_model_state_new (GStringChunk *names)
{
  CarModelState *self = g_new0 (CarModelState, 1);

  self->envelope = g_ptr_array_new_with_free_func (collection_free);
  self->vertices = g_ptr_array_new_with_free_func (collection_free);
  self->edges = g_ptr_array_new_with_free_func (collection_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->shared = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, shared_free);
  self->names = names;
  return self;
}

void
car_model_state_free (CarModelState *self)
{
  g_hash_table_unref (self->by_name);
  g_hash_table_unref (self->shared);
  g_ptr_array_unref (self->envelope);
  g_ptr_array_unref (self->vertices);
  g_ptr_array_unref (self->edges);
  g_free (self);
}

static CarModelCollection *
collection_new (CarModelState *state, const char *name, const char *from, const char *to)
{
  CarModelCollection *self = g_new0 (CarModelCollection, 1);

  self->name = g_string_chunk_insert_const (state->names, name);
  self->from = from != NULL ? g_string_chunk_insert_const (state->names, from) : NULL;
  self->to = to != NULL ? g_string_chunk_insert_const (state->names, to) : NULL;
  self->properties = g_ptr_array_new_with_free_func ((GDestroyNotify) car_model_property_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->rules = g_ptr_array_new_with_free_func (g_free);
  return self;
}

/* Adds a vertex, or with ends an edge, that is not there yet. */
CarModelCollection *
car_model_state_add (CarModelState *self, const char *name, const char *from, const char *to)
{
  CarModelCollection *collection = collection_new (self, name, from, to);

  g_ptr_array_add (from != NULL ? self->edges : self->vertices, collection);
  g_hash_table_insert (self->by_name, collection->name, collection);
  return collection;
}

CarModelCollection *
car_model_state_add_to_envelope (CarModelState *self, const char *name)
{
  CarModelCollection *collection = collection_new (self, name, NULL, NULL);

  g_ptr_array_add (self->envelope, collection);
  return collection;
}

/* Adds a property that is not there yet, taking it over. */
void
car_model_collection_add (CarModelCollection *self, CarModelProperty *property)
{
  g_ptr_array_add (self->properties, property);
  g_hash_table_insert (self->by_name, property->name, property);
}

/* Puts a property in the place of the one of its name, taking it over. */
void
car_model_collection_replace (CarModelCollection *self, CarModelProperty *property)
{
  gpointer there = g_hash_table_lookup (self->by_name, property->name);
  guint index;

  g_hash_table_replace (self->by_name, property->name, property);
  if (g_ptr_array_find (self->properties, there, &index))
    {
      self->properties->pdata[index] = property;
      car_model_property_free (there);
    }
}

static void
copy_into (CarModelCollection *copy, const CarModelCollection *original)
{
  copy->named_by_key = original->named_by_key;
  copy->outside_graph = original->outside_graph;
  copy->to_named_by_id = original->to_named_by_id;
  for (guint i = 0; i < original->properties->len; i++)
    car_model_collection_add (copy, g_atomic_rc_box_acquire (original->properties->pdata[i]));
  copy->n_alternatives = original->n_alternatives;
  for (guint i = 0; i < original->rules->len; i++)
    g_ptr_array_add (copy->rules, g_strdup (original->rules->pdata[i]));
}

CarModelState *
car_model_state_copy (CarModelState *self)
{
  CarModelState *copy = car_model_state_new (self->names);
  GHashTableIter iter;
  gpointer name, group;

  for (guint i = 0; i < self->envelope->len; i++)
    {
      const CarModelCollection *original = self->envelope->pdata[i];

      copy_into (car_model_state_add_to_envelope (copy, original->name), original);
    }
  for (guint i = 0; i < self->vertices->len + self->edges->len; i++)
    {
      const CarModelCollection *original =
          i < self->vertices->len ? self->vertices->pdata[i] : self->edges->pdata[i - self->vertices->len];

      copy_into (car_model_state_add (copy, original->name, original->from, original->to), original);
    }
  g_hash_table_iter_init (&iter, self->shared);
  while (g_hash_table_iter_next (&iter, &name, &group))
    g_hash_table_insert (copy->shared, name, g_ptr_array_ref (group));
  return copy;
}

gboolean
car_model_state_is_named_by_key (CarModelState *self, const char *vertex)
{
  const CarModelCollection *collection = g_hash_table_lookup (self->by_name, vertex);

  return collection != NULL && collection->named_by_key;
}
