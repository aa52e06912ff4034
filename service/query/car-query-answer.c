/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/model/car-address.h>
#include <service/query/car-query-answer.h>

/* What one answer may cost: relations asked for within relations multiply. */
#define MAX_ANSWER_MIB 256

G_DEFINE_QUARK (car - query - error - quark, car_query_error)

/* As PostgreSQL writes it: no zone, and no zeros at the end of a fraction. */
static void
append_timestamp (GString *out, gint64 milliseconds)
{
  gint64 seconds = milliseconds / 1000, rest = milliseconds % 1000;
  g_autoptr (GDateTime) moment = NULL;
  g_autofree char *text = NULL;

  if (rest < 0)
    {
      rest += 1000;
      seconds--;
    }
  moment = g_date_time_new_from_unix_utc (seconds);
  if (moment == NULL) /* beyond the year 9999 */
    {
      g_string_append (out, "null");
      return;
    }
  text = g_date_time_format (moment, "%Y-%m-%dT%H:%M:%S");
  g_string_append_printf (out, "\"%s", text);
  if (rest > 0)
    {
      g_string_append_printf (out, ".%03d", (int) rest);
      while (out->str[out->len - 1] == '0')
        g_string_truncate (out, out->len - 1);
    }
  g_string_append_c (out, '"');
}

/* Numbers of milliseconds, of which some have no date: the ends of time are told as any other, or as null. */
static void
append_moment (GString *out, double milliseconds)
{
  append_timestamp (out, (gint64) CLAMP (milliseconds, -1e17, 1e17));
}

void
car_query_append_integer (GString *out, const CarQueryField *field, gint64 value)
{
  if (field->type == CAR_PROPERTY_BOOLEAN)
    g_string_append (out, value != 0 ? "true" : "false");
  else if (field->type == CAR_PROPERTY_TIMESTAMP)
    append_timestamp (out, value);
  else
    car_json_append_int (out, value);
}

void
car_query_append_double (GString *out, const CarQueryField *field, double value)
{
  if (field->type == CAR_PROPERTY_TIMESTAMP)
    append_moment (out, value);
  else
    car_json_append_double (out, value);
}

static gboolean
is_json (const char *text, gsize length)
{
  CarJsonScanner scanner;
  CarJsonSpan whole;

  car_json_scanner_init (&scanner, text, length);
  return car_json_scanner_read (&scanner, &whole) && car_json_scanner_finish (&scanner);
}

/* Addresses in the spelling that there is one of, as PostgreSQL's types have them; as they are where they are none. */
static void
append_address (GString *out, CarPropertyType type, const char *text, gsize length)
{
  g_autofree char *canonical = NULL;
  CarInet inet;

  if (type == CAR_PROPERTY_MACADDR)
    canonical = car_macaddr_canonicalize (text, length);
  else if (car_inet_parse (text, length, &inet))
    canonical = car_inet_to_string (&inet);
  car_json_append_string (out, canonical != NULL ? canonical : text,
                          canonical != NULL ? -1 : (gssize) length);
}

/* The value that steps lead to in JSON; FALSE where there is none. */
static gboolean
follow (const CarJsonSpan *json, char **steps, CarJsonSpan *found)
{
  CarJsonScanner scanner;
  CarJsonSpan name;
  gboolean there = FALSE;
  guint64 index;

  *found = *json;
  if (*steps == NULL)
    return TRUE;
  car_json_scanner_init (&scanner, json->text, json->length);
  if (json->type == CAR_JSON_OBJECT)
    {
      car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
      while (!there && car_json_scanner_next_member (&scanner, &name) &&
             car_json_scanner_read (&scanner, found))
        there = car_json_span_equals (&name, *steps);
    }
  else if (json->type == CAR_JSON_ARRAY &&
           g_ascii_string_to_unsigned (*steps, 10, 0, G_MAXUINT, &index, NULL))
    {
      car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
      while (!there && car_json_scanner_next_item (&scanner) && car_json_scanner_read (&scanner, found))
        there = index-- == 0;
    }
  if (!there)
    return FALSE;

  const CarJsonSpan next = *found;
  return follow (&next, steps + 1, found);
}

