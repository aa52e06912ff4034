/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/car-json-scanner-private.h>

G_BEGIN_DECLS

/* Strict reading of what a service answered. The spans stand for values that were checked whole before. */

/* Checks that text is one JSON value and nothing else. Sets CAR_SCHEMA_ERROR_INVALID_JSON. */
gboolean car_answer_check (const char *text, gsize length, CarJsonSpan *value, GError **error);

/* The member of that name; its type is CAR_JSON_INVALID where there is none, or where it stands twice. */
CarJsonSpan car_answer_get_member (const CarJsonSpan *object, const char *name);

/* The items of an array, as spans of CarJsonSpan; NULL where it is not an array. */
GArray *car_answer_get_items (const CarJsonSpan *array);

/* NULL where it is not a string, or one that C cannot hold. */
char *car_answer_dup_string (const CarJsonSpan *value);

/* An id: a string that is not empty, or an integer, by its spelling; NULL for anything else. */
char *car_answer_dup_id (const CarJsonSpan *value);

/* An integer, also where it is written as text. */
gboolean car_answer_get_int (const CarJsonSpan *value, gint64 *number);

/* json-glib's tree of the value. Sets CAR_SCHEMA_ERROR_INVALID_JSON for what that tree cannot hold: a NUL in a string. */
JsonNode *car_answer_to_node (const CarJsonSpan *value, GError **error);

/* What an outsider said, fit for one line of a message: short, without control characters, UTF-8. */
char *car_answer_printable (const char *text, gssize length);

/* What a service says of its failure: {"errors":[{"code":…,"message":…}]}, fit for a message; NULL where it does not. */
char *car_answer_describe_errors (const CarJsonSpan *object);

G_END_DECLS
