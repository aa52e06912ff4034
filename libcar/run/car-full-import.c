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
 *
 * ```c
 * static gboolean
 * import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
 * {
 *   CarAssetServer *server = car_import_get_asset_server (import);
 *   CarDataHandler *data = car_import_get_data_handler (import);
 *   while (TRUE)
 *     {
 *       g_autofree char *page = NULL;
 *
 *       if (!inventory_server_read_page (server, &page, cancellable, error))
 *         return FALSE;
 *       if (page == NULL)
 *         return TRUE;
 *       if (!car_data_handler_add_vertices_json (data, "asset", page, -1, error))
 *         return FALSE;
 *     }
 * }
 *
 * static void
 * inventory_import_class_init (InventoryImportClass *klass)
 * {
 *   CAR_IMPORT_CLASS (klass)->import_vertices = import_vertices;
 * }
 * ```
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
