/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car-import-schema-private.h>
#include <libcar/car-json-schema-private.h>

G_BEGIN_DECLS

/* What the text is. */
typedef enum
{
  CAR_JSON_SUBJECT_VALUE,    /* any value */
  CAR_JSON_SUBJECT_OBJECT,   /* one object of the collection */
  CAR_JSON_SUBJECT_ENVELOPE, /* collections of objects */
} CarJsonSubject;

/* Checks the text, which must be one JSON value, and tells of an object what `scan` holds: all in one pass, but for
 * what a schema says about the same value twice. */
gboolean car_json_validate (const CarJsonNode *node,
                            CarJsonSubject subject,
                            const char *collection,
                            const char *text,
                            gsize length,
                            CarObjectScan *scan,
                            GError **error);

G_END_DECLS
