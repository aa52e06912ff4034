/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/schema/car-schema-extension.h>

G_BEGIN_DECLS

/* The JSON Schema of a schema extension, as text: data/schema-extension.json. */
const char *car_schema_extension_get_schema_text (gsize *length);

/* Checks an extension's collections and properties against it. Sets CAR_SCHEMA_ERROR_INVALID_SCHEMA, or _INVALID_JSON. */
gboolean car_schema_extension_check_form (const char *json, gsize length, GError **error);

G_END_DECLS
