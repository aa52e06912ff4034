/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>
#include <service/model/car-address.h>
#include <service/query/car-graphql-parser.h>
#include <service/query/car-query-schema.h>
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
  CarQuerySchema *schema;
  CarGraphqlDocument *document;
  const CarGraphqlOperation *operation;
  CarGraphqlValue *variables; /* those that have a value */
  gint64 timepoint;           /* -1: now */
  guint n_fields;             /* selections that were looked at */
  guint max_fields;
  guint n_conditions;
  guint condition_cost;
  guint n_values;
  const CarQueryWriter *writer; /* NULL: only queries are taken */

  GError *failure; /* of the database, while a mutation was carried out */
  char *problem;   /* what is wrong with the request, once something is */
  char *path;
  const char *code;
} CarQueryContext;

gboolean car_query_fail (CarQueryContext *self, const CarQueryPath *path, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Follows a variable: *value becomes NULL where it has no value. `type` is what is wanted here, as GraphQL writes it
 * ("[String!]"): a variable of another one is refused, as other CAR services refuse it. */
gboolean car_query_resolve (CarQueryContext *self,
                            const CarQueryPath *path,
                            const char *type,
                            const CarGraphqlValue **value);

/* The same without a look at its type: NULL where it has no value. */
const CarGraphqlValue *car_query_peek (const CarQueryContext *self, const CarGraphqlValue *value);

/* Of an object. NULL where the value is none, or has no such member. */
const CarGraphqlValue *
car_query_peek_member (const CarQueryContext *self, const CarGraphqlValue *value, const char *name);

gboolean car_query_is_enum (const CarGraphqlValue *value);

/* The items of a list; one value stands for a list of one (specification, 3.11). NULL: there is none, or no more. */
static inline const CarGraphqlValue *
car_query_first_item (const CarGraphqlValue *list)
{
  return list->type == CAR_GRAPHQL_LIST ? list->items : list;
}

static inline const CarGraphqlValue *
car_query_next_item (const CarGraphqlValue *list, const CarGraphqlValue *item)
{
  return list->type == CAR_GRAPHQL_LIST ? item->next : NULL;
}

/* A value's JSON. Variables in it are followed. */
gboolean car_query_append_json (CarQueryContext *self,
                                const CarQueryPath *path,
                                GString *out,
                                const CarGraphqlValue *value);

/* Reads the request into the context. */
gboolean car_query_read_request (CarQueryContext *self, const char *json, gsize length);

const char *car_query_get_store_table (const CarQueryTable *table);

/* Without an alias (NULL), as an index wants it. */
void car_query_append_column (GString *sql, const CarQueryColumn *column, const char *alias);

/* The condition on the rows that are seen, ready for " AND …". */
void
car_query_append_seen (CarQueryContext *self, GString *sql, const CarQueryTable *table, const char *alias);

/* "vertex t0 WHERE …": the same with the table. */
void
car_query_append_table (CarQueryContext *self, GString *sql, const CarQueryTable *table, const char *alias);

/* `first` and `second` are the values of the link's two columns. */
void car_query_append_link (GString *sql,
                            const CarQueryLink *link,
                            const char *alias,
                            const char *first,
                            const char *second);

/* Of the rows of t0. */
const char *car_query_get_natural_order (const CarQueryTable *table);

/* A value for a statement; text lives as long as the document. */
typedef struct
{
  int type; /* SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT or SQLITE_BLOB */
  gint64 integer;
  double number;
  const char *text;
  gsize length;
} CarQueryBind;

/* A value, as columns of this type are compared. */
gboolean car_query_to_bind (CarQueryContext *self,
                            const CarQueryPath *path,
                            CarPropertyType type,
                            const CarGraphqlValue *value,
                            CarQueryBind *bind);

/* ?1 and ?2 are the columns of a link. */
#define CAR_QUERY_FIRST_BIND 3

/* Appends " AND " and the condition of a `where` over t0. `found`: a link has found its rows, which are few. */
gboolean car_query_append_where (CarQueryContext *self,
                                 const CarQueryPath *path,
                                 GString *sql,
                                 GArray *binds,
                                 const CarQueryTable *table,
                                 gboolean found,
                                 const CarGraphqlValue *where);

/* The column as its values are compared. */
void car_query_append_comparable (GString *sql, const CarQueryColumn *column, const char *alias);

/* Epoch milliseconds of a date and time as GraphQL's type timestamp has them (ISO 8601; UTC where no zone is given). */
gboolean car_query_parse_timestamp (const char *text, double *milliseconds);
void car_query_append_timestamp (GString *out, gint64 milliseconds);

/* What a field of the answer is asked for with: all selections of one response name, merged (specification, 6.3.2). */
typedef struct
{
  const CarGraphqlSelection *selection; /* the first */
  GPtrArray *sets;                      /* heads of the selections below each */
} CarQueryAsked;

/* Gathers what is asked for in several sets, in order. NULL after a problem. */
GPtrArray *
car_query_collect (CarQueryContext *self, const CarQueryPath *path, const char *type, GPtrArray *sets);

gboolean car_query_check_arguments (CarQueryContext *self,
                                    const CarQueryPath *path,
                                    const CarGraphqlSelection *selection,
                                    const char *const *known);
gboolean car_query_check_fields (CarQueryContext *self,
                                 const CarQueryPath *path,
                                 const CarQueryAsked *asked,
                                 gboolean wanted);

/* __schema and __type: their JSON. */
gboolean car_query_introspect (CarQueryContext *self,
                               const CarQueryPath *path,
                               const CarQueryAsked *asked,
                               GString *out);

/* Carries insert_tag_COLLECTION or …_one (*one) out: the taggings' rows. */
gboolean car_query_insert (CarQueryContext *self,
                           const CarQueryPath *path,
                           const CarQueryAsked *asked,
                           const CarQueryTable **table,
                           GArray *ids,
                           gboolean *one);

typedef struct _CarQueryNode CarQueryNode;

typedef enum
{
  CAR_QUERY_FIELD_COLUMN,
  CAR_QUERY_FIELD_MEMBER,
  CAR_QUERY_FIELD_TEXT,  /* `text`, which is JSON */
  CAR_QUERY_FIELD_ROWS,  /* of `node` */
  CAR_QUERY_FIELD_ROW,   /* the only one of `node`, or null */
  CAR_QUERY_FIELD_VALUE, /* of an aggregate over the rows of `node` */
  CAR_QUERY_FIELD_GROUP, /* an object of `fields` */
} CarQueryFieldKind;

typedef struct
{
  CarQueryFieldKind kind;
  const char *alias;
  CarPropertyType type;
  int column; /* of the statement: the value, or what stands in for a missing member; -1 for none */
  const char *member;
  char **steps; /* into a member that is JSON; NULL: all of it */
  char *text;
  CarJsonSpan span; /* of the member, in the row at hand */
  CarQueryNode *node;
  GPtrArray *fields;
} CarQueryField;

/* One statement: run once, or with a link once for each row of the node above. */
struct _CarQueryNode
{
  const CarQueryTable *table;
  gboolean linked;
  int link_columns[2]; /* of the statement above */
  GPtrArray *select;
  char *function; /* of an aggregate, over a subquery; NULL: the rows themselves */
  char *rest;     /* of the statement, from FROM on */
  GArray *binds;
  GPtrArray *fields;
  int body; /* the column of the object; -1 where none of its members is asked for */
  sqlite3_stmt *statement;
};

/* The fields of the answer's "data"; NULL where something is wrong with the request. A mutation is carried out here. */
GPtrArray *car_query_plan (CarQueryContext *self);

/* What car_like() fails with where a pattern takes too long: of the codes that SQLite has, the one for functions. */
#define CAR_QUERY_TOO_COSTLY SQLITE_CONSTRAINT_FUNCTION

#define CAR_QUERY_BAD_PATTERN SQLITE_CONSTRAINT_CHECK

typedef enum
{
  CAR_QUERY_REGEX,
  CAR_QUERY_REGEX_CASELESS,
  CAR_QUERY_SIMILAR,
} CarQueryRegex;

/* Bytes that sort as the addresses do: those of IPv4 first. */
#define CAR_QUERY_INET_LENGTH 18
void car_query_inet_to_key (const CarInet *inet, guint8 key[CAR_QUERY_INET_LENGTH]);

/* jsonb, as PostgreSQL compares it. Both are JSON; FALSE or 0 where one is not. */
gboolean car_query_json_contains (const char *whole, gsize whole_length, const char *part, gsize part_length);
gboolean car_query_json_has_key (const char *json, gsize length, const char *key, gsize key_length);

/* A text that sorts and compares as the JSON does. NULL for what is no JSON. */
char *car_query_json_sort_key (const char *json, gsize length, gsize *key_length);

G_END_DECLS
