/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

#include "host-inventory.h"

G_BEGIN_DECLS

#define HOST_TYPE_ASSET_SERVER (host_asset_server_get_type ())
G_DECLARE_FINAL_TYPE (HostAssetServer, host_asset_server, HOST, ASSET_SERVER, CarAssetServer)

/* `root`: the folder where the machine's file system is. */
CarAssetServer *host_asset_server_new (const char *root);

/* What is on the machine: looked for once a run, so that both importers speak of the same. */
HostInventory *
host_asset_server_get_inventory (HostAssetServer *self, GCancellable *cancellable, GError **error);

G_END_DECLS
