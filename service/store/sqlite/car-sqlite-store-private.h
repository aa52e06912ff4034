/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <sqlite3.h>

#include "service/store/car-service-touched.h"
#include "service/store/sql/car-service-sql.h"
#include "service/store/sqlite/car-sqlite-seen.h"
#include "service/store/sqlite/car-sqlite-store.h"

G_BEGIN_DECLS

#define CAR_TYPE_SQLITE_STORE (car_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (CarSqliteStore, car_sqlite_store, CAR, SQLITE_STORE, CarServiceStore)

typedef struct _CarSqliteKnown CarSqliteKnown;

struct _CarSqliteStore
{
  CarServiceStore parent_instance;

  char *path;   /* as it was given */
  char *file;   /* what it stands for */
  char *folder; /* of the file, where that is in nobody's way until it is hidden; NULL */
  sqlite3 *db;
  GHashTable *statements;  /* SQL text, by its address: row */
  GHashTable *collections; /* name -> GINT_TO_POINTER (id) */
  int lock;                /* held by the first connection; -1 */

  gint64 deadline; /* of what is read */
  GCancellable *cancellable;

  /* What the connection that writes knows of what is in the tables; all of it can be forgotten at any time. */
  gint64 next_vertex; /* ids; 0: not known */
  gint64 next_edge;
  CarSqliteKnown *known;
  CarSqliteSeen *seen;
  CarServiceTouched *touched;
};

/* Sets the error that the connection's last call failed with. Always FALSE. */
gboolean car_sqlite_store_set_error (CarSqliteStore *self, GError **error);

/* Runs statements without values. */
gboolean car_sqlite_store_run_script (CarSqliteStore *self, const char *sql, GError **error);

/* A statement that was not used since it was reset, without values. `sql` must be a literal, or interned. NULL with an error. */
sqlite3_stmt *car_sqlite_store_prepare (CarSqliteStore *self, const char *sql, GError **error);

/* Runs a statement that gives no rows, and resets it. */
gboolean car_sqlite_store_execute (CarSqliteStore *self, sqlite3_stmt *statement, GError **error);

/* The numbers of all collections by their names (GINT_TO_POINTER ()). */
GHashTable *car_sqlite_store_get_collections (CarSqliteStore *self);

/* Numbers for the model's collections, and indices of its properties. */
gboolean car_sqlite_follow_model (CarServiceStore *store, CarCoreModel *model, GError **error);

/* The number of a collection; 0: there is none of that name. */
int car_sqlite_store_get_collection (CarSqliteStore *self, const char *name);

/* The number of a source, which is made where it is not there yet; 0 with an error. */
gint64 car_sqlite_store_need_source (CarSqliteStore *self, const char *key, GError **error);

/* The number of a source; 0: there is none of that key. FALSE with an error. */
gboolean car_sqlite_store_find_source (CarSqliteStore *self, const char *key, gint64 *source, GError **error);

G_END_DECLS
