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

#include "service/query/car-query.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-extensions.h"
#include "service/store/car-service-retention.h"
#include "service/store/car-service-store.h"
#include "service/store/car-service-tables.h"
#include "service/store/car-service-tokens.h"

/* Of SQLite's machine: some microseconds. */
#define STEPS_BETWEEN_LOOKS 1000

#define BUSY_TIMEOUT (30 * 1000) /* milliseconds */

/* What all connections to one database know. */
typedef struct
{
  GMutex mutex;
  char *trouble; /* NULL: none */
} Shared;

static Shared *
shared_new (void)
{
  Shared *shared = g_atomic_rc_box_new0 (Shared);

  g_mutex_init (&shared->mutex);
  return shared;
}

static void
shared_clear (gpointer data)
{
  Shared *shared = data;

  g_mutex_clear (&shared->mutex);
  g_free (shared->trouble);
}

static void
shared_release (Shared *shared)
{
  g_atomic_rc_box_release_full (shared, shared_clear);
}

struct _CarServiceStore
{
  GObject parent_instance;

  char *path;   /* as it was given */
  char *file;   /* what it stands for */
  char *folder; /* of the file, where that is in nobody's way until it is hidden; NULL */
  sqlite3 *db;
  GHashTable *statements; /* SQL text, by its address: sqlite3_stmt */
  int lock;               /* held by the first connection; -1 */
  gint64 now;             /* of this transaction; 0: not asked for yet */
  gboolean wants_upkeep;
  int stopped; /* atomic */
  Shared *shared;

  gint64 deadline; /* of what is read */
  GCancellable *cancellable;

  char *extensions; /* the mark of those that the model holds */
  CarCoreModel *model;
  CarImportSchema *import_schema;
};

G_DEFINE_FINAL_TYPE (CarServiceStore, car_service_store, G_TYPE_OBJECT)

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

static void
car_service_store_finalize (GObject *object)
{
  CarServiceStore *self = CAR_SERVICE_STORE (object);

  g_clear_pointer (&self->statements, g_hash_table_unref);
  car_service_store_hide (self);
  sqlite3_close (self->db);
  if (self->lock >= 0)
    close (self->lock);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->shared, shared_release);
  g_free (self->path);
  g_free (self->file);
  g_free (self->folder);
  g_free (self->extensions);
  g_clear_object (&self->model);
  g_clear_object (&self->import_schema);

  G_OBJECT_CLASS (car_service_store_parent_class)->finalize (object);
}

static void
car_service_store_class_init (CarServiceStoreClass *class)
{
  G_OBJECT_CLASS (class)->finalize = car_service_store_finalize;
}

static void
car_service_store_init (CarServiceStore *self)
{
  self->lock = -1;
  self->statements = g_hash_table_new_full (NULL, NULL, NULL, finalize_statement);
}

void
car_service_store_set_interrupted (CarServiceStore *self, GError **error)
{
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    g_set_error (error, CAR_SERVICE_ERROR, 504,
                 "The answer took more than %d s: ask for less at once, or for what has an index",
                 CAR_SERVICE_STORE_READING_SECONDS);
}

static gboolean
is_in_memory (CarServiceStore *self)
{
  return strcmp (self->path, CAR_SERVICE_STORE_MEMORY) == 0;
}

static void
set_error (CarServiceStore *self, GError **error)
{
  int code = sqlite3_extended_errcode (self->db) & 0xff;

  if (code == SQLITE_INTERRUPT)
    {
      car_service_store_set_interrupted (self, error);
      return;
    }

  guint status = code == SQLITE_FULL ? 507 : code == SQLITE_BUSY || code == SQLITE_LOCKED ? 503 : 500;

  const char *what = code == SQLITE_FULL      ? "there is no space left; make room"
                     : code == SQLITE_CORRUPT ? "it is damaged; restore a copy, or give another --database"
                     : status == 503          ? "another program writes into it: try again"
                                              : sqlite3_errmsg (self->db);

  g_set_error (error, CAR_SERVICE_ERROR, (gint) status, "The database %s failed: %s", self->path, what);
}

static gboolean
execute (CarServiceStore *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;

  set_error (self, error);
  return FALSE;
}

/* Two services on one file would each run the jobs of both. SQLite's own locks cannot say that, and closing any other
 * descriptor of the database would drop them, so the lock has a file of its own; beside the file itself, by whichever
 * link it was named. */
