/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-store.h"

#include <gio/gio.h>
#include <libcar/car-json-scanner-private.h>
#include <sqlite3.h>
#include <stdarg.h>

#define APPLICATION_ID 0x43415241 /* tells our files from other programs' */
#define SCHEMA_VERSION 1

#define N_COLLECTIONS 9

/* The statements of the reading calls: they are run once an object, or once an object and field. */
typedef struct
{
  sqlite3_stmt *get;
  sqlite3_stmt *list;
  sqlite3_stmt *links[ASSET_MAX_FIELDS];
} Statements;

struct _AssetStore
{
  sqlite3 *db;
  gint64 keep_history;
  Statements statements[N_COLLECTIONS];
};

typedef sqlite3_stmt Statement;

static void
statement_free (Statement *statement)
{
  sqlite3_finalize (statement);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Statement, statement_free)

void
asset_record_clear (AssetRecord *record)
{
  for (guint i = 0; i < ASSET_MAX_FIELDS; i++)
    {
      g_clear_pointer (&record->values[i].text, g_free);
      g_clear_pointer (&record->values[i].links, g_free);
    }
}

/* Always FALSE. */
static gboolean
fail (AssetStore *self, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database: %s", sqlite3_errmsg (self->db));
  return FALSE;
}

static gboolean
fail_missing (const AssetCollection *collection, gint64 pk, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s has no object %" G_GINT64_FORMAT,
               collection->name, pk);
  return FALSE;
}

static Statement *
prepare (AssetStore *self, const char *sql, GError **error)
{
  Statement *statement = NULL;
  if (sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL) != SQLITE_OK)
    fail (self, error);
  return statement;
}

static gboolean
execute (AssetStore *self, const char *sql, GError **error)
{
  return sqlite3_exec (self->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail (self, error);
}

gboolean
asset_store_run (AssetStore *self, GError **error, const char *sql, int n, ...)
{
  g_autoptr (Statement) statement = prepare (self, sql, error);
  if (!statement)
    return FALSE;

  va_list values;
  va_start (values, n);
  for (int i = 1; i <= n; i++)
    sqlite3_bind_int64 (statement, i, va_arg (values, gint64));
  va_end (values);

  return sqlite3_step (statement) == SQLITE_DONE || fail (self, error);
}

/* The first column of the first row, `missing` where there is none or it is NULL; -1 with an error. */
static gint64
read_number (AssetStore *self, const char *sql, gint64 missing, GError **error)
{
  g_autoptr (Statement) statement = prepare (self, sql, error);
  if (!statement)
    return -1;

  int result = sqlite3_step (statement);
  if (result == SQLITE_ROW)
    return sqlite3_column_type (statement, 0) == SQLITE_NULL ? missing : sqlite3_column_int64 (statement, 0);
  if (result == SQLITE_DONE)
    return missing;

  fail (self, error);
  return -1;
}

gboolean
asset_store_begin (AssetStore *self, GError **error)
{
  return execute (self, "BEGIN IMMEDIATE", error);
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
  gint64 n_tables = read_number (self, "SELECT count(*) FROM sqlite_schema", 0, error);
  if (n_tables < 0)
    return FALSE;

  gint64 application = read_number (self, "PRAGMA application_id", 0, NULL);
  gint64 version = read_number (self, "PRAGMA user_version", 0, NULL);
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
                    Statements *statements,
                    GError **error)
{
  g_autoptr (GString) select = g_string_new ("SELECT pk");
  for (const AssetField *field = collection->fields; field->name; field++)
    if (field->type == ASSET_LINKS)
      {
        g_autofree char *table = asset_field_link_table (collection, field);
        g_autofree char *sql =
            g_strdup_printf ("SELECT target FROM %s WHERE origin = ? ORDER BY target", table);
        Statement *links = prepare (self, sql, error);
        if (!links)
          return FALSE;
        statements->links[field - collection->fields] = links;
      }
    else
      g_string_append_printf (select, ", %s", field->name);

  g_string_append_printf (select, " FROM %s", collection->name);
  g_autofree char *get = g_strconcat (select->str, " WHERE pk = ?", NULL);
  g_autofree char *list = g_strconcat (select->str, " ORDER BY pk", NULL);
  statements->get = prepare (self, get, error);
  statements->list = statements->get ? prepare (self, list, error) : NULL;
  return statements->list != NULL;
}

static gboolean
prepare_all (AssetStore *self, GError **error)
{
  for (guint i = 0; i < N_COLLECTIONS; i++)
    if (!prepare_collection (self, &asset_collections[i], &self->statements[i], error))
      return FALSE;
  return TRUE;
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
         (!is_new || make_schema (self, error)) && prepare_all (self, error) &&
         asset_store_begin (self, error) && asset_store_end (self, TRUE, error);
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
  if (result == SQLITE_OK ? set_up (self, &problem) : fail (self, &problem))
    return g_steal_pointer (&self);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s cannot be used: %s%s", path, problem->message,
               advice (sqlite3_errcode (self->db)));
  return NULL;
}

