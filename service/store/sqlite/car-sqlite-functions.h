/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* What car_like() and car_regex() fail with where a pattern takes too long, or is no regular expression: of the codes that SQLite
 * has, those for functions. */
#define CAR_SQLITE_TOO_COSTLY SQLITE_CONSTRAINT_FUNCTION
#define CAR_SQLITE_BAD_PATTERN SQLITE_CONSTRAINT_CHECK

/* Gives a connection the functions that queries and indices call. Once, before anything else is done with it. G_IO_ERROR_FAILED
 * where the database takes none. */
gboolean car_sqlite_add_functions (sqlite3 *db, GError **error);

G_END_DECLS
