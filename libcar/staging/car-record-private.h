/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/staging/car-record.h>

G_BEGIN_DECLS

/* The object's text, which belongs to the record. NULL with CAR_SCHEMA_ERROR_INVALID_JSON where something was set that JSON
 * cannot hold. */
const char *car_record_peek (const CarRecord *self, gsize *length, GError **error);

/* Sets all members of `object`, however deep. json-glib's generator is not used: it writes 0.1 as
 * 0.10000000000000001. */
void car_record_set_members (CarRecord *self, JsonObject *object);

G_END_DECLS
