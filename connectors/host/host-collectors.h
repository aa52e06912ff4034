/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "host-inventory.h"

G_BEGIN_DECLS

/* The collectors, in the order in which they run. */
gboolean host_collect_identity (HostInventory *self, GError **error);
gboolean host_collect_system (HostInventory *self, GError **error);
gboolean host_collect_accounts (HostInventory *self, GError **error);
gboolean host_collect_network (HostInventory *self, GError **error);
gboolean host_collect_packages (HostInventory *self, GError **error);
gboolean host_collect_sockets (HostInventory *self, GCancellable *cancellable, GError **error);

/* Where /bin, /lib and so on are links into /usr, a package may list a file by either name: this is the shorter. */
const char *host_get_merged_path (const char *path);

/* The packages that own files: fills `owners` (merged path to HostApplication) for the paths that are its keys, which
 * must be the caller's. */
gboolean host_find_packages_of_files (HostInventory *self,
                                      GHashTable *owners,
                                      GCancellable *cancellable,
                                      GError **error);

G_END_DECLS
