/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/settings/car-connector-name-private.h>
#include <libcar/base/car-file-private.h>
#include <libcar/json/car-json-scanner-private.h>

#define MAX_FILE_SIZE (1024 * 1024)
#define MAX_NAME_LENGTH 256

/* The value of the member with this name, of the object that a span holds. */
static gboolean
find_member (const CarJsonSpan *object, const char *name, CarJsonType type, CarJsonSpan *value)
{
  CarJsonScanner scanner;
  CarJsonSpan found;

  car_json_scanner_init (&scanner, object->text, object->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return FALSE;

  while (car_json_scanner_next_member (&scanner, &found))
    {
      if (!car_json_scanner_read (&scanner, value))
        return FALSE;
      if (car_json_span_equals (&found, name))
        return value->type == type;
    }

  return FALSE;
}

static char *
find_display_name (const CarJsonSpan *config)
{
  CarJsonSpan connection, type, name;
  gsize length = 0;

  if (!find_member (config, "connection", CAR_JSON_OBJECT, &connection) ||
      !find_member (&connection, "type", CAR_JSON_OBJECT, &type) ||
      !find_member (&type, "displayName", CAR_JSON_STRING, &name))
    return NULL;

  g_autofree char *text = car_json_span_unescape (&name, &length);

  return length == 0 || length > MAX_NAME_LENGTH || strlen (text) != length ? NULL : g_steal_pointer (&text);
}

char *
car_connector_name_from_file (const char *path)
{
  g_autoptr (GError) failure = NULL;
  gsize length = 0;
  g_autofree char *text = car_file_read (path, MAX_FILE_SIZE, &length, &failure);

  if (text == NULL)
    {
      if (!g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT) &&
          !g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
        g_warning ("The connector's name cannot be read from %s: %s", path, failure->message);
      return NULL;
    }

  CarJsonScanner scanner;
  CarJsonSpan config;

  car_json_scanner_init (&scanner, text, length);
  if (!car_json_scanner_read (&scanner, &config) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) error = NULL;

      car_json_scanner_set_error (&scanner, &error);
      g_warning ("The connector's name cannot be read from %s: %s", path, error->message);
      return NULL;
    }

  return find_display_name (&config);
}

char *
car_connector_name_from_program (const char *program)
{
  static const char *const endings[] = { ".py", ".js" };

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (program, endings[i]) && strlen (program) > strlen (endings[i]))
      return g_strndup (program, strlen (program) - strlen (endings[i]));

  return g_strdup (program);
}
