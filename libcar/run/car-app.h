/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <libcar/run/car-full-import.h>
#include <libcar/run/car-incremental-import.h>
#include <libcar/schema/car-schema-extension.h>
#include <libcar/settings/car-setting.h>

G_BEGIN_DECLS

#define CAR_TYPE_APP (car_app_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (CarApp, car_app, CAR, APP, GObject)

/**
 * CarAppClass:
 * @parent_class: the parent class
 * @create_asset_server: see [method@App.create_asset_server]; must be implemented
 * @create_schema_extension: see [method@App.create_schema_extension]; the default has none
 * @create_full_import: see [method@App.create_full_import]; must be implemented
 * @create_incremental_import: see [method@App.create_incremental_import]; the default has none, and every
 *   import is a full one
 */
struct _CarAppClass
{
  GObjectClass parent_class;

  CarAssetServer *(*create_asset_server) (CarApp *self, GError **error);
  gboolean (*create_schema_extension) (CarApp *self, CarSchemaExtension **extension, GError **error);
  CarFullImport *(*create_full_import) (CarApp *self, GError **error);
  gboolean (*create_incremental_import) (CarApp *self, CarIncrementalImport **import, GError **error);

  /*< private >*/
  gpointer padding[8];
};

CAR_AVAILABLE_IN_1_0
CarAssetServer *car_app_create_asset_server (CarApp *self, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_app_create_schema_extension (CarApp *self, CarSchemaExtension **extension, GError **error);

CAR_AVAILABLE_IN_1_0
CarFullImport *car_app_create_full_import (CarApp *self, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_app_create_incremental_import (CarApp *self, CarIncrementalImport **import, GError **error);

CAR_AVAILABLE_IN_1_0
void car_app_add_setting (CarApp *self, CarSetting *setting);

CAR_AVAILABLE_IN_1_0
gboolean car_app_set_setting (CarApp *self, const char *name, const char *value, GError **error);

CAR_AVAILABLE_IN_1_0
const char *car_app_get_setting (CarApp *self, const char *name);

CAR_AVAILABLE_IN_1_0
gint64 car_app_get_integer_setting (CarApp *self, const char *name);

CAR_AVAILABLE_IN_1_0
gboolean car_app_get_boolean_setting (CarApp *self, const char *name);

CAR_AVAILABLE_IN_1_0
gboolean car_app_prepare (CarApp *self, int argc, char **argv, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_app_has_answered (CarApp *self);

CAR_AVAILABLE_IN_1_0
int car_app_run (CarApp *self, int argc, char **argv);

CAR_AVAILABLE_IN_1_0
GCancellable *car_app_get_cancellable (CarApp *self);

G_END_DECLS
