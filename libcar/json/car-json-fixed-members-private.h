/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-schema-private.h>

G_BEGIN_DECLS

/* Members that stand in every object of a collection, with the same values: they are checked once. */
typedef struct
{
  guint64 *seen;   /* a bit for each name of the schema */
  GArray *unnamed; /* of CarJsonHash: the other names */
  guint n_members;
  guint64 digest; /* as CarJsonMembers has it */
} CarJsonFixedMembers;

/* `object` is JSON text, and valid. NULL where the members have to be checked with each object: where the schema refuses
 * one, or looks at an object in another way than member by member. */
CarJsonFixedMembers *car_json_fixed_members_new (const CarJsonNode *node, const char *object);
void car_json_fixed_members_free (CarJsonFixedMembers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarJsonFixedMembers, car_json_fixed_members_free)

G_END_DECLS
