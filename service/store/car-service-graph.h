/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-properties.h"

G_BEGIN_DECLS

/* Writes the versions of vertices and edges (protocol.md, "What a CAR service keeps"). All calls are made in a
 * transaction of the caller's. */

/* What all objects of one envelope share. */
typedef struct
{
  const char *source;
  gint64 generation;
  gboolean is_full; /* of a full import: what was seen in an older generation is closed, or comes again */
  gint64 now;
  gint64 reported_at;
} CarServiceReport;

typedef struct
{
  const char *collection;
  const char *key;
  CarJsonSpan body;
  const CarServiceProperties *properties; /* of the collection */
} CarServiceVertex;

/* An edge is the same one when its collection, source, ends and external_id ("" where it has none) are. One that is not
 * active is closed. */
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
  const CarServiceProperties *properties; /* of the collection */
} CarServiceEdge;

/* Whether the source has the vertex now. */
gboolean car_service_graph_has_vertex (CarServiceStore *store,
                                       const char *source,
                                       const char *collection,
                                       const char *key,
                                       gboolean *found,
                                       GError **error);

/* A tag on a vertex, which may be of different sources. */
typedef struct
{
  const char *collection; /* of the vertex */
  const char *source;
  const char *vertex_id;
  const char *vertex_key;
  const char *tag_source;
  const char *tag_name;
  const char *external_id; /* or NULL */
  const char *properties;  /* JSON, or NULL */
  gint64 reported_at;
} CarServiceTagging;

/* The object replaces the one of the same name: a version of its own where it differs. CAR_SERVICE_ERROR 422, and nothing
 * changes, where another one has a value that must be unique. */
gboolean car_service_graph_put_vertex (CarServiceStore *store,
                                       const CarServiceReport *report,
                                       const CarServiceVertex *vertex,
                                       GError **error);
gboolean car_service_graph_put_edge (CarServiceStore *store,
                                     const CarServiceReport *report,
                                     const CarServiceEdge *edge,
                                     GError **error);

/* Makes the tag where it is missing. `id` is the tagging's: the new one, or the one that was there. */
gboolean car_service_graph_put_tagging (CarServiceStore *store,
                                        const CarServiceTagging *tagging,
                                        gint64 now,
                                        gint64 *id,
                                        GError **error);

/* A tag of the report's source, on a vertex of it. */
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
