/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/car-service-database.h"

#define PARAMETER "password="

char *
car_service_database_choose (char *given)
{
  const char *variable = g_getenv ("CAR_SERVICE_DATABASE");

  if (given != NULL)
    return given;
  if (variable != NULL && *variable != '\0')
    return g_strdup (variable);

  return g_build_filename (g_get_user_state_dir (), "car-service", "car.db", NULL);
}

/* postgresql://USER:PASSWORD@HOST/NAME?password=PASSWORD */
static void
hide_password (char *uri)
{
  char *rest = strstr (uri, "://") + strlen ("://");
  char *end = rest + strcspn (rest, "/?");
  char *colon = memchr (rest, ':', (gsize) (end - rest));
  char *at = memrchr (rest, '@', (gsize) (end - rest));
  char *parameter = strstr (end, PARAMETER);

  if (colon != NULL && at != NULL && colon < at)
    memset (colon + 1, '*', (gsize) (at - colon - 1));
  if (parameter != NULL)
    memset (parameter + strlen (PARAMETER), '*', strcspn (parameter + strlen (PARAMETER), "&"));
}

void
car_service_database_hide_passwords (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      char *uri = strstr (argv[i], "postgres://");

      if (uri == NULL)
        uri = strstr (argv[i], "postgresql://");
      if (uri != NULL)
        hide_password (uri);
    }
}
