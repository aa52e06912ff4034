/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <libcar/run/car-import.h>

G_BEGIN_DECLS

#define CAR_TYPE_INCREMENTAL_IMPORT (car_incremental_import_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (CarIncrementalImport, car_incremental_import, CAR, INCREMENTAL_IMPORT, CarImport)

/**
 * CarIncrementalImportClass:
 * @parent_class: the parent class
 * @get_data_for_delta: see [method@IncrementalImport.get_data_for_delta]; must be implemented
 * @delete_vertices: see [method@IncrementalImport.delete_vertices]; must be implemented
 */
struct _CarIncrementalImportClass
{
  CarImportClass parent_class;

  gboolean (*get_data_for_delta) (CarIncrementalImport *self,
                                  const char *last_save_point,
                                  const char *new_save_point,
                                  GCancellable *cancellable,
                                  GError **error);
  gboolean (*delete_vertices) (CarIncrementalImport *self, GCancellable *cancellable, GError **error);

  /*< private >*/
  gpointer padding[8];
};

CAR_AVAILABLE_IN_1_0
gboolean car_incremental_import_get_data_for_delta (CarIncrementalImport *self,
                                                    const char *last_save_point,
                                                    const char *new_save_point,
                                                    GCancellable *cancellable,
                                                    GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_incremental_import_delete_vertices (CarIncrementalImport *self,
                                                 GCancellable *cancellable,
                                                 GError **error);

G_END_DECLS
