/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host-asset-server.h"

#include "host-collect.h"

/* The data source of this connector is no server: it is the machine's files and its kernel. */
struct _HostAssetServer
{
  CarAssetServer parent_instance;

  char *root;
  HostInventory *inventory;
};

G_DEFINE_FINAL_TYPE (HostAssetServer, host_asset_server, CAR_TYPE_ASSET_SERVER)

static gboolean
host_asset_server_test_connection (CarAssetServer *server, GCancellable *cancellable, GError **error)
{
  HostAssetServer *self = HOST_ASSET_SERVER (server);
  g_autoptr (HostInventory) inventory = host_inventory_open (self->root, error);

  if (!inventory)
    return FALSE;

  /* An image that is not running has none. */
  if (inventory->is_this_machine && !host_inventory_exists (inventory, "proc/self/status"))
    {
      g_set_error_literal (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_UNKNOWN,
                           _ ("/proc is not there, which tells the sockets and processes: mount it with "
                              "“mount -t proc proc /proc”"));
      return FALSE;
    }
  return TRUE;
}

static void
host_asset_server_finalize (GObject *object)
{
  HostAssetServer *self = HOST_ASSET_SERVER (object);

  g_clear_pointer (&self->inventory, host_inventory_free);
  g_free (self->root);

  G_OBJECT_CLASS (host_asset_server_parent_class)->finalize (object);
}

static void
host_asset_server_class_init (HostAssetServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = host_asset_server_finalize;
  CAR_ASSET_SERVER_CLASS (klass)->test_connection = host_asset_server_test_connection;
}

static void
host_asset_server_init (HostAssetServer *self)
{
}

CarAssetServer *
host_asset_server_new (const char *root)
{
  HostAssetServer *self = g_object_new (HOST_TYPE_ASSET_SERVER, NULL);

  self->root = g_strdup (root);
  return CAR_ASSET_SERVER (self);
}

HostInventory *
host_asset_server_get_inventory (HostAssetServer *self, GCancellable *cancellable, GError **error)
{
  if (self->inventory)
    return self->inventory;

  g_autoptr (HostInventory) inventory = host_inventory_open (self->root, error);
  if (!inventory || !host_inventory_collect (inventory, cancellable, error))
    return NULL;

  for (guint i = 0; i < inventory->warnings->len; i++)
    g_warning ("%s", (const char *) inventory->warnings->pdata[i]);
  for (guint i = 0; i < inventory->infos->len; i++)
    g_message ("%s", (const char *) inventory->infos->pdata[i]);
  self->inventory = g_steal_pointer (&inventory);
  return self->inventory;
}
