/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sqlite/car-sqlite-store-private.h"

G_BEGIN_DECLS

/* The file of a database: whose it is, and who uses it. */

/* Refuses what is plainly another's, before anything is written beside it. A file that is not there, or is empty, is fine. */
gboolean car_sqlite_file_check (const char *path, GError **error);

/* Makes it, where it is missing, so that nobody else can read it. */
gboolean car_sqlite_file_make (const char *path, GError **error);

/* Two services on one file would each run the jobs of both: the lock is the store's until it is gone. */
gboolean car_sqlite_file_lock (CarSqliteStore *self, GError **error);

/* Makes an empty database ours, brings an older one up to date if it `may_migrate` (nobody else uses it), and refuses one that is
 * another program's or of a version to come. */
gboolean car_sqlite_file_prepare (CarSqliteStore *self, gboolean may_migrate, GError **error);

G_END_DECLS
