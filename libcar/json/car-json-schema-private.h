/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-names-private.h>
#include <libcar/json/car-json-number-private.h>
#include <libcar/json/car-json-pattern-private.h>
#include <libcar/json/car-json-value-private.h>

G_BEGIN_DECLS

/* A JSON Schema (draft 2020-12, the keywords that issue and manual name), compiled to what car-json-validator.c runs.
 * It is not changed once it is made: threads may share it. */
typedef struct _CarJsonSchema CarJsonSchema;
typedef struct _CarJsonNode CarJsonNode;

/* Types are bits: of CarJsonType, and one for numbers without a fraction. */
#define CAR_JSON_TYPE_BIT(type) (1u << (type))
#define CAR_JSON_INTEGER_BIT (1u << 8)
#define CAR_JSON_ANY_TYPE 0xfeu

typedef enum
{
  CAR_JSON_NODE_NUMBER = 1 << 0,   /* bounds, multiple_of */
  CAR_JSON_NODE_STRING = 1 << 1,   /* lengths, pattern */
  CAR_JSON_NODE_ENUM = 1 << 2,     /* enum, const */
  CAR_JSON_NODE_BRANCHES = 1 << 3, /* what looks at the whole value once more */
} CarJsonNodeFlags;

typedef enum
{
  CAR_JSON_BOUND_MINIMUM,
  CAR_JSON_BOUND_MAXIMUM,
  CAR_JSON_BOUND_EXCLUSIVE_MINIMUM,
  CAR_JSON_BOUND_EXCLUSIVE_MAXIMUM,
  CAR_JSON_N_BOUNDS,
} CarJsonBoundKind;

typedef struct
{
  gboolean set;
  CarJsonSpan span;
  CarJsonNumber number;
} CarJsonBound;

/* What the node says of the member of one name. */
typedef struct
{
  CarJsonHash hash;
  CarJsonNode *node;    /* (nullable): properties */
  GArray *dependencies; /* (nullable) (element-type guint): dependentRequired */
} CarJsonProperty;

typedef struct
{
  CarJsonPattern *pattern;
  CarJsonNode *node;
} CarJsonPatternProperty;

typedef struct
{
  CarJsonHashSet values;
  CarJsonSpan span;
} CarJsonEnum;

struct _CarJsonNode
{
  const CarJsonValue *schema;
  guint types;
  guint flags;
  guint plain_types;      /* values of these are right whatever they are: to read them is to check them */
  gboolean plain_members; /* of a member, nothing is asked by a pattern or of its name */
  gboolean refuses;       /* the schema `false` */
  CarJsonNode *alias;     /* a schema that is a $ref and nothing else */

  CarJsonBound bounds[CAR_JSON_N_BOUNDS];
  CarJsonBound multiple_of;

  guint64 min_length, max_length;
  CarJsonPattern *pattern;

  guint64 min_items, max_items;
  gboolean unique_items;
  CarJsonNode *items;

  guint64 min_properties, max_properties;
  CarJsonNames names; /* of all properties that the node says something about */
  GArray *properties; /* of CarJsonProperty, by the names' indexes */
  guint n_words;      /* of a mask with a bit for each name */
  guint64 *required;
  gboolean has_dependencies;
  GArray *pattern_properties; /* of CarJsonPatternProperty */
  CarJsonNode *additional_properties;
  CarJsonNode *property_names;

  CarJsonEnum *enumeration;
  CarJsonEnum *constant;
  GPtrArray *all_of, *any_of, *one_of; /* (nullable) (element-type CarJsonNode) */
  CarJsonNode *not_, *if_, *then_, *else_, *ref;
};

/* The schema that every value fits. */
extern const CarJsonNode car_json_anything;

/* CAR_SCHEMA_ERROR_INVALID_JSON, _INVALID_SCHEMA, _UNSUPPORTED_KEYWORD: with the place (a JSON Pointer) and the reason. */
CarJsonSchema *car_json_schema_new (const char *json, gsize length, GError **error);
void car_json_schema_free (CarJsonSchema *self);

const CarJsonNode *car_json_schema_get_root (const CarJsonSchema *self);

/* The index of a member's name, CAR_JSON_NAMES_NONE where the node does not name it. */
static inline guint
car_json_node_find_name (const CarJsonNode *self, const CarJsonSpan *name)
{
  if (G_LIKELY (!name->escaped))
    return car_json_names_lookup (&self->names, name->text, name->length);

  gsize length;
  g_autofree char *text = car_json_span_unescape (name, &length);
  return car_json_names_lookup (&self->names, text, length);
}

/* What the node says by name of the member of this index: NULL where it says nothing. */
static inline const CarJsonNode *
car_json_node_get_property (const CarJsonNode *self, guint index)
{
  return index != CAR_JSON_NAMES_NONE ? g_array_index (self->properties, CarJsonProperty, index).node : NULL;
}

/* What the node says of the value of the member of this index, by name or of all that it does not name. Patterns of
 * names are apart. */
static inline const CarJsonNode *
car_json_node_get_member (const CarJsonNode *self, guint index)
{
  const CarJsonNode *property = car_json_node_get_property (self, index);
  if (property != NULL)
    return property;
  return self->additional_properties != NULL ? self->additional_properties : &car_json_anything;
}

/* What the node says of an array's items. */
const CarJsonNode *car_json_node_get_items (const CarJsonNode *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarJsonSchema, car_json_schema_free)

G_END_DECLS
