/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The graph, read from PostgreSQL's tables, for car-service-store.h, which says what each of these is. */

/* car-postgres-lookups.c */
CarServiceRow *car_postgres_find_vertices (CarServiceStore *store,
                                           const char *collection,
                                           const char *conditions,
                                           gint64 limit,
                                           GError **error);
CarServiceRow *car_postgres_find_named (CarServiceStore *store,
                                        const char *collection,
                                        const char *source,
                                        const char *key,
                                        gboolean by_id,
                                        gint64 limit,
                                        GError **error);
CarServiceRow *car_postgres_find_edges (CarServiceStore *store,
                                        const char *collection,
                                        const char *source,
                                        const char *from,
                                        const char *to,
                                        gboolean closed,
                                        GError **error);

CarServiceRow *car_postgres_search (CarServiceStore *store, const char *text, gint64 limit, GError **error);

/* car-postgres-vertex.c */
CarServiceRow *car_postgres_get_vertex (CarServiceStore *store,
                                        const char *collection,
                                        const char *id,
                                        gint64 at,
                                        GError **error);
CarServiceRow *car_postgres_list_versions (CarServiceStore *store,
                                           const char *collection,
                                           const char *id,
                                           gint64 limit,
                                           GError **error);
CarServiceRow *car_postgres_list_instances (CarServiceStore *store,
                                            const char *collection,
                                            const char *id,
                                            const char *connecting_id,
                                            gint64 at,
                                            gint64 limit,
                                            GError **error);

/* car-postgres-neighbours.c */
CarServiceRow *car_postgres_list_related (CarServiceStore *store,
                                          const char *collection,
                                          const char *id,
                                          gboolean out,
                                          gint64 limit,
                                          GError **error);
CarServiceRow *car_postgres_list_kinds (CarServiceStore *store,
                                        const char *collection,
                                        const char *id,
                                        gint64 at,
                                        GError **error);
CarServiceRow *car_postgres_list_neighbours (CarServiceStore *store,
                                             const char *collection,
                                             const char *id,
                                             gint64 at,
                                             const char *edge,
                                             gboolean out,
                                             gint64 limit,
                                             gint64 offset,
                                             GError **error);

/* car-postgres-changes.c */
CarServiceRow *car_postgres_list_changes (CarServiceStore *store,
                                          const CarServiceSpan *span,
                                          const CarServicePlace *place,
                                          gint64 limit,
                                          GError **error);
CarServiceRow *
car_postgres_count_changes (CarServiceStore *store, const CarServiceSpan *span, GError **error);

/* car-postgres-room.c */
gboolean
car_postgres_forget (CarServiceStore *store, gint64 before, gint64 n, gint64 *forgotten, GError **error);
gboolean car_postgres_read_pages (CarServiceStore *store, CarServicePages *pages, GError **error);
gboolean car_postgres_give_back (CarServiceStore *store, gboolean *more, GError **error);
CarServiceRow *car_postgres_list_usage (CarServiceStore *store, GError **error);
gboolean car_postgres_back_up (CarServiceStore *store, const char *path, GError **error);

/* car-postgres-check.c */
GPtrArray *car_postgres_check (CarServiceStore *store, GError **error);

G_END_DECLS
