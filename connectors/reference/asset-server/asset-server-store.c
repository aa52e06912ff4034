/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-store-private.h"

#define APPLICATION_ID 0x43415241 /* tells our files from other programs' */
#define SCHEMA_VERSION 1

void
asset_record_clear (AssetRecord *record)
{
  for (guint i = 0; i < ASSET_MAX_FIELDS; i++)
    {
      g_clear_pointer (&record->values[i].text, g_free);
      g_clear_pointer (&record->values[i].links, g_free);
    }
}

gboolean
asset_store_fail (AssetStore *self, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database: %s", sqlite3_errmsg (self->db));
  return FALSE;
}

gboolean
asset_store_fail_damaged (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                       "the database holds what this program cannot have written");
  return FALSE;
}

AssetStatement *
asset_store_prepare (AssetStore *self, const char *sql, GError **error)
{
  AssetStatement *statement = NULL;
  if (sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) != SQLITE_OK)
    asset_store_fail (self, error);
  return statement;
}

static gboolean
execute (AssetStore *self, const char *sql, GError **error)
{
  return sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK || asset_store_fail (self, error);
}

gboolean
asset_store_run (AssetStore *self, GError **error, const char *sql, int n, ...)
{
  g_autoptr (AssetStatement) statement = asset_store_prepare (self, sql, error);
  if (!statement)
    return FALSE;

  va_list values;
  va_start (values, n);
  for (int i = 1; i <= n; i++)
    sqlite3_bind_int64 (statement, i, va_arg (values, gint64));
  va_end (values);

  return sqlite3_step (statement) == SQLITE_DONE || asset_store_fail (self, error);
}

gint64
asset_store_read_number (AssetStore *self, const char *sql, gint64 missing, GError **error)
{
  g_autoptr (AssetStatement) statement = asset_store_prepare (self, sql, error);
  if (!statement)
    return -1;

  int result = sqlite3_step (statement);
  if (result == SQLITE_DONE)
    return missing;
  if (result != SQLITE_ROW)
    asset_store_fail (self, error);
  else if (sqlite3_column_type (statement, 0) == SQLITE_NULL)
    return missing;
  else if (sqlite3_column_int64 (statement, 0) >= 0)
    return sqlite3_column_int64 (statement, 0);
  else
    asset_store_fail_damaged (error);
  return -1;
}

gboolean
asset_store_begin (AssetStore *self, GError **error)
{
  return execute (self, "BEGIN IMMEDIATE", error);
}

gint64
asset_store_get_state (AssetStore *self, GError **error)
{
  /* The sequence outlives the entries that were forgotten. */
  return asset_store_read_number (self, "SELECT seq FROM sqlite_sequence WHERE name = 'changes'", 0, error);
}

static gboolean
prune_history (AssetStore *self, GError **error)
{
  if (self->keep_history < 0)
    return TRUE;

  gint64 state = asset_store_get_state (self, error);
  return state >= 0 &&
         asset_store_run (self, error, "DELETE FROM changes WHERE state <= ?", 1, state - self->keep_history);
}

gboolean
asset_store_end (AssetStore *self, gboolean ok, GError **error)
{
  if (ok && prune_history (self, error) && execute (self, "COMMIT", error))
    return TRUE;

  /* Some errors have rolled back already, which is no further error. */
  sqlite3_exec (self->db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

/* ---- opening ---- */

static gboolean
make_schema (AssetStore *self, GError **error)
{
  g_autofree char *schema = asset_model_schema ();
  g_autofree char *mark = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                           APPLICATION_ID, SCHEMA_VERSION);

  return asset_store_begin (self, error) &&
         asset_store_end (self, execute (self, schema, error) && execute (self, mark, error), error);
}

/* Nothing is written to a file that is not ours. */
static gboolean
check_schema (AssetStore *self, gboolean *is_new, GError **error)
{
  gint64 n_tables = asset_store_read_number (self, "SELECT count(*) FROM sqlite_schema", 0, error);
  if (n_tables < 0)
    return FALSE;

  gint64 application = asset_store_read_number (self, "PRAGMA application_id", 0, NULL);
  gint64 version = asset_store_read_number (self, "PRAGMA user_version", 0, NULL);
  *is_new = n_tables == 0 && application == 0 && version == 0;
  if (*is_new || (application == APPLICATION_ID && version == SCHEMA_VERSION))
    return TRUE;

  if (application != APPLICATION_ID)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "it is another program's database");
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 "its version is %" G_GINT64_FORMAT ", this program's %d: use the program that made it",
                 version, SCHEMA_VERSION);
  return FALSE;
}

