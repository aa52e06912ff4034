/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include "connectors/reference/asset-server/asset-server-store.h"

G_BEGIN_DECLS

typedef sqlite3_stmt AssetStatement;

/* The statements of the reading calls: they are run once an object, or once an object and field. */
typedef struct
{
  AssetStatement *get;
  AssetStatement *list;
  AssetStatement *links[ASSET_MAX_FIELDS];
} AssetStatements;

struct _AssetStore
{
  sqlite3 *db;
  gint64 keep_history;
  AssetStatements statements[ASSET_N_COLLECTIONS];
};

static inline void
asset_statement_free (AssetStatement *statement)
{
  sqlite3_finalize (statement);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssetStatement, asset_statement_free)

/* NULL with an error. */
AssetStatement *asset_store_prepare (AssetStore *self, const char *sql, GError **error);

/* The first column of the first row, which must not be negative; `missing` where there is none or it is NULL; -1 with
 * an error. */
gint64 asset_store_read_number (AssetStore *self, const char *sql, gint64 missing, GError **error);

/* Sets what SQLite says, or that someone else has written to the file; always FALSE. */
gboolean asset_store_fail (AssetStore *self, GError **error);
gboolean asset_store_fail_damaged (GError **error);

/* For what is made of several steps: end() commits where ok is TRUE, rolls back otherwise, and returns whether all
 * went well. */
gboolean asset_store_begin (AssetStore *self, GError **error);
gboolean asset_store_end (AssetStore *self, gboolean ok, GError **error);

/* Runs one statement with `n` values of type gint64 bound to it. */
gboolean asset_store_run (AssetStore *self, GError **error, const char *sql, int n, ...);

G_END_DECLS
