/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>
#include <service/query/car-graphql-parser.h>
#include <service/query/car-query.h>

G_BEGIN_DECLS

/* Where in the request something stands, for errors: "$.selectionSet.asset.args.where". */
typedef struct _CarQueryPath CarQueryPath;
struct _CarQueryPath
{
  const CarQueryPath *parent;
  const char *name;
};

/* What one request is answered with. */
typedef struct
{
  CarCoreModel *model;
  CarGraphqlDocument *document;
  const CarGraphqlOperation *operation;
  CarGraphqlValue *variables; /* those that have a value */
  gint64 timepoint;           /* -1: now */
  guint n_fields;
  guint n_conditions;
  guint condition_cost;
  guint n_values;

  char *problem; /* what is wrong with the request, once something is */
  char *path;
  const char *code;
} CarQueryContext;

gboolean car_query_fail (CarQueryContext *self, const CarQueryPath *path, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Follows a variable: *value becomes NULL where it has no value. */
gboolean car_query_resolve (CarQueryContext *self, const CarQueryPath *path, const CarGraphqlValue **value);

/* Reads the request into the context. */
gboolean car_query_read_request (CarQueryContext *self, const char *json, gsize length);

/* What is asked: a table, and of vertices and edges the collection. */
typedef enum
{
  CAR_QUERY_VERTEX,
  CAR_QUERY_EDGE,
  CAR_QUERY_SOURCE,
  CAR_QUERY_TAG,
} CarQueryTableKind;

typedef struct
{
  CarQueryTableKind kind;
  const char *collection; /* also the name of the type */
} CarQueryTable;

typedef enum
{
  CAR_QUERY_COLUMN,        /* of the table */
  CAR_QUERY_END,           /* "COLLECTION/KEY" of an edge's end: `column` is "from" or "to" */
  CAR_QUERY_MEMBER,        /* of the object as it was imported */
  CAR_QUERY_MEMBER_OR_KEY, /* the vertex's key where the object has no such member */
} CarQueryColumnKind;

typedef struct
{
  CarQueryColumnKind kind;
  CarPropertyType type;
  const char *column;
  const char *member;
} CarQueryColumn;

/* From a row to the rows of another table. */
typedef enum
{
  CAR_QUERY_EDGES_FROM,
  CAR_QUERY_EDGES_TO,
  CAR_QUERY_EDGES_BOTH,
  CAR_QUERY_END_FROM,
  CAR_QUERY_END_TO,
  CAR_QUERY_INSTANCES,
  CAR_QUERY_TAGS,
} CarQueryLinkKind;

typedef struct
{
  CarQueryLinkKind kind;
  CarQueryTable from;
  CarQueryTable to;
  gboolean single;
  const char *columns[2]; /* of the row it starts from */
} CarQueryLink;

gboolean car_query_find_table (CarQueryContext *self, const char *name, CarQueryTable *table);
gboolean car_query_find_column (CarQueryContext *self,
                                const CarQueryTable *table,
                                const char *name,
                                CarQueryColumn *column);
gboolean
car_query_find_link (CarQueryContext *self, const CarQueryTable *table, const char *name, CarQueryLink *link);

void car_query_append_column (GString *sql, const CarQueryColumn *column, const char *alias);

/* "vertex t0 WHERE …": the rows that are seen, ready for " AND …". */
void
car_query_append_table (CarQueryContext *self, GString *sql, const CarQueryTable *table, const char *alias);
void car_query_append_link (CarQueryContext *self,
                            GString *sql,
                            const CarQueryLink *link,
                            const char *alias,
                            const char *first,
                            const char *second);

/* A value for a statement; text lives as long as the document. */
typedef struct
{
  int type; /* SQLITE_INTEGER, SQLITE_FLOAT or SQLITE_TEXT */
  gint64 integer;
  double number;
  const char *text;
  gsize length;
} CarQueryBind;

/* ?1 and ?2 are the columns of a link. */
#define CAR_QUERY_FIRST_BIND 3

gboolean car_query_append_where (CarQueryContext *self,
                                 const CarQueryPath *path,
                                 GString *sql,
                                 GArray *binds,
                                 const CarQueryTable *table,
                                 guint level,
                                 const CarGraphqlValue *where);

typedef struct _CarQueryNode CarQueryNode;

typedef enum
{
  CAR_QUERY_FIELD_COLUMN,
  CAR_QUERY_FIELD_MEMBER,
  CAR_QUERY_FIELD_TYPENAME,
  CAR_QUERY_FIELD_ROWS,  /* of `node` */
  CAR_QUERY_FIELD_COUNT, /* of `node` */
  CAR_QUERY_FIELD_GROUP, /* an object of `fields` */
} CarQueryFieldKind;

typedef struct
{
  CarQueryFieldKind kind;
  const char *alias;
  const char *name;
  CarPropertyType type;
  int column; /* of the statement: the value, or what stands in for a missing member; -1 for none */
  const char *member;
  CarJsonSpan span; /* of the member, in the row at hand */
  CarQueryNode *node;
  GPtrArray *fields;
} CarQueryField;

/* One statement: run once, or with a link once for each row of the node above. */
struct _CarQueryNode
{
  CarQueryTable table;
  gboolean single;
  gboolean linked;
  int link_columns[2]; /* of the statement above */
  GPtrArray *select;
  char *rest; /* of the statement, from FROM on */
  GArray *binds;
  GPtrArray *fields;
  int body; /* the column of the object; -1 where none of its members is asked for */
  sqlite3_stmt *statement;
};

/* The fields of the answer's "data"; NULL where something is wrong with the request. */
GPtrArray *car_query_plan (CarQueryContext *self);

/* What car_like() fails with where a pattern takes too long: of the codes that SQLite has, the one for functions. */
#define CAR_QUERY_TOO_COSTLY SQLITE_CONSTRAINT_FUNCTION

/* car_member (object, name) and car_like (text, pattern, ignore_case): see there. */
gboolean car_query_add_functions (sqlite3 *db, GError **error);

G_END_DECLS
