/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* The answer of a query as tables, one for each field that was asked for: a row for each object, a column for each path of
 * members; what stands below it in lists is joined. */
char *carctl_table_make (const CarJsonSpan *data);

/* Prints the answer of a query, the JSON text of its data: as such tables, or as it is. */
gboolean carctl_table_print (const char *answer, gboolean json, GError **error);

G_END_DECLS
