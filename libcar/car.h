/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#define CAR_INSIDE

#include <libcar/car-app.h>
#include <libcar/car-asset-server.h>
#include <libcar/car-client.h>
#include <libcar/car-data-handler.h>
#include <libcar/car-enum-types.h>
#include <libcar/car-error.h>
#include <libcar/car-full-import.h>
#include <libcar/car-import-schema.h>
#include <libcar/car-import.h>
#include <libcar/car-incremental-import.h>
#include <libcar/car-record.h>
#include <libcar/car-schema-extension.h>
#include <libcar/car-version.h>

#undef CAR_INSIDE
