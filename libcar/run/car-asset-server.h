/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

#define CAR_TYPE_ASSET_SERVER (car_asset_server_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (CarAssetServer, car_asset_server, CAR, ASSET_SERVER, GObject)

/**
 * CarAssetServerClass:
 * @parent_class: the parent class
 * @test_connection: see [method@AssetServer.test_connection]; the default succeeds
 */
struct _CarAssetServerClass
{
  GObjectClass parent_class;

  gboolean (*test_connection) (CarAssetServer *self, GCancellable *cancellable, GError **error);

  /*< private >*/
  gpointer padding[8];
};

CAR_AVAILABLE_IN_1_0
gboolean car_asset_server_test_connection (CarAssetServer *self, GCancellable *cancellable, GError **error);

G_END_DECLS
