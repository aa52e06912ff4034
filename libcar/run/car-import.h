/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <libcar/run/car-asset-server.h>
#include <libcar/client/car-client.h>
#include <libcar/staging/car-data-handler.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

/* CarApp owns its importers; they only know its name. */
typedef struct _CarApp CarApp;

#define CAR_TYPE_IMPORT (car_import_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (CarImport, car_import, CAR, IMPORT, GObject)

/**
 * CarImportClass:
 * @parent_class: the parent class
 * @get_new_save_point: see [method@Import.get_new_save_point]; the default has none
 * @import_vertices: see [method@Import.import_vertices]; must be implemented
 * @import_edges: see [method@Import.import_edges]; must be implemented
 */
struct _CarImportClass
{
  GObjectClass parent_class;

  gboolean (*get_new_save_point) (CarImport *self,
                                  char **save_point,
                                  GCancellable *cancellable,
                                  GError **error);
  gboolean (*import_vertices) (CarImport *self, GCancellable *cancellable, GError **error);
  gboolean (*import_edges) (CarImport *self, GCancellable *cancellable, GError **error);

  /*< private >*/
  gpointer padding[8];
};

CAR_AVAILABLE_IN_1_0
gboolean
car_import_get_new_save_point (CarImport *self, char **save_point, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_import_import_vertices (CarImport *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_import_import_edges (CarImport *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_import_set_incomplete (CarImport *self, const char *collection, const char *reason);

CAR_AVAILABLE_IN_1_0
char **car_import_list_incomplete (CarImport *self);

CAR_AVAILABLE_IN_1_0
char *car_import_dup_incomplete_reason (CarImport *self, const char *collection);

CAR_AVAILABLE_IN_1_0
CarApp *car_import_get_app (CarImport *self);

CAR_AVAILABLE_IN_1_0
CarClient *car_import_get_client (CarImport *self);

CAR_AVAILABLE_IN_1_0
CarDataHandler *car_import_get_data_handler (CarImport *self);

CAR_AVAILABLE_IN_1_0
CarAssetServer *car_import_get_asset_server (CarImport *self);

G_END_DECLS
