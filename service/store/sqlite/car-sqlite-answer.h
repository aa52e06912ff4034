/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <sqlite3.h>

#include <service/query/car-query-plan.h>

G_BEGIN_DECLS

/* Answers a plan, as CarQueryAnswer wants it, as one state of the database has it: in a transaction of the caller's or, where none is
 * open, of its own (SAVEPOINT). Nothing else may use `db` meanwhile; a connection of one's own is best, in WAL mode it sees whole
 * jobs. It has the tables of car-sqlite-tables.c, and the functions of car-sqlite-functions.h.
 *
 * `collections` has the numbers of collections by their names (GINT_TO_POINTER ()), as the table `collection` does.
 *
 * Besides CAR_QUERY_ERROR: G_IO_ERROR_FAILED where the database failed, _CANCELLED where it was interrupted. How long it may take is
 * for the caller to bound, by sqlite3_progress_handler() or sqlite3_interrupt(). */
gboolean car_sqlite_query_answer (sqlite3 *db,
                                  GHashTable *collections,
                                  const CarQueryPlan *plan,
                                  GString *out,
                                  GError **error);

G_END_DECLS
