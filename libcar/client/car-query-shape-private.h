/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-reader-private.h>

G_BEGIN_DECLS

/* What the answer to a GraphQL query has to hold, as far as the query's text tells: the fields that are asked for, where they
 * are asked for. What comes by a fragment, or under a directive, is not demanded. */
typedef struct _CarQueryShape CarQueryShape;

/* NULL where the text cannot be read: the service will say what is wrong with it. */
CarQueryShape *car_query_shape_new (const char *query);
void car_query_shape_free (CarQueryShape *self);

/* Checks the object `data` of an answer (protocol.md, "Queries"): collections and relations are lists of objects, and each
 * object has its fields. NULL, or what is wrong. */
char *car_query_shape_check (const CarQueryShape *self, const CarJsonSpan *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQueryShape, car_query_shape_free)

G_END_DECLS