static void
finalize_statements (AssetStore *self)
{
  for (guint i = 0; i < N_COLLECTIONS; i++)
    {
      Statements *statements = &self->statements[i];
      sqlite3_finalize (statements->get);
      sqlite3_finalize (statements->list);
      for (guint j = 0; j < ASSET_MAX_FIELDS; j++)
        sqlite3_finalize (statements->links[j]);
      *statements = (Statements){ NULL };
    }
}

void
asset_store_free (AssetStore *self)
{
  finalize_statements (self);
  sqlite3_close (self->db);
  g_free (self);
}

/* ---- the change log ---- */

gint64
asset_store_get_state (AssetStore *self, GError **error)
{
  /* The sequence outlives the entries that were forgotten. */
  return read_number (self, "SELECT seq FROM sqlite_sequence WHERE name = 'changes'", 0, error);
}

static gboolean
check_range (AssetStore *self, gint64 from, gint64 to, GError **error)
{
  gint64 state = asset_store_get_state (self, error);
  gint64 oldest = state < 0 ? -1 : read_number (self, "SELECT min(state) - 1 FROM changes", state, error);
  if (oldest < 0)
    return FALSE;

  if (from > to)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "from (%" G_GINT64_FORMAT ") is after to (%" G_GINT64_FORMAT ")", from, to);
  else if (to > state)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "to (%" G_GINT64_FORMAT ") is after the last change (%" G_GINT64_FORMAT ")", to, state);
  else if (from < oldest && from < to)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "changes are known from %" G_GINT64_FORMAT " on: read everything", oldest);
  else
    return TRUE;

  return FALSE;
}

/* One collection's lists while the changes go by. */
typedef struct
{
  GString *updates;
  GString *deletions;
} DeltaLists;

static void
append_delta_lists (DeltaLists *lists, const AssetCollection *collection, GString *out)
{
  if (lists->updates->len + lists->deletions->len == 0)
    return;

  const char *separator = g_str_has_suffix (out->str, "}") ? ", " : "";
  g_string_append_printf (out, "%s\"%s\": {\"updates\": [", separator, collection->name);
  g_string_append_len (out, lists->updates->str, lists->updates->len);
  g_string_append (out, "], \"deletions\": [");
  g_string_append_len (out, lists->deletions->str, lists->deletions->len);
  g_string_append (out, "]}");
  g_string_truncate (lists->updates, 0);
  g_string_truncate (lists->deletions, 0);
}

static int
append_changes (Statement *statement, DeltaLists *lists, GString *out)
{
  gint64 current = 0;
  int result;

  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      gint64 collection = CLAMP (sqlite3_column_int64 (statement, 0), 0, N_COLLECTIONS - 1);
      if (collection != current)
        append_delta_lists (lists, &asset_collections[current], out);
      current = collection;

      GString *list = sqlite3_column_int (statement, 2) ? lists->deletions : lists->updates;
      g_string_append_printf (list, "%s%" G_GINT64_FORMAT, list->len ? ", " : "",
                              (gint64) sqlite3_column_int64 (statement, 1));
    }
  append_delta_lists (lists, &asset_collections[current], out);
  return result;
}

