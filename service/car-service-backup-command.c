/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "server/car-server-program.h"
#include "service/car-service-command.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-store.h"

/* car-service backup and check. */

gboolean
car_service_backup_command (int argc, char **argv, GError **error)
{
  g_autofree char *database = NULL;
  g_auto (GStrv) words = NULL;

  if (!car_service_command_parse (
          NULL, "backup FILE [OPTIONS]",
          _ ("Copies the database as it is at one moment into a new file, also while the "
             "service runs. Credentials and certificate are in files of their own."),
          argc, argv, &database, &words, error))
    return FALSE;
  if (g_strv_length (words) != 1)
    return car_server_refuse (error, _ ("Say into which new file: backup FILE; see backup --help"));

  g_autoptr (CarServiceStore) store = car_service_store_open_beside (database, error);

  return store != NULL && car_service_store_back_up (store, words[0], error);
}

gboolean
car_service_check_command (int argc, char **argv, GError **error)
{
  g_autofree char *database = NULL;

  if (!car_service_command_parse (
          NULL, "check [OPTIONS]",
          _ ("Looks through the whole database for damage, also while the service runs."), argc, argv,
          &database, NULL, error))
    return FALSE;

  g_autoptr (CarServiceStore) store = car_service_store_open_beside (database, error);
  g_autoptr (GPtrArray) found = store != NULL ? car_service_store_check (store, error) : NULL;
  if (found == NULL)
    return FALSE;

  g_autofree char *name = car_service_store_name_database (database);
  for (guint i = 0; i < found->len; i++)
    g_print ("%s\n", (const char *) found->pdata[i]);
  if (found->len == 0)
    {
      g_print (_ ("Nothing is wrong with %s.\n"), name);
      return TRUE;
    }

  g_set_error (error, CAR_SERVICE_ERROR, 500,
               _ ("The database %s is damaged: stop the service, and restore a copy"), name);
  return FALSE;
}
