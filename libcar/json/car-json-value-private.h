/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* The tree of a schema document. Objects that are checked against a schema never become one. */
typedef struct _CarJsonValue CarJsonValue;

struct _CarJsonValue
{
  CarJsonSpan span; /* into the text, which must outlive the tree */
  const CarJsonValue *parent;
  gsize index; /* among the parent's */

  char *name; /* of a member, NUL behind it */
  gsize name_length;
  char *string; /* of a string, likewise */
  gsize string_length;
  GPtrArray *values;   /* of an object or array */
  GHashTable *by_name; /* of an object: its members, but for those with a NUL in their name */
};

/* CAR_SCHEMA_ERROR_INVALID_JSON, also where an object has two members of one name. */
CarJsonValue *car_json_value_new (const char *text, gsize length, GError **error);
void car_json_value_free (CarJsonValue *self);

gsize car_json_value_get_length (const CarJsonValue *self);
const CarJsonValue *car_json_value_get (const CarJsonValue *self, gsize index);
const CarJsonValue *car_json_value_get_member (const CarJsonValue *self, const char *name);

/* The value that a JSON Pointer (RFC 6901) names, NULL where there is none. */
const CarJsonValue *car_json_value_resolve (const CarJsonValue *self, const char *pointer);

/* The other way round: the pointer that leads from the root to this value. */
char *car_json_value_get_pointer (const CarJsonValue *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarJsonValue, car_json_value_free)

G_END_DECLS
