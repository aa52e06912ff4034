/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/schema/car-import-schema.h>
#include <libcar/schema/car-fixed-members-private.h>
#include <libcar/json/car-json-hash-private.h>

G_BEGIN_DECLS

/* The compiled schema of one collection's objects. It lives as long as its CarImportSchema. */
typedef struct _CarCollectionSchema CarCollectionSchema;

/* What one pass over an object tells besides its validity: all that the data handler needs to name it and to see
 * whether it came before. */
typedef struct
{
  gboolean is_edge;         /* to be set before: then it must have ends, and members_hash is set */
  CarJsonSpan external_id;  /* text is NULL where the member is missing or no string */
  CarJsonSpan key;          /* likewise: the member _key */
  CarJsonHash members_hash; /* an edge's: of all members, whatever their order */
} CarObjectScan;

/* Never NULL: a collection that the schema does not name has a schema that takes every object. */
const CarCollectionSchema *car_import_schema_lookup (CarImportSchema *self, const char *collection);

/* NULL where the members have to be checked with each object. */
CarFixedMembers *car_collection_schema_fix_members (const CarCollectionSchema *self, const char *object);

/* One pass over the object that begins at the scanner, which stands behind it afterwards. `fixed` (nullable) are members
 * that it has besides those that stand there.
 *
 * For this check alone a hostname's missing host_name and external_id, and an ipaddress's or macaddress's missing name,
 * are taken from _key (protocol.md, "The envelope"). An object with two members of one name is invalid, and so is an
 * edge that has not both ends: the service could not join anything.
 *
 * Sets CAR_SCHEMA_ERROR_INVALID_JSON or CAR_SCHEMA_ERROR_VIOLATION; the message names the collection, the object's
 * key, the place (a JSON Pointer) and the rule. */
gboolean car_collection_schema_scan (const CarCollectionSchema *self,
                                     const CarFixedMembers *fixed,
                                     CarJsonScanner *scanner,
                                     CarObjectScan *scan,
                                     GError **error);

G_END_DECLS
