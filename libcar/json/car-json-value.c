/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-pointer-private.h>
#include <libcar/json/car-json-value-private.h>

#include <string.h>

void
car_json_value_free (CarJsonValue *self)
{
  g_free (self->name);
  g_free (self->string);
  g_clear_pointer (&self->values, g_ptr_array_unref);
  g_clear_pointer (&self->by_name, g_hash_table_unref);
  g_free (self);
}

static CarJsonValue *read_value (CarJsonScanner *scanner);

static gboolean
read_items (CarJsonValue *self, CarJsonScanner *scanner)
{
  if (!car_json_scanner_enter (scanner, CAR_JSON_ARRAY))
    return FALSE;
  while (car_json_scanner_next_item (scanner))
    {
      CarJsonValue *item = read_value (scanner);
      if (item == NULL)
        return FALSE;
      item->parent = self;
      item->index = self->values->len;
      g_ptr_array_add (self->values, item);
    }
  return scanner->problem == NULL;
}

static gboolean
read_members (CarJsonValue *self, CarJsonScanner *scanner)
{
  CarJsonSpan name;
  g_auto (CarJsonHashSet) names; /* `by_name` lacks some */
  car_json_hash_set_init (&names);

  if (!car_json_scanner_enter (scanner, CAR_JSON_OBJECT))
    return FALSE;
  while (car_json_scanner_next_member (scanner, &name))
    {
      if (!car_json_hash_set_add (&names, car_json_hash_string (&name)))
        {
          scanner->problem = "an object has two members of this name";
          return FALSE;
        }
      CarJsonValue *member = read_value (scanner);
      if (member == NULL)
        return FALSE;
      member->parent = self;
      member->index = self->values->len;
      member->name = car_json_span_unescape (&name, &member->name_length);
      g_ptr_array_add (self->values, member);
      if (strlen (member->name) == member->name_length)
        g_hash_table_insert (self->by_name, member->name, member);
    }
  return scanner->problem == NULL;
}

/* As deep as the scanner allows at most. */
static CarJsonValue *
read_value (CarJsonScanner *scanner)
{
  g_autoptr (CarJsonValue) self = g_new0 (CarJsonValue, 1);
  CarJsonType type = car_json_scanner_peek (scanner);

  if (type != CAR_JSON_ARRAY && type != CAR_JSON_OBJECT)
    {
      if (!car_json_scanner_read (scanner, &self->span))
        return NULL;
      if (type == CAR_JSON_STRING)
        self->string = car_json_span_unescape (&self->span, &self->string_length);
      return g_steal_pointer (&self);
    }

  const char *begin = scanner->at;
  self->values = g_ptr_array_new_with_free_func ((GDestroyNotify) car_json_value_free);
  if (type == CAR_JSON_OBJECT)
    self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  if (!(type == CAR_JSON_ARRAY ? read_items (self, scanner) : read_members (self, scanner)))
    return NULL;
  self->span = (CarJsonSpan){ begin, scanner->at - begin, type, FALSE };
  return g_steal_pointer (&self);
}

CarJsonValue *
car_json_value_new (const char *text, gsize length, GError **error)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  g_autoptr (CarJsonValue) self = read_value (&scanner);
  if (self == NULL || !car_json_scanner_finish (&scanner))
    {
      car_json_scanner_set_error (&scanner, error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

gsize
car_json_value_get_length (const CarJsonValue *self)
{
  return self->values != NULL ? self->values->len : 0;
}

const CarJsonValue *
car_json_value_get (const CarJsonValue *self, gsize index)
{
  return g_ptr_array_index (self->values, index);
}

const CarJsonValue *
car_json_value_get_member (const CarJsonValue *self, const char *name)
{
  return self->by_name != NULL ? g_hash_table_lookup (self->by_name, name) : NULL;
}

static const CarJsonValue *
get_item (const CarJsonValue *self, const char *index)
{
  guint64 value;

  if ((index[0] == '0' && index[1] != '\0') || !g_ascii_isdigit (index[0]) ||
      !g_ascii_string_to_unsigned (index, 10, 0, G_MAXUINT32, &value, NULL))
    return NULL;
  return value < car_json_value_get_length (self) ? car_json_value_get (self, value) : NULL;
}

const CarJsonValue *
car_json_value_resolve (const CarJsonValue *self, const char *pointer)
{
  while (self != NULL && *pointer != '\0')
    {
      g_autofree char *part = car_json_pointer_read (&pointer);
      if (part == NULL)
        return NULL;
      if (self->span.type == CAR_JSON_OBJECT)
        self = car_json_value_get_member (self, part);
      else
        self = self->span.type == CAR_JSON_ARRAY ? get_item (self, part) : NULL;
    }
  return self;
}

char *
car_json_value_get_pointer (const CarJsonValue *self)
{
  const CarJsonValue *chain[CAR_JSON_MAX_DEPTH + 1];
  gsize n = 0;
  GString *pointer = g_string_new (NULL);

  for (; self->parent != NULL; self = self->parent)
    chain[n++] = self;
  while (n-- > 0)
    if (chain[n]->name != NULL)
      car_json_pointer_append (pointer, chain[n]->name, chain[n]->name_length);
    else
      car_json_pointer_append_index (pointer, chain[n]->index);
  return g_string_free (pointer, FALSE);
}
