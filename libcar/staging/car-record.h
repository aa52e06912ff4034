/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <glib-object.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

typedef struct _CarRecord CarRecord;

#define CAR_TYPE_RECORD (car_record_get_type ())

CAR_AVAILABLE_IN_1_0
GType car_record_get_type (void);

CAR_AVAILABLE_IN_1_0
CarRecord *car_record_new (void);

CAR_AVAILABLE_IN_1_0
CarRecord *car_record_copy (const CarRecord *self);

CAR_AVAILABLE_IN_1_0
void car_record_free (CarRecord *self);

CAR_AVAILABLE_IN_1_0
void car_record_clear (CarRecord *self);

CAR_AVAILABLE_IN_1_0
void car_record_set_string (CarRecord *self, const char *name, const char *value);

CAR_AVAILABLE_IN_1_0
void car_record_set_int (CarRecord *self, const char *name, gint64 value);

CAR_AVAILABLE_IN_1_0
void car_record_set_double (CarRecord *self, const char *name, double value);

CAR_AVAILABLE_IN_1_0
void car_record_set_boolean (CarRecord *self, const char *name, gboolean value);

CAR_AVAILABLE_IN_1_0
void car_record_set_null (CarRecord *self, const char *name);

CAR_AVAILABLE_IN_1_0
void car_record_set_strv (CarRecord *self, const char *name, const char *const *values);

CAR_AVAILABLE_IN_1_0
void car_record_set_json (CarRecord *self, const char *name, const char *json);

CAR_AVAILABLE_IN_1_0
char *car_record_to_json (const CarRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarRecord, car_record_free)

G_END_DECLS
