/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "service/car-service-command.h"
#include "service/store/car-service-store.h"

/* SQLite asks for a lock that another has every tenth of a second. A service that waits gets its turn. */
#define PAUSE (150 * 1000) /* microseconds */

static gboolean
give_some_back (CarServiceStore *store, gboolean *more, GError **error)
{
  if (!car_service_store_begin (store, error))
    return FALSE;
  if (car_service_store_give_back (store, more, error))
    return car_service_store_commit (store, error);

  car_service_store_rollback (store);
  return FALSE;
}

static gboolean
give_all_back (CarServiceStore *store, GError **error)
{
  gboolean more = TRUE;

  while (more)
    {
      if (!give_some_back (store, &more, error))
        return FALSE;
      if (more)
        g_usleep (PAUSE);
    }
  car_service_store_tidy (store);

  return TRUE;
}

static void
print_sizes (const char *database, const CarServicePages *before, const CarServicePages *after)
{
  g_autofree char *bytes_before = car_language_format_count ((guint64) (before->all * before->size));
  g_autofree char *bytes_after = car_language_format_count ((guint64) (after->all * after->size));
  g_autofree char *name = car_service_store_name_database (database);

  g_print (_ ("The database %s had %s bytes before, and has %s now.\n"), name, bytes_before, bytes_after);
}

gboolean
car_service_vacuum_command (int argc, char **argv, GError **error)
{
  g_autofree char *database = NULL;
  CarServicePages before, after;

  if (!car_service_command_parse (
          NULL, "vacuum [OPTIONS]",
          _ ("Gives the room that is free in the database back to the disk, also while the service runs."),
          argc, argv, &database, NULL, error))
    return FALSE;

  g_autoptr (CarServiceStore) store = car_service_store_open_beside (database, error);
  if (store == NULL || !car_service_store_read_pages (store, &before, error) ||
      !give_all_back (store, error) || !car_service_store_read_pages (store, &after, error))
    return FALSE;
  print_sizes (database, &before, &after);

  return TRUE;
}
