/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/run/car-asset-server.h>
#include <libcar/run/car-contract-private.h>

/**
 * CarAssetServer:
 *
 * The way to a connector's data source. A connector's subclass holds what it knows of the source's API, and the importers
 * reach it with [method@Import.get_asset_server]. libcar itself asks only whether the data source can be reached, for the
 * option `-connection-test`.
 *
 * A data source that refuses its password is a failure of its own kind:
 *
 * ```c
 * static gboolean
 * test_connection (CarAssetServer *server, GCancellable *cancellable, GError **error)
 * {
 *   if (inventory_server_log_in (server, cancellable))
 *     return TRUE;
 *
 *   g_set_error_literal (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_AUTH, "the inventory refuses the password");
 *   return FALSE;
 * }
 * ```
 */
G_DEFINE_ABSTRACT_TYPE (CarAssetServer, car_asset_server, G_TYPE_OBJECT)

static gboolean
car_asset_server_real_test_connection (CarAssetServer *self, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
car_asset_server_class_init (CarAssetServerClass *klass)
{
  klass->test_connection = car_asset_server_real_test_connection;
}

static void
car_asset_server_init (CarAssetServer *self)
{
}

/**
 * car_asset_server_test_connection:
 * @self: an asset server
 * @cancellable: (nullable): cancelled when the run is to stop
 * @error: return location for an error
 *
 * Finds out whether the data source can be reached with the settings given, reading as little as possible.
 *
 * Fails with a %CAR_DATASOURCE_FAILURE, whose code becomes the exit code of `-connection-test` (protocol.md,
 * "Failures").
 *
 * Returns: %TRUE if it can
 */
gboolean
car_asset_server_test_connection (CarAssetServer *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_ASSET_SERVER (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  GError *failure = NULL;
  gboolean reached = CAR_ASSET_SERVER_GET_CLASS (self)->test_connection (self, cancellable, &failure);

  return car_contract_check (self, "test_connection", reached, failure, error);
}
