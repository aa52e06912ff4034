/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "host-collect.h"

#include "host-collectors.h"

HostInventory *
host_inventory_open (const char *root, GError **error)
{
  g_autoptr (HostInventory) self = host_inventory_new (root, error);

  if (self == NULL || !host_collect_identity (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

gboolean
host_inventory_collect (HostInventory *self, GCancellable *cancellable, GError **error)
{
  return host_collect_system (self, error) && host_collect_accounts (self, error) &&
         host_collect_network (self, error) && host_collect_packages (self, error) &&
         host_collect_sockets (self, cancellable, error) &&
         !g_cancellable_set_error_if_cancelled (cancellable, error);
}
