/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-violation-private.h>
#include <libcar/schema/car-import-schema-private.h>

G_BEGIN_DECLS

/* Members of a collection's objects that its schema does not know, most of them misspelt: each name is told once. */
typedef struct _CarUnknownMembers CarUnknownMembers;

/* NULL where the schema takes any name. With `is_strict`, an object with an unknown name breaks a rule. */
CarUnknownMembers *car_unknown_members_new (const CarCollectionSchema *schema,
                                            const char *collection,
                                            gboolean is_edge,
                                            gboolean is_strict);
void car_unknown_members_free (CarUnknownMembers *self);

/* Looks at an object of which the scan says that the schema does not list all of its members: `unnamed` is what CarJsonMembers
 * has of these. Appends what is to be told to `told`, a sentence each. FALSE with a violation where the object breaks the
 * rule. */
gboolean car_unknown_members_check (CarUnknownMembers *self,
                                    const CarJsonSpan *object,
                                    guint64 unnamed,
                                    GPtrArray *told,
                                    CarJsonViolation *violation);

G_END_DECLS
