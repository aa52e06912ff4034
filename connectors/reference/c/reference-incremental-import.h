/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

G_BEGIN_DECLS

/* What changed on the asset server: afterwards the service holds what a full import would have brought. */
#define REFERENCE_TYPE_INCREMENTAL_IMPORT (reference_incremental_import_get_type ())
G_DECLARE_FINAL_TYPE (ReferenceIncrementalImport,
                      reference_incremental_import,
                      REFERENCE,
                      INCREMENTAL_IMPORT,
                      CarIncrementalImport)

G_END_DECLS
