/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-validator-private.h>

G_BEGIN_DECLS

/* What CAR asks of a vertex or an edge besides the import schema (protocol.md, "The envelope"). */

/* The members of a vertex that the rules hand out, by their numbers in CarJsonMembers. */
enum
{
  CAR_VERTEX_EXTERNAL_ID,
  CAR_VERTEX_KEY,
  CAR_VERTEX_HOST_NAME, /* the name of a hostname that has neither */
  CAR_VERTEX_REGION,    /* a part of an ipaddress's name: its region_id */
};

/* Likewise of an edge. */
enum
{
  CAR_EDGE_FROM_EXTERNAL_ID,
  CAR_EDGE_FROM,
  CAR_EDGE_TO_EXTERNAL_ID,
  CAR_EDGE_TO,
  CAR_EDGE_EXTERNAL_ID,
  CAR_EDGE_ACTIVE,
};

/* Whether `_key` names the collection's vertices, rather than `external_id`. */
gboolean car_collection_is_named_by_key (const char *collection);

/* The rules of a collection's vertices, and those of all edges. */
const CarJsonObjectRules *car_object_rules_get_vertex (const char *collection);
const CarJsonObjectRules *car_object_rules_get_edge (void);

/* Reads those members of a vertex that was not checked; one that is missing is CAR_JSON_INVALID. */
void car_object_rules_read_vertex (const CarJsonSpan *vertex, CarJsonMembers *members);

/* Names the object to a person: “ID”, by its id or key, or “FROM” → “TO”, by an edge's ends, after a space. Nothing where
 * the object has none of these as text. */
void car_object_append_name (GString *out, const CarJsonSpan *object);

G_END_DECLS
