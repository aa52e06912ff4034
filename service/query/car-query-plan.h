/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <service/query/car-query-schema.h>

G_BEGIN_DECLS

/* What a request asks for, checked, as a tree: each store answers it in its own way. Tables, columns and links are those of the
 * schema (car-query-schema.h). All of it, texts too, lives as long as the plan, and no store changes it. */

typedef enum
{
  CAR_QUERY_BIND_INTEGER,
  CAR_QUERY_BIND_DOUBLE,
  CAR_QUERY_BIND_TEXT, /* UTF-8; may hold NULs */
} CarQueryBindKind;

/* A value to compare with, as the column's type has it:
 *   text                                          TEXT
 *   inet, macaddr                                 TEXT, in the one canonical spelling
 *   numeric, float, bigint                        INTEGER, or DOUBLE where it is no integer of 64 bits
 *   integer                                       INTEGER, or DOUBLE where it is larger than 64 bits
 *   boolean                                       INTEGER, 0 or 1
 *   timestamp                                     DOUBLE, epoch milliseconds
 *   json, texts                                   TEXT, which is JSON
 * Operators on parts of JSON have their own (below). */
typedef struct
{
  CarQueryBindKind kind;
  gint64 integer;
  double number;
  const char *text; /* a NUL is behind it */
  gsize length;
} CarQueryBind;

/* NULL is as in SQL: what is compared with it is neither true nor false. */
typedef enum
{
  CAR_QUERY_ALL, /* of `parts`; always, where there are none */
  CAR_QUERY_ANY, /* of `parts`; never, where there are none */
  CAR_QUERY_NOT, /* the one in `parts` */

  /* `column`, as it is compared, with the one value */
  CAR_QUERY_EQUAL,
  CAR_QUERY_UNEQUAL,
  CAR_QUERY_GREATER,
  CAR_QUERY_GREATER_EQUAL,
  CAR_QUERY_LESS,
  CAR_QUERY_LESS_EQUAL,

  CAR_QUERY_IN, /* `values`, maybe none */

  /* A text, with the one value, a pattern */
  CAR_QUERY_LIKE,
  CAR_QUERY_LIKE_CASELESS,
  CAR_QUERY_SIMILAR, /* SQL's SIMILAR TO */
  CAR_QUERY_REGEX,
  CAR_QUERY_REGEX_CASELESS,

  CAR_QUERY_IS_NULL, /* no values */

  /* JSON as it was imported, with the one value, which is JSON (jsonb's @> and <@), or with `values`, at least one, which are
   * names (jsonb's ?| and ?&) */
  CAR_QUERY_CONTAINS,
  CAR_QUERY_CONTAINED_IN,
  CAR_QUERY_HAS_ANY_KEY,
  CAR_QUERY_HAS_ALL_KEYS,

  CAR_QUERY_LINKED, /* `link` leads to at least one row of `to` that fits the one in `parts` */
} CarQueryConditionKind;

typedef struct
{
  CarQueryConditionKind kind;
  gboolean negated; /* of IN, LIKE to REGEX_CASELESS, and IS_NULL: NOT; of nothing else */
  const CarQueryColumn *column;
  GArray *values; /* (element-type CarQueryBind); NULL where the kind has none */
  const CarQueryLink *link;
  const CarQueryTable *to;
  GPtrArray *parts; /* (element-type CarQueryCondition); NULL where the kind has none */
} CarQueryCondition;

typedef struct
{
  const CarQueryColumn *column; /* as it is compared */
  gboolean descending;
  gboolean nulls_first;
} CarQueryOrder;

/* Rows of a table: asked for once or, with a link, once for each row of the node above.
 *
 * `where` is of kind ALL. `order` is that of the answer; rows that it does not tell apart have one that stays, too. Without
 * one, pages (a limit or an offset) are those of vertices by id and source, of edges by source and ends, of all else by
 * number; nothing but that has to be in order.
 *
 * `distinct_on`: of the rows that are alike in these columns only the first, as they are ordered, is there. What is ordered by
 * first, if anything, are these columns.
 *
 * `ids`, if not NULL, are numbers of rows: those of the table that are there, in the order of the numbers. Then nothing else
 * limits the rows. */
typedef struct
{
  const CarQueryTable *table;
  const CarQueryLink *link; /* from a row of the node above; NULL: all rows of the table */
  CarQueryCondition *where;
  GArray *order;          /* (element-type CarQueryOrder) */
  GPtrArray *distinct_on; /* (element-type CarQueryColumn) */
  gint64 limit;           /* -1: none */
  gint64 offset;
  GArray *ids;       /* (element-type gint64) */
  GPtrArray *fields; /* (element-type CarQueryField), of each row */
} CarQueryNode;

/* What becomes of all rows of a node: its limit, offset and distinct_on count.
 *
 * COUNT: of rows; with one column, of rows where it is not null; if `distinct`, each value, or set of values, once. The others
 * are of the one column, and null where there is no value.
 *
 * `kept`: the count is that of all that a collection holds now, or of what some sources hold of it (the one column in the node's
 * `where` is the source): a store may keep such counts. */
typedef enum
{
  CAR_QUERY_COUNT,
  CAR_QUERY_MAX,
  CAR_QUERY_MIN,
  CAR_QUERY_SUM,
  CAR_QUERY_AVG,
} CarQueryFunction;

typedef struct
{
  CarQueryFunction function;
  GPtrArray *columns; /* (element-type CarQueryColumn), as they are compared */
  gboolean distinct;
  gboolean kept;
} CarQueryAggregate;

typedef enum
{
  CAR_QUERY_FIELD_COLUMN, /* `column` of the row */
  CAR_QUERY_FIELD_TEXT,   /* `text`, which is JSON */
  CAR_QUERY_FIELD_ROWS,   /* of `node`, an array of objects */
  CAR_QUERY_FIELD_ROW,    /* the only one of `node`, or null */
  CAR_QUERY_FIELD_VALUE,  /* `aggregate` over the rows of `node`, which has no fields */
  CAR_QUERY_FIELD_GROUP,  /* an object of `fields` */
} CarQueryFieldKind;

/* A member of the answer's object. */
typedef struct
{
  CarQueryFieldKind kind;
  const char *alias;    /* its name */
  CarPropertyType type; /* of the value, as it is written (car-query-answer.h) */
  const CarQueryColumn *column;
  char **steps; /* into a column that is JSON: names or places; NULL: all of it */
  char *text;
  CarQueryNode *node;
  CarQueryAggregate aggregate;
  GPtrArray *fields; /* (element-type CarQueryField) */
} CarQueryField;

typedef struct
{
  gint64 timepoint;  /* the moment that is seen, as epoch milliseconds; -1: now */
  GPtrArray *fields; /* (element-type CarQueryField), of the answer's "data" */
} CarQueryPlan;

/* Why a store does not answer what is right in itself. What these say stands in the answer. */
#define CAR_QUERY_ERROR (car_query_error_quark ())
GQuark car_query_error_quark (void);

typedef enum
{
  CAR_QUERY_ERROR_COSTLY,    /* a pattern takes too long to compare */
  CAR_QUERY_ERROR_PATTERN,   /* a pattern is no regular expression */
  CAR_QUERY_ERROR_TOO_LARGE, /* the answer */
} CarQueryError;

G_END_DECLS
