/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/run/car-full-import.h>
#include <libcar/run/car-import.h>

/**
 * CarFullImport:
 *
 * Imports all that the data source has. A connector's subclass implements [vfunc@Import.import_vertices] and
 * [vfunc@Import.import_edges], and [vfunc@Import.get_new_save_point] if the data source can tell changes.
 *
 * When a full import ends, the CAR service closes what an earlier one sent and this one did not.
 */
G_DEFINE_ABSTRACT_TYPE (CarFullImport, car_full_import, CAR_TYPE_IMPORT)

static void
car_full_import_class_init (CarFullImportClass *klass)
{
}

static void
car_full_import_init (CarFullImport *self)
{
}
