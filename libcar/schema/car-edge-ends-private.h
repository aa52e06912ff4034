/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-validator-private.h>
#include <libcar/schema/car-object-rules-private.h>

G_BEGIN_DECLS

/* The ends of an edge, and how they are read (protocol.md, "The envelope"). */

/* The collections that an edge collection joins; both NULL where its name does not tell. `from` belongs to this. */
typedef struct
{
  char *from;
  const char *to;
  gsize from_length;
  gsize to_length;
} CarEdgeEnds;

/* `vertices` is the set of the names of all collections of vertices. Such a name may hold “_” itself: the name is taken
 * apart where both parts are collections, and not at all where that is so at more than one place. */
void car_edge_ends_init (CarEdgeEnds *self, const char *edge, GHashTable *vertices);
void car_edge_ends_clear (CarEdgeEnds *self);

/* Checks that an edge has both ends, and that they are vertices of these collections. `members` are those that
 * car_object_rules_get_edge() asks for. What stands before the key in `_from` and `_to` is cut off, where that can be. */
gboolean car_edge_ends_check (const CarEdgeEnds *self,
                              GHashTable *vertices,
                              CarJsonMembers *members,
                              CarJsonViolation *violation);

typedef enum
{
  CAR_EDGE_END_FROM,
  CAR_EDGE_END_TO,
  CAR_EDGE_N_ENDS,
} CarEdgeEnd;

/* The collection of the vertices at one end; NULL where the edge's name does not tell. */
static inline const char *
car_edge_ends_get_collection (const CarEdgeEnds *self, CarEdgeEnd end)
{
  return end == CAR_EDGE_END_FROM ? self->from : self->to;
}

/* A path with escapes without what stands before the key. `unescaped` (transfer full) holds it. */
CarJsonSpan
car_edge_ends_unescape (const CarEdgeEnds *self, CarEdgeEnd end, const CarJsonSpan *path, char **unescaped);

/* The name of the vertex at one end of an edge that was checked: its external_id, which goes before a path as in the service, or
 * its key. Where the edge's name does not tell its collection, that may stand before the key. *unescaped (transfer full)
 * (nullable) holds the span where the edge cannot. */
static inline CarJsonSpan
car_edge_ends_get_name (const CarEdgeEnds *self,
                        CarEdgeEnd end,
                        const CarJsonMembers *members,
                        char **unescaped)
{
  const CarJsonSpan *external_id =
      &members->values[end == CAR_EDGE_END_FROM ? CAR_EDGE_FROM_EXTERNAL_ID : CAR_EDGE_TO_EXTERNAL_ID];
  const CarJsonSpan *path = &members->values[end == CAR_EDGE_END_FROM ? CAR_EDGE_FROM : CAR_EDGE_TO];

  *unescaped = NULL;
  if (external_id->type == CAR_JSON_STRING && external_id->length > 0)
    return *external_id;
  return G_LIKELY (!path->escaped) ? *path : car_edge_ends_unescape (self, end, path, unescaped);
}

G_END_DECLS
