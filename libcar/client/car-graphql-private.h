/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-reader-private.h>

G_BEGIN_DECLS

/* What goes into the text of a query. */

/* Appends a value of JSON as a literal of GraphQL (specification of October 2021, 2.9): strings and numbers are spelt alike, and
 * an object's names have no quotes. CAR_APP_ERROR_GENERAL: a member's name is none of GraphQL's. */
gboolean car_graphql_append_literal (GString *query, const CarJsonSpan *value, GError **error);

G_END_DECLS
