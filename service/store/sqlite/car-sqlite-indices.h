/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <sqlite3.h>

#include <service/model/car-core-model.h>

G_BEGIN_DECLS

/* `collections` has the numbers of the model's collections by their names (GINT_TO_POINTER ()), as the table `collection` does. */

/* Makes and drops indices, so that there is one for each property that the model wants to be found by, of the collections that have
 * a number. In a transaction of the caller's. G_IO_ERROR_INVALID_DATA where the model wants too many, _FAILED where the database
 * fails. */
gboolean car_sqlite_make_indices (sqlite3 *db, GHashTable *collections, CarCoreModel *model, GError **error);

/* A statement that finds the rows (id, source) of the property's collection, which has this number, that have the same value now: ?1
 * is the body of an object, ?2 the row that is the object itself, or 0. Interned, and remembered with the model, which does not change
 * any more. NULL where queries do not see the property. */
const char *
car_sqlite_get_unique_check (CarCoreModel *model, const char *collection, int number, const char *property);

G_END_DECLS
