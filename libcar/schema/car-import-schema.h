/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

#define CAR_TYPE_IMPORT_SCHEMA (car_import_schema_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (CarImportSchema, car_import_schema, CAR, IMPORT_SCHEMA, GObject)

CAR_AVAILABLE_IN_1_0
CarImportSchema *car_import_schema_new (const char *json, gssize length, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_import_schema_has_collection (CarImportSchema *self, const char *collection);

CAR_AVAILABLE_IN_1_0
char **car_import_schema_get_collections (CarImportSchema *self);

CAR_AVAILABLE_IN_1_0
gboolean car_import_schema_validate_object (CarImportSchema *self,
                                            const char *collection,
                                            const char *json,
                                            gssize length,
                                            GError **error);

CAR_AVAILABLE_IN_1_0
gboolean
car_import_schema_validate_envelope (CarImportSchema *self, const char *json, gssize length, GError **error);

G_END_DECLS
