/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/run/car-app.h>
#include <libcar/settings/car-settings-private.h>

G_BEGIN_DECLS

/* One run of a connector, from its settings to its exit code. */
int car_run (CarApp *app, const CarSettings *settings);

G_END_DECLS
