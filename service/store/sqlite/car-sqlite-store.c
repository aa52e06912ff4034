/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>

#include "service/store/car-service-error.h"
#include "service/store/sqlite/car-sqlite-answer.h"
#include "service/store/sqlite/car-sqlite-backup.h"
#include "service/store/sqlite/car-sqlite-copy.h"
#include "service/store/sqlite/car-sqlite-file.h"
#include "service/store/sqlite/car-sqlite-functions.h"
#include "service/store/sqlite/car-sqlite-graph.h"
#include "service/store/sqlite/car-sqlite-indices.h"
#include "service/store/sqlite/car-sqlite-known.h"
#include "service/store/sqlite/car-sqlite-regroup.h"
#include "service/store/sqlite/car-sqlite-room.h"
#include "service/store/sqlite/car-sqlite-statements.h"
#include "service/store/sqlite/car-sqlite-views.h"

/* Of SQLite's machine: some microseconds. */
#define STEPS_BETWEEN_LOOKS 1000

#define BUSY_TIMEOUT (30 * 1000) /* milliseconds */

G_DEFINE_FINAL_TYPE (CarSqliteStore, car_sqlite_store, CAR_TYPE_SERVICE_STORE)

static void
forget_what_is_known (CarSqliteStore *self)
{
  self->next_vertex = 0;
  self->next_edge = 0;
  g_clear_pointer (&self->known, car_sqlite_known_free);
  g_clear_pointer (&self->seen, car_sqlite_seen_free);
  g_clear_pointer (&self->touched, car_service_touched_free);
  g_clear_pointer (&self->collections, g_hash_table_unref);
}

static void
car_sqlite_store_finalize (GObject *object)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (object);

  forget_what_is_known (self);
  g_clear_pointer (&self->statements, g_hash_table_unref);
  car_service_store_hide (CAR_SERVICE_STORE (self));
  sqlite3_close (self->db);
  if (self->lock >= 0)
    close (self->lock);
  g_clear_object (&self->cancellable);
  g_free (self->path);
  g_free (self->file);
  g_free (self->folder);

  G_OBJECT_CLASS (car_sqlite_store_parent_class)->finalize (object);
}

static gboolean
is_in_memory (CarSqliteStore *self)
{
  return strcmp (self->path, CAR_SERVICE_STORE_MEMORY) == 0;
}

static void
set_interrupted (CarSqliteStore *self, GError **error)
{
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    g_set_error (error, CAR_SERVICE_ERROR, 504,
                 "The answer took more than %d s: ask for less at once, or for what has an index",
                 CAR_SERVICE_STORE_READING_SECONDS);
}

gboolean
car_sqlite_store_set_error (CarSqliteStore *self, GError **error)
{
  int code = sqlite3_extended_errcode (self->db) & 0xff;

  if (code == SQLITE_INTERRUPT)
    {
      set_interrupted (self, error);
      return FALSE;
    }

  guint status = code == SQLITE_FULL ? 507 : code == SQLITE_BUSY || code == SQLITE_LOCKED ? 503 : 500;

  const char *what = code == SQLITE_FULL      ? "there is no space left; make room"
                     : code == SQLITE_CORRUPT ? "it is damaged; restore a copy, or give another --database"
                     : status == 503          ? "another program writes into it: try again"
                                              : sqlite3_errmsg (self->db);

  g_set_error (error, CAR_SERVICE_ERROR, (gint) status, "The database %s failed: %s", self->path, what);
  return FALSE;
}

gboolean
car_sqlite_store_run_script (CarSqliteStore *self, const char *sql, GError **error)
{
  return sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
         car_sqlite_store_set_error (self, error);
}

static gboolean
open_connection (CarSqliteStore *self, GError **error)
{
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

  if (sqlite3_open_v2 (self->file, &self->db, flags, NULL) != SQLITE_OK)
    return car_sqlite_store_set_error (self, error);
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

  return car_sqlite_add_functions (self->db, error);
}

