/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <service/query/car-query-schema.h>

G_BEGIN_DECLS

/* The types of GraphQL's schema, made from what can be asked. A type is referred to as GraphQL writes it: "[asset!]!". */

typedef struct
{
  const char *name;
  const char *type;
} CarQueryInput;

typedef struct
{
  const char *name;
  const char *type;
  GArray *arguments; /* CarQueryInput */
} CarQueryOutput;

typedef enum
{
  CAR_QUERY_SCALAR,
  CAR_QUERY_OBJECT,
  CAR_QUERY_ENUM,
  CAR_QUERY_INPUT_OBJECT,
} CarQueryTypeKind;

typedef struct
{
  CarQueryTypeKind kind;
  const char *name;
  GArray *outputs;   /* of an object: CarQueryOutput */
  GArray *inputs;    /* of an input object: CarQueryInput */
  GPtrArray *values; /* of an enum */
} CarQueryType;

typedef struct
{
  GPtrArray *types; /* CarQueryType */
  GHashTable *by_name;
  GStringChunk *names;
} CarQueryTypes;

CarQueryTypes *car_query_types_new (CarQuerySchema *schema);
void car_query_types_free (CarQueryTypes *self);
const CarQueryType *car_query_types_find (const CarQueryTypes *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQueryTypes, car_query_types_free)

G_END_DECLS