static void
append_followed (GString *out, const CarQueryField *field, const CarJsonSpan *span)
{
  CarJsonSpan found;

  if (follow (span, field->steps, &found))
    car_json_append_span (out, &found);
  else
    g_string_append (out, "null");
}

void
car_query_append_text (GString *out, const CarQueryField *field, const char *text, gsize length)
{
  CarJsonScanner scanner;
  CarJsonSpan span;

  car_json_scanner_init (&scanner, text, length);
  if (field->steps != NULL && car_json_scanner_read (&scanner, &span))
    append_followed (out, field, &span);
  else if (field->type == CAR_PROPERTY_JSON && is_json (text, length))
    g_string_append_len (out, text, (gssize) length);
  else if (field->type == CAR_PROPERTY_INET || field->type == CAR_PROPERTY_MACADDR)
    append_address (out, field->type, text, length);
  else
    car_json_append_string (out, text, (gssize) length);
}

void
car_query_append_member (GString *out, const CarQueryField *field, const CarJsonSpan *span)
{
  if (field->steps != NULL)
    append_followed (out, field, span);
  else if (field->type == CAR_PROPERTY_TIMESTAMP && span->type == CAR_JSON_NUMBER)
    {
      g_autofree char *number = g_strndup (span->text, span->length);

      append_moment (out, g_ascii_strtod (number, NULL));
    }
  else if ((field->type == CAR_PROPERTY_INET || field->type == CAR_PROPERTY_MACADDR) &&
           span->type == CAR_JSON_STRING && !span->escaped)
    append_address (out, field->type, span->text, span->length);
  else
    car_json_append_span (out, span);
}

static gboolean
is_member (const CarQueryField *field)
{
  return field->kind == CAR_QUERY_FIELD_COLUMN && field->column->kind == CAR_QUERY_MEMBER;
}

void
car_query_find_members (const char *body, gsize length, const GPtrArray *fields, CarJsonSpan *spans)
{
  CarJsonScanner scanner;
  CarJsonSpan name, value;
  guint n_left = 0;

  for (guint i = 0; i < fields->len; i++)
    {
      spans[i].text = NULL;
      n_left += is_member (fields->pdata[i]);
    }
  car_json_scanner_init (&scanner, body, length);
  if (n_left == 0 || !car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return;
  while (n_left > 0 && car_json_scanner_next_member (&scanner, &name) &&
         car_json_scanner_read (&scanner, &value))
    for (guint i = 0; i < fields->len; i++)
      {
        const CarQueryField *field = fields->pdata[i];

        if (!is_member (field) || !car_json_span_equals (&name, field->column->member))
          continue;
        spans[i] = value;
        n_left--;
      }
}

gboolean
car_query_check_length (const GString *out, GError **error)
{
  if (out->len <= (gsize) MAX_ANSWER_MIB * 1024 * 1024)
    return TRUE;
  g_set_error_literal (error, CAR_QUERY_ERROR, CAR_QUERY_ERROR_TOO_LARGE,
                       "the answer would be larger than " G_STRINGIFY (
                           MAX_ANSWER_MIB) " MiB: ask for less at once, with limit");
  return FALSE;
}

void
car_query_set_costly (GError **error)
{
  g_set_error_literal (error, CAR_QUERY_ERROR, CAR_QUERY_ERROR_COSTLY,
                       "a pattern takes too long to compare with a text: make it shorter");
}

void
car_query_set_bad_pattern (GError **error)
{
  g_set_error_literal (error, CAR_QUERY_ERROR, CAR_QUERY_ERROR_PATTERN, "a pattern is no regular expression");
}
