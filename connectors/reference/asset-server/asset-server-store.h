/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "connectors/reference/asset-server/asset-server-model.h"

G_BEGIN_DECLS

/* The inventory and its change log, in one SQLite file. Errors are of G_IO_ERROR: NOT_FOUND and INVALID_ARGUMENT are
 * the client's, all others the server's. */
typedef struct _AssetStore AssetStore;

/* What a field is given as; which member holds it, the field's type says. */
typedef struct
{
  gboolean given;
  gboolean null;  /* ASSET_LINK */
  gint64 integer; /* ASSET_INTEGER; ASSET_LINK: the object's pk */
  double number;
  char *text;
  char *links; /* ASSET_LINKS: a JSON array of pks */
} AssetValue;

/* The values in the order of the collection's fields. */
typedef struct
{
  AssetValue values[ASSET_MAX_FIELDS];
} AssetRecord;

void asset_record_clear (AssetRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssetRecord, asset_record_clear)

/* `path` may be ":memory:". Of the change log the last `keep_history` entries are kept; negative: all. */
AssetStore *asset_store_open (const char *path, gint64 keep_history, GError **error);
void asset_store_free (AssetStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssetStore, asset_store_free)

/* The number of the last change; -1 with an error. */
gint64 asset_store_get_state (AssetStore *self, GError **error);

/* Appends `{"delta": …}`, or `{}` where the range is empty. */
gboolean asset_store_append_delta (AssetStore *self, gint64 from, gint64 to, GString *out, GError **error);

/* `base` is what the URLs of links begin with, such as http://127.0.0.1:8080. */
gboolean asset_store_append_object (AssetStore *self,
                                    const AssetCollection *collection,
                                    gint64 pk,
                                    const char *base,
                                    GString *out,
                                    GError **error);

/* An array of all objects; of those of `pks` (gint64, sorted) that exist, where it is not NULL. */
gboolean asset_store_append_list (AssetStore *self,
                                  const AssetCollection *collection,
                                  const GArray *pks,
                                  const char *base,
                                  GString *out,
                                  GError **error);

gboolean asset_store_exists (AssetStore *self, const AssetCollection *collection, gint64 pk, GError **error);

/* The first pk of a JSON array that is no object of the collection; 0: all are. -1 with an error. */
gint64 asset_store_find_missing (AssetStore *self, const char *collection, const char *pks, GError **error);

/* Each is one transaction, on the disk when it returns TRUE. An update changes the values that are given. */
gboolean asset_store_create (AssetStore *self,
                             const AssetCollection *collection,
                             const AssetRecord *record,
                             gint64 *pk,
                             GError **error);
gboolean asset_store_update (AssetStore *self,
                             const AssetCollection *collection,
                             gint64 pk,
                             const AssetRecord *record,
                             GError **error);
gboolean asset_store_delete (AssetStore *self, const AssetCollection *collection, gint64 pk, GError **error);

/* Removes all objects. The change log goes on counting, with what was before forgotten: a client that asks for a
 * delta from then learns that it has to read everything. */
gboolean asset_store_reset (AssetStore *self, GError **error);

#define ASSET_POPULATE_MAX 1000000

/* Fills an inventory that never held anything, or was just reset, with the model of this size. */
gboolean asset_store_populate (AssetStore *self, gint64 size, GError **error);

G_END_DECLS
