/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* Strict reading of a text that is read as a whole, such as an answer or a file, where the way that matters is to the
 * few members that are asked for. The spans stand for values that car_json_read_text() has checked whole. */

/* Checks that text is one JSON value and nothing else. Sets CAR_SCHEMA_ERROR_INVALID_JSON. */
gboolean car_json_read_text (const char *text, gsize length, CarJsonSpan *value, GError **error);

/* The member of that name; its type is CAR_JSON_INVALID where there is none, or where it stands twice. */
CarJsonSpan car_json_span_get_member (const CarJsonSpan *object, const char *name);

/* The items of an array, as spans of CarJsonSpan; NULL where it is not an array. */
GArray *car_json_span_get_items (const CarJsonSpan *array);

/* NULL where it is not a string, or one that C cannot hold. */
char *car_json_span_dup_string (const CarJsonSpan *value);

/* The same of the member of that name. */
char *car_json_span_dup_member (const CarJsonSpan *object, const char *name);

/* An integer, also where it is written as text. */
gboolean car_json_span_get_int (const CarJsonSpan *value, gint64 *number);

/* json-glib's tree of the value. Sets CAR_SCHEMA_ERROR_INVALID_JSON for what that tree cannot hold: a NUL in a string, a
 * number beyond what a double holds, two members of one name. A number has the precision of a double, or of a gint64
 * where it is written as an integer of that range. */
JsonNode *car_json_span_to_node (const CarJsonSpan *value, GError **error);

G_END_DECLS
