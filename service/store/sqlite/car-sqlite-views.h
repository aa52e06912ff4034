/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The graph, read from SQLite's tables, for car-service-store.h, which says what each of these is. */

/* car-sqlite-lookups.c */
CarServiceRow *car_sqlite_find_vertices (CarServiceStore *store,
                                         const char *collection,
                                         const char *conditions,
                                         gint64 limit,
                                         GError **error);
CarServiceRow *car_sqlite_find_named (CarServiceStore *store,
                                      const char *collection,
                                      const char *source,
                                      const char *key,
                                      gboolean by_id,
                                      gint64 limit,
                                      GError **error);
CarServiceRow *car_sqlite_find_edges (CarServiceStore *store,
                                      const char *collection,
                                      const char *source,
                                      const char *from,
                                      const char *to,
                                      gboolean closed,
                                      GError **error);

CarServiceRow *car_sqlite_search (CarServiceStore *store, const char *text, gint64 limit, GError **error);

/* car-sqlite-vertex.c */
CarServiceRow *car_sqlite_get_vertex (CarServiceStore *store,
                                      const char *collection,
                                      const char *id,
                                      gint64 at,
                                      GError **error);
CarServiceRow *car_sqlite_list_versions (CarServiceStore *store,
                                         const char *collection,
                                         const char *id,
                                         gint64 limit,
                                         GError **error);
CarServiceRow *car_sqlite_list_instances (CarServiceStore *store,
                                          const char *collection,
                                          const char *id,
                                          const char *connecting_id,
                                          gint64 at,
                                          gint64 limit,
                                          GError **error);

/* car-sqlite-neighbours.c */
CarServiceRow *car_sqlite_list_related (CarServiceStore *store,
                                        const char *collection,
                                        const char *id,
                                        gboolean out,
                                        gint64 limit,
                                        GError **error);
CarServiceRow *car_sqlite_list_kinds (CarServiceStore *store,
                                      const char *collection,
                                      const char *id,
                                      gint64 at,
                                      GError **error);
CarServiceRow *car_sqlite_list_neighbours (CarServiceStore *store,
                                           const char *collection,
                                           const char *id,
                                           gint64 at,
                                           const char *edge,
                                           gboolean out,
                                           gint64 limit,
                                           gint64 offset,
                                           GError **error);

/* car-sqlite-changes.c */
CarServiceRow *car_sqlite_list_changes (CarServiceStore *store,
                                        const CarServiceSpan *span,
                                        const CarServicePlace *place,
                                        gint64 limit,
                                        GError **error);
CarServiceRow *car_sqlite_count_changes (CarServiceStore *store, const CarServiceSpan *span, GError **error);

G_END_DECLS
