/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-bundle-private.h>

G_BEGIN_DECLS

/* Compares a vertex with the one of the same name that was staged before it. `named_by` are the members that may name it, the
 * first that is there counts. FALSE: they say the same, in other spellings. TRUE: *members (transfer full) are the names of
 * the first few members that differ; NULL where the one before was sent already, so nobody can tell. */
gboolean car_conflict_compare (CarBundle *bundle,
                               const char *collection,
                               const char *const named_by[2],
                               const CarJsonSpan *vertex,
                               char **members);

G_END_DECLS
