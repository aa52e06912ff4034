/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/postgres/car-postgres-store.h"

G_BEGIN_DECLS

/* Users who are one person (car-service-touched.h). What a transaction touches is noted, and followed up at its end. */

/* These vertices of the source, whichever they are, were written, or will be, or will be closed; users and accounts among them
 * are noted. `ids` are numbers (gint64). */
gboolean car_postgres_regroup_note_vertices (CarPostgresStore *store,
                                             gint64 source,
                                             const GArray *ids,
                                             GError **error);

/* The same of vertices of one collection, which need not be looked at where it is another one. */
gboolean car_postgres_regroup_note_collection (CarPostgresStore *store,
                                               const char *collection,
                                               gint64 source,
                                               const GArray *ids,
                                               GError **error);

/* An edge between these was written or closed. */
void
car_postgres_regroup_note_edge (CarPostgresStore *store, const char *collection, gint64 user, gint64 account);

/* Before a transaction that writes is committed: gives the users that it touched their connecting_id anew. */
gboolean car_postgres_regroup_users (CarPostgresStore *store, GError **error);

G_END_DECLS
