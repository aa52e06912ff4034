/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <service/model/car-core-model.h>

G_BEGIN_DECLS

/* What can be asked, made from the model: tables, their columns, and the links from a row to rows of other tables. Both
 * the planner and the introspection go by it. The names are those of the published schema (protocol.md, "Queries"). */

typedef enum
{
  CAR_QUERY_VERTEX,
  CAR_QUERY_EDGE,
  CAR_QUERY_SOURCE,
  CAR_QUERY_TAG,
  CAR_QUERY_TAGGING, /* the edges from tags to the vertices of one collection: tag_asset */
} CarQueryTableKind;

typedef enum
{
  CAR_QUERY_COLUMN,  /* `stored` */
  CAR_QUERY_MEMBER,  /* `member` of the object as it was imported; `stored`, if any, where it has none */
  CAR_QUERY_REGION,  /* of an address's key */
  CAR_QUERY_ADDRESS, /* the address's `member`, or what its key says */
  CAR_QUERY_TAGGED,  /* how many vertices carry a tag now */
  CAR_QUERY_NOTHING, /* always null: published, and never imported */
} CarQueryColumnKind;

/* What a store keeps beside the object as it was imported, each in its own way. */
typedef enum
{
  CAR_QUERY_STORED_NOTHING,
  CAR_QUERY_STORED_ID,            /* of a vertex SOURCE/KEY, of a tag SOURCE/NAME */
  CAR_QUERY_STORED_KEY,           /* of a vertex or a source */
  CAR_QUERY_STORED_SOURCE,        /* its key */
  CAR_QUERY_STORED_CONNECTING_ID, /* of a vertex */
  CAR_QUERY_STORED_REPORTED_AT,
  CAR_QUERY_STORED_FROM_ID, /* of an edge: the ids of its ends */
  CAR_QUERY_STORED_TO_ID,
  CAR_QUERY_STORED_VERTEX_ID, /* of a tagging: the ids of what it joins */
  CAR_QUERY_STORED_TAG_ID,
  CAR_QUERY_STORED_EXTERNAL_ID, /* of a tagging */
  CAR_QUERY_STORED_PROPERTIES,  /* of a tagging or a source: JSON */
  CAR_QUERY_STORED_NAME,        /* of a tag or a source */
  CAR_QUERY_STORED_DESCRIPTION, /* of a source */
  CAR_QUERY_STORED_PRODUCT_LINK,
} CarQueryStored;

typedef struct
{
  const char *name;
  CarPropertyType type;
  gboolean non_null;
  CarQueryColumnKind kind;
  CarQueryStored stored;
  const char *member;
  gboolean indexed; /* an index finds the rows of one value */
} CarQueryColumn;

typedef enum
{
  CAR_QUERY_EDGES_FROM,
  CAR_QUERY_EDGES_TO,
  CAR_QUERY_EDGES_BOTH,
  CAR_QUERY_END_FROM,
  CAR_QUERY_END_TO,
  CAR_QUERY_INSTANCES,
  CAR_QUERY_TAGGINGS_OF_VERTEX,
  CAR_QUERY_TAGGINGS_OF_TAG,
  CAR_QUERY_TAG_OF_TAGGING,
  CAR_QUERY_VERTEX_OF_TAGGING,
} CarQueryLinkKind;

/* All links lead to lists. */
typedef struct
{
  const char *name;
  CarQueryLinkKind kind;
  const char *to; /* a table */
} CarQueryLink;

typedef struct
{
  CarQueryTableKind kind;
  const char *name;       /* also of the type */
  const char *collection; /* of a tagging: that of the vertices */
  GArray *columns;        /* CarQueryColumn */
  GArray *links;          /* CarQueryLink */
} CarQueryTable;

typedef struct _CarQuerySchema CarQuerySchema;

/* Tables are made when they are first asked for. */
CarQuerySchema *car_query_schema_new (CarCoreModel *model);
void car_query_schema_free (CarQuerySchema *self);

/* The names of all tables. */
const char *const *car_query_schema_get_names (CarQuerySchema *self);

/* NULL where there is none. */
const CarQueryTable *car_query_schema_find (CarQuerySchema *self, const char *name);
const CarQueryColumn *car_query_table_find_column (const CarQueryTable *self, const char *name);
const CarQueryLink *car_query_table_find_link (const CarQueryTable *self, const char *name);

/* The table that the only link of this kind leads to. */
const char *car_query_table_get_end (const CarQueryTable *self, CarQueryLinkKind kind);

/* Whether it is what a store's index of all vertices' names has. */
gboolean car_query_is_vertex_name (const CarQueryTable *table, const CarQueryColumn *column);

/* The scalar of GraphQL that a column is. */
const char *car_query_get_scalar (CarPropertyType type);

/* What is made of a column over many rows, besides counting them: max, min, sum and avg. */
extern const char *const car_query_aggregates[];
gboolean car_query_has_aggregate (const char *aggregate, CarPropertyType type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQuerySchema, car_query_schema_free)

G_END_DECLS
