/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "connectors/reference/asset-server/asset-server-store-private.h"

static gboolean
check_range (AssetStore *self, gint64 from, gint64 to, GError **error)
{
  gint64 state = asset_store_get_state (self, error);
  gint64 oldest =
      state < 0 ? -1 : asset_store_read_number (self, "SELECT min(state) - 1 FROM changes", state, error);
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
append_changes (AssetStatement *statement, DeltaLists *lists, GString *out)
{
  gint64 current = 0;
  int result;

  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      gint64 collection = CLAMP (sqlite3_column_int64 (statement, 0), 0, ASSET_N_COLLECTIONS - 1);
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
  g_autoptr (AssetStatement) statement =
      asset_store_prepare (self,
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
  return result == SQLITE_DONE || asset_store_fail (self, error);
}
