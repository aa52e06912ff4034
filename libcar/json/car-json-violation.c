/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-pointer-private.h>
#include <libcar/json/car-json-violation-private.h>

#include <string.h>

void
car_json_violation_append_value (GString *out, const CarJsonSpan *value, gsize max_chars)
{
  const char *quote = value->type == CAR_JSON_STRING ? "\"" : "";

  g_string_append (out, quote);
  car_text_append_printable (out, value->text, value->length, max_chars);
  g_string_append (out, quote);
}

/* With `any_item`, a star stands for the index of an item. */
static char *
write_pointer (const CarJsonPlace *place, gboolean any_item)
{
  /* A place leads upwards, a pointer downwards. */
  const CarJsonPlace *chain[CAR_JSON_MAX_DEPTH + 1];
  gsize n = 0;
  GString *pointer = g_string_new (NULL);

  for (; place != NULL && n < G_N_ELEMENTS (chain); place = place->parent)
    chain[n++] = place;
  while (n-- > 0)
    if (chain[n]->name != NULL)
      {
        gsize length;
        g_autofree char *name =
            car_json_span_unescape (chain[n]->shown != NULL ? chain[n]->shown : chain[n]->name, &length);
        g_autofree char *valid = g_utf8_make_valid (name, (gssize) length);
        car_json_pointer_append (pointer, valid, strlen (valid));
      }
    else if (any_item)
      g_string_append (pointer, "/*");
    else
      car_json_pointer_append_index (pointer, chain[n]->index);
  return g_string_free (pointer, FALSE);
}

static void
violate (CarJsonViolation *self,
         CarSchemaError code,
         const CarJsonPlace *place,
         const CarJsonSpan *value,
         const char *rule,
         const char *words)
{
  g_autofree char *kind_place = write_pointer (place, TRUE);
  GString *text = g_string_new (NULL);

  self->rule = rule;
  self->code = code;
  self->place = write_pointer (place, FALSE);
  self->kind = g_strconcat (kind_place, " ", rule, NULL);
  if (place != NULL)
    car_text_append_printable (text, self->place, strlen (self->place), CAR_TEXT_SHORT);
  else
    g_string_append (text, "it");
  if (value != NULL)
    {
      g_string_append (text, " is ");
      car_json_violation_append_value (text, value, CAR_TEXT_SHORT);
      g_string_append_c (text, ',');
    }
  g_string_append_c (text, ' ');
  g_string_append (text, words);
  self->text = g_string_free (text, FALSE);
}

gboolean
car_json_violate (CarJsonViolation *self,
                  const CarJsonPlace *place,
                  const CarJsonSpan *value,
                  const char *rule,
                  const char *format,
                  ...)
{
  if (self->quiet > 0 || self->rule != NULL)
    return FALSE;

  va_list arguments;
  va_start (arguments, format);
  g_autofree char *words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  violate (self, CAR_SCHEMA_ERROR_VIOLATION, place, value, rule, words);
  return FALSE;
}

gboolean
car_json_give_up (CarJsonViolation *self, const CarJsonPlace *place, const char *format, ...)
{
  if (self->rule != NULL)
    return FALSE;

  va_list arguments;
  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *words = g_strconcat ("takes too much work to check: ", reason, NULL);
  violate (self, CAR_SCHEMA_ERROR_VIOLATION, place, NULL, CAR_JSON_RULE_EFFORT, words);
  return FALSE;
}

gboolean
car_json_cannot_hold (CarJsonViolation *self, const CarJsonPlace *place, const char *reason)
{
  if (self->rule == NULL)
    violate (self, CAR_SCHEMA_ERROR_INVALID_JSON, place, NULL, CAR_JSON_RULE_JSON, reason);
  return FALSE;
}

gboolean
car_json_violate_text (CarJsonViolation *self, CarJsonScanner *scanner)
{
  g_autoptr (GError) problem = NULL;

  if (self->rule != NULL)
    return FALSE;
  car_json_scanner_set_error (scanner, &problem);
  g_autofree char *words = g_strconcat ("is ", problem->message, NULL);
  violate (self, CAR_SCHEMA_ERROR_INVALID_JSON, NULL, NULL, CAR_JSON_RULE_JSON, words);

  /* What is wrong tells texts apart that have no places. */
  g_autofree char *kind = self->kind;
  self->kind = g_strconcat (kind, " ", scanner->problem, NULL);
  return FALSE;
}

void
car_json_violation_prefix (CarJsonViolation *self, const char *prefix)
{
  g_autofree char *text = self->text;

  self->text = g_strconcat (prefix, text, NULL);
}

void
car_json_violation_append (CarJsonViolation *self, const char *text)
{
  g_autofree char *before = self->text;

  self->text = g_strconcat (before, text, NULL);
}

void
car_json_violation_set_error (const CarJsonViolation *self, GError **error)
{
  g_set_error_literal (error, CAR_SCHEMA_ERROR, self->code, self->text);
}

void
car_json_violation_copy (const CarJsonViolation *self, CarJsonViolation *copy)
{
  *copy = *self;
  copy->place = g_strdup (self->place);
  copy->kind = g_strdup (self->kind);
  copy->text = g_strdup (self->text);
}

void
car_json_violation_free_texts (CarJsonViolation *self)
{
  g_free (self->place);
  g_free (self->kind);
  g_free (self->text);
  *self = (CarJsonViolation){ NULL };
}
