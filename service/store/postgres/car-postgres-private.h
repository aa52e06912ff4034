/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libpq-fe.h>

#include "service/store/postgres/car-postgres-regroup.h"
#include "service/store/postgres/car-postgres-store.h"
#include "service/store/car-service-touched.h"
#include "service/store/sql/car-service-sql.h"

G_BEGIN_DECLS

/* Of types of PostgreSQL that parameters and columns have (pg_type.dat). */
#define CAR_POSTGRES_BOOL 16
#define CAR_POSTGRES_BYTEA 17
#define CAR_POSTGRES_INT8 20
#define CAR_POSTGRES_INT2 21
#define CAR_POSTGRES_INT4 23
#define CAR_POSTGRES_TEXT 25
#define CAR_POSTGRES_FLOAT8 701
#define CAR_POSTGRES_TEXTS 1009
#define CAR_POSTGRES_INT8S 1016

/* The end of what holds still, in SQL. */
#define CAR_POSTGRES_OPEN "9223372036854775807"

/* Numbers that the database does not give twice, taken in blocks: the next, and the end of the block. */
typedef struct
{
  const char *sequence;
  gint64 next;
  gint64 end;
} CarPostgresIds;

struct _CarPostgresStore
{
  CarServiceStore parent_instance;

  char *database; /* may hold a password */
  char *name;     /* for people */
  PGconn *connection;
  gboolean locks; /* the first connection: it holds the lock on the database */
  gboolean reads; /* only */
  gboolean begun; /* in a transaction: if the connection is lost, so is that */

  GHashTable *statements; /* SQL text, by its address: the prepared statement with its rows */
  gint64 n_changed;

  GHashTable *collections; /* their numbers, by name */
  CarPostgresIds vertex_ids;
  CarPostgresIds edge_ids;
  gint64 moment; /* the time of the transaction whose first numbers are noted */

  gint64 n_new;   /* objects since the connection began */
  gint64 look_at; /* so many: PostgreSQL looks at the tables then */

  gint64 month_begin; /* what is closed within has its parts of the history */
  gint64 month_end;

  CarServiceTouched *touched; /* what this transaction touched; NULL: nothing */

  GCancellable *cancellable; /* of what is read */
  gulong cancel_handler;
  PGcancel *cancel;
  GThread *canceller;
};

/* ---- The connection ---- */

/* Connects, and makes the session ours: its encoding, its lock. */
gboolean car_postgres_connect (CarPostgresStore *self, GError **error);

/* Connects again where the connection was lost. */
gboolean car_postgres_need_connection (CarPostgresStore *self, GError **error);

/* Begins a transaction by these statements, over a new connection where the old one was lost. */
gboolean car_postgres_begin (CarPostgresStore *self, const char *sql, GError **error);

/* What went wrong; `result` may be NULL. */
void car_postgres_set_error (CarPostgresStore *self, const PGresult *result, GError **error);

/* Statements without parameters, one or several. */
gboolean car_postgres_execute (CarPostgresStore *self, const char *sql, GError **error);

/* Reading between the two can be cancelled, from another thread. */
void car_postgres_watch_cancellable (CarPostgresStore *self, GCancellable *cancellable);
void car_postgres_forget_cancellable (CarPostgresStore *self);

/* ---- Statements ---- */

/* Besides those of car-service-sql.h, `types` has these letters:
 *   d: a double
 *   I: a GArray of gint64
 *   S: a GPtrArray of strings, each may be NULL
 *   J: a GArray of CarJsonSpan
 * and parameters may be written as $1, $2 … The whole answer is there when it returns. */
CarServiceRow *car_postgres_prepare (CarServiceStore *store,
                                     const char *sql,
                                     const char *types,
                                     va_list *arguments,
                                     GError **error);

/* The same of a text that is used once: it is neither kept nor needs to be interned. */
CarServiceRow *
car_postgres_ask_once (CarPostgresStore *self, GError **error, const char *sql, const char *types, ...);

GHashTable *car_postgres_statements_new (void);

/* Ends what was not ended. */
void car_postgres_end_rows (CarPostgresStore *self);

/* ---- Tables ---- */

/* Makes an empty database ours, brings an older one up to date; refuses one that is another program's or of a version to come. */
gboolean car_postgres_prepare_tables (CarPostgresStore *self, GError **error);

/* That the parts of the history are there for what is closed at this moment. */
gboolean car_postgres_need_parts (CarPostgresStore *self, gint64 at, GError **error);

/* The collection's number; 0: it has none, and nothing is of it. */
gint64 car_postgres_get_collection (CarPostgresStore *self, const char *collection);

/* The source's number; 0: there is no such source. */
gboolean car_postgres_find_source (CarPostgresStore *self, const char *key, gint64 *source, GError **error);

/* n numbers in a row: the first. */
gboolean
car_postgres_take_ids (CarPostgresStore *self, CarPostgresIds *ids, gint64 n, gint64 *first, GError **error);

/* ---- The graph, as CarServiceStoreClass has it ---- */

gboolean car_postgres_put_page (CarServiceStore *store,
                                const CarServiceReport *report,
                                CarServicePage *page,
                                GError **error);

gboolean car_postgres_begin_full_import (CarServiceStore *store, const char *source, GError **error);
gboolean
car_postgres_end_full_import (CarServiceStore *store, const char *source, gint64 now, GError **error);
gboolean car_postgres_delete_vertex (CarServiceStore *store,
                                     const char *source,
                                     const char *collection,
                                     const char *key,
                                     gint64 now,
                                     GError **error);
gboolean car_postgres_put_tagging (CarServiceStore *store,
                                   const CarServiceTagging *tagging,
                                   gint64 now,
                                   gint64 *id,
                                   GError **error);
gboolean car_postgres_clear (CarServiceStore *store, GError **error);

/* Gives each collection of the model its number, and makes the indices of properties that the model has. */
gboolean car_postgres_follow_model (CarServiceStore *store, CarCoreModel *model, GError **error);

G_END_DECLS
