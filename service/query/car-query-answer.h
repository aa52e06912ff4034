/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>
#include <service/query/car-query-plan.h>

G_BEGIN_DECLS

/* How values stand in an answer: the same, whatever store they come from. All append to `out` one JSON value, as the field's type
 * is written; what is null, the store writes itself. */

/* Booleans, timestamps (epoch milliseconds), and numbers. */
void car_query_append_integer (GString *out, const CarQueryField *field, gint64 value);
void car_query_append_double (GString *out, const CarQueryField *field, double value);

/* Texts, addresses, and JSON, of which the field's steps are followed. `text` is UTF-8. */
void car_query_append_text (GString *out, const CarQueryField *field, const char *text, gsize length);

/* A member of an object as it was imported: as it is spelt there, unless its type has a spelling of its own. */
void car_query_append_member (GString *out, const CarQueryField *field, const CarJsonSpan *span);

/* Finds, in one pass over the object `body`, all members that the fields ask for: the span of fields[i] becomes spans[i], its text
 * is NULL where there is none, or where the field asks for no member. The spans point into `body`. */
void car_query_find_members (const char *body, gsize length, const GPtrArray *fields, CarJsonSpan *spans);

/* To be asked after each row: FALSE, with CAR_QUERY_ERROR_TOO_LARGE, once there is more than one answer may have. */
gboolean car_query_check_length (const GString *out, GError **error);

/* CAR_QUERY_ERROR_COSTLY and _PATTERN. */
void car_query_set_costly (GError **error);
void car_query_set_bad_pattern (GError **error);

G_END_DECLS
