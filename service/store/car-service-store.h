/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib-object.h>
#include <sqlite3.h>

#include <libcar/car-json-scanner-private.h>
#include <libcar/car.h>

#include "service/model/car-core-model.h"

G_BEGIN_DECLS

/* One connection to the database, its prepared statements, and the model as this database extends it. It belongs to
 * one thread at a time: car_service_store_lock() keeps to that where a database in memory is shared. */

#define CAR_TYPE_SERVICE_STORE (car_service_store_get_type ())
G_DECLARE_FINAL_TYPE (CarServiceStore, car_service_store, CAR, SERVICE_STORE, GObject)

/* The end of what holds still. */
#define CAR_SERVICE_STORE_OPEN G_MAXINT64

#define CAR_SERVICE_STORE_MEMORY ":memory:"

/* Opens or makes the database, and holds a lock on it until the store is gone. `path` may be ":memory:". */
CarServiceStore *car_service_store_open (const char *path, GError **error);

/* A connection for another thread, which only reads; a database in memory has one only, which is handed out again. */
CarServiceStore *car_service_store_open_another (CarServiceStore *self, GError **error);

void car_service_store_lock (CarServiceStore *self);
void car_service_store_unlock (CarServiceStore *self);

sqlite3 *car_service_store_get_database (CarServiceStore *self);

/* A transaction that writes. */
gboolean car_service_store_begin (CarServiceStore *self, GError **error);
gboolean car_service_store_commit (CarServiceStore *self, GError **error);
void car_service_store_rollback (CarServiceStore *self);

/* What is read between the two is of one moment. */
gboolean car_service_store_begin_reading (CarServiceStore *self, GError **error);
void car_service_store_end_reading (CarServiceStore *self);

/* One call among several in a transaction: what it did is kept, or taken back alone. */
gboolean car_service_store_begin_call (CarServiceStore *self, GError **error);
gboolean car_service_store_end_call (CarServiceStore *self, gboolean keep, GError **error);

/* Statements are prepared once: `sql` must be a literal. `types` says what follows, a letter each: s: a string or NULL,
 * i: a gint64, j: a const CarJsonSpan * (its text as it stands, or NULL), b: a GBytes * (a blob). The arguments must live
 * until the statement is through.
 *
 * _run() runs it; _select() hands it out for _next(), which answers TRUE for each row, and FALSE at the end or with an
 * error. Using the same statement again ends an earlier use. */
gboolean
car_service_store_run (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);
sqlite3_stmt *
car_service_store_select (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);
gboolean car_service_store_next (CarServiceStore *self, sqlite3_stmt *statement, GError **error);

/* _select() and the first row: its statement, or NULL, with an error or without one (no row). */
sqlite3_stmt *
car_service_store_get (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);

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

G_END_DECLS
