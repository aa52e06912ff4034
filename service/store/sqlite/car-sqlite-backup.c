/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/sqlite/car-sqlite-backup.h"
#include "service/store/sqlite/car-sqlite-store-private.h"

static gboolean
make_file (const char *path, GError **error)
{
  int fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500, _ ("The copy %s cannot be made: %s"), path,
                   g_strerror (errno));
      return FALSE;
    }
  close (fd);

  return TRUE;
}

/* In one step: what is read is of one moment, and no write of another process makes it begin again. The end of it is on the
 * disk. */
static gboolean
copy (sqlite3 *from, sqlite3 *to)
{
  sqlite3_backup *backup = sqlite3_backup_init (to, "main", from, "main");

  if (backup == NULL)
    return FALSE;
  sqlite3_backup_step (backup, -1);

  return sqlite3_backup_finish (backup) == SQLITE_OK;
}

gboolean
car_sqlite_back_up (CarServiceStore *store, const char *path, GError **error)
{
  sqlite3 *to = NULL;

  if (!make_file (path, error))
    return FALSE;

  gboolean done = sqlite3_open_v2 (path, &to, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                  copy (CAR_SQLITE_STORE (store)->db, to);
  if (!done)
    g_set_error (error, CAR_SERVICE_ERROR, 500, _ ("The copy %s cannot be written: %s"), path,
                 sqlite3_errmsg (to));
  sqlite3_close (to);
  if (!done)
    g_unlink (path);

  return done;
}

GPtrArray *
car_sqlite_check (CarServiceStore *store, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  CarServiceRow *rows = car_service_store_select (
      store, &problem, "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
      "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    g_ptr_array_add (found, g_strdup (car_service_row_get_text (rows, 0)));

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&found) : NULL;
}
