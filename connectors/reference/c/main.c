/* SPDX-License-Identifier: Apache-2.0 */

/* car-connector-reference imports the inventory of an asset server. It is the example that other connectors start from;
 * docs/guide.md goes through it. */

#include "reference-extension.h"
#include "reference-full-import.h"
#include "reference-incremental-import.h"
#include "reference-server.h"

#define REFERENCE_TYPE_APP (reference_app_get_type ())
G_DECLARE_FINAL_TYPE (ReferenceApp, reference_app, REFERENCE, APP, CarApp)

struct _ReferenceApp
{
  CarApp parent_instance;
};

G_DEFINE_FINAL_TYPE (ReferenceApp, reference_app, CAR_TYPE_APP)

static CarAssetServer *
reference_app_create_asset_server (CarApp *app, GError **error)
{
  return reference_server_new (car_app_get_setting (app, "server"), car_app_get_setting (app, "username"),
                               car_app_get_setting (app, "password"), error);
}

static gboolean
reference_app_create_schema_extension (CarApp *app, CarSchemaExtension **extension, GError **error)
{
  *extension = reference_extension_new (error);
  return *extension != NULL;
}

static CarFullImport *
reference_app_create_full_import (CarApp *app, GError **error)
{
  return g_object_new (REFERENCE_TYPE_FULL_IMPORT, NULL);
}

static gboolean
reference_app_create_incremental_import (CarApp *app, CarIncrementalImport **import, GError **error)
{
  *import = g_object_new (REFERENCE_TYPE_INCREMENTAL_IMPORT, NULL);
  return TRUE;
}

static void
reference_app_class_init (ReferenceAppClass *klass)
{
  CarAppClass *app_class = CAR_APP_CLASS (klass);

  app_class->create_asset_server = reference_app_create_asset_server;
  app_class->create_schema_extension = reference_app_create_schema_extension;
  app_class->create_full_import = reference_app_create_full_import;
  app_class->create_incremental_import = reference_app_create_incremental_import;
}

static void
reference_app_init (ReferenceApp *self)
{
  CarApp *app = CAR_APP (self);

  g_object_set (self, "version", "1.0", NULL);
  car_app_add_setting (app, car_setting_new_text ("server", "CONFIGURATION_AUTH_URL", CAR_SETTING_REQUIRED,
                                                  "the asset server's address", "URL", NULL));
  car_app_add_setting (app,
                       car_setting_new_text ("username", "CONFIGURATION_AUTH_USERNAME", CAR_SETTING_REQUIRED,
                                             "the user that the asset server knows", "NAME", NULL));
  car_app_add_setting (app, car_setting_new_text ("password", "CONFIGURATION_AUTH_PASSWORD",
                                                  CAR_SETTING_REQUIRED | CAR_SETTING_SECRET,
                                                  "that user's password", "PASSWORD", NULL));
}

int
main (int argc, char **argv)
{
  g_autoptr (CarApp) app = g_object_new (REFERENCE_TYPE_APP, NULL);

  return car_app_run (app, argc, argv);
}
