/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-bundle-private.h>
#include <libcar/staging/car-vertex-names-private.h>

G_BEGIN_DECLS

/* Compares a vertex with the one of the same key that was staged before it. Returns (transfer full) (nullable): the names of
 * the first few members that differ; NULL where the one before was sent already, so nobody can tell. */
char *car_conflict_describe (CarBundle *bundle,
                             const char *collection,
                             const CarVertexNames *names,
                             CarKey key,
                             const CarJsonSpan *vertex);

G_END_DECLS
