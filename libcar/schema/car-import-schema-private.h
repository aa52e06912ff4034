/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-validator-private.h>
#include <libcar/schema/car-edge-ends-private.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/schema/car-member-names-private.h>
#include <libcar/schema/car-object-rules-private.h>

G_BEGIN_DECLS

/* The compiled schema of one collection's objects. It lives as long as its CarImportSchema. */
typedef struct _CarCollectionSchema CarCollectionSchema;

/* Never NULL: a collection that the schema does not name has a schema that takes every object. The schema must be ready:
 * g_initable_init() was called, or car_import_schema_new() made it. */
const CarCollectionSchema *car_import_schema_lookup (CarImportSchema *self, const char *collection);

/* Whether the schema names the collection, and its objects are vertices. */
gboolean car_import_schema_has_vertices (CarImportSchema *self, const char *collection);

/* Where the collection is one of edges. */
const CarEdgeEnds *car_collection_schema_get_ends (const CarCollectionSchema *self);

/* The names of the members that the objects have; NULL where they may be any. */
CarMemberNames *car_collection_schema_list_members (const CarCollectionSchema *self, gboolean is_edge);

/* NULL where the members have to be checked with each object. */
CarJsonFixedMembers *car_collection_schema_fix_members (const CarCollectionSchema *self, const char *object);

/* One pass over the object that begins at the scanner, which stands behind it afterwards. `fixed` (nullable) are members
 * that it has besides those that stand there. `members` is what the rules of a vertex or an edge hand out
 * (car-object-rules-private.h).
 *
 * An object with two members of one name is invalid, and so is an edge that has not both ends, or one that is a vertex of
 * another collection: the service could not join anything.
 *
 * The violation's text names the collection, the object, the place and the rule; its code is CAR_SCHEMA_ERROR_INVALID_JSON
 * or CAR_SCHEMA_ERROR_VIOLATION. */
gboolean car_collection_schema_scan (const CarCollectionSchema *self,
                                     gboolean is_edge,
                                     const CarJsonFixedMembers *fixed,
                                     CarJsonScanner *scanner,
                                     CarJsonMembers *members,
                                     CarJsonViolation *violation);

/* Puts the collection and the name of the object before the violation's text. `object` (nullable) begins at least. */
void
car_violation_name_object (CarJsonViolation *violation, const char *collection, const CarJsonScanner *object);

/* Checks what stands in every page, so that nothing is sent where a page would be refused. Both are JSON objects. Sets
 * CAR_SCHEMA_ERROR_VIOLATION: the message names the place in the envelope ("/source/_key") and the rule. */
gboolean car_import_schema_check_envelope_head (CarImportSchema *self,
                                                const char *source_json,
                                                const char *report_json,
                                                GError **error);

G_END_DECLS
