/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include <libcar/json/car-json-scanner-private.h>
#include <libcar/car.h>

#include "service/model/car-core-model.h"

G_BEGIN_DECLS

/* One connection to the database, its prepared statements, and the model as this database extends it. It belongs to
 * one thread at a time. */

#define CAR_TYPE_SERVICE_STORE (car_service_store_get_type ())
G_DECLARE_FINAL_TYPE (CarServiceStore, car_service_store, CAR, SERVICE_STORE, GObject)

/* The end of what holds still. */
#define CAR_SERVICE_STORE_OPEN G_MAXINT64

#define CAR_SERVICE_STORE_MEMORY ":memory:"

/* What is read for longer than this is given up. */
#define CAR_SERVICE_STORE_READING_SECONDS 60

/* Opens or makes the database, and holds a lock on it until the store is gone. `path` may be ":memory:": a file in the
 * folder for temporary files, which is gone with the last connection. */
CarServiceStore *car_service_store_open (const char *path, GError **error);

/* A connection for a short while, of another program than the service, which may run: without the lock. The database has to
 * be there. */
CarServiceStore *car_service_store_open_beside (const char *path, GError **error);

/* A connection for another thread, which only reads. */
CarServiceStore *car_service_store_open_another (CarServiceStore *self, GError **error);

/* To be called once all connections are open: takes the file of ":memory:" away, so that nothing of it stays, whatever
 * happens. */
void car_service_store_hide (CarServiceStore *self);

sqlite3 *car_service_store_get_database (CarServiceStore *self);

/* A transaction that writes. */
gboolean car_service_store_begin (CarServiceStore *self, GError **error);
gboolean car_service_store_commit (CarServiceStore *self, GError **error);
void car_service_store_rollback (CarServiceStore *self);

/* What is read between the two is of one moment. Reading fails with G_IO_ERROR_CANCELLED once the cancellable, which may be
 * NULL, says so, from whichever thread; and with CAR_SERVICE_ERROR 504 once it takes too long. */
gboolean car_service_store_begin_reading (CarServiceStore *self, GCancellable *cancellable, GError **error);
void car_service_store_end_reading (CarServiceStore *self);

/* Sets the one of the two errors that it was, where SQLite says that it was interrupted. */
void car_service_store_set_interrupted (CarServiceStore *self, GError **error);

/* One call among several in a transaction: what it did is kept, or taken back alone. */
gboolean car_service_store_begin_call (CarServiceStore *self, GError **error);
gboolean car_service_store_end_call (CarServiceStore *self, gboolean keep, GError **error);

/* Statements are prepared once: `sql` must be a literal, or interned. `types` has a letter for each argument that follows:
 *   s: a string, or NULL
 *   i: a gint64
 *   j: a const CarJsonSpan *, or NULL (its text as it stands)
 *   b: a GBytes * (a blob)
 * The arguments must live until the statement ends.
 *
 * _run() runs it; _select() hands it out for _next(), which answers TRUE for each row, and FALSE at the end or with an
 * error. Using the same statement again ends an earlier use. */
gboolean
car_service_store_run (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);
sqlite3_stmt *
car_service_store_select (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);
gboolean car_service_store_next (CarServiceStore *self, sqlite3_stmt *statement, GError **error);

/* Behind a loop over _next(): TRUE where it ended with the last row; else FALSE, and hands on what went wrong. */
gboolean car_service_store_ended (GError **problem, GError **error);

/* A column of a row; NULL where it has none. It lasts until the next row. */
const char *car_service_store_get_text (sqlite3_stmt *row, int column);

/* _select() and the first row: its statement, or NULL, with an error or without one (no row). For what always has a row. */
sqlite3_stmt *
car_service_store_get (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);

/* The same for what may have none: FALSE is an error, and *row is NULL where there is none. */
gboolean car_service_store_find (CarServiceStore *self,
                                 sqlite3_stmt **row,
                                 GError **error,
                                 const char *sql,
                                 const char *types,
                                 ...);

/* How many rows the last _run() changed. */
gint64 car_service_store_get_changes (CarServiceStore *self);

/* The time of this transaction in milliseconds since the epoch: later than that of every one before it, also where the
 * machine's clock was set back. */
gboolean car_service_store_tick (CarServiceStore *self, gint64 *now, GError **error);

char *car_service_store_get_setting (CarServiceStore *self, const char *name, GError **error);
gboolean
car_service_store_set_setting (CarServiceStore *self, const char *name, const char *value, GError **error);

/* The model with the extensions stored, and the import schema made from them. Borrowed; they hold until the extensions
 * change. */
CarCoreModel *car_service_store_get_model (CarServiceStore *self, GError **error);
CarImportSchema *car_service_store_get_import_schema (CarServiceStore *self, GError **error);

/* To be called in the transaction that changes the table of extensions. */
gboolean car_service_store_note_extensions_changed (CarServiceStore *self, GError **error);

/* From any thread: whatever takes long ends soon. */
void car_service_store_stop (CarServiceStore *self);

/* Sets CAR_SERVICE_ERROR 503 once that was said. Asked in loops over what somebody has sent. */
gboolean car_service_store_may_go_on (CarServiceStore *self, GError **error);

/* Why nothing can be written, as the thread that writes found when it last tried; NULL where it could. All connections to
 * one database know it, and any thread may ask. */
void car_service_store_note_trouble (CarServiceStore *self, const char *trouble);
char *car_service_store_dup_trouble (CarServiceStore *self);

/* There may be something to forget, or room to give back, as soon as there is time. Taking the mark clears it. */
void car_service_store_ask_for_upkeep (CarServiceStore *self);
gboolean car_service_store_take_upkeep (CarServiceStore *self);

/* Moves what the log holds into the file, outside a transaction, as far as nobody reads it. */
void car_service_store_empty_log (CarServiceStore *self);

G_END_DECLS
