/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "server/car-server-program.h"
#include "service/car-service-command.h"
#include "service/car-service-database.h"
#include "service/store/sql/car-service-copy.h"

static void
print_copied (const CarServiceCopied *copied)
{
  const gint64 *n = copied->n;
  g_autofree char *vertices = car_language_format_count ((guint64) n[CAR_SERVICE_COPY_VERTICES]);
  g_autofree char *edges = car_language_format_count ((guint64) n[CAR_SERVICE_COPY_EDGES]);
  g_autofree char *old = car_language_format_count (
      (guint64) (n[CAR_SERVICE_COPY_OLD_VERTICES] + n[CAR_SERVICE_COPY_OLD_EDGES]));

  g_print (_ ("Copied %s vertices, %s edges, and %s versions of history.\n"), vertices, edges, old);
}

gboolean
car_service_copy_command (int argc, char **argv, GError **error)
{
  g_autofree char *database = NULL;
  g_auto (GStrv) words = NULL;
  CarServiceCopied copied;

  if (!car_service_command_parse (
          NULL, "copy FROM TO",
          _ ("Copies all of a database into another one, which is new: from a file into PostgreSQL, or back. "
             "The service must not run. The password of a URI comes from PGPASSWORD or ~/.pgpass."),
          argc, argv, &database, &words, error))
    return FALSE;
  if (g_strv_length (words) != 2)
    return car_server_refuse (error, _ ("Say from which database into which: copy FROM TO; see copy --help"));

  g_autoptr (CarServiceStore) from = car_service_store_open_beside (words[0], error);
  if (from == NULL)
    return FALSE;
  g_clear_object (&from);
  /* With its lock. */
  from = car_service_store_open (words[0], error);
  g_autoptr (CarServiceStore) to = from != NULL ? car_service_store_open (words[1], error) : NULL;
  if (to == NULL || !car_service_copy (from, to, &copied, error))
    return FALSE;
  print_copied (&copied);

  return TRUE;
}
