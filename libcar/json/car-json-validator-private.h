/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/schema/car-fixed-members-private.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/json/car-json-schema-private.h>

G_BEGIN_DECLS

/* What is checked. */
typedef enum
{
  CAR_JSON_SUBJECT_VALUE,    /* any value */
  CAR_JSON_SUBJECT_OBJECT,   /* one object of the collection */
  CAR_JSON_SUBJECT_ENVELOPE, /* collections of objects */
} CarJsonSubject;

typedef struct
{
  const CarJsonNode *node;
  CarJsonSubject subject;
  const char *collection;       /* of an object */
  const CarFixedMembers *fixed; /* (nullable): members that stand in every object besides its own */
} CarJsonCheck;

/* Checks the value that begins at the scanner, which stands behind it afterwards (or anywhere, where this is FALSE), and
 * tells of an object what `scan` holds: all in one pass, but for what a schema says about the same value twice. */
gboolean
car_json_validate (const CarJsonCheck *check, CarJsonScanner *scanner, CarObjectScan *scan, GError **error);

/* The same of a text, which must be one value and nothing else. */
gboolean car_json_validate_text (const CarJsonCheck *check,
                                 const char *text,
                                 gsize length,
                                 CarObjectScan *scan,
                                 GError **error);

G_END_DECLS