static gboolean
set_up_connection (CarSqliteStore *self, GError **error)
{
  const char *synchronous = is_in_memory (self) ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL";

  /* What was answered for is on the disk: FULL syncs the log at each commit. */
  return car_sqlite_store_run_script (self, "PRAGMA journal_mode = WAL", error) &&
         car_sqlite_store_run_script (self, synchronous, error) &&
         /* Debian's SQLite writes zeros over each page that becomes free, which are those of every job. */
         car_sqlite_store_run_script (self, "PRAGMA secure_delete = FAST", error) &&
         car_sqlite_store_run_script (self, "PRAGMA temp_store = MEMORY", error) &&
         car_sqlite_store_run_script (self, "PRAGMA wal_autocheckpoint = 24000", error) &&
         car_sqlite_store_run_script (self, "PRAGMA journal_size_limit = 201326592", error) &&
         /* The log is opened when something is read first. */
         car_sqlite_store_run_script (self, "SELECT 1 FROM setting", error);
}

/* SQLite lets several connections to its own databases in memory wait for each other. So this is a file like any other,
 * until nobody can see it any more. */
static gboolean
make_hidden_file (CarSqliteStore *self, GError **error)
{
  self->folder = g_dir_make_tmp ("car-service-XXXXXX", error);
  if (self->folder == NULL)
    return FALSE;
  self->file = g_build_filename (self->folder, "car.db", NULL);

  return TRUE;
}

CarServiceStore *
car_sqlite_store_open (const char *path, GError **error)
{
  g_autoptr (CarSqliteStore) self = g_object_new (CAR_TYPE_SQLITE_STORE, NULL);

  self->path = g_strdup (path);
  if (is_in_memory (self))
    {
      if (!make_hidden_file (self, error))
        return NULL;
    }
  else
    {
      self->file = g_strdup (path);
      if (!car_sqlite_file_check (path, error) || !car_sqlite_file_make (path, error) ||
          !car_sqlite_file_lock (self, error))
        return NULL;
    }
  if (!open_connection (self, error) || !car_sqlite_file_prepare (self, TRUE, error) ||
      !set_up_connection (self, error) ||
      !car_sqlite_store_run_script (self, "PRAGMA cache_size = -62464", error))
    return NULL;

  return CAR_SERVICE_STORE (g_steal_pointer (&self));
}

CarServiceStore *
car_sqlite_store_open_beside (const char *path, GError **error)
{
  g_autoptr (CarSqliteStore) self = g_object_new (CAR_TYPE_SQLITE_STORE, NULL);
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

  self->path = g_strdup (path);
  self->file = g_strdup (path);
  if (!car_sqlite_file_check (path, error) || !open_connection (self, error) ||
      !car_sqlite_file_prepare (self, FALSE, error) || !set_up_connection (self, error))
    return NULL;

  return CAR_SERVICE_STORE (g_steal_pointer (&self));
}

static CarServiceStore *
open_another (CarServiceStore *store, gboolean patient, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  g_autoptr (CarSqliteStore) another = g_object_new (CAR_TYPE_SQLITE_STORE, NULL);

  another->path = g_strdup (self->path);
  another->file = g_strdup (self->file);
  if (!open_connection (another, error) || !set_up_connection (another, error) ||
      !car_sqlite_store_run_script (another, "PRAGMA query_only = ON", error))
    return NULL;
  if (!patient)
    sqlite3_busy_timeout (another->db, 0);

  return CAR_SERVICE_STORE (g_steal_pointer (&another));
}

static void
hide (CarServiceStore *store)
{
  static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

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

/* Moves what the log holds into the file, as far as nobody reads it. */
static void
tidy (CarServiceStore *store)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

  /* Do not wait for readers: the next call empties the log. */
  sqlite3_busy_timeout (self->db, 0);
  sqlite3_wal_checkpoint_v2 (self->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_busy_timeout (self->db, BUSY_TIMEOUT);
}

static gboolean
begin (CarServiceStore *store, GError **error)
{
  return car_sqlite_store_run_script (CAR_SQLITE_STORE (store), "BEGIN IMMEDIATE", error);
}

static void
rollback (CarServiceStore *store)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

  car_sqlite_statements_reset (self);
  forget_what_is_known (self);
  if (!sqlite3_get_autocommit (self->db))
    car_sqlite_store_run_script (self, "ROLLBACK", NULL);
}

static gboolean
commit (CarServiceStore *store, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

  car_sqlite_statements_reset (self);
  if (car_sqlite_regroup_users (self, error) && car_sqlite_store_run_script (self, "COMMIT", error))
    return TRUE;

  rollback (store);
  return FALSE;
}

static gboolean
begin_call (CarServiceStore *store, GError **error)
{
  return car_sqlite_store_run_script (CAR_SQLITE_STORE (store), "SAVEPOINT call", error);
}