gboolean
asset_store_append_delta (AssetStore *self, gint64 from, gint64 to, GString *out, GError **error)
{
  if (!check_range (self, from, to, error))
    return FALSE;
  if (from == to)
    {
      g_string_append (out, "{}");
      return TRUE;
    }

  /* An object's last entry in the range tells whether it was there at its end; with max(), SQLite takes the other
   * columns from that row. */
  g_autoptr (Statement) statement = prepare (self,
                                             "SELECT collection, pk, deleted, max(state) FROM changes "
                                             "WHERE state > ? AND state <= ? GROUP BY collection, pk",
                                             error);
  if (!statement)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, from);
  sqlite3_bind_int64 (statement, 2, to);

  DeltaLists lists = { g_string_new (NULL), g_string_new (NULL) };
  g_string_append (out, "{\"delta\": {");
  int result = append_changes (statement, &lists, out);
  g_string_append (out, "}}");
  g_string_free (lists.updates, TRUE);
  g_string_free (lists.deletions, TRUE);
  return result == SQLITE_DONE || fail (self, error);
}

/* ---- reading ---- */

static void
append_url (GString *out, const char *base, const char *collection, gint64 pk)
{
  g_string_append_c (out, '"');
  g_string_append (out, base);
  g_string_append_c (out, '/');
  g_string_append (out, collection);
  g_string_append_printf (out, "/%" G_GINT64_FORMAT "/\"", pk);
}

static gboolean
append_links (AssetStore *self,
              Statement *statement,
              const AssetField *field,
              gint64 pk,
              const char *base,
              GString *out,
              GError **error)
{
  const char *separator = "";
  int result;

  g_string_append_c (out, '[');
  sqlite3_bind_int64 (statement, 1, pk);
  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      g_string_append (out, separator);
      append_url (out, base, field->target, sqlite3_column_int64 (statement, 0));
      separator = ", ";
    }
  g_string_append_c (out, ']');

  if (result != SQLITE_DONE)
    fail (self, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE;
}

static void
append_column (Statement *row, int column, const AssetField *field, const char *base, GString *out)
{
  if (sqlite3_column_type (row, column) == SQLITE_NULL)
    g_string_append (out, "null");
  else if (field->type == ASSET_TEXT)
    car_json_append_string (out, (const char *) sqlite3_column_text (row, column),
                            sqlite3_column_bytes (row, column));
  else if (field->type == ASSET_NUMBER)
    car_json_append_double (out, sqlite3_column_double (row, column));
  else if (field->type == ASSET_INTEGER)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64) sqlite3_column_int64 (row, column));
  else
    append_url (out, base, field->target, sqlite3_column_int64 (row, column));
}

/* The object that `row` (get or list of its collection) stands on. */
static gboolean
append_row (AssetStore *self,
            const AssetCollection *collection,
            Statement *row,
            const char *base,
            GString *out,
            GError **error)
{
  const Statements *statements = &self->statements[collection - asset_collections];
  gint64 pk = sqlite3_column_int64 (row, 0);
  int column = 1;

  g_string_append_printf (out, "{\"pk\": %" G_GINT64_FORMAT, pk);
  for (guint i = 0; collection->fields[i].name; i++)
    {
      const AssetField *field = &collection->fields[i];
      g_string_append (out, ", \"");
      g_string_append (out, field->name);
      g_string_append (out, "\": ");
      if (field->type != ASSET_LINKS)
        append_column (row, column++, field, base, out);
      else if (!append_links (self, statements->links[i], field, pk, base, out, error))
        return FALSE;
    }
  g_string_append_c (out, '}');
  return TRUE;
}

/* Appends what the statement finds, and makes it ready for its next use. */
static gboolean
append_rows (AssetStore *self,
             const AssetCollection *collection,
             Statement *statement,
             const char *base,
             GString *out,
             gboolean *found,
             GError **error)
{
  gboolean ok = TRUE;
  int result;

  while ((result = sqlite3_step (statement)) == SQLITE_ROW && ok)
    {
      if (*found)
        g_string_append (out, ",\n");
      *found = TRUE;
      ok = append_row (self, collection, statement, base, out, error);
    }
  if (ok && result != SQLITE_DONE)
    ok = fail (self, error);
  sqlite3_reset (statement);
  return ok;
}

