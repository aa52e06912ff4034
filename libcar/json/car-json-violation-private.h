/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* Where a value stands: the way up to the root. */
typedef struct _CarJsonPlace CarJsonPlace;
struct _CarJsonPlace
{
  const CarJsonPlace *parent;
  const CarJsonSpan *name; /* NULL: an item */
  gsize index;
};

/* What a check finds wrong: the first thing, in words. */
typedef struct
{
  char *text;  /* NULL: nothing is wrong */
  guint quiet; /* above 0, what is wrong is no violation: another schema may fit */
  gboolean in_envelope;
  CarJsonSpan collection; /* of an envelope; text is NULL where the violation is not in an object */
  gsize index;            /* of the object */
} CarJsonViolation;

/* Always FALSE, for the caller to return: "PLACE is VALUE, RULE", or without a value "PLACE RULE". */
gboolean car_json_violate (CarJsonViolation *self,
                           const CarJsonPlace *place,
                           const CarJsonSpan *value,
                           const char *format,
                           ...) G_GNUC_PRINTF (4, 5);

/* Where a check cannot be brought to its end the value is refused, whatever the schema would make of it: a failure
 * counts even where it is quiet. */
gboolean car_json_give_up (CarJsonViolation *self, const CarJsonPlace *place, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

void car_json_violation_append_value (GString *out, const CarJsonSpan *value);

/* CAR_SCHEMA_ERROR_VIOLATION. `value` is the whole that was checked, perhaps with more behind it; `collection` is that of
 * an object, and NULL of others. */
void car_json_violation_set_error (const CarJsonViolation *self,
                                   const char *collection,
                                   const CarJsonSpan *value,
                                   GError **error);

G_END_DECLS
