/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-writer-private.h>

#include <math.h>
#include <string.h>

static void
write_null (GString *out)
{
  g_string_append (out, "null");
}

void
car_json_refuse_name (GString *out, const CarJsonPlace *place, CarJsonViolation *violation)
{
  car_json_cannot_hold (violation, place, "has a name that is not UTF-8 text");
  g_string_append (out, "\"\"");
}

void
car_json_refuse_text (GString *out, const CarJsonPlace *place, CarJsonViolation *violation)
{
  car_json_cannot_hold (violation, place, "is not UTF-8 text");
  write_null (out);
}

void
car_json_write_double (GString *out, double value, const CarJsonPlace *place, CarJsonViolation *violation)
{
  if (isfinite (value))
    car_json_append_double (out, value);
  else
    {
      car_json_cannot_hold (violation, place, "is not a finite number");
      write_null (out);
    }
}

static void write_node (GString *out,
                        JsonNode *node,
                        const CarJsonPlace *place,
                        guint depth,
                        CarJsonViolation *violation);

static void
write_array (GString *out,
             JsonArray *array,
             const CarJsonPlace *parent,
             guint depth,
             CarJsonViolation *violation)
{
  const guint length = json_array_get_length (array);
  CarJsonPlace place = { parent };

  g_string_append_c (out, '[');
  for (; place.index < length; place.index++)
    {
      if (place.index > 0)
        g_string_append_c (out, ',');
      write_node (out, json_array_get_element (array, (guint) place.index), &place, depth, violation);
    }
  g_string_append_c (out, ']');
}

static void
write_members (GString *out,
               JsonObject *object,
               const CarJsonPlace *parent,
               guint depth,
               CarJsonViolation *violation)
{
  JsonObjectIter iter;
  JsonNode *node;
  CarJsonSpan name = { .type = CAR_JSON_STRING };
  const CarJsonPlace place = { parent, &name };
  char separator = '{';

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name.text, &node))
    {
      name.length = strlen (name.text);
      *car_json_extend (out, 1) = separator;
      separator = ',';
      car_json_write_name (out, &place, violation);
      write_node (out, node, &place, depth, violation);
    }
  g_string_append (out, separator == '{' ? "{}" : "}");
}

/* json-glib keeps whole numbers as gint64 and all others as double, whatever type they were set with. */
static void
write_value (GString *out, JsonNode *node, const CarJsonPlace *place, CarJsonViolation *violation)
{
  const char *text;

  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      text = json_node_get_string (node);
      if (text != NULL)
        car_json_write_string (out, text, place, violation);
      else
        write_null (out);
      return;
    case G_TYPE_INT64:
      car_json_append_int (out, json_node_get_int (node));
      return;
    case G_TYPE_DOUBLE:
      car_json_write_double (out, json_node_get_double (node), place, violation);
      return;
    case G_TYPE_BOOLEAN:
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
      return;
    default:
      car_json_cannot_hold (violation, place, "is of a type that JSON does not have");
      write_null (out);
    }
}

static void
write_node (GString *out, JsonNode *node, const CarJsonPlace *place, guint depth, CarJsonViolation *violation)
{
  const JsonNodeType type = node != NULL ? json_node_get_node_type (node) : JSON_NODE_NULL;
  const gboolean is_container = type == JSON_NODE_OBJECT || type == JSON_NODE_ARRAY;

  if (is_container && depth == CAR_JSON_MAX_DEPTH)
    {
      car_json_cannot_hold (violation, place, "is nested too deeply");
      write_null (out);
    }
  else if (type == JSON_NODE_OBJECT && json_node_get_object (node) != NULL)
    write_members (out, json_node_get_object (node), place, depth + 1, violation);
  else if (type == JSON_NODE_ARRAY && json_node_get_array (node) != NULL)
    write_array (out, json_node_get_array (node), place, depth + 1, violation);
  else if (type == JSON_NODE_VALUE)
    write_value (out, node, place, violation);
  else
    write_null (out);
}

void
car_json_write_node (GString *out, JsonNode *node, CarJsonViolation *violation)
{
  write_node (out, node, NULL, 0, violation);
}

void
car_json_write_object (GString *out, JsonObject *object, CarJsonViolation *violation)
{
  write_members (out, object, NULL, 1, violation);
}

/* The text, or NULL where there was something that JSON cannot hold. */
static char *
finish (GString *text, CarJsonViolation *violation, GError **error)
{
  if (violation->rule == NULL)
    return g_string_free (text, FALSE);

  g_string_free (text, TRUE);
  car_json_violation_set_error (violation, error);
  return NULL;
}

char *
car_json_node_to_text (JsonNode *node, GError **error)
{
  g_auto (CarJsonViolation) violation = { NULL };
  GString *text = g_string_new (NULL);

  car_json_write_node (text, node, &violation);
  return finish (text, &violation, error);
}

char *
car_json_object_to_text (JsonObject *object, GError **error)
{
  g_auto (CarJsonViolation) violation = { NULL };
  GString *text = g_string_new (NULL);

  car_json_write_object (text, object, &violation);
  return finish (text, &violation, error);
}
