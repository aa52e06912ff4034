/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

G_BEGIN_DECLS

/* Everything that the asset server has. */
#define REFERENCE_TYPE_FULL_IMPORT (reference_full_import_get_type ())
G_DECLARE_FINAL_TYPE (ReferenceFullImport, reference_full_import, REFERENCE, FULL_IMPORT, CarFullImport)

G_END_DECLS
