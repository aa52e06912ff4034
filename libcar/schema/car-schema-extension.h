/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

#define CAR_TYPE_SCHEMA_EXTENSION (car_schema_extension_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (CarSchemaExtension, car_schema_extension, CAR, SCHEMA_EXTENSION, GObject)

CAR_AVAILABLE_IN_1_0
CarSchemaExtension *car_schema_extension_new (const char *key,
                                              const char *owner,
                                              gint64 version,
                                              const char *schema_json,
                                              GError **error);

CAR_AVAILABLE_IN_1_0
const char *car_schema_extension_get_key (CarSchemaExtension *self);

CAR_AVAILABLE_IN_1_0
const char *car_schema_extension_get_owner (CarSchemaExtension *self);

CAR_AVAILABLE_IN_1_0
gint64 car_schema_extension_get_version (CarSchemaExtension *self);

CAR_AVAILABLE_IN_1_0
const char *car_schema_extension_get_schema (CarSchemaExtension *self);

G_END_DECLS
