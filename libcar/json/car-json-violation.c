/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-value-private.h>
#include <libcar/json/car-json-violation-private.h>

#include <string.h>

void
car_json_violation_append_value (GString *out, const CarJsonSpan *value)
{
  const char *quote = value->type == CAR_JSON_STRING ? "\"" : "";

  g_string_append (out, quote);
  car_json_append_shown (out, value->text, value->length);
  g_string_append (out, quote);
}

static void
append_place (GString *out, const CarJsonPlace *place)
{
  const CarJsonPlace *chain[CAR_JSON_MAX_DEPTH + 1];
  gsize n = 0;
  g_autoptr (GString) pointer = g_string_new (NULL);

  for (; place != NULL && n < G_N_ELEMENTS (chain); place = place->parent)
    chain[n++] = place;
  if (n == 0)
    g_string_append (out, "it");
  while (n-- > 0)
    if (chain[n]->name == NULL)
      g_string_append_printf (pointer, "/%" G_GSIZE_FORMAT, chain[n]->index);
    else
      {
        gsize length;
        g_autofree char *name = car_json_span_unescape (chain[n]->name, &length);
        car_json_pointer_append (pointer, name, length);
      }
  car_json_append_shown (out, pointer->str, pointer->len);
}

static void set_violation (CarJsonViolation *self,
                           const CarJsonPlace *place,
                           GString *text,
                           const char *format,
                           va_list arguments) G_GNUC_PRINTF (4, 0);

/* Brings the text of the violation to its end and keeps it, and which object of an envelope it is in. */
static void
set_violation (CarJsonViolation *self,
               const CarJsonPlace *place,
               GString *text,
               const char *format,
               va_list arguments)
{
  const CarJsonPlace *below = NULL;

  g_string_append_vprintf (text, format, arguments);
  self->text = g_strdup (text->str);
  if (!self->in_envelope || place == NULL)
    return;
  for (; place->parent != NULL; place = place->parent)
    below = place;
  if (below != NULL && below->name == NULL)
    {
      self->collection = *place->name;
      self->index = below->index;
    }
}

gboolean
car_json_violate (CarJsonViolation *self,
                  const CarJsonPlace *place,
                  const CarJsonSpan *value,
                  const char *format,
                  ...)
{
  if (self->quiet > 0 || self->text != NULL)
    return FALSE;

  g_autoptr (GString) text = g_string_new (NULL);
  append_place (text, place);
  if (value != NULL)
    {
      g_string_append (text, " is ");
      car_json_violation_append_value (text, value);
      g_string_append (text, ", ");
    }
  else
    g_string_append_c (text, ' ');

  va_list arguments;
  va_start (arguments, format);
  set_violation (self, place, text, format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
car_json_give_up (CarJsonViolation *self, const CarJsonPlace *place, const char *format, ...)
{
  if (self->text != NULL)
    return FALSE;

  g_autoptr (GString) text = g_string_new (NULL);
  append_place (text, place);
  g_string_append (text, " takes too much work to check: ");
  va_list arguments;
  va_start (arguments, format);
  set_violation (self, place, text, format, arguments);
  va_end (arguments);
  return FALSE;
}

/* The member's value, whatever stands behind it in the text. */
static gboolean
find_member (const CarJsonSpan *object, const char *name, gsize length, CarJsonSpan *value)
{
  CarJsonScanner scanner;
  CarJsonSpan member;

  car_json_scanner_init (&scanner, object->text, object->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return FALSE;
  while (car_json_scanner_next_member (&scanner, &member))
    {
      CarJsonType type = car_json_scanner_peek (&scanner);
      *value = (CarJsonSpan){ scanner.at, scanner.end - scanner.at, type, FALSE };
      if (car_json_span_is (&member, name, length))
        return type != CAR_JSON_STRING || car_json_scanner_read (&scanner, value);
      if (!car_json_scanner_read (&scanner, value))
        return FALSE;
    }
  return FALSE;
}

static gboolean
find_string (const CarJsonSpan *object, const char *name, CarJsonSpan *value)
{
  return find_member (object, name, strlen (name), value) && value->type == CAR_JSON_STRING;
}

/* The object of the envelope that is not as it should be. */
static gboolean
find_violated_object (const CarJsonViolation *self, const CarJsonSpan *envelope, CarJsonSpan *object)
{
  gsize length;
  g_autofree char *collection = car_json_span_unescape (&self->collection, &length);
  CarJsonScanner scanner;

  if (!find_member (envelope, collection, length, object))
    return FALSE;
  car_json_scanner_init (&scanner, object->text, object->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    return FALSE;
  for (gsize i = 0; car_json_scanner_next_item (&scanner); i++)
    {
      *object = (CarJsonSpan){ scanner.at, scanner.end - scanner.at, CAR_JSON_OBJECT, FALSE };
      if (i == self->index)
        return TRUE;
      if (!car_json_scanner_read (&scanner, object))
        return FALSE;
    }
  return FALSE;
}

/* Names the object to a reader: by its id or key, or by an edge's ends. */
static void
append_object_name (GString *out, const CarJsonSpan *object)
{
  static const char *const ids[] = { "external_id", "_key" };
  static const char *const from[] = { "_from_external_id", "_from" }, *const to[] = { "_to_external_id",
                                                                                      "_to" };
  CarJsonSpan a, b;

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    if (find_string (object, ids[i], &a))
      {
        g_string_append (out, " “");
        car_json_append_shown (out, a.text, a.length);
        g_string_append (out, "”");
        return;
      }
  if ((find_string (object, from[0], &a) || find_string (object, from[1], &a)) &&
      (find_string (object, to[0], &b) || find_string (object, to[1], &b)))
    {
      g_string_append (out, " “");
      car_json_append_shown (out, a.text, a.length);
      g_string_append (out, "” → “");
      car_json_append_shown (out, b.text, b.length);
      g_string_append (out, "”");
    }
}

void
car_json_violation_set_error (const CarJsonViolation *self,
                              const char *collection,
                              const CarJsonSpan *value,
                              GError **error)
{
  g_autoptr (GString) message = g_string_new (NULL);
  CarJsonSpan object;

  if (collection != NULL)
    {
      car_json_append_shown (message, collection, strlen (collection));
      append_object_name (message, value);
    }
  else if (self->collection.text != NULL)
    {
      car_json_append_shown (message, self->collection.text, self->collection.length);
      if (find_violated_object (self, value, &object))
        append_object_name (message, &object);
    }
  g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION, "%s%s%s", message->str,
               message->len > 0 ? ": " : "", self->text);
}
