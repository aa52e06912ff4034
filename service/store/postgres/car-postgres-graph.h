/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/postgres/car-postgres-binary.h"
#include "service/store/postgres/car-postgres-private.h"

G_BEGIN_DECLS

/* Between the files that write the graph. */

/* So many objects are looked for, and written, at once. */
#define CAR_POSTGRES_BATCH 4000

/* What an index takes of a name, in bytes, with room for the other columns. */
#define CAR_POSTGRES_MAX_NAME 2000

/* A page that is written. */
typedef struct
{
  CarPostgresStore *store;
  const CarServiceReport *report;
  CarServicePage *page;
  const CarServicePart *part; /* the one at hand */
  gint64 source;
  gint64 collection;
  GArray *
      seen_vertices; /* gint64: what it brings while a full import is under way, whoever sends it; NULL: none is */
  GArray *seen_edges;
} CarPostgresPut;

/* The version that holds, as far as writing needs it. */
typedef struct
{
  gint64 id; /* 0: there is none */
  gint64 t1;
  gboolean alike;
} CarPostgresVersion;

/* Whether a full import of the source is under way. */
gboolean car_postgres_is_import_open (CarPostgresStore *self, gint64 source, gboolean *open, GError **error);

/* From a row of (n, counted from 1; id; t1; body). */
gboolean car_postgres_is_alike (CarServiceRow *row, int column, const CarJsonSpan *body);

/* Of the objects from `first` on. */
gboolean car_postgres_put_vertices (CarPostgresPut *put, guint first, guint n, GError **error);
gboolean car_postgres_put_edges (CarPostgresPut *put, guint first, guint n, GError **error);

/* The ids of the source's vertices of these keys; 0: it has no such. */
GArray *car_postgres_find_vertices_of_keys (CarPostgresStore *self,
                                            gint64 source,
                                            gint64 collection,
                                            const GPtrArray *keys,
                                            GError **error);

/* Begins to send rows. */
gboolean
car_postgres_begin_copy (CarPostgresStore *self, CarPostgresCopy *copy, const char *sql, GError **error);
gboolean car_postgres_end_copy (CarPostgresStore *self, CarPostgresCopy *copy, GError **error);

/* The table `held`. */
gboolean car_postgres_count (CarPostgresStore *self,
                             gint64 source,
                             gint64 collection,
                             gint64 difference,
                             GError **error);

/* Whether no other object has a value of this one that must be unique; where one has, the object is noted as left out. */
gboolean car_postgres_check_unique (CarPostgresPut *put,
                                    guint index,
                                    const CarJsonSpan *body,
                                    const CarPostgresVersion *found,
                                    gboolean *unique,
                                    GError **error);

/* Moves what holds into history: vertices with their edges and tags. `ids` are numbers of the source's. */
gboolean car_postgres_close_vertices (CarPostgresStore *self,
                                      gint64 source,
                                      const GArray *ids,
                                      gint64 now,
                                      GError **error);
gboolean car_postgres_close_edges (CarPostgresStore *self,
                                   gint64 source,
                                   const GArray *ids,
                                   gint64 now,
                                   GError **error);

/* Notes that history takes the place of what was forgotten: what goes there is about as long as the objects (CarJsonSpan) that
 * come for it. */
gboolean car_postgres_take_room (CarPostgresPut *put, const GArray *bodies, GError **error);

/* The same in bytes; less than 0 takes room. */
gboolean car_postgres_add_free_room (CarServiceStore *store, gint64 difference, GError **error);

G_END_DECLS
