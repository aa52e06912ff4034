/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CarSqliteStore CarSqliteStore;

/* What the full imports under way have brought so far, by the ids of the objects. The table `seen` has it, a row a page, in the
 * transaction that writes the page; in memory it is a bit an object, read again from the table where it was forgotten. */
typedef struct _CarSqliteSeen CarSqliteSeen;

/* That of one source. */
typedef struct _CarSqliteSession CarSqliteSession;

typedef enum
{
  CAR_SQLITE_VERTEX,
  CAR_SQLITE_EDGE,
} CarSqliteKind;

/* Borrowed until something is forgotten: a rollback, _seen_drop(). NULL with an error. */
CarSqliteSession *car_sqlite_seen_get (CarSqliteStore *store, gint64 source, GError **error);

/* Whether a full import of the source is under way. */
gboolean car_sqlite_session_is_open (const CarSqliteSession *self);

/* Notes an object of the page at hand. */
void car_sqlite_session_add (CarSqliteSession *self, CarSqliteKind kind, gint64 id);
gboolean car_sqlite_session_has (const CarSqliteSession *self, CarSqliteKind kind, gint64 id);

/* Writes what was noted since the last page, maybe nothing. */
gboolean car_sqlite_session_write (CarSqliteSession *self, CarSqliteStore *store, GError **error);

/* A full import of the source begins: nothing was brought yet. */
gboolean car_sqlite_seen_begin (CarSqliteStore *store, gint64 source, GError **error);

/* The source's full import is over. */
gboolean car_sqlite_seen_drop (CarSqliteStore *store, gint64 source, GError **error);

/* The functions of SQL that make texts, "{1,2}", of what the table has, and the other way round. */
#define CAR_SQLITE_SEEN_TO_TEXT "car_seen_text"
#define CAR_SQLITE_SEEN_OF_TEXT "car_seen_page"
gboolean car_sqlite_seen_add_functions (CarSqliteStore *store, GError **error);

void car_sqlite_seen_free (CarSqliteSeen *self);

G_END_DECLS
