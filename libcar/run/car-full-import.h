/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <libcar/run/car-import.h>

G_BEGIN_DECLS

#define CAR_TYPE_FULL_IMPORT (car_full_import_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (CarFullImport, car_full_import, CAR, FULL_IMPORT, CarImport)

/**
 * CarFullImportClass:
 * @parent_class: the parent class, with the methods that a full import implements
 */
struct _CarFullImportClass
{
  CarImportClass parent_class;

  /*< private >*/
  gpointer padding[8];
};

G_END_DECLS
