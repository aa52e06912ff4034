/* SPDX-License-Identifier: Apache-2.0 */

/* car-connector-host imports the Linux machine that it runs on. */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host-asset-server.h"
#include "host-import.h"

#define HOST_TYPE_APP (host_app_get_type ())
G_DECLARE_FINAL_TYPE (HostApp, host_app, HOST, APP, CarApp)

struct _HostApp
{
  CarApp parent_instance;
};

G_DEFINE_FINAL_TYPE (HostApp, host_app, CAR_TYPE_APP)

static CarAssetServer *
host_app_create_asset_server (CarApp *app, GError **error)
{
  return host_asset_server_new (car_app_get_setting (app, "root"));
}

static CarFullImport *
host_app_create_full_import (CarApp *app, GError **error)
{
  return g_object_new (HOST_TYPE_FULL_IMPORT, NULL);
}

static gboolean
host_app_create_incremental_import (CarApp *app, CarIncrementalImport **import, GError **error)
{
  *import = g_object_new (HOST_TYPE_INCREMENTAL_IMPORT, NULL);
  return TRUE;
}

static void
host_app_class_init (HostAppClass *klass)
{
  CarAppClass *app_class = CAR_APP_CLASS (klass);

  app_class->create_asset_server = host_app_create_asset_server;
  app_class->create_full_import = host_app_create_full_import;
  app_class->create_incremental_import = host_app_create_incremental_import;
}

static void
host_app_init (HostApp *self)
{
  g_object_set (self, "version", PACKAGE_VERSION, NULL);
  car_app_add_setting (CAR_APP (self),
                       car_setting_new_text ("root", "HOST_ROOT", CAR_SETTING_NONE,
                                             N_ ("the folder that holds the machine's file system"), "DIR",
                                             "/"));
}

int
main (int argc, char **argv)
{
  g_autoptr (CarApp) app = g_object_new (HOST_TYPE_APP, NULL);

  return car_app_run (app, argc, argv);
}
