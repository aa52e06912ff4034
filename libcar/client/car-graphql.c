/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-graphql-private.h>

static gboolean
append_name (GString *query, const CarJsonSpan *name, GError **error)
{
  g_autofree char *text = car_json_span_dup_string (name);
  if (text != NULL && car_text_is_name (text))
    {
      g_string_append_printf (query, "%s: ", text);
      return TRUE;
    }

  g_autofree char *shown = car_text_to_printable (name->text, (gssize) name->length);
  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
      "“%s” cannot be a name in a query: a name has letters, digits and _ (128 at most, no digit first)",
      shown);
  return FALSE;
}

static gboolean
append_object (GString *query, const CarJsonSpan *object, GError **error)
{
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  g_string_append_c (query, '{');
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  for (const char *separator = ""; car_json_scanner_next_member (&scanner, &name); separator = ", ")
    {
      car_json_scanner_read (&scanner, &value);
      g_string_append (query, separator);
      if (!append_name (query, &name, error) || !car_graphql_append_literal (query, &value, error))
        return FALSE;
    }
  g_string_append_c (query, '}');
  return TRUE;
}

static gboolean
append_array (GString *query, const CarJsonSpan *array, GError **error)
{
  g_autoptr (GArray) items = car_json_span_get_items (array);

  g_string_append_c (query, '[');
  for (guint i = 0; i < items->len; i++)
    {
      g_string_append (query, i > 0 ? ", " : "");
      if (!car_graphql_append_literal (query, &g_array_index (items, CarJsonSpan, i), error))
        return FALSE;
    }
  g_string_append_c (query, ']');
  return TRUE;
}

gboolean
car_graphql_append_literal (GString *query, const CarJsonSpan *value, GError **error)
{
  switch (value->type)
    {
    case CAR_JSON_OBJECT:
      return append_object (query, value, error);
    case CAR_JSON_ARRAY:
      return append_array (query, value, error);
    case CAR_JSON_STRING:
      g_string_append_c (query, '"');
      g_string_append_len (query, value->text, (gssize) value->length);
      g_string_append_c (query, '"');
      return TRUE;
    case CAR_JSON_NUMBER:
    case CAR_JSON_TRUE:
    case CAR_JSON_FALSE:
    case CAR_JSON_NULL:
    case CAR_JSON_INVALID:
    default:
      g_string_append_len (query, value->text, (gssize) value->length);
      return TRUE;
    }
}
