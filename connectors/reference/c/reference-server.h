/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "reference-object.h"

G_BEGIN_DECLS

/* The asset server: its API, as methods. */
#define REFERENCE_TYPE_SERVER (reference_server_get_type ())
G_DECLARE_FINAL_TYPE (ReferenceServer, reference_server, REFERENCE, SERVER, CarAssetServer)

CarAssetServer *
reference_server_new (const char *url, const char *username, const char *password, GError **error);

/* All objects of a collection. */
ReferenceObjects *reference_server_read_all (ReferenceServer *self,
                                             const char *collection,
                                             GCancellable *cancellable,
                                             GError **error);

/* Adds those of the objects `pks` that exist. */
gboolean reference_server_read (ReferenceServer *self,
                                const char *collection,
                                ReferencePks *pks,
                                ReferenceObjects *objects,
                                GCancellable *cancellable,
                                GError **error);

/* The number of the last change: what a connector keeps as its save point. */
char *reference_server_get_state (ReferenceServer *self, GCancellable *cancellable, GError **error);

/* What changed: an object {COLLECTION: {"updates": [pk…], "deletions": [pk…]}}. Where the server does not know that,
 * CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE. */
JsonObject *reference_server_get_delta (ReferenceServer *self,
                                        const char *from,
                                        const char *to,
                                        GCancellable *cancellable,
                                        GError **error);

G_END_DECLS
