/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-store-private.h"

static void
bind_value (AssetStatement *statement, int column, const AssetField *field, const AssetValue *value)
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
  g_autoptr (AssetStatement) statement = asset_store_prepare (self, sql, error);
  if (!statement)
    return FALSE;

  int column = 1;
  for (guint i = 0; collection->fields[i].name; i++)
    if (collection->fields[i].type != ASSET_LINKS && record->values[i].given)
      bind_value (statement, column++, &collection->fields[i], &record->values[i]);
  if (pk > 0)
    sqlite3_bind_int64 (statement, column, pk);

  return sqlite3_step (statement) == SQLITE_DONE || asset_store_fail (self, error);
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
  g_autoptr (AssetStatement) statement = asset_store_prepare (self, sql, error);
  if (!statement)
    return FALSE;

  sqlite3_bind_int64 (statement, 1, pk);
  sqlite3_bind_text (statement, 2, links, -1, SQLITE_STATIC);
  return sqlite3_step (statement) == SQLITE_DONE || asset_store_fail (self, error);
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
