/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/run/car-contract-private.h>
#include <libcar/run/car-import-private.h>
#include <libcar/run/car-incremental-import.h>

/**
 * CarIncrementalImport:
 *
 * Imports what changed in the data source between two save points. A connector's subclass implements
 * [vfunc@Import.get_new_save_point], [vfunc@IncrementalImport.get_data_for_delta], [vfunc@Import.import_vertices],
 * [vfunc@Import.import_edges] and [vfunc@IncrementalImport.delete_vertices], which are called in this order.
 *
 * Where the data source cannot tell what changed, any of them fails with
 * %CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE, with a message that says why. Then the run makes a full import instead.
 *
 * Where the data source gives each change a number, the save point is the last one:
 *
 * ```c
 * static gboolean
 * get_new_save_point (CarImport *import, char **save_point, GCancellable *cancellable, GError **error)
 * {
 *   return inventory_server_ask_latest (car_import_get_asset_server (import), save_point, cancellable, error);
 * }
 *
 * static gboolean
 * get_data_for_delta (CarIncrementalImport *import, const char *last, const char *new, GCancellable *cancellable, GError **error)
 * {
 *   InventoryChanges *self = (InventoryChanges *) import;
 *   CarAssetServer *server = car_import_get_asset_server (CAR_IMPORT (import));
 *
 *   if (!inventory_server_has_history_since (server, last))
 *     {
 *       g_set_error (error, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE, "the history begins after %s", last);
 *       return FALSE;
 *     }
 *   self->deleted = inventory_server_list_deleted (server, last, new, cancellable, error);
 *   return self->deleted != NULL;
 * }
 *
 * static gboolean
 * delete_vertices (CarIncrementalImport *import, GCancellable *cancellable, GError **error)
 * {
 *   InventoryChanges *self = (InventoryChanges *) import;
 *   CarDataHandler *data = car_import_get_data_handler (CAR_IMPORT (import));
 *
 *   return car_data_handler_delete_vertices (data, "asset", (const char *const *) self->deleted, cancellable, error);
 * }
 * ```
 */
G_DEFINE_ABSTRACT_TYPE (CarIncrementalImport, car_incremental_import, CAR_TYPE_IMPORT)

static void
car_incremental_import_class_init (CarIncrementalImportClass *klass)
{
}

static void
car_incremental_import_init (CarIncrementalImport *self)
{
}

/**
 * car_incremental_import_get_data_for_delta:
 * @self: an incremental importer
 * @last_save_point: the save point of the last complete import
 * @new_save_point: the save point of this import, from [method@Import.get_new_save_point]
 * @cancellable: (nullable): cancelled when the run is to stop
 * @error: return location for an error
 *
 * Finds out what changed between the two save points. The importer keeps it for the methods that follow. The two may be
 * equal; only the connector knows whether nothing changed then.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_incremental_import_get_data_for_delta (CarIncrementalImport *self,
                                           const char *last_save_point,
                                           const char *new_save_point,
                                           GCancellable *cancellable,
                                           GError **error)
{
  g_return_val_if_fail (CAR_IS_INCREMENTAL_IMPORT (self), FALSE);
  g_return_val_if_fail (last_save_point != NULL, FALSE);
  g_return_val_if_fail (new_save_point != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  CarIncrementalImportClass *klass = CAR_INCREMENTAL_IMPORT_GET_CLASS (self);
  if (klass->get_data_for_delta == NULL)
    {
      car_contract_set_missing (self, "get_data_for_delta", error);
      return FALSE;
    }

  GError *failure = NULL;
  gboolean found = klass->get_data_for_delta (self, last_save_point, new_save_point, cancellable, &failure);

  return car_contract_check (self, "get_data_for_delta", found, failure, error);
}

/**
 * car_incremental_import_delete_vertices:
 * @self: an incremental importer
 * @cancellable: (nullable): cancelled when the run is to stop
 * @error: return location for an error
 *
 * Deletes what the data source no longer has, with [method@DataHandler.delete_vertices]. The run makes the deletions when all
 * that was added is in the CAR service. It does not call this where [method@Import.set_incomplete] was called before.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_incremental_import_delete_vertices (CarIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_INCREMENTAL_IMPORT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  CarIncrementalImportClass *klass = CAR_INCREMENTAL_IMPORT_GET_CLASS (self);
  if (klass->delete_vertices == NULL)
    {
      car_contract_set_missing (self, "delete_vertices", error);
      return FALSE;
    }
  if (!car_import_check_ready (CAR_IMPORT (self), "delete_vertices", error))
    return FALSE;

  GError *failure = NULL;
  gboolean deleted = klass->delete_vertices (self, cancellable, &failure);

  return car_contract_check (self, "delete_vertices", deleted, failure, error);
}
