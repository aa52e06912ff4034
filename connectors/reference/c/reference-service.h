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

/* Adds the edges of a kind: all, or those of some vertices of one of the two collections that it joins. `collection` and
 * `pks` may both be NULL. */
gboolean reference_service_get_edges (CarImport *import,
                                      ReferenceEdgeKind kind,
                                      const char *collection,
                                      ReferencePks *pks,
                                      ReferencePairs *pairs,
                                      GCancellable *cancellable,
                                      GError **error);

/* The names of all vertices of a collection whose vertices name themselves. */
ReferencePks *reference_service_get_names (CarImport *import,
                                           const char *collection,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
