/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-node-private.h>

static void
clear_property (CarJsonProperty *property)
{
  g_clear_pointer (&property->dependencies, g_array_unref);
}

static void
clear_pattern_property (CarJsonPatternProperty *property)
{
  car_json_pattern_free (property->pattern);
}

CarJsonNode *
car_json_node_new (const CarJsonValue *schema)
{
  CarJsonNode *self = g_new0 (CarJsonNode, 1);

  self->schema = schema;
  self->types = CAR_JSON_ANY_TYPE | CAR_JSON_INTEGER_BIT;
  self->max_length = self->max_items = self->max_properties = G_MAXUINT64;
  car_json_names_init (&self->names);
  self->properties = g_array_new (FALSE, TRUE, sizeof (CarJsonProperty));
  g_array_set_clear_func (self->properties, (GDestroyNotify) clear_property);
  self->pattern_properties = g_array_new (FALSE, TRUE, sizeof (CarJsonPatternProperty));
  g_array_set_clear_func (self->pattern_properties, (GDestroyNotify) clear_pattern_property);
  return self;
}

static void
free_enum (CarJsonEnum *enumeration)
{
  car_json_hash_set_clear (&enumeration->values);
  g_free (enumeration);
}

void
car_json_node_free (CarJsonNode *self)
{
  g_clear_pointer (&self->pattern, car_json_pattern_free);
  car_json_names_clear (&self->names);
  g_array_unref (self->properties);
  g_array_unref (self->pattern_properties);
  g_free (self->required);
  g_clear_pointer (&self->enumeration, free_enum);
  g_clear_pointer (&self->constant, free_enum);
  g_clear_pointer (&self->all_of, g_ptr_array_unref);
  g_clear_pointer (&self->any_of, g_ptr_array_unref);
  g_clear_pointer (&self->one_of, g_ptr_array_unref);
  g_free (self);
}

guint
car_json_node_add_property (CarJsonNode *self, const char *name, gsize length)
{
  guint index = car_json_names_add (&self->names, name, length);

  if (index == self->properties->len)
    {
      CarJsonProperty property = { car_json_hash_text (name, length) };
      g_array_append_val (self->properties, property);
    }
  return index;
}

void
car_json_node_seal (CarJsonNode *self, const GArray *required)
{
  car_json_names_seal (&self->names);
  self->n_words = (self->properties->len + 63) / 64;
  self->required = g_new0 (guint64, self->n_words + 1);
  for (guint i = 0; i < required->len; i++)
    {
      guint index = g_array_index (required, guint, i);
      self->required[index / 64] |= G_GUINT64_CONSTANT (1) << index % 64;
    }

  /* Without an if they say nothing. */
  if (self->if_ == NULL)
    self->then_ = self->else_ = NULL;

  for (gsize i = 0; i < CAR_JSON_N_BOUNDS; i++)
    if (self->bounds[i].set)
      self->flags |= CAR_JSON_NODE_NUMBER;
  if (self->multiple_of.set)
    self->flags |= CAR_JSON_NODE_NUMBER;
  if (self->min_length > 0 || self->max_length < G_MAXUINT64 || self->pattern != NULL)
    self->flags |= CAR_JSON_NODE_STRING;
  if (self->enumeration != NULL || self->constant != NULL)
    self->flags |= CAR_JSON_NODE_ENUM;
}

#define SCALARS                                                                                              \
  (CAR_JSON_TYPE_BIT (CAR_JSON_NULL) | CAR_JSON_TYPE_BIT (CAR_JSON_FALSE) |                                  \
   CAR_JSON_TYPE_BIT (CAR_JSON_TRUE) | CAR_JSON_TYPE_BIT (CAR_JSON_NUMBER) |                                 \
   CAR_JSON_TYPE_BIT (CAR_JSON_STRING))

/* An integer is not among the plain types: only its value tells it from another number. */
void
car_json_node_set_plain (CarJsonNode *self)
{
  guint types = self->types & SCALARS;

  if (self->flags & CAR_JSON_NODE_NUMBER)
    types &= ~CAR_JSON_TYPE_BIT (CAR_JSON_NUMBER);
  if (self->flags & CAR_JSON_NODE_STRING)
    types &= ~CAR_JSON_TYPE_BIT (CAR_JSON_STRING);
  if (self->refuses || self->flags & (CAR_JSON_NODE_ENUM | CAR_JSON_NODE_BRANCHES))
    types = 0;
  self->plain_types = types;
  self->plain_members = self->pattern_properties->len == 0 && self->property_names == NULL;
}

static void
append_all (GPtrArray *list, GPtrArray *nodes)
{
  for (guint i = 0; nodes != NULL && i < nodes->len; i++)
    g_ptr_array_add (list, g_ptr_array_index (nodes, i));
}

GPtrArray *
car_json_node_list_branches (const CarJsonNode *self)
{
  GPtrArray *list = g_ptr_array_new ();
  CarJsonNode *single[] = { self->alias, self->ref, self->not_, self->if_, self->then_, self->else_ };

  append_all (list, self->all_of);
  append_all (list, self->any_of);
  append_all (list, self->one_of);
  for (gsize i = 0; i < G_N_ELEMENTS (single); i++)
    if (single[i] != NULL)
      g_ptr_array_add (list, single[i]);
  return list;
}

const CarJsonNode *
car_json_node_get_items (const CarJsonNode *self)
{
  while (self->alias != NULL)
    self = self->alias;
  if (self->items != NULL)
    return self->items;
  return self->ref != NULL ? car_json_node_get_items (self->ref) : &car_json_anything;
}

/* car-json-names.c never frees these: nobody clears the node of everything. */
static guint32 no_slots[1];

const CarJsonNode car_json_anything = {
  .types = CAR_JSON_ANY_TYPE | CAR_JSON_INTEGER_BIT,
  .plain_types = SCALARS,
  .plain_members = TRUE,
  .max_length = G_MAXUINT64,
  .max_items = G_MAXUINT64,
  .max_properties = G_MAXUINT64,
  .names = { .slots = no_slots },
};