static gboolean
take_lock (CarServiceStore *self, GError **error)
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
static gboolean
check_header (const char *path, GError **error)
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
  if (GUINT32_FROM_BE (id) == CAR_SERVICE_TABLES_APPLICATION_ID)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 500,
               _ ("%s is another program's database: give another --database; it was not touched"), path);
  return FALSE;
}

/* Made by us, so that nobody else can read it. */
static gboolean
make_file (const char *path, GError **error)
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
read_number (CarServiceStore *self, const char *sql, gint64 *number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean ok = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step (statement) == SQLITE_ROW;
  if (ok)
    *number = sqlite3_column_int64 (statement, 0);
  else
    set_error (self, error);
  sqlite3_finalize (statement);

  return ok;
}

/* Makes an empty database ours, and refuses one that is another program's or of a version to come. */
static gboolean
prepare_tables (CarServiceStore *self, GError **error)
{
  gint64 id, version, tables;

  if (!read_number (self, "PRAGMA application_id", &id, error) ||
      !read_number (self, "PRAGMA user_version", &version, error) ||
      !read_number (self, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;

  if (tables == 0 && id == 0 && version == 0)
    {
      /* auto_vacuum must be set before the first table. The file can shrink with it. */
      g_autofree char *marks =
          g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d",
                           CAR_SERVICE_TABLES_APPLICATION_ID, CAR_SERVICE_TABLES_VERSION);
      return execute (self, "PRAGMA auto_vacuum = INCREMENTAL", error) &&
             execute (self, "BEGIN IMMEDIATE", error) && execute (self, car_service_tables, error) &&
             execute (self, marks, error) && execute (self, "COMMIT", error);
    }

  if (id != CAR_SERVICE_TABLES_APPLICATION_ID)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 500,
                   _ ("%s is another program's database: give another --database; it was not touched"),
                   self->path);
      return FALSE;
    }
  if (version != CAR_SERVICE_TABLES_VERSION)
    {
      g_set_error (
          error, CAR_SERVICE_ERROR, 500,
          _ ("The database %s was made by another version of car-service (its tables are of version %" PRId64
             ", this program knows %d): use that version, or give another --database"),
          self->path, version, CAR_SERVICE_TABLES_VERSION);
      return FALSE;
    }

  return TRUE;
}

static gboolean
open_connection (CarServiceStore *self, GError **error)
{
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

  if (sqlite3_open_v2 (self->file, &self->db, flags, NULL) != SQLITE_OK)
    {
      set_error (self, error);
      return FALSE;
    }
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

  return car_query_add_functions (self->db, error);
}

static gboolean
set_up_connection (CarServiceStore *self, GError **error)
{
  const char *synchronous = is_in_memory (self) ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL";

  /* What was answered for is on the disk: FULL syncs the log at each commit. */
  return execute (self, "PRAGMA journal_mode = WAL", error) && execute (self, synchronous, error) &&
         execute (self, "PRAGMA cache_size = -65536", error) &&
         execute (self, "PRAGMA temp_store = MEMORY", error) &&
         execute (self, "PRAGMA wal_autocheckpoint = 8000", error) &&
         execute (self, "PRAGMA journal_size_limit = 67108864", error) &&
         execute (self, "SELECT 1 FROM setting", error); /* the log is opened when something is read first */
}

/* SQLite lets several connections to its own databases in memory wait for each other. So this is a file like any other,
 * until nobody can see it any more. */
static gboolean
make_hidden_file (CarServiceStore *self, GError **error)
{
  self->folder = g_dir_make_tmp ("car-service-XXXXXX", error);
  if (self->folder == NULL)
    return FALSE;
  self->file = g_build_filename (self->folder, "car.db", NULL);

  return TRUE;
}

static gboolean
make_indices (CarServiceStore *self, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarCoreModel *model = car_service_store_get_model (self, error);
  if (model == NULL)
    return FALSE;
  if (car_query_make_indices (self->db, model, &problem))
    return TRUE;

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    g_set_error_literal (error, CAR_SERVICE_ERROR, 422, problem->message);
  else
    set_error (self, error);
  return FALSE;
}

/* The model of this program may be another one than that of the last. */
static gboolean
bring_indices_up_to_date (CarServiceStore *self, GError **error)
{
  if (!car_service_store_begin (self, error))
    return FALSE;
  if (make_indices (self, error))
    return car_service_store_commit (self, error);

  car_service_store_rollback (self);
  return FALSE;
}

