/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <service/query/car-graphql-parser.h>
#include <service/query/car-query-plan.h>
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

  GError *failure; /* of the store, while a mutation was carried out */
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

/* A value, as columns of this type are compared. */
gboolean car_query_to_bind (CarQueryContext *self,
                            const CarQueryPath *path,
                            CarPropertyType type,
                            const CarGraphqlValue *value,
                            CarQueryBind *bind);

/* A value of any type as JSON. */
gboolean car_query_to_json (CarQueryContext *self,
                            const CarQueryPath *path,
                            const CarGraphqlValue *value,
                            CarQueryBind *bind);

CarQueryCondition *car_query_condition_new (CarQueryConditionKind kind);
void car_query_condition_free (CarQueryCondition *self);
CarQueryNode *car_query_node_new (const CarQueryTable *table);
void car_query_node_free (CarQueryNode *self);

/* The new field is the last of `fields`, which are of car_query_fields_new(). */
GPtrArray *car_query_fields_new (void);
CarQueryField *car_query_fields_add (GPtrArray *fields, CarQueryFieldKind kind, const char *alias);

/* Of kind ALL; `distinct`: of rows with distinct_on. NULL after a problem. */
CarQueryCondition *car_query_plan_where (CarQueryContext *self,
                                         const CarQueryPath *path,
                                         const CarQueryTable *table,
                                         gboolean distinct,
                                         const CarGraphqlValue *where);

/* Which rows of its table a node has, and in what order, by the arguments of a list. */
gboolean car_query_plan_rows (CarQueryContext *self,
                              const CarQueryPath *path,
                              const CarGraphqlValue *arguments,
                              CarQueryNode *node);

/* The columns that a list of names, or one name in its place, stands for. */
gboolean car_query_get_columns (CarQueryContext *self,
                                const CarQueryPath *path,
                                const CarQueryTable *table,
                                const CarGraphqlValue *list,
                                GPtrArray *columns);

/* Epoch milliseconds of a date and time as GraphQL's type timestamp has them (ISO 8601; UTC where no zone is given). */
gboolean car_query_parse_timestamp (const char *text, double *milliseconds);

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

/* The fields of the answer's "data"; NULL where something is wrong with the request. A mutation is carried out here. */
GPtrArray *car_query_plan (CarQueryContext *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQueryCondition, car_query_condition_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarQueryNode, car_query_node_free)

G_END_DECLS
