/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-request.h"
#include "service/store/car-service-error.h"

/* Percent-decoding; NULL where what it stands for is no text. In a query, as forms write it, + is a space. */
static char *
decode (const char *text, gsize length, gboolean plus_is_space)
{
  g_autofree char *copy = g_strndup (text, length);
  if (plus_is_space)
    g_strdelimit (copy, "+", ' ');

  char *decoded = g_uri_unescape_string (copy, NULL);
  if (decoded != NULL && !g_utf8_validate (decoded, -1, NULL))
    g_clear_pointer (&decoded, g_free);

  return decoded;
}

static gboolean
set_bad_encoding (GError **error)
{
  g_set_error (error, CAR_SERVICE_ERROR, 400, "The address is not percent-encoded UTF-8 without NULs");
  return FALSE;
}

static gboolean
split_path (CarServiceRequest *self, const char *raw_path, GError **error)
{
  const char *prefix = "/api/car";
  const char *at = g_str_has_prefix (raw_path, prefix) ? raw_path + strlen (prefix) : raw_path;

  /* Where whoever collects metrics looks for them. */
  if (strcmp (raw_path, CAR_SERVICE_METRICS_PATH) == 0)
    at = "/v3/metrics";
  g_auto (GStrv) segments = g_strsplit (at, "/", -1);

  if (g_strv_length (segments) < 3 || *segments[0] != '\0' ||
      (strcmp (segments[1], "v2") != 0 && strcmp (segments[1], "v3") != 0))
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404,
                   "There is nothing at this address: the service's are below /api/car/v2 and /api/car/v3");
      return FALSE;
    }

  self->version = g_strdup (segments[1]);
  for (guint i = 2; segments[i] != NULL; i++)
    {
      char *segment = decode (segments[i], strlen (segments[i]), FALSE);
      if (segment == NULL)
        return set_bad_encoding (error);
      g_ptr_array_add (self->path, segment);
    }

  return TRUE;
}

static gboolean
split_query (CarServiceRequest *self, const char *raw_query, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (raw_query, "&", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      gsize length = strcspn (pairs[i], "=");
      const char *value = pairs[i][length] == '=' ? pairs[i] + length + 1 : "";
      char *name = decode (pairs[i], length, TRUE);
      g_autofree char *decoded = decode (value, strlen (value), TRUE);

      if (name == NULL || decoded == NULL)
        {
          g_free (name);
          return set_bad_encoding (error);
        }
      g_ptr_array_add (self->names, name);
      g_ptr_array_add (self->values, g_strdup (value));
    }

  return TRUE;
}

CarServiceRequest *
car_service_request_new (const char *method, const char *raw_path, const char *raw_query, GError **error)
{
  g_autoptr (CarServiceRequest) self = g_new0 (CarServiceRequest, 1);

  self->method = g_strdup (method);
  self->status = 200;
  self->path = g_ptr_array_new_with_free_func (g_free);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->values = g_ptr_array_new_with_free_func (g_free);
  if (!split_path (self, raw_path, error) || (raw_query != NULL && !split_query (self, raw_query, error)))
    return NULL;

  return g_steal_pointer (&self);
}

void
car_service_request_free (CarServiceRequest *self)
{
  g_free (self->method);
  g_free (self->version);
  g_clear_pointer (&self->path, g_ptr_array_unref);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_clear_pointer (&self->values, g_ptr_array_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->counted);
  g_clear_pointer (&self->token, car_service_token_free);
  g_free (self->report);
  g_free (self->timepoint);
  g_clear_pointer (&self->answer, g_bytes_unref);
  g_free (self);
}

const char *
car_service_request_get_path (const CarServiceRequest *self, guint i)
{
  return g_ptr_array_index (self->path, i);
}

static const char *
find_parameter (const CarServiceRequest *self, const char *name)
{
  for (guint i = 0; i < self->names->len; i++)
    if (strcmp (g_ptr_array_index (self->names, i), name) == 0)
      return g_ptr_array_index (self->values, i);

  return NULL;
}

/* That it can be decoded was seen when the request was read. */
char *
car_service_request_dup_value (const CarServiceRequest *self, guint i)
{
  const char *value = g_ptr_array_index (self->values, i);

  return decode (value, strlen (value), TRUE);
}

char *
car_service_request_dup_parameter (const CarServiceRequest *self, const char *name)
{
  const char *value = find_parameter (self, name);

  return value != NULL ? decode (value, strlen (value), TRUE) : NULL;
}

static gboolean
set_missing (const char *name, GError **error)
{
  g_set_error (error, CAR_SERVICE_ERROR, 400, "The parameter %s is missing or empty", name);
  return FALSE;
}

char *
car_service_request_need_parameter (const CarServiceRequest *self, const char *name, GError **error)
{
  g_autofree char *value = car_service_request_dup_parameter (self, name);

  if (value == NULL || *value == '\0')
    {
      set_missing (name, error);
      return NULL;
    }

  return g_steal_pointer (&value);
}

GPtrArray *
car_service_request_dup_list (const CarServiceRequest *self, const char *name, GError **error)
{
  const char *value = find_parameter (self, name);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) parts = g_strsplit (value != NULL ? value : "", ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] != '\0')
      g_ptr_array_add (items, decode (parts[i], strlen (parts[i]), TRUE));
  if (items->len == 0)
    {
      set_missing (name, error);
      return NULL;
    }

  return g_steal_pointer (&items);
}

gboolean
car_service_request_read_number (const CarServiceRequest *self,
                                 const char *name,
                                 gint64 max,
                                 gint64 *number,
                                 GError **error)
{
  g_autofree char *text = car_service_request_dup_parameter (self, name);

  if (text == NULL || g_ascii_string_to_signed (text, 10, 0, max, number, NULL))
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 400,
               "The parameter %s is a whole number from 0 to %" G_GINT64_FORMAT, name, max);
  return FALSE;
}

gboolean
car_service_moment_parse (const char *text, const char *name, gint64 *moment, GError **error)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  if (time == NULL)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400,
                   "%s is not a moment in ISO 8601, such as 2026-01-31T12:00:00.000Z", name);
      return FALSE;
    }
  *moment = MAX (g_date_time_to_unix (time) * 1000 + g_date_time_get_microsecond (time) / 1000, 0);

  return TRUE;
}

gboolean
car_service_request_read_timepoint (const CarServiceRequest *self, gint64 *moment, GError **error)
{
  return self->timepoint == NULL ||
         car_service_moment_parse (self->timepoint, "x-hasura-car-timepoint", moment, error);
}

void
car_service_request_answer (CarServiceRequest *self, GString *text)
{
  g_clear_pointer (&self->answer, g_bytes_unref);
  self->answer = g_string_free_to_bytes (text);
}

void
car_service_request_answer_ok (CarServiceRequest *self)
{
  car_service_request_answer (self, g_string_new ("{\"result\":\"OK\"}"));
}
