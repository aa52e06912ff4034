/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "host-inventory.h"

G_BEGIN_DECLS

/* Fills an inventory, with one collector after the other. */

/* Opens the root folder and reads who the machine is: the least that an import needs. */
HostInventory *host_inventory_open (const char *root, GError **error);

/* Reads all the rest. */
gboolean host_inventory_collect (HostInventory *self, GCancellable *cancellable, GError **error);

G_END_DECLS
