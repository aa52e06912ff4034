/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/sqlite/car-sqlite-file.h"
#include "service/store/sqlite/car-sqlite-migrations.h"
#include "service/store/sqlite/car-sqlite-tables.h"

/* Two services on one file would each run the jobs of both. SQLite's own locks cannot say that, and closing any other
 * descriptor of the database would drop them, so the lock has a file of its own; beside the file itself, by whichever
 * link it was named. */
gboolean
car_sqlite_file_lock (CarSqliteStore *self, GError **error)
{
  g_autofree char *real = realpath (self->path, NULL);
  g_autofree char *name = g_strconcat (real != NULL ? real : self->path, "-lock", NULL);

  self->lock = g_open (name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->lock < 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500, _ ("%s cannot be opened: %s"), name, g_strerror (errno));
      return FALSE;
    }
  if (flock (self->lock, LOCK_EX | LOCK_NB) != 0)
    {
      g_set_error (
          error, CAR_SERVICE_ERROR, 500,
          _ ("The database %s is in use by another car-service: stop that one, or give another --database"),
          self->path);
      return FALSE;
    }

  return TRUE;
}

/* What is plainly another's is left alone, before anything is written beside it. */
gboolean
car_sqlite_file_check (const char *path, GError **error)
{
  static const char magic[] = "SQLite format 3";
  g_autofree char *journal = g_strconcat (path, "-journal", NULL);
  char header[100];

  if (car_file_is_special (path))
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500, _ ("%s is no regular file: give another --database"), path);
      return FALSE;
    }

  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gssize length = fd >= 0 ? read (fd, header, sizeof header) : 0;
  int problem = length < 0 ? errno : 0;

  if (fd >= 0)
    close (fd);
  if (problem != 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500, _ ("The database %s cannot be opened: %s"), path,
                   g_strerror (problem));
      return FALSE;
    }
  /* A transaction that was cut off is taken back first. */
  if (length == 0 || g_file_test (journal, G_FILE_TEST_EXISTS))
    return TRUE;

  if (length < (gssize) sizeof header || memcmp (header, magic, sizeof magic) != 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500,
                   _ ("%s is not a database, or it is damaged: move it away, or give another --database"),
                   path);
      return FALSE;
    }

  guint32 id;
  memcpy (&id, header + 68, sizeof id); /* https://www.sqlite.org/fileformat.html, 1.3 */
  if (GUINT32_FROM_BE (id) == CAR_SQLITE_TABLES_APPLICATION_ID)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 500,
               _ ("%s is another program's database: give another --database; it was not touched"), path);
  return FALSE;
}

/* Made by us, so that nobody else can read it. */
gboolean
car_sqlite_file_make (const char *path, GError **error)
{
  int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500, _ ("The database %s cannot be opened: %s"), path,
                   g_strerror (errno));
      return FALSE;
    }
  close (fd);

  return TRUE;
}

static gboolean
read_number (CarSqliteStore *self, const char *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step (statement) == SQLITE_ROW;
  if (ok)
    *number = sqlite3_column_int64 (statement, 0);
  else
    car_sqlite_store_set_error (self, error);
  sqlite3_finalize (statement);

  return ok;
}

static gboolean
bring_up_to_date (CarSqliteStore *self, gint64 version, GError **error)
{
  CarServiceStore *store = CAR_SERVICE_STORE (self);
  g_autofree char *mark = g_strdup_printf ("PRAGMA user_version = %d", CAR_SQLITE_TABLES_VERSION);

  g_message (_ ("The database %s was made by an older version of car-service: its tables are brought from "
                "version %" PRId64 " to %d, which may take a while"),
             self->path, version, CAR_SQLITE_TABLES_VERSION);
  if (!car_service_store_begin (store, error))
    return FALSE;
  if (car_sqlite_migrate (self, version, error) && car_sqlite_store_run_script (self, mark, error))
    return car_service_store_commit (store, error);

  car_service_store_rollback (store);
  return FALSE;
}

/* Always FALSE. */
static gboolean
refuse_older (CarSqliteStore *self, gint64 version, GError **error)
{
  g_set_error (error, CAR_SERVICE_ERROR, 500,
               _ ("The database %s was made by an older version of car-service (its tables are of version "
                  "%" PRId64 ", this program knows %d): start the service on it, which brings it up to date"),
               self->path, version, CAR_SQLITE_TABLES_VERSION);
  return FALSE;
}

/* Makes an empty database ours, brings an older one up to date, and refuses one that is another program's or of a version to come. */
gboolean
car_sqlite_file_prepare (CarSqliteStore *self, gboolean may_migrate, GError **error)
{
  gint64 id, version, tables;

  if (!read_number (self, "PRAGMA application_id", &id, error) ||
      !read_number (self, "PRAGMA user_version", &version, error) ||
      !read_number (self, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;

  if (tables == 0 && id == 0 && version == 0)
    {
      /* auto_vacuum must be set before the first table. The file can shrink with it. */
      g_autofree char *marks = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                                CAR_SQLITE_TABLES_APPLICATION_ID, CAR_SQLITE_TABLES_VERSION);
      return car_sqlite_store_run_script (self, "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL",
                                          error) &&
             car_sqlite_store_run_script (self, "BEGIN IMMEDIATE", error) &&
             car_sqlite_store_run_script (self, car_sqlite_tables, error) &&
             car_sqlite_store_run_script (self, marks, error) &&
             car_sqlite_store_run_script (self, "COMMIT", error);
    }

  if (id != CAR_SQLITE_TABLES_APPLICATION_ID)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500,
                   _ ("%s is another program's database: give another --database; it was not touched"),
                   self->path);
      return FALSE;
    }
  if (version >= CAR_SQLITE_MIGRATIONS_OLDEST && version < CAR_SQLITE_TABLES_VERSION)
    return may_migrate ? bring_up_to_date (self, version, error) : refuse_older (self, version, error);
  if (version != CAR_SQLITE_TABLES_VERSION)
    {
      g_set_error (
          error, CAR_SERVICE_ERROR, 500,
          _ ("The database %s was made by another version of car-service (its tables are of version %" PRId64
             ", this program knows %d): use that version, or give another --database"),
          self->path, version, CAR_SQLITE_TABLES_VERSION);
      return FALSE;
    }

  return TRUE;
}
