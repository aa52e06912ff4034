/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/json/car-json-violation-private.h>

G_BEGIN_DECLS

/* JSON text of what C and json-glib hold. json-glib's own generator writes 0.1 as 0.10000000000000001, and whatever it is
 * given. Here, what JSON cannot hold is told of (car_json_cannot_hold()), and null stands in its place, so that the text
 * stays JSON. Of several problems the first one stays in the violation. */

/* Whether a JSON string holds the text as it is. */
static inline gboolean
car_json_is_plain_text (const char *text, gsize length)
{
  if (length < 8)
    return car_json_skip_plain (text, text + length) == text + length;

  for (gsize i = 0; i + 8 < length; i += 8)
    if (car_json_find_special (text + i) != 0)
      return FALSE;
  return car_json_find_special (text + length - 8) == 0;
}

/* FALSE, and nothing is appended, where the text is not UTF-8. */
static inline gboolean
car_json_append_text (GString *out, const char *text, gsize length)
{
  if (G_LIKELY (car_json_is_plain_text (text, length)))
    {
      char *at = car_json_extend (out, length + 2);

      at[0] = '"';
      memcpy (at + 1, text, length);
      at[length + 1] = '"';
      return TRUE;
    }

  if (!g_utf8_validate_len (text, length, NULL))
    return FALSE;

  car_json_append_string (out, text, length);
  return TRUE;
}

/* What JSON cannot hold, told of by its place, which is where the value stands. */
void car_json_refuse_name (GString *out, const CarJsonPlace *place, CarJsonViolation *violation);
void car_json_refuse_text (GString *out, const CarJsonPlace *place, CarJsonViolation *violation);

/* The last name of the place, and a colon behind it. */
static inline void
car_json_write_name (GString *out, const CarJsonPlace *place, CarJsonViolation *violation)
{
  if (G_UNLIKELY (!car_json_append_text (out, place->name->text, place->name->length)))
    car_json_refuse_name (out, place, violation);
  *car_json_extend (out, 1) = ':';
}

static inline void
car_json_write_string (GString *out, const char *text, const CarJsonPlace *place, CarJsonViolation *violation)
{
  if (G_UNLIKELY (!car_json_append_text (out, text, strlen (text))))
    car_json_refuse_text (out, place, violation);
}

void
car_json_write_double (GString *out, double value, const CarJsonPlace *place, CarJsonViolation *violation);

/* However deep, up to what the scanner reads. A node, or what a node holds, that is NULL is JSON's null. */
void car_json_write_node (GString *out, JsonNode *node, CarJsonViolation *violation);
void car_json_write_object (GString *out, JsonObject *object, CarJsonViolation *violation);

/* The text of the node or object alone. Sets CAR_SCHEMA_ERROR_INVALID_JSON. */
char *car_json_node_to_text (JsonNode *node, GError **error);
char *car_json_object_to_text (JsonObject *object, GError **error);

G_END_DECLS
