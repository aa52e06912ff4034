/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>
#include <libcar/run/car-app.h>
#include <libcar/run/car-asset-server.h>
#include <libcar/run/car-import.h>
#include <libcar/staging/car-data-handler.h>

G_BEGIN_DECLS

/* What an importer works with; the engine gives it before the first call and takes it back (all NULL) after the last,
 * so that a script that keeps its importer does not keep the staging folder. */
void car_import_set_surroundings (CarImport *self,
                                  CarApp *app,
                                  CarClient *client,
                                  CarDataHandler *data_handler,
                                  CarAssetServer *asset_server);

G_END_DECLS
