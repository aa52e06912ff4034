/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#define CAR_INSIDE

#include <libcar/base/car-error.h>
#include <libcar/base/car-version.h>
#include <libcar/car-enum-types.h>
#include <libcar/client/car-client.h>
#include <libcar/client/car-listing.h>
#include <libcar/run/car-app.h>
#include <libcar/run/car-asset-server.h>
#include <libcar/run/car-full-import.h>
#include <libcar/run/car-import.h>
#include <libcar/run/car-incremental-import.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/schema/car-schema-extension.h>
#include <libcar/settings/car-setting.h>
#include <libcar/staging/car-collection-summary.h>
#include <libcar/staging/car-data-handler.h>
#include <libcar/staging/car-record.h>
#include <libcar/staging/car-violation.h>

#undef CAR_INSIDE