gboolean
asset_store_append_object (AssetStore *self,
                           const AssetCollection *collection,
                           gint64 pk,
                           const char *base,
                           GString *out,
                           GError **error)
{
  Statement *get = self->statements[collection - asset_collections].get;
  gboolean found = FALSE;

  sqlite3_bind_int64 (get, 1, pk);
  return append_rows (self, collection, get, base, out, &found, error) &&
         (found || fail_missing (collection, pk, error));
}

gboolean
asset_store_append_list (AssetStore *self,
                         const AssetCollection *collection,
                         const GArray *pks,
                         const char *base,
                         GString *out,
                         GError **error)
{
  const Statements *statements = &self->statements[collection - asset_collections];
  gboolean found = FALSE;
  gboolean ok = TRUE;

  g_string_append_c (out, '[');
  if (!pks)
    ok = append_rows (self, collection, statements->list, base, out, &found, error);
  for (guint i = 0; ok && pks && i < pks->len; i++)
    {
      gint64 pk = g_array_index (pks, gint64, i);
      if (i > 0 && pk == g_array_index (pks, gint64, i - 1))
        continue;
      sqlite3_bind_int64 (statements->get, 1, pk);
      ok = append_rows (self, collection, statements->get, base, out, &found, error);
    }
  g_string_append_c (out, ']');
  return ok;
}

gboolean
asset_store_exists (AssetStore *self, const AssetCollection *collection, gint64 pk, GError **error)
{
  Statement *get = self->statements[collection - asset_collections].get;

  sqlite3_bind_int64 (get, 1, pk);
  int result = sqlite3_step (get);
  if (result == SQLITE_DONE)
    fail_missing (collection, pk, error);
  else if (result != SQLITE_ROW)
    fail (self, error);
  sqlite3_reset (get);
  return result == SQLITE_ROW;
}

gint64
asset_store_find_missing (AssetStore *self, const char *collection, const char *pks, GError **error)
{
  g_autofree char *sql =
      g_strdup_printf ("SELECT value FROM json_each (?) WHERE value NOT IN (SELECT pk FROM %s)", collection);
  g_autoptr (Statement) statement = prepare (self, sql, error);
  if (!statement)
    return -1;

  sqlite3_bind_text (statement, 1, pks, -1, SQLITE_STATIC);
  int result = sqlite3_step (statement);
  if (result == SQLITE_ROW)
    return sqlite3_column_int64 (statement, 0);
  if (result == SQLITE_DONE)
    return 0;
  fail (self, error);
  return -1;
}

/* ---- changing ---- */

static void
bind_value (Statement *statement, int column, const AssetField *field, const AssetValue *value)
{
  if (field->type == ASSET_TEXT)
    sqlite3_bind_text (statement, column, value->text, -1, SQLITE_STATIC);
  else if (field->type == ASSET_NUMBER)
    sqlite3_bind_double (statement, column, value->number);
  else if (value->null)
    sqlite3_bind_null (statement, column);
  else
    sqlite3_bind_int64 (statement, column, value->integer);
}

/* Runs a statement whose parameters are the given values, and then the pk. */
static gboolean
run_with_values (AssetStore *self,
                 const char *sql,
                 const AssetCollection *collection,
                 const AssetRecord *record,
                 gint64 pk,
                 GError **error)
{
  g_autoptr (Statement) statement = prepare (self, sql, error);
  if (!statement)
    return FALSE;

  int column = 1;
  for (guint i = 0; collection->fields[i].name; i++)
    if (collection->fields[i].type != ASSET_LINKS && record->values[i].given)
      bind_value (statement, column++, &collection->fields[i], &record->values[i]);
  if (pk > 0)
    sqlite3_bind_int64 (statement, column, pk);

  return sqlite3_step (statement) == SQLITE_DONE || fail (self, error);
}

