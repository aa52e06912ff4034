/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

G_BEGIN_DECLS

/* What the asset server has and CAR's own model has not: sites, and the initial value of an asset. */
CarSchemaExtension *reference_extension_new (GError **error);

G_END_DECLS
