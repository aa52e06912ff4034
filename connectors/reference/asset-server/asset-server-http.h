/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "connectors/reference/asset-server/asset-server-store.h"

G_BEGIN_DECLS

/* Answers for a store on the loopback interface, in the default main context. The store must outlive it. */
typedef struct _AssetHttp AssetHttp;

/* Port 0: any that is free. */
AssetHttp *
asset_http_new (AssetStore *store, guint16 port, const char *username, const char *password, GError **error);
void asset_http_free (AssetHttp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssetHttp, asset_http_free)

guint16 asset_http_get_port (AssetHttp *self);

G_END_DECLS
