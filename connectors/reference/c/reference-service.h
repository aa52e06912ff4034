/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "reference-graph.h"

G_BEGIN_DECLS

/* What the CAR service holds of this source now. A connector keeps nothing between two runs but the save point, so this is
 * how it knows what it sent. */

/* An edge, by the names of its ends. */
typedef struct
{
  char *from;
  char *to;
} ReferencePair;

/* A set of edges of one kind: (element-type ReferencePair). */
typedef GHashTable ReferencePairs;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReferencePairs, g_hash_table_unref)

ReferencePairs *reference_pairs_new (void);
void reference_pairs_add (ReferencePairs *self, const char *from, const char *to);

typedef enum
{
  REFERENCE_ALL,  /* all edges of a kind */
  REFERENCE_FROM, /* those that begin at one of some vertices */
  REFERENCE_TO,   /* those that end there */
} ReferenceEnd;

/* Adds the edges that hold. `names` are those of the vertices, NULL for REFERENCE_ALL. */
gboolean reference_service_get_edges (CarImport *import,
                                      ReferenceEdgeKind kind,
                                      ReferenceEnd end,
                                      ReferencePks *names,
                                      ReferencePairs *pairs,
                                      GCancellable *cancellable,
                                      GError **error);

/* The names of all vertices of a collection whose vertices name themselves. */
ReferencePks *reference_service_get_names (CarImport *import,
                                           const char *collection,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
