/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-reader-private.h>

gboolean
car_json_read_text (const char *text, gsize length, CarJsonSpan *value, GError **error)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  if (car_json_scanner_read (&scanner, value) && car_json_scanner_finish (&scanner))
    return TRUE;

  car_json_scanner_set_error (&scanner, error);
  return FALSE;
}

CarJsonSpan
car_json_span_get_member (const CarJsonSpan *object, const char *name)
{
  const CarJsonSpan none = { .type = CAR_JSON_INVALID };
  CarJsonSpan found = none;

  if (object->type != CAR_JSON_OBJECT)
    return none;

  CarJsonScanner scanner;
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  CarJsonSpan member;
  while (car_json_scanner_next_member (&scanner, &member))
    {
      CarJsonSpan value;
      if (!car_json_scanner_read (&scanner, &value))
        return none;
      if (!car_json_span_equals (&member, name))
        continue;
      if (found.type != CAR_JSON_INVALID)
        return none;
      found = value;
    }

  return found;
}

GArray *
car_json_span_get_items (const CarJsonSpan *array)
{
  if (array->type != CAR_JSON_ARRAY)
    return NULL;

  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (CarJsonSpan));
  CarJsonScanner scanner;
  car_json_scanner_init (&scanner, array->text, array->length);
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  while (car_json_scanner_next_item (&scanner))
    {
      CarJsonSpan item;
      if (!car_json_scanner_read (&scanner, &item))
        return NULL;
      g_array_append_val (items, item);
    }

  return g_steal_pointer (&items);
}

char *
car_json_span_dup_string (const CarJsonSpan *value)
{
  if (value->type != CAR_JSON_STRING)
    return NULL;

  gsize length;
  g_autofree char *text = car_json_span_unescape (value, &length);
  return text != NULL && strlen (text) == length ? g_steal_pointer (&text) : NULL;
}

char *
car_json_span_dup_member (const CarJsonSpan *object, const char *name)
{
  const CarJsonSpan value = car_json_span_get_member (object, name);

  return car_json_span_dup_string (&value);
}

gboolean
car_json_span_get_int (const CarJsonSpan *value, gint64 *number)
{
  g_autofree char *text = value->type == CAR_JSON_NUMBER ? g_strndup (value->text, value->length)
                                                         : car_json_span_dup_string (value);

  return text != NULL && g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, number, NULL);
}

static gpointer
cannot_hold (GError **error, const char *problem)
{
  g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON, problem);
  return NULL;
}

static JsonNode *
number_to_node (const CarJsonSpan *value, GError **error)
{
  g_autofree char *text = g_strndup (value->text, value->length);
  gint64 integer;

  if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &integer, NULL))
    return json_node_init_int (json_node_alloc (), integer);

  const double number = g_ascii_strtod (text, NULL);
  if (!isfinite (number))
    return cannot_hold (error, "a number is too large");
  return json_node_init_double (json_node_alloc (), number);
}

static JsonNode *
string_to_node (const CarJsonSpan *value, GError **error)
{
  g_autofree char *text = car_json_span_dup_string (value);
  if (text == NULL)
    return cannot_hold (error, "a string holds a NUL");
  return json_node_init_string (json_node_alloc (), text);
}

static JsonNode *
array_to_node (const CarJsonSpan *value, GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();
  g_autoptr (GArray) items = car_json_span_get_items (value);

  for (guint i = 0; i < items->len; i++)
    {
      JsonNode *item = car_json_span_to_node (&g_array_index (items, CarJsonSpan, i), error);
      if (item == NULL)
        return NULL;
      json_array_add_element (array, item);
    }

  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (node, g_steal_pointer (&array));
  return node;
}

static JsonNode *
object_to_node (const CarJsonSpan *value, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  CarJsonScanner scanner;
  CarJsonSpan name;

  car_json_scanner_init (&scanner, value->text, value->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    {
      CarJsonSpan member_value;
      car_json_scanner_read (&scanner, &member_value);
      name.type = CAR_JSON_STRING;
      g_autoptr (JsonNode) member = string_to_node (&name, error);
      if (member == NULL)
        return NULL;
      if (json_object_has_member (object, json_node_get_string (member)))
        return cannot_hold (error, "an object has two members of one name");
      JsonNode *node = car_json_span_to_node (&member_value, error);
      if (node == NULL)
        return NULL;
      json_object_set_member (object, json_node_get_string (member), node);
    }

  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, g_steal_pointer (&object));
  return node;
}

/* As deep as the scanner allows. */
JsonNode *
car_json_span_to_node (const CarJsonSpan *value, GError **error)
{
  switch (value->type)
    {
    case CAR_JSON_OBJECT:
      return object_to_node (value, error);
    case CAR_JSON_ARRAY:
      return array_to_node (value, error);
    case CAR_JSON_STRING:
      return string_to_node (value, error);
    case CAR_JSON_NUMBER:
      return number_to_node (value, error);
    case CAR_JSON_TRUE:
    case CAR_JSON_FALSE:
      return json_node_init_boolean (json_node_alloc (), value->type == CAR_JSON_TRUE);
    case CAR_JSON_NULL:
    case CAR_JSON_INVALID:
      break;
    }

  return json_node_new (JSON_NODE_NULL);
}