static gboolean
end_call (CarServiceStore *store, gboolean keep, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

  car_sqlite_statements_reset (self);
  if (!keep)
    {
      /* The users that earlier calls touched are still to be grouped. */
      CarServiceTouched *touched = g_steal_pointer (&self->touched);

      forget_what_is_known (self);
      self->touched = touched;
      if (!car_sqlite_store_run_script (self, "ROLLBACK TO call", error))
        return FALSE;
    }

  return car_sqlite_store_run_script (self, "RELEASE call", error);
}

static int
look_whether_to_go_on (gpointer data)
{
  CarSqliteStore *self = data;

  return g_cancellable_is_cancelled (self->cancellable) || g_get_monotonic_time () > self->deadline;
}

static gboolean
begin_reading (CarServiceStore *store, GCancellable *cancellable, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

  if (!car_sqlite_store_run_script (self, "BEGIN", error))
    return FALSE;

  g_set_object (&self->cancellable, cancellable);
  self->deadline = g_get_monotonic_time () + CAR_SERVICE_STORE_READING_SECONDS * G_TIME_SPAN_SECOND;
  sqlite3_progress_handler (self->db, STEPS_BETWEEN_LOOKS, look_whether_to_go_on, self);

  return TRUE;
}

static void
end_reading (CarServiceStore *store)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);

  sqlite3_progress_handler (self->db, 0, NULL, NULL);
  rollback (store);
  g_clear_object (&self->cancellable);
}

static gint64
get_changes (CarServiceStore *store)
{
  return sqlite3_changes64 (CAR_SQLITE_STORE (store)->db);
}

/* The connection does not know any more what the query failed with: its savepoint was released since. */
static gboolean
answer (CarServiceStore *store, const CarQueryPlan *plan, GString *out, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  g_autoptr (GError) problem = NULL;

  if (car_sqlite_query_answer (self->db, car_sqlite_store_get_collections (self), plan, out, &problem))
    return TRUE;

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_interrupted (self, error);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static void
car_sqlite_store_class_init (CarSqliteStoreClass *class)
{
  CarServiceStoreClass *store = CAR_SERVICE_STORE_CLASS (class);

  /* Nobody asks how much memory SQLite uses, and counting it takes a lock for each piece. */
  sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 0);

  G_OBJECT_CLASS (class)->finalize = car_sqlite_store_finalize;
  store->open_another = open_another;
  store->hide = hide;
  store->tidy = tidy;
  store->begin = begin;
  store->commit = commit;
  store->rollback = rollback;
  store->begin_call = begin_call;
  store->end_call = end_call;
  store->begin_reading = begin_reading;
  store->end_reading = end_reading;
  store->prepare = car_sqlite_statements_select;
  store->get_changes = get_changes;
  store->follow_model = car_sqlite_follow_model;

  store->put_page = car_sqlite_put_page;
  store->begin_full_import = car_sqlite_begin_full_import;
  store->end_full_import = car_sqlite_end_full_import;
  store->delete_vertex = car_sqlite_delete_vertex;
  store->put_tagging = car_sqlite_put_tagging;
  store->clear = car_sqlite_clear;

  store->answer = answer;
  store->find_vertices = car_sqlite_find_vertices;
  store->find_named = car_sqlite_find_named;
  store->find_edges = car_sqlite_find_edges;
  store->list_related = car_sqlite_list_related;
  store->search = car_sqlite_search;
  store->get_vertex = car_sqlite_get_vertex;
  store->list_versions = car_sqlite_list_versions;
  store->list_instances = car_sqlite_list_instances;
  store->list_kinds = car_sqlite_list_kinds;
  store->list_neighbours = car_sqlite_list_neighbours;
  store->list_changes = car_sqlite_list_changes;
  store->count_changes = car_sqlite_count_changes;

  store->forget = car_sqlite_forget;
  store->read_pages = car_sqlite_read_pages;
  store->give_back = car_sqlite_give_back;
  store->list_usage = car_sqlite_list_usage;
  store->back_up = car_sqlite_back_up;
  store->check = car_sqlite_check;

  store->copy_out = car_sqlite_copy_out;
  store->copy_in = car_sqlite_copy_in;
  store->end_copy = car_sqlite_end_copy;
}

static void
car_sqlite_store_init (CarSqliteStore *self)
{
  self->lock = -1;
  self->statements = car_sqlite_statements_new ();
}
