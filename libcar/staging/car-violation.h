/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <glib-object.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

typedef struct _CarViolation CarViolation;

#define CAR_TYPE_VIOLATION (car_violation_get_type ())

CAR_AVAILABLE_IN_1_0
GType car_violation_get_type (void);

CAR_AVAILABLE_IN_1_0
CarViolation *car_violation_copy (const CarViolation *self);

CAR_AVAILABLE_IN_1_0
void car_violation_free (CarViolation *self);

CAR_AVAILABLE_IN_1_0
const char *car_violation_get_place (const CarViolation *self);

CAR_AVAILABLE_IN_1_0
const char *car_violation_get_rule (const CarViolation *self);

CAR_AVAILABLE_IN_1_0
const char *car_violation_get_message (const CarViolation *self);

CAR_AVAILABLE_IN_1_0
guint64 car_violation_get_count (const CarViolation *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarViolation, car_violation_free)

G_END_DECLS
