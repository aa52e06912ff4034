/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-fixed-members-private.h>
#include <libcar/json/car-json-validator-private.h>

/* Whether each member is checked alone. An enum or a branch sees the object as a whole, a pattern of names or
 * propertyNames each name: what is fixed would have to be there for them. (Bounds on the number of members and
 * `required` only need the count and the names, which are kept.) */
static gboolean
is_simple (const CarJsonNode *node)
{
  return !node->refuses && !(node->flags & (CAR_JSON_NODE_ENUM | CAR_JSON_NODE_BRANCHES)) &&
         node->plain_members;
}

static gboolean
add_member (CarJsonFixedMembers *self,
            const CarJsonNode *node,
            const CarJsonSpan *name,
            CarJsonScanner *scanner)
{
  const guint index = car_json_node_find_name (node, name);
  const CarJsonHash name_hash = car_json_hash_string (name);
  const CarJsonCheck check = { car_json_node_get_member (node, index) };
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonScanner again = *scanner; /* the value is read twice: by the validator, and for its digest */
  CarJsonSpan value;

  if (!car_json_validate (&check, &again, NULL, &violation) || !car_json_scanner_read (scanner, &value))
    return FALSE;

  self->digest += car_json_digest_member (name_hash, &value);
  self->n_members++;
  if (index == CAR_JSON_NAMES_NONE)
    g_array_append_val (self->unnamed, name_hash);
  else
    self->seen[index / 64] |= G_GUINT64_CONSTANT (1) << index % 64;
  return TRUE;
}

CarJsonFixedMembers *
car_json_fixed_members_new (const CarJsonNode *node, const char *object)
{
  g_autoptr (CarJsonFixedMembers) self = g_new0 (CarJsonFixedMembers, 1);
  CarJsonScanner scanner;
  CarJsonSpan name;

  while (node->alias != NULL)
    node = node->alias;
  if (!is_simple (node))
    return NULL;

  self->seen = g_new0 (guint64, node->n_words + 1); /* never NULL, which memcpy() must not get */
  self->unnamed = g_array_new (FALSE, FALSE, sizeof (CarJsonHash));
  car_json_scanner_init (&scanner, object, strlen (object));
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    if (!add_member (self, node, &name, &scanner))
      return NULL;

  return g_steal_pointer (&self);
}

void
car_json_fixed_members_free (CarJsonFixedMembers *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->unnamed, g_array_unref);
  g_free (self->seen);
  g_free (self);
}
