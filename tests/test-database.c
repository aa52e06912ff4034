/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "test-database.h"

#define MAINTENANCE "/postgres?"

char *
test_database_new (void)
{
  const char *server = g_getenv ("CAR_TEST_DATABASE");
  if (server == NULL)
    return NULL;

  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strconcat ("test_", g_strdelimit (uuid, "-", '_'), NULL);
  g_autofree char *sql = g_strdup_printf ("CREATE DATABASE %s TEMPLATE template0", name);
  const char *const command[] = { "psql", "-X", "-q", "-d", server, "-c", sql, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));

  const char *place = strstr (server, MAINTENANCE);
  g_assert_nonnull (place);
  return g_strdup_printf ("%.*s/%s?%s", (int) (place - server), server, name, place + strlen (MAINTENANCE));
}
