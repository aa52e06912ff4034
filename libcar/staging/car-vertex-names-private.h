/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-validator-private.h>
#include <libcar/staging/car-key-set-private.h>

G_BEGIN_DECLS

/* The names of one collection's vertices: which came in this run, and which were left out. Edges lead to vertices by these. */
typedef struct _CarVertexNames CarVertexNames;

/* The keys go into the set, which outlives this. `source` is the run's. */
CarVertexNames *car_vertex_names_new (CarKeySet *keys, const char *collection, const char *source);
void car_vertex_names_free (CarVertexNames *self);

/* The key of a vertex, from its members; FALSE where nothing names it. */
gboolean car_vertex_names_prepare (const CarVertexNames *self, const CarJsonMembers *vertex, CarKey *key);

/* The key of the vertex that an edge's end names so. */
CarKey car_vertex_names_prepare_end (const CarVertexNames *self, const CarJsonSpan *name);

/* Notes the other name of a vertex that came, if it has one, and the names of one that was left out. */
void car_vertex_names_add_other (CarVertexNames *self, const CarJsonMembers *vertex);
void car_vertex_names_add_left_out (CarVertexNames *self, const CarJsonMembers *vertex);

/* Notes the names of one that came, and that the service does not take: from now on it is left out. */
void car_vertex_names_add_refused (CarVertexNames *self, const CarJsonMembers *vertex);

typedef enum
{
  CAR_VERTEX_CAME,
  CAR_VERTEX_LEFT_OUT,
  CAR_VERTEX_ABSENT,
  CAR_VERTEX_OF_OTHERS, /* perhaps: the name can be the id of another source's */
} CarVertexFate;

CarVertexFate car_vertex_names_get_fate (const CarVertexNames *self, const CarJsonSpan *name);

G_END_DECLS
