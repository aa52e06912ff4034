/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Writes the versions of vertices and edges (protocol.md, "What a CAR service keeps"). All calls are made in a
 * transaction of the caller's. */

/* What all objects of one envelope share. */
typedef struct
{
  const char *source;
  gint64 generation;
  gint64 now;
  gint64 reported_at;
} CarServiceReport;

typedef struct
{
  const char *collection;
  const char *key;
  CarJsonSpan body;
} CarServiceVertex;

/* An edge is the same one when its collection, source, ends and external_id ("" where it has none) are. */
typedef struct
{
  const char *collection;
  const char *from_collection;
  const char *from_key;
  const char *to_collection;
  const char *to_key;
  const char *external_id;
  gboolean active;
  CarJsonSpan body;
} CarServiceEdge;

/* Whether the source has the vertex now. */
gboolean car_service_graph_has_vertex (CarServiceStore *store,
                                       const char *source,
                                       const char *collection,
                                       const char *key,
                                       gboolean *found,
                                       GError **error);

/* The object replaces the one of the same name: a version of its own where it differs. */
gboolean car_service_graph_put_vertex (CarServiceStore *store,
                                       const CarServiceReport *report,
                                       const CarServiceVertex *vertex,
                                       GError **error);
gboolean car_service_graph_put_edge (CarServiceStore *store,
                                     const CarServiceReport *report,
                                     const CarServiceEdge *edge,
                                     GError **error);

gboolean car_service_graph_add_tag (CarServiceStore *store,
                                    const CarServiceReport *report,
                                    const CarServiceVertex *vertex,
                                    const char *tag,
                                    GError **error);
gboolean car_service_graph_remove_tag (CarServiceStore *store,
                                       const CarServiceReport *report,
                                       const CarServiceVertex *vertex,
                                       const char *tag,
                                       GError **error);

/* Closes the vertex, with its tags and the edges of its source. One that is not there is no error. */
gboolean car_service_graph_delete_vertex (CarServiceStore *store,
                                          const char *source,
                                          const char *collection,
                                          const char *key,
                                          gint64 now,
                                          GError **error);

/* Closes all of the source that was not seen in this generation. */
gboolean car_service_graph_close_unseen (CarServiceStore *store,
                                         const char *source,
                                         gint64 generation,
                                         gint64 now,
                                         GError **error);

G_END_DECLS
