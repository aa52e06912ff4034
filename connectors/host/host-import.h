/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

G_BEGIN_DECLS

#define HOST_TYPE_FULL_IMPORT (host_full_import_get_type ())
G_DECLARE_FINAL_TYPE (HostFullImport, host_full_import, HOST, FULL_IMPORT, CarFullImport)

#define HOST_TYPE_INCREMENTAL_IMPORT (host_incremental_import_get_type ())
G_DECLARE_FINAL_TYPE (HostIncrementalImport,
                      host_incremental_import,
                      HOST,
                      INCREMENTAL_IMPORT,
                      CarIncrementalImport)

G_END_DECLS
