/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The connecting_id of a vertex (car-service-keys.h). Most names and addresses have their key for it, most others their node_id: the
 * column is NULL then, and the index of it has no place for them. */

/* The collections whose vertices have their key, for statements that know the collection when they run. */
#define CAR_SQLITE_CONNECTED_BY_KEY "('hostname', 'ipaddress', 'macaddress')"

/* What the column has: NULL, or `connecting_id`. */
const char *car_sqlite_get_stored_connecting_id (const char *collection,
                                                 const char *key,
                                                 const char *node_id,
                                                 const char *connecting_id);

/* The expression of a row's connecting_id. */
char *car_sqlite_dup_connecting_id (const char *collection, const char *alias);

/* The condition that a row's connecting_id is a value. `comparison` is what follows a column of it: "= VALUE", or "IN (VALUES)".
 * `value` and `from` say the same as an expression, and what besides `source s` it is selected from, which may be "". */
void car_sqlite_append_connected (GString *sql,
                                  const char *collection,
                                  const char *alias,
                                  const char *comparison,
                                  const char *value,
                                  const char *from);

G_END_DECLS
