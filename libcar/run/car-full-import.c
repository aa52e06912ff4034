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
 * What a full import does not send, and an earlier one did, is closed in the CAR service when it ends.
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
