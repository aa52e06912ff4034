/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-fixed-members-private.h>
#include <libcar/json/car-json-schema-private.h>
#include <libcar/json/car-json-violation-private.h>

G_BEGIN_DECLS

#define CAR_JSON_MAX_WANTED 6

/* A member that the caller asks about. */
typedef struct
{
  CarJsonSpan name; /* without escapes */
  CarJsonHash hash;
} CarJsonWanted;

/* A member that has another one's value where it is missing. */
typedef struct
{
  CarJsonWanted member;
  guint from; /* which one of the wanted members */
} CarJsonStandIn;

/* What a caller asks of an object besides its schema. Made by car_json_object_rules_new(), never changed. */
typedef struct
{
  CarJsonWanted wanted[CAR_JSON_MAX_WANTED]; /* members whose values are handed out */
  guint n_wanted;
  guint64 wanted_bits;
  CarJsonStandIn *stand_ins;
  guint n_stand_ins;
} CarJsonObjectRules;

/* What a pass over an object finds. */
typedef struct
{
  CarJsonSpan values[CAR_JSON_MAX_WANTED]; /* of the wanted members: CAR_JSON_INVALID where one is missing */
  guint64
      digest; /* the same for all objects whose members are equal, however they are spelt and in any order */
  guint64
      unnamed; /* the same for all objects with the same names that the schema does not list; 0: there are none */
} CarJsonMembers;

/* A stand-in as it is written down. */
typedef struct
{
  const char *name;
  guint from;
} CarJsonStandInName;

/* Each list ends with NULL; names need no escapes. Rules are made once and stay. */
CarJsonObjectRules *car_json_object_rules_new (const char *const *wanted,
                                               const CarJsonStandInName *stand_ins);

/* The rules for the object at this place, NULL where there are none. */
typedef const CarJsonObjectRules *(*CarJsonFindRules) (const CarJsonPlace *place, gpointer user_data);

typedef struct
{
  const CarJsonNode *node;
  const CarJsonObjectRules *rules; /* (nullable) of the value itself, where it is an object */
  const CarJsonFixedMembers
      *fixed;                  /* (nullable): members that the value has besides those that stand in it */
  CarJsonFindRules find_rules; /* (nullable): instead of `rules`, for the value and all objects in it */
  gpointer user_data;
  const CarJsonPlace *place; /* (nullable): where the value stands in something larger */
} CarJsonCheck;

/* Checks the value that begins at the scanner, all in one pass, but for what a schema says about the same value twice.
 * The scanner stands behind the value afterwards, or anywhere, where this is FALSE. `members` (nullable) is what is found
 * in the value itself, as the rules ask. `violation` must be all zero. */
gboolean car_json_validate (const CarJsonCheck *check,
                            CarJsonScanner *scanner,
                            CarJsonMembers *members,
                            CarJsonViolation *violation);

/* The same of a text, which must be one value and nothing else. */
gboolean car_json_validate_text (const CarJsonCheck *check,
                                 const char *text,
                                 gsize length,
                                 CarJsonMembers *members,
                                 CarJsonViolation *violation);

G_END_DECLS
