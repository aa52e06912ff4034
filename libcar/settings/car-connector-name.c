/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/settings/car-connector-name-private.h>
#include <libcar/base/car-file-private.h>
#include <libcar/json/car-json-reader-private.h>

#define MAX_FILE_SIZE (1024 * 1024)
#define MAX_NAME_LENGTH 256

static char *
find_display_name (const CarJsonSpan *config)
{
  const CarJsonSpan connection = car_json_span_get_member (config, "connection");
  const CarJsonSpan type = car_json_span_get_member (&connection, "type");
  g_autofree char *text = car_json_span_dup_member (&type, "displayName");

  return text == NULL || *text == '\0' || strlen (text) > MAX_NAME_LENGTH ? NULL : g_steal_pointer (&text);
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
        g_warning (_ ("The connector's name cannot be read from %s: %s"), path, failure->message);
      return NULL;
    }

  CarJsonSpan config;
  if (!car_json_read_text (text, length, &config, &failure))
    {
      g_warning (_ ("The connector's name cannot be read from %s: %s"), path, failure->message);
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
