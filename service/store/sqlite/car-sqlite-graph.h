/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sqlite/car-sqlite-store-private.h"

G_BEGIN_DECLS

/* How the store writes the graph (car-service-store.h). */

gboolean car_sqlite_put_page (CarServiceStore *store,
                              const CarServiceReport *report,
                              CarServicePage *page,
                              GError **error);
gboolean car_sqlite_begin_full_import (CarServiceStore *store, const char *source, GError **error);
gboolean car_sqlite_end_full_import (CarServiceStore *store, const char *source, gint64 now, GError **error);
gboolean car_sqlite_delete_vertex (CarServiceStore *store,
                                   const char *source,
                                   const char *collection,
                                   const char *key,
                                   gint64 now,
                                   GError **error);
gboolean car_sqlite_put_tagging (CarServiceStore *store,
                                 const CarServiceTagging *tagging,
                                 gint64 now,
                                 gint64 *id,
                                 GError **error);
gboolean car_sqlite_clear (CarServiceStore *store, GError **error);

/* ---- Between the files that do it ---- */

/* A page that is written. */
typedef struct
{
  CarSqliteStore *store;
  const CarServiceReport *report;
  CarServicePage *page;
  const CarServicePart *part; /* the one at hand */
  int collection;
  int from; /* of edges: the collections of their ends */
  int to;
  gint64 source;
  CarSqliteSession *session; /* of the full import that is under way, whoever sends the page; NULL: none is */
  GString *node_id;          /* SOURCE/KEY of the vertex at hand */
  gsize after_source;        /* how long SOURCE/ is, in bytes */
  gint64 key_at;             /* and as the table counts it */
  gboolean expect_new;       /* the object before was new, so this one is tried as a new one first */
  gint64 n_new;              /* of the part: how many more hold now */
} CarSqlitePut;

/* The version that holds, as far as writing needs it. */
typedef struct
{
  gint64 id; /* 0: there is none */
  gint64 t1;
  gboolean alike;
} CarSqliteVersion;

/* Takes it from a statement of id, t1 and body that stands before its first row; resets it. */
gboolean car_sqlite_take_version (CarSqliteStore *store,
                                  sqlite3_stmt *statement,
                                  const CarJsonSpan *body,
                                  CarSqliteVersion *found,
                                  GError **error);

gboolean car_sqlite_put_vertex (CarSqlitePut *put, const CarServiceVertex *vertex, GError **error);
void car_sqlite_expect_edge (CarSqlitePut *put, const CarServiceEdge *edge);
gboolean car_sqlite_put_edge (CarSqlitePut *put, const CarServiceEdge *edge, GError **error);

/* The page's source has the vertex of this key; *id is 0 where it has not. */
gboolean car_sqlite_find_end (CarSqlitePut *put, int collection, const char *key, gint64 *id, GError **error);

/* Such a vertex will be looked for soon. */
void car_sqlite_expect_vertex (CarSqlitePut *put, int collection, const char *key);

/* Whether no other object has a value of this one that must be unique; where one has, the object is noted as left out. `found` is
 * the version of it that holds. */
gboolean car_sqlite_check_unique (CarSqlitePut *put,
                                  CarSqliteKind kind,
                                  guint index,
                                  const CarJsonSpan *body,
                                  const CarSqliteVersion *found,
                                  gboolean *unique,
                                  GError **error);

/* Moves what holds into history: a vertex with its edges, and its tags as they are closed. */
gboolean car_sqlite_close_vertex (CarSqliteStore *store, gint64 id, gint64 now, GError **error);
gboolean car_sqlite_close_edge (CarSqliteStore *store, gint64 id, gint64 now, GError **error);

/* Keeps the version that holds in history, before another takes its place. One that began now was never seen. */
gboolean
car_sqlite_keep_version (CarSqliteStore *store, CarSqliteKind kind, gint64 id, gint64 now, GError **error);

/* The table `held`. */
gboolean
car_sqlite_count (CarSqliteStore *store, int collection, gint64 source, gint64 difference, GError **error);

G_END_DECLS
