/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-schema-private.h>

G_BEGIN_DECLS

/* The names of the members that the objects of a collection have, as its schema lists them and as protocol.md adds them. They
 * belong to the schema. */
typedef struct _CarMemberNames CarMemberNames;

/* NULL where the schema lists none, or says of others that they may be there (additionalProperties): then any name is
 * right. */
CarMemberNames *car_member_names_new (const CarJsonNode *schema, gboolean is_edge);
void car_member_names_free (CarMemberNames *self);

gboolean car_member_names_contains (const CarMemberNames *self, const char *name);

/* The name that is spelt most like this one; NULL where none is much like it. */
const char *car_member_names_find_nearest (const CarMemberNames *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarMemberNames, car_member_names_free)

G_END_DECLS
