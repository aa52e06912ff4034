/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests of the engine share. */

#pragma once

#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-validator-private.h>

#include <string.h>

/* The text must be one JSON value. */
static inline CarJsonSpan
json_span (const char *text)
{
  CarJsonSpan span;
  g_autoptr (GError) error = NULL;

  car_json_read_text (text, strlen (text), &span, &error);
  g_assert_no_error (error);
  return span;
}

static inline CarJsonSchema *
json_compile (const char *json)
{
  g_autoptr (GError) error = NULL;
  CarJsonSchema *schema = car_json_schema_new (json, strlen (json), &error);

  g_assert_no_error (error);
  return schema;
}

static inline gboolean
json_validate (const CarJsonSchema *schema, const char *json, GError **error)
{
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema) };
  g_auto (CarJsonViolation) violation = { NULL };

  if (car_json_validate_text (&check, json, strlen (json), NULL, &violation))
    return TRUE;
  car_json_violation_set_error (&violation, error);
  return FALSE;
}

/* `before` n times, `middle`, and `after` n times. */
static inline char *
json_nest (const char *before, const char *middle, const char *after, int n)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < n; i++)
    g_string_append (text, before);
  g_string_append (text, middle);
  for (int i = 0; i < n; i++)
    g_string_append (text, after);
  return g_string_free (text, FALSE);
}