CarServiceStore *
car_service_store_open (const char *path, GError **error)
{
  g_autoptr (CarServiceStore) self = g_object_new (CAR_TYPE_SERVICE_STORE, NULL);

  self->shared = shared_new ();
  self->path = g_strdup (path);
  if (is_in_memory (self))
    {
      if (!make_hidden_file (self, error))
        return NULL;
    }
  else
    {
      self->file = g_strdup (path);
      if (!check_header (path, error) || !make_file (path, error) || !take_lock (self, error))
        return NULL;
    }
  if (!open_connection (self, error) || !prepare_tables (self, error) || !set_up_connection (self, error) ||
      !bring_indices_up_to_date (self, error) || !car_service_tokens_prepare (self, error) ||
      !car_service_retention_prepare (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

CarServiceStore *
car_service_store_open_beside (const char *path, GError **error)
{
  g_autoptr (CarServiceStore) self = g_object_new (CAR_TYPE_SERVICE_STORE, NULL);
  GStatBuf status;

  /* An empty file would become an empty database. */
  if (g_stat (path, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size == 0)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404,
                   _ ("There is no database %s: give the --database of the service, which makes it when it "
                      "starts first"),
                   path);
      return NULL;
    }

  self->shared = shared_new ();
  self->path = g_strdup (path);
  self->file = g_strdup (path);
  if (!check_header (path, error) || !open_connection (self, error) || !prepare_tables (self, error) ||
      !set_up_connection (self, error) || !car_service_tokens_prepare (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

CarServiceStore *
car_service_store_open_another (CarServiceStore *self, GError **error)
{
  g_autoptr (CarServiceStore) another = g_object_new (CAR_TYPE_SERVICE_STORE, NULL);

  another->shared = g_atomic_rc_box_acquire (self->shared);
  another->path = g_strdup (self->path);
  another->file = g_strdup (self->file);
  if (!open_connection (another, error) || !set_up_connection (another, error) ||
      !execute (another, "PRAGMA query_only = ON", error))
    return NULL;

  return g_steal_pointer (&another);
}

void
car_service_store_hide (CarServiceStore *self)
{
  static const char *const endings[] = { "", "-wal", "-shm", "-journal" };

  if (self->folder == NULL)
    return;

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *name = g_strconcat (self->file, endings[i], NULL);
      g_unlink (name);
    }
  g_rmdir (self->folder);
  g_clear_pointer (&self->folder, g_free);
}

sqlite3 *
car_service_store_get_database (CarServiceStore *self)
{
  return self->db;
}

/* A select that was left before its end would hold on to what it read. */
static void
reset_statements (CarServiceStore *self)
{
  GHashTableIter iter;
  gpointer statement;

  g_hash_table_iter_init (&iter, self->statements);
  while (g_hash_table_iter_next (&iter, NULL, &statement))
    sqlite3_reset (statement);
}

gboolean
car_service_store_begin (CarServiceStore *self, GError **error)
{
  self->now = 0;

  return car_service_store_run (self, error, "BEGIN IMMEDIATE", "");
}

gboolean
car_service_store_commit (CarServiceStore *self, GError **error)
{
  reset_statements (self);
  if (car_service_store_run (self, error, "COMMIT", ""))
    return TRUE;

  car_service_store_rollback (self);
  return FALSE;
}

void
car_service_store_rollback (CarServiceStore *self)
{
  reset_statements (self);
  if (!sqlite3_get_autocommit (self->db))
    car_service_store_run (self, NULL, "ROLLBACK", "");
}

static int
look_whether_to_go_on (gpointer data)
{
  CarServiceStore *self = data;

  return g_cancellable_is_cancelled (self->cancellable) || g_get_monotonic_time () > self->deadline;
}

gboolean
car_service_store_begin_reading (CarServiceStore *self, GCancellable *cancellable, GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
      !car_service_store_run (self, error, "BEGIN", ""))
    return FALSE;

  g_set_object (&self->cancellable, cancellable);
  self->deadline = g_get_monotonic_time () + CAR_SERVICE_STORE_READING_SECONDS * G_TIME_SPAN_SECOND;
  sqlite3_progress_handler (self->db, STEPS_BETWEEN_LOOKS, look_whether_to_go_on, self);

  return TRUE;
}

void
car_service_store_end_reading (CarServiceStore *self)
{
  sqlite3_progress_handler (self->db, 0, NULL, NULL);
  car_service_store_rollback (self);
  g_clear_object (&self->cancellable);
}

gboolean
car_service_store_begin_call (CarServiceStore *self, GError **error)
{
  return car_service_store_run (self, error, "SAVEPOINT call", "");
}

gboolean
car_service_store_end_call (CarServiceStore *self, gboolean keep, GError **error)
{
  reset_statements (self);
  if (!keep)
    {
      self->now = 0; /* the clock went back with the rest */
      if (!car_service_store_run (self, error, "ROLLBACK TO call", ""))
        return FALSE;
    }

  return car_service_store_run (self, error, "RELEASE call", "");
}

static sqlite3_stmt *
prepare (CarServiceStore *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);
  if (statement != NULL)
    {
      sqlite3_reset (statement);
      return statement;
    }

  if (sqlite3_prepare_v3 (self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    {
      set_error (self, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, (gpointer) sql, statement);

  return statement;
}

static int
bind_bytes (sqlite3_stmt *statement, int at, GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  return sqlite3_bind_blob64 (statement, at, data != NULL ? data : "", length, SQLITE_STATIC);
}

static int
bind_span (sqlite3_stmt *statement, int at, const CarJsonSpan *span)
{
  if (span == NULL || span->text == NULL)
    return sqlite3_bind_null (statement, at);

  return sqlite3_bind_text64 (statement, at, span->text, span->length, SQLITE_STATIC, SQLITE_UTF8);
}

static sqlite3_stmt *
prepare_and_bind (CarServiceStore *self,
                  GError **error,
                  const char *sql,
                  const char *types,
                  va_list *arguments)
{
  sqlite3_stmt *statement = prepare (self, sql, error);
  if (statement == NULL)
    return NULL;

  for (int i = 0; types[i] != '\0'; i++)
    {
      int code = SQLITE_MISUSE;

      if (types[i] == 's')
        code = sqlite3_bind_text (statement, i + 1, va_arg (*arguments, const char *), -1, SQLITE_STATIC);
      else if (types[i] == 'i')
        code = sqlite3_bind_int64 (statement, i + 1, va_arg (*arguments, gint64));
      else if (types[i] == 'j')
        code = bind_span (statement, i + 1, va_arg (*arguments, const CarJsonSpan *));
      else if (types[i] == 'b')
        code = bind_bytes (statement, i + 1, va_arg (*arguments, GBytes *));
      if (code != SQLITE_OK)
        {
          set_error (self, error);
          return NULL;
        }
    }

  return statement;
}

gboolean
car_service_store_next (CarServiceStore *self, sqlite3_stmt *statement, GError **error)
{
  int code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    return TRUE;

  if (code != SQLITE_DONE)
    set_error (self, error);
  sqlite3_reset (statement);

  return FALSE;
}

gboolean
car_service_store_ended (GError **problem, GError **error)
{
  if (*problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (problem));
  return FALSE;
}

const char *
car_service_store_get_text (sqlite3_stmt *row, int column)
{
  return (const char *) sqlite3_column_text (row, column);
}

gboolean
car_service_store_run (CarServiceStore *self, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;

  va_start (arguments, types);
  sqlite3_stmt *statement = prepare_and_bind (self, error, sql, types, &arguments);
  va_end (arguments);
  if (statement == NULL)
    return FALSE;

  int code = sqlite3_step (statement);
  if (code != SQLITE_DONE && code != SQLITE_ROW)
    set_error (self, error);
  sqlite3_reset (statement);

  return code == SQLITE_DONE || code == SQLITE_ROW;
}

sqlite3_stmt *
car_service_store_select (CarServiceStore *self, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;

  va_start (arguments, types);
  sqlite3_stmt *statement = prepare_and_bind (self, error, sql, types, &arguments);
  va_end (arguments);

  return statement;
}

sqlite3_stmt *
car_service_store_get (CarServiceStore *self, GError **error, const char *sql, const char *types, ...)
{
  va_list arguments;

  va_start (arguments, types);
  sqlite3_stmt *statement = prepare_and_bind (self, error, sql, types, &arguments);
  va_end (arguments);

  return statement != NULL && car_service_store_next (self, statement, error) ? statement : NULL;
}

gboolean
car_service_store_find (CarServiceStore *self,
                        sqlite3_stmt **row,
                        GError **error,
                        const char *sql,
                        const char *types,
                        ...)
{
  GError *problem = NULL;
  va_list arguments;

  va_start (arguments, types);
  *row = prepare_and_bind (self, &problem, sql, types, &arguments);
  va_end (arguments);
  if (*row != NULL && !car_service_store_next (self, *row, &problem))
    *row = NULL;
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, problem);
  return FALSE;
}

gint64
car_service_store_get_changes (CarServiceStore *self)
{
  return sqlite3_changes64 (self->db);
}

gboolean
car_service_store_tick (CarServiceStore *self, gint64 *now, GError **error)
{
  if (self->now == 0)
    {
      g_autoptr (GError) local_error = NULL;
      g_autofree char *last = car_service_store_get_setting (self, "clock", &local_error);
      gint64 earliest = last != NULL ? g_ascii_strtoll (last, NULL, 10) + 1 : 1;
      gint64 next = MAX (g_get_real_time () / 1000, earliest);
      g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, next);

      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (!car_service_store_set_setting (self, "clock", text, error))
        return FALSE;
      self->now = next;
    }
  *now = self->now;

  return TRUE;
}

char *
car_service_store_get_setting (CarServiceStore *self, const char *name, GError **error)
{
  sqlite3_stmt *row =
      car_service_store_get (self, error, "SELECT value FROM setting WHERE name = ?", "s", name);
  if (row == NULL)
    return NULL;

  char *value = g_strdup (car_service_store_get_text (row, 0));
  sqlite3_reset (row);

  return value;
}

gboolean
car_service_store_set_setting (CarServiceStore *self, const char *name, const char *value, GError **error)
{
  return car_service_store_run (self, error, "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
                                "ss", name, value);
}

CarCoreModel *
car_service_store_get_model (CarServiceStore *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *extensions = car_service_store_get_setting (self, "extensions", &local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (self->model != NULL && g_strcmp0 (extensions, self->extensions) == 0)
    return self->model;

  CarCoreModel *model = car_service_extensions_make_model (self, NULL, error);
  if (model == NULL)
    return NULL;
  g_clear_object (&self->import_schema);
  g_clear_object (&self->model);
  self->model = model;
  g_free (self->extensions);
  self->extensions = g_steal_pointer (&extensions);

  return self->model;
}

CarImportSchema *
car_service_store_get_import_schema (CarServiceStore *self, GError **error)
{
  CarCoreModel *model = car_service_store_get_model (self, error);
  if (model == NULL)
    return NULL;

  if (self->import_schema == NULL)
    {
      g_autofree char *schema = car_core_model_to_import_schema (model);
      self->import_schema = car_import_schema_new (schema, -1, error);
    }

  return self->import_schema;
}

gboolean
car_service_store_note_extensions_changed (CarServiceStore *self, GError **error)
{
  g_autofree char *mark = g_uuid_string_random ();

  return car_service_store_set_setting (self, "extensions", mark, error) && make_indices (self, error);
}

void
car_service_store_stop (CarServiceStore *self)
{
  g_atomic_int_set (&self->stopped, TRUE);
}

gboolean
car_service_store_may_go_on (CarServiceStore *self, GError **error)
{
  if (!g_atomic_int_get (&self->stopped))
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 503, "The service is stopping");
  return FALSE;
}

void
car_service_store_note_trouble (CarServiceStore *self, const char *trouble)
{
  g_mutex_lock (&self->shared->mutex);
  g_free (self->shared->trouble);
  self->shared->trouble = g_strdup (trouble);
  g_mutex_unlock (&self->shared->mutex);
}

char *
car_service_store_dup_trouble (CarServiceStore *self)
{
  g_mutex_lock (&self->shared->mutex);
  char *trouble = g_strdup (self->shared->trouble);
  g_mutex_unlock (&self->shared->mutex);

  return trouble;
}

void
car_service_store_ask_for_upkeep (CarServiceStore *self)
{
  self->wants_upkeep = TRUE;
}

gboolean
car_service_store_take_upkeep (CarServiceStore *self)
{
  gboolean wanted = self->wants_upkeep;

  self->wants_upkeep = FALSE;
  return wanted;
}

void
car_service_store_empty_log (CarServiceStore *self)
{
  /* Do not wait for readers: the next call empties the log. */
  sqlite3_busy_timeout (self->db, 0);
  sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
}
