/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-validator-private.h>

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
 * car_object_rules_get_edge() asks for. */
gboolean car_edge_ends_check (const CarEdgeEnds *self,
                              GHashTable *vertices,
                              const CarJsonMembers *members,
                              CarJsonViolation *violation);

G_END_DECLS