static gboolean
prepare_collection (AssetStore *self,
                    const AssetCollection *collection,
                    AssetStatements *statements,
                    GError **error)
{
  g_autoptr (GString) select = g_string_new ("SELECT pk");
  for (const AssetField *field = collection->fields; field->name; field++)
    if (field->type == ASSET_LINKS)
      {
        g_autofree char *table = asset_field_link_table (collection, field);
        g_autofree char *sql =
            g_strdup_printf ("SELECT target FROM %s WHERE origin = ? ORDER BY target", table);
        AssetStatement *links = asset_store_prepare (self, sql, error);
        if (!links)
          return FALSE;
        statements->links[field - collection->fields] = links;
      }
    else
      g_string_append_printf (select, ", %s", field->name);

  g_string_append_printf (select, " FROM %s", collection->name);
  g_autofree char *get = g_strconcat (select->str, " WHERE pk = ?", NULL);
  g_autofree char *list = g_strconcat (select->str, " ORDER BY pk", NULL);
  statements->get = asset_store_prepare (self, get, error);
  statements->list = statements->get ? asset_store_prepare (self, list, error) : NULL;
  return statements->list != NULL;
}

static gboolean
prepare_all (AssetStore *self, GError **error)
{
  for (guint i = 0; i < ASSET_N_COLLECTIONS; i++)
    if (!prepare_collection (self, &asset_collections[i], &self->statements[i], error))
      return FALSE;
  return TRUE;
}

/* What is too old is forgotten at the end of each transaction: here of an empty one. */
static gboolean
forget_history (AssetStore *self, GError **error)
{
  return asset_store_begin (self, error) && asset_store_end (self, TRUE, error);
}

static gboolean
set_up (AssetStore *self, GError **error)
{
  gboolean is_new;

  /* One process a file: the change log has one writer, and two servers on one file are a mistake. */
  return execute (self,
                  "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                  "PRAGMA foreign_keys = ON;",
                  error) &&
         check_schema (self, &is_new, error) &&
         execute (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", error) &&
         (!is_new || make_schema (self, error)) && prepare_all (self, error) && forget_history (self, error);
}

static const char *
advice (int code)
{
  switch (code & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ": another process uses it; stop that, or use another file";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return ": the file and its folder must be there and writable";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return ": it is damaged, or no database at all; use another file";
    default:
      return "";
    }
}

AssetStore *
asset_store_open (const char *path, gint64 keep_history, GError **error)
{
  g_autoptr (AssetStore) self = g_new0 (AssetStore, 1);
  g_autoptr (GError) problem = NULL;

  self->keep_history = keep_history;
  int result = sqlite3_open_v2 (path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (result == SQLITE_OK ? set_up (self, &problem) : asset_store_fail (self, &problem))
    return g_steal_pointer (&self);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s cannot be used: %s%s", path, problem->message,
               advice (sqlite3_errcode (self->db)));
  return NULL;
}

static void
finalize_statements (AssetStore *self)
{
  for (guint i = 0; i < ASSET_N_COLLECTIONS; i++)
    {
      AssetStatements *statements = &self->statements[i];
      sqlite3_finalize (statements->get);
      sqlite3_finalize (statements->list);
      for (guint j = 0; j < ASSET_MAX_FIELDS; j++)
        sqlite3_finalize (statements->links[j]);
      *statements = (AssetStatements){ NULL };
    }
}

void
asset_store_free (AssetStore *self)
{
  finalize_statements (self);
  sqlite3_close (self->db);
  g_free (self);
}

gboolean
asset_store_reset (AssetStore *self, GError **error)
{
  /* The reset is a change of its own, that nobody is told of: whoever stands before it has to read everything. */
  static const char forget[] =
      "INSERT INTO changes (collection, pk, deleted) VALUES (0, 0, 1); DELETE FROM changes;";
  g_autofree char *drop = asset_model_drop ();
  g_autofree char *make = asset_model_schema ();

  finalize_statements (self);
  return asset_store_begin (self, error) &&
         asset_store_end (self,
                          execute (self, forget, error) && execute (self, drop, error) &&
                              execute (self, make, error),
                          error) &&
         prepare_all (self, error);
}