static gboolean
insert_row (AssetStore *self,
            const AssetCollection *collection,
            const AssetRecord *record,
            gint64 *pk,
            GError **error)
{
  g_autoptr (GString) columns = g_string_new (NULL);
  g_autoptr (GString) values = g_string_new (NULL);

  for (guint i = 0; collection->fields[i].name; i++)
    if (collection->fields[i].type != ASSET_LINKS && record->values[i].given)
      {
        const char *separator = columns->len ? ", " : "";
        g_string_append_printf (columns, "%s%s", separator, collection->fields[i].name);
        g_string_append_printf (values, "%s?", separator);
      }

  g_autofree char *sql =
      g_strdup_printf ("INSERT INTO %s (%s) VALUES (%s)", collection->name, columns->str, values->str);
  if (!run_with_values (self, sql, collection, record, 0, error))
    return FALSE;

  *pk = sqlite3_last_insert_rowid (self->db);
  return TRUE;
}

static gboolean
update_row (AssetStore *self,
            const AssetCollection *collection,
            gint64 pk,
            const AssetRecord *record,
            GError **error)
{
  g_autoptr (GString) assignments = g_string_new (NULL);

  for (guint i = 0; collection->fields[i].name; i++)
    if (collection->fields[i].type != ASSET_LINKS && record->values[i].given)
      g_string_append_printf (assignments, "%s%s = ?", assignments->len ? ", " : "",
                              collection->fields[i].name);
  if (assignments->len == 0)
    return TRUE;

  g_autofree char *sql =
      g_strdup_printf ("UPDATE %s SET %s WHERE pk = ?", collection->name, assignments->str);
  return run_with_values (self, sql, collection, record, pk, error);
}

static gboolean
run_with_links (AssetStore *self, const char *sql, gint64 pk, const char *links, GError **error)
{
  g_autoptr (Statement) statement = prepare (self, sql, error);
  if (!statement)
    return FALSE;

  sqlite3_bind_int64 (statement, 1, pk);
  sqlite3_bind_text (statement, 2, links, -1, SQLITE_STATIC);
  return sqlite3_step (statement) == SQLITE_DONE || fail (self, error);
}

/* Only links that come or go are touched: the change log tells of nothing else. */
static gboolean
set_links (AssetStore *self,
           const AssetCollection *collection,
           gint64 pk,
           const AssetRecord *record,
           GError **error)
{
  for (guint i = 0; collection->fields[i].name; i++)
    {
      if (collection->fields[i].type != ASSET_LINKS || !record->values[i].given)
        continue;

      g_autofree char *table = asset_field_link_table (collection, &collection->fields[i]);
      g_autofree char *unlink = g_strdup_printf (
          "DELETE FROM %s WHERE origin = ? AND target NOT IN (SELECT value FROM json_each (?))", table);
      g_autofree char *link =
          g_strdup_printf ("INSERT OR IGNORE INTO %s SELECT ?, value FROM json_each (?)", table);
      if (!run_with_links (self, unlink, pk, record->values[i].links, error) ||
          !run_with_links (self, link, pk, record->values[i].links, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
asset_store_create (AssetStore *self,
                    const AssetCollection *collection,
                    const AssetRecord *record,
                    gint64 *pk,
                    GError **error)
{
  return asset_store_begin (self, error) &&
         asset_store_end (self,
                          insert_row (self, collection, record, pk, error) &&
                              set_links (self, collection, *pk, record, error),
                          error);
}

gboolean
asset_store_update (AssetStore *self,
                    const AssetCollection *collection,
                    gint64 pk,
                    const AssetRecord *record,
                    GError **error)
{
  return asset_store_begin (self, error) &&
         asset_store_end (self,
                          asset_store_exists (self, collection, pk, error) &&
                              update_row (self, collection, pk, record, error) &&
                              set_links (self, collection, pk, record, error),
                          error);
}

gboolean
asset_store_delete (AssetStore *self, const AssetCollection *collection, gint64 pk, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("DELETE FROM %s WHERE pk = ?", collection->name);

  return asset_store_begin (self, error) &&
         asset_store_end (self,
                          asset_store_exists (self, collection, pk, error) &&
                              asset_store_run (self, error, sql, 1, pk),
                          error);
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
