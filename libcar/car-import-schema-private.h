/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>
#include <libcar/car-json-scanner-private.h>

G_BEGIN_DECLS

/* The compiled schema of one collection's objects. It lives as long as its CarImportSchema. */
typedef struct _CarCollectionSchema CarCollectionSchema;

/* What one pass over an object tells besides its validity: all that the data handler needs to name it and to see
 * whether it came before. */
typedef struct
{
  CarJsonSpan external_id; /* text is NULL where the member is missing or no string */
  CarJsonSpan key;         /* likewise: the member _key */
  guint64 members_hash[2]; /* of all members, whatever their order */
  guint n_members;
} CarObjectScan;

/* Never NULL: a collection that the schema does not name has a schema that takes every object. */
const CarCollectionSchema *car_import_schema_lookup (CarImportSchema *self, const char *collection);

/* One pass over `text`, which must be one JSON object and nothing else (white space around it is allowed).
 *
 * For this check alone a hostname's missing host_name and external_id, and an ipaddress's or macaddress's missing name,
 * are taken from _key (protocol.md, "The envelope"). An object with two members of one name is invalid.
 *
 * Sets CAR_SCHEMA_ERROR_INVALID_JSON or CAR_SCHEMA_ERROR_VIOLATION; the message names the collection, the object's
 * key, the place (a JSON Pointer) and the rule. */
gboolean car_collection_schema_scan (const CarCollectionSchema *self,
                                     const char *text,
                                     gsize length,
                                     CarObjectScan *scan,
                                     GError **error);

G_END_DECLS
