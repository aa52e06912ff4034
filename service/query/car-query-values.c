/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>

#include <libcar/json/car-json-value-private.h>
#include <service/model/car-address.h>
#include <service/query/car-query-private.h>

/* PostgreSQL takes a blank for the T, and a date alone. */
gboolean
car_query_parse_timestamp (const char *text, double *milliseconds)
{
  g_autofree char *copy = strlen (text) == strlen ("2026-01-31") ? g_strconcat (text, "T00:00:00", NULL)
                                                                 : g_strdelimit (g_strdup (text), " ", 'T');
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (copy, utc);

  if (moment == NULL)
    return FALSE;
  *milliseconds =
      (double) g_date_time_to_unix (moment) * 1000 + g_date_time_get_microsecond (moment) / 1000.0;
  return TRUE;
}

static gboolean
to_number (const CarGraphqlValue *value, CarQueryBind *bind)
{
  char *end = NULL;

  if (value->type != CAR_GRAPHQL_INT && value->type != CAR_GRAPHQL_FLOAT && value->type != CAR_GRAPHQL_STRING)
    return FALSE;
  bind->kind = CAR_QUERY_BIND_INTEGER;
  if (g_ascii_string_to_signed (value->text, 10, G_MININT64, G_MAXINT64, &bind->integer, NULL))
    return TRUE;
  bind->kind = CAR_QUERY_BIND_DOUBLE;
  bind->number = g_ascii_strtod (value->text, &end);
  return end == value->text + value->length && value->length > 0 && isfinite (bind->number);
}

static gboolean
to_timestamp (const CarGraphqlValue *value, CarQueryBind *bind)
{
  bind->kind = CAR_QUERY_BIND_DOUBLE;
  return value->type == CAR_GRAPHQL_STRING && strlen (value->text) == value->length &&
         car_query_parse_timestamp (value->text, &bind->number);
}

/* What the bind points to lives as long as the document. */
static void
keep (CarQueryContext *self, CarQueryBind *bind, const char *text, gsize length)
{
  bind->text = memcpy (car_graphql_document_alloc (self->document, length + 1), text, length);
  bind->length = length;
}

static gboolean
to_inet (CarQueryContext *self, const CarGraphqlValue *value, CarQueryBind *bind)
{
  g_autofree char *canonical = NULL;
  CarInet inet;

  if (value->type != CAR_GRAPHQL_STRING || !car_inet_parse (value->text, value->length, &inet))
    return FALSE;
  canonical = car_inet_to_string (&inet);
  keep (self, bind, canonical, strlen (canonical));
  return TRUE;
}

static gboolean
to_macaddr (CarQueryContext *self, const CarGraphqlValue *value, CarQueryBind *bind)
{
  g_autofree char *canonical =
      value->type == CAR_GRAPHQL_STRING ? car_macaddr_canonicalize (value->text, value->length) : NULL;

  if (canonical != NULL)
    keep (self, bind, canonical, strlen (canonical));
  return canonical != NULL;
}

gboolean
car_query_to_json (CarQueryContext *self,
                   const CarQueryPath *path,
                   const CarGraphqlValue *value,
                   CarQueryBind *bind)
{
  g_autoptr (GString) json = g_string_new (NULL);

  if (!car_query_append_json (self, path, json, value))
    return FALSE;
  *bind = (CarQueryBind){ .kind = CAR_QUERY_BIND_TEXT };
  keep (self, bind, json->str, json->len);
  return TRUE;
}

/* What is compared as a whole has to be read as a whole. */
static gboolean
to_comparable_json (CarQueryContext *self,
                    const CarQueryPath *path,
                    const CarGraphqlValue *value,
                    CarQueryBind *bind)
{
  g_autoptr (CarJsonValue) read = NULL;

  if (!car_query_to_json (self, path, value, bind))
    return FALSE;
  read = car_json_value_new (bind->text, bind->length, NULL);
  return read != NULL;
}

static gboolean
to_bind (CarQueryContext *self,
         const CarQueryPath *path,
         CarPropertyType type,
         const CarGraphqlValue *value,
         CarQueryBind *bind)
{
  *bind = (CarQueryBind){ .kind = CAR_QUERY_BIND_TEXT, .text = value->text, .length = value->length };
  switch (type)
    {
    case CAR_PROPERTY_TEXT:
      return value->type == CAR_GRAPHQL_STRING;
    case CAR_PROPERTY_INET:
      return to_inet (self, value, bind);
    case CAR_PROPERTY_MACADDR:
      return to_macaddr (self, value, bind);
    case CAR_PROPERTY_TIMESTAMP:
      return to_timestamp (value, bind);
    case CAR_PROPERTY_INTEGER:
      return value->type == CAR_GRAPHQL_INT && to_number (value, bind);
    case CAR_PROPERTY_BOOLEAN:
      bind->kind = CAR_QUERY_BIND_INTEGER;
      bind->integer = value->type == CAR_GRAPHQL_BOOLEAN && g_str_equal (value->text, "true");
      return value->type == CAR_GRAPHQL_BOOLEAN;
    case CAR_PROPERTY_JSON:
    case CAR_PROPERTY_TEXTS:
      return to_comparable_json (self, path, value, bind);
    default:
      return to_number (value, bind);
    }
}

gboolean
car_query_to_bind (CarQueryContext *self,
                   const CarQueryPath *path,
                   CarPropertyType type,
                   const CarGraphqlValue *value,
                   CarQueryBind *bind)
{
  static const char *const examples[] = {
    [CAR_PROPERTY_TEXT] = "\"x\"",
    [CAR_PROPERTY_INET] = "\"10.0.0.1\"",
    [CAR_PROPERTY_MACADDR] = "\"00:1b:44:11:3a:b7\"",
    [CAR_PROPERTY_NUMERIC] = "1.5",
    [CAR_PROPERTY_FLOAT] = "1.5",
    [CAR_PROPERTY_INTEGER] = "1",
    [CAR_PROPERTY_BIGINT] = "1",
    [CAR_PROPERTY_TIMESTAMP] = "\"2026-01-31T12:00:00\"",
    [CAR_PROPERTY_BOOLEAN] = "true",
    [CAR_PROPERTY_JSON] = "{a: 1}",
    [CAR_PROPERTY_TEXTS] = "[\"x\"]",
  };

  return to_bind (self, path, type, value, bind) ||
         car_query_fail (self, path, "the value does not fit: %s is wanted here, such as %s",
                         car_query_get_scalar (type), examples[type]);
}
