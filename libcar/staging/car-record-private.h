/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-violation-private.h>
#include <libcar/staging/car-record.h>

G_BEGIN_DECLS

/* The object's text, which belongs to the record. */
const char *car_record_peek (const CarRecord *self, gsize *length);

/* What was set that JSON cannot hold, NULL where there is nothing: the text then serves to name the object, no more. */
const CarJsonViolation *car_record_get_problem (const CarRecord *self);

G_END_DECLS
