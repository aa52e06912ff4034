/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sqlite/car-sqlite-store-private.h"

G_BEGIN_DECLS

/* Users who are one person (car-service-touched.h). What a transaction touches is noted, and followed up at its end. */

/* The collections of vertices that are noted. */
extern const char *const car_sqlite_regroup_collections[];
extern const guint car_sqlite_regroup_n_collections;

/* What a transaction changes of users, accounts and the edges between them; other collections are not noted. The connecting_id is
 * the new one. */
void car_sqlite_regroup_note_vertex (CarSqliteStore *store,
                                     const char *collection,
                                     gint64 id,
                                     const char *connecting_id);
void
car_sqlite_regroup_note_edge (CarSqliteStore *store, const char *collection, gint64 user, gint64 account);

/* The vertex is about to be closed, or to get another connecting_id. */
void car_sqlite_regroup_note_closed (CarSqliteStore *store, const char *collection, gint64 id);

/* Gives the users that this touches their connecting_id anew, before the transaction is committed. */
gboolean car_sqlite_regroup_users (CarSqliteStore *store, GError **error);

G_END_DECLS
