/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-store-private.h"

#include <libcar/json/car-json-scanner-private.h>
#include <math.h>

static gboolean
fail_missing (const AssetCollection *collection, gint64 pk, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s has no object %" G_GINT64_FORMAT,
               collection->name, pk);
  return FALSE;
}

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
              AssetStatement *statement,
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
    asset_store_fail (self, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE;
}

/* The file may have been changed by others: FALSE where the answer would not be JSON. */
static gboolean
append_column (AssetStatement *row, int column, const AssetField *field, const char *base, GString *out)
{
  const char *text = field->type == ASSET_TEXT ? (const char *) sqlite3_column_text (row, column) : NULL;

  if (sqlite3_column_type (row, column) == SQLITE_NULL)
    g_string_append (out, "null");
  else if (text && g_utf8_validate_len (text, sqlite3_column_bytes (row, column), NULL))
    car_json_append_string (out, text, sqlite3_column_bytes (row, column));
  else if (field->type == ASSET_NUMBER && isfinite (sqlite3_column_double (row, column)))
    car_json_append_double (out, sqlite3_column_double (row, column));
  else if (field->type == ASSET_INTEGER)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64) sqlite3_column_int64 (row, column));
  else if (field->type == ASSET_LINK)
    append_url (out, base, field->target, sqlite3_column_int64 (row, column));
  else
    return FALSE;

  return TRUE;
}

/* The object that `row` (get or list of its collection) stands on. */
static gboolean
append_row (AssetStore *self,
            const AssetCollection *collection,
            AssetStatement *row,
            const char *base,
            GString *out,
            GError **error)
{
  const AssetStatements *statements = &self->statements[collection - asset_collections];
  gint64 pk = sqlite3_column_int64 (row, 0);
  int column = 1;

  g_string_append_printf (out, "{\"pk\": %" G_GINT64_FORMAT, pk);
  for (guint i = 0; collection->fields[i].name; i++)
    {
      const AssetField *field = &collection->fields[i];
      g_string_append (out, ", \"");
      g_string_append (out, field->name);
      g_string_append (out, "\": ");
      if (field->type == ASSET_LINKS)
        {
          if (!append_links (self, statements->links[i], field, pk, base, out, error))
            return FALSE;
        }
      else if (!append_column (row, column++, field, base, out))
        return asset_store_fail_damaged (error);
    }
  g_string_append_c (out, '}');
  return TRUE;
}

/* Appends what the statement finds, and makes it ready for its next use. */
static gboolean
append_rows (AssetStore *self,
             const AssetCollection *collection,
             AssetStatement *statement,
             const char *base,
             GString *out,
             gboolean *found,
             GError **error)
{
  gboolean ok = TRUE;
  int result;

  while (ok && (result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      if (*found)
        g_string_append (out, ",\n");
      *found = TRUE;
      ok = append_row (self, collection, statement, base, out, error);
    }
  if (ok && result != SQLITE_DONE)
    ok = asset_store_fail (self, error);
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
  AssetStatement *get = self->statements[collection - asset_collections].get;
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
  const AssetStatements *statements = &self->statements[collection - asset_collections];
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
  AssetStatement *get = self->statements[collection - asset_collections].get;

  sqlite3_bind_int64 (get, 1, pk);
  int result = sqlite3_step (get);
  if (result == SQLITE_DONE)
    fail_missing (collection, pk, error);
  else if (result != SQLITE_ROW)
    asset_store_fail (self, error);
  sqlite3_reset (get);
  return result == SQLITE_ROW;
}

gint64
asset_store_find_missing (AssetStore *self, const char *collection, const char *pks, GError **error)
{
  g_autofree char *sql =
      g_strdup_printf ("SELECT value FROM json_each (?) WHERE value NOT IN (SELECT pk FROM %s)", collection);
  g_autoptr (AssetStatement) statement = asset_store_prepare (self, sql, error);
  if (!statement)
    return -1;

  sqlite3_bind_text (statement, 1, pks, -1, SQLITE_STATIC);
  int result = sqlite3_step (statement);
  if (result == SQLITE_ROW)
    return sqlite3_column_int64 (statement, 0);
  if (result == SQLITE_DONE)
    return 0;
  asset_store_fail (self, error);
  return -1;
}
