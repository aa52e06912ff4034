/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-private.h>

/* From what is asked for to a tree of fields. */

#define AGGREGATE "_aggregate"
#define BY_PK "_by_pk"

static const char *const list_arguments[] = { "where", "limit", "offset", "order_by", "distinct_on", NULL };

static CarQueryField *
add_field (GPtrArray *fields, CarQueryFieldKind kind, const CarQueryAsked *asked)
{
  return car_query_fields_add (fields, kind, asked->selection->alias);
}

/* An object's fields, which follow. */
static GPtrArray *
add_group (GPtrArray *fields, const CarQueryAsked *asked)
{
  return add_field (fields, CAR_QUERY_FIELD_GROUP, asked)->fields;
}

typedef gboolean (*PlanField) (CarQueryContext *self,
                               const CarQueryPath *path,
                               const CarQueryAsked *asked,
                               GPtrArray *fields,
                               gpointer target);

static gboolean
plan_fields (CarQueryContext *self,
             const CarQueryPath *path,
             const char *type,
             GPtrArray *sets,
             GPtrArray *fields,
             PlanField plan_field,
             gpointer target)
{
  const CarQueryPath set = { path, "selectionSet" };
  g_autoptr (GPtrArray) all = car_query_collect (self, path, type, sets);

  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      const CarQueryAsked *asked = all->pdata[i];
      const CarQueryPath here = { &set, asked->selection->alias };

      if (!g_str_equal (asked->selection->name, "__typename"))
        {
          if (!plan_field (self, &here, asked, fields, target))
            return FALSE;
          continue;
        }
      if (!car_query_check_arguments (self, &here, asked->selection, NULL) ||
          !car_query_check_fields (self, &here, asked, FALSE))
        return FALSE;
      add_field (fields, CAR_QUERY_FIELD_TEXT, asked)->text = g_strdup_printf ("\"%s\"", type);
    }
  return all != NULL;
}

/* "$.a.b[0]", as Hasura takes it, with or without the beginning. */
static char **
read_steps (const char *path)
{
  g_autoptr (GStrvBuilder) steps = g_strv_builder_new ();
  const char *at = path;

  if (*at == '$')
    at++;
  while (*at != '\0')
    {
      gsize length;

      if (*at == '.' || *at == '[')
        at++;
      length = strcspn (at, ".[]");
      if (length > 0)
        {
          g_autofree char *step = g_strndup (at, length);
          g_autofree char *name = length > 1 && strchr ("\"'", *step) != NULL && step[length - 1] == *step
                                      ? g_strndup (step + 1, length - 2)
                                      : NULL;

          g_strv_builder_add (steps, name != NULL ? name : step);
        }
      else if (*at == '.' || *at == '[')
        return NULL;
      at += length;
      if (*at == ']')
        at++;
    }
  return g_strv_builder_end (steps);
}

static gboolean
plan_path (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlSelection *selection,
           CarQueryField *field)
{
  static const char *const known[] = { "path", NULL };
  const CarQueryPath here = { path, "path" };
  const CarGraphqlValue *value = car_graphql_value_find (selection->arguments, "path");

  if (field->type != CAR_PROPERTY_JSON)
    return car_query_check_arguments (self, path, selection, NULL);
  if (!car_query_check_arguments (self, path, selection, known) ||
      !car_query_resolve (self, &here, "String", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  field->steps = value->type == CAR_GRAPHQL_STRING ? read_steps (value->text) : NULL;
  return field->steps != NULL ||
         car_query_fail (self, &here, "a path into the JSON is wanted here, such as \"$.a[0].b\"");
}

static gboolean
plan_column (CarQueryContext *self,
             const CarQueryPath *path,
             const CarQueryAsked *asked,
             const CarQueryColumn *column,
             GPtrArray *fields)
{
  CarQueryField *field = add_field (fields, CAR_QUERY_FIELD_COLUMN, asked);

  field->type = column->type;
  field->column = column;
  return car_query_check_fields (self, path, asked, FALSE) && plan_path (self, path, asked->selection, field);
}

/* The rows of a table, or those that a link leads to from a row of the node above. */
typedef struct
{
  const CarQueryTable *table;
  const CarQueryLink *link; /* NULL at the top */
} Rows;

static CarQueryNode *
plan_node (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *arguments,
           const Rows *rows)
{
  g_autoptr (CarQueryNode) node = car_query_node_new (rows->table);

  node->link = rows->link;
  return car_query_plan_rows (self, path, arguments, node) ? g_steal_pointer (&node) : NULL;
}

static gboolean plan_field_of_row (CarQueryContext *self,
                                   const CarQueryPath *path,
                                   const CarQueryAsked *asked,
                                   GPtrArray *fields,
                                   gpointer target);

/* A field that holds the rows of a node, which it takes over. */
static gboolean
plan_fields_of_rows (CarQueryContext *self,
                     const CarQueryPath *path,
                     const CarQueryAsked *asked,
                     CarQueryFieldKind kind,
                     CarQueryNode *node,
                     GPtrArray *fields)
{
  add_field (fields, kind, asked)->node = node;
  return car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, node->table->name, asked->sets, node->fields, plan_field_of_row, node);
}

static gboolean
plan_list (CarQueryContext *self,
           const CarQueryPath *path,
           const CarQueryAsked *asked,
           const CarGraphqlValue *arguments,
           const Rows *rows,
           GPtrArray *fields)
{
  CarQueryNode *node = plan_node (self, path, arguments, rows);

  return node != NULL && plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROWS, node, fields);
}

/* No row has a number that is not whole. */
static void
add_id (GArray *ids, const CarQueryBind *bind)
{
  const gint64 id =
      bind->kind == CAR_QUERY_BIND_INTEGER ? bind->integer : (gint64) CLAMP (bind->number, -1e18, 1e18);

  if (bind->kind == CAR_QUERY_BIND_INTEGER || (double) id == bind->number)
    g_array_append_val (ids, id);
}

/* The one row of this number. */
static gboolean
plan_by_pk (CarQueryContext *self,
            const CarQueryPath *path,
            const CarQueryAsked *asked,
            const CarQueryTable *table,
            GPtrArray *fields)
{
  static const char *const known[] = { "_pk", NULL };
  const CarQueryPath here = { path, "_pk" };
  const CarGraphqlValue *value = car_graphql_value_find (asked->selection->arguments, "_pk");
  CarQueryNode *node = car_query_node_new (table);
  CarQueryBind bind;

  node->ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (!plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROW, node, fields) ||
      !car_query_check_arguments (self, path, asked->selection, known) ||
      !car_query_resolve (self, &here, "bigint", &value))
    return FALSE;
  if (value == NULL)
    return car_query_fail (self, path, "“%s” needs the argument “_pk”", asked->selection->name);
  if (!car_query_to_bind (self, &here, CAR_PROPERTY_BIGINT, value, &bind))
    return FALSE;
  add_id (node->ids, &bind);
  return TRUE;
}

/* What is known while the fields of an aggregate are planned. */
typedef struct
{
  const CarGraphqlValue *arguments; /* of the list */
  Rows rows;
  const char *function; /* NULL: count */
} Aggregate;

/* The new field; NULL after a problem. */
static CarQueryField *
add_value (CarQueryContext *self,
           const CarQueryPath *path,
           const CarQueryAsked *asked,
           const Aggregate *aggregate,
           GPtrArray *fields)
{
  CarQueryNode *node = plan_node (self, path, aggregate->arguments, &aggregate->rows);
  CarQueryField *field;

  if (node == NULL)
    return NULL;
  field = add_field (fields, CAR_QUERY_FIELD_VALUE, asked);
  field->node = node;
  return field;
}

/* max { risk }: a column of the rows. */
static gboolean
plan_aggregate_of_column (CarQueryContext *self,
                          const CarQueryPath *path,
                          const CarQueryAsked *asked,
                          GPtrArray *fields,
                          gpointer target)
{
  static const struct
  {
    const char *name;
    CarQueryFunction function;
  } functions[] = {
    { "max", CAR_QUERY_MAX }, { "min", CAR_QUERY_MIN }, { "sum", CAR_QUERY_SUM }, { "avg", CAR_QUERY_AVG }
  };
  const Aggregate *aggregate = target;
  const CarQueryColumn *column = car_query_table_find_column (aggregate->rows.table, asked->selection->name);
  CarQueryField *field;

  if (column == NULL || !car_query_has_aggregate (aggregate->function, column->type))
    return car_query_fail (self, path, "“%s” has no “%s” to make the %s of", aggregate->rows.table->name,
                           asked->selection->name, aggregate->function);
  if (!car_query_check_arguments (self, path, asked->selection, NULL) ||
      !car_query_check_fields (self, path, asked, FALSE))
    return FALSE;
  field = add_value (self, path, asked, aggregate, fields);
  if (field == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (aggregate->function, functions[i].name))
      field->aggregate.function = functions[i].function;
  g_ptr_array_add (field->aggregate.columns, (gpointer) column);
  field->type = field->aggregate.function == CAR_QUERY_AVG ? CAR_PROPERTY_FLOAT : column->type;
  return TRUE;
}

/* Whether conditions are on nothing but the source. */
static gboolean
are_on_source (const CarQueryCondition *condition)
{
  if (condition->kind == CAR_QUERY_LINKED)
    return FALSE;
  if (condition->parts == NULL)
    return condition->column->kind == CAR_QUERY_COLUMN &&
           condition->column->stored == CAR_QUERY_STORED_SOURCE;
  for (guint i = 0; i < condition->parts->len; i++)
    if (!are_on_source (condition->parts->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Whether the rows are all that a collection holds now, or all of some sources. */
static gboolean
is_kept (const CarQueryContext *self, const CarQueryNode *node)
{
  return self->timepoint < 0 && node->link == NULL && node->limit < 0 && node->offset == 0 &&
         node->distinct_on->len == 0 &&
         (node->table->kind == CAR_QUERY_VERTEX || node->table->kind == CAR_QUERY_EDGE) &&
         are_on_source (node->where);
}

static gboolean
plan_count (CarQueryContext *self,
            const CarQueryPath *path,
            const CarQueryAsked *asked,
            GPtrArray *fields,
            const Aggregate *aggregate)
{
  static const char *const known[] = { "columns", "distinct", NULL };
  const CarQueryPath columns_path = { path, "columns" }, distinct_path = { path, "distinct" };
  const CarGraphqlValue *distinct = car_graphql_value_find (asked->selection->arguments, "distinct");
  g_autoptr (GPtrArray) columns = g_ptr_array_new ();
  CarQueryField *field;

  if (!car_query_check_arguments (self, path, asked->selection, known) ||
      !car_query_check_fields (self, path, asked, FALSE) ||
      !car_query_resolve (self, &distinct_path, "Boolean", &distinct) ||
      !car_query_get_columns (self, &columns_path, aggregate->rows.table,
                              car_graphql_value_find (asked->selection->arguments, "columns"), columns))
    return FALSE;
  field = add_value (self, path, asked, aggregate, fields);
  if (field == NULL)
    return FALSE;
  g_ptr_array_extend (field->aggregate.columns, columns, NULL, NULL);
  field->type = CAR_PROPERTY_INTEGER;
  field->aggregate.function = CAR_QUERY_COUNT;
  field->aggregate.distinct =
      distinct != NULL && distinct->type == CAR_GRAPHQL_BOOLEAN && g_str_equal (distinct->text, "true");
  field->aggregate.kept = field->aggregate.columns->len == 0 && is_kept (self, field->node);
  return TRUE;
}

/* aggregate { count max { … } } */
static gboolean
plan_field_of_aggregate (CarQueryContext *self,
                         const CarQueryPath *path,
                         const CarQueryAsked *asked,
                         GPtrArray *fields,
                         gpointer target)
{
  Aggregate aggregate = *(const Aggregate *) target;
  g_autofree char *type =
      g_strdup_printf ("%s_%s_fields", aggregate.rows.table->name, asked->selection->name);

  if (g_str_equal (asked->selection->name, "count"))
    return plan_count (self, path, asked, fields, &aggregate);
  aggregate.function = asked->selection->name;
  if (!g_strv_contains (car_query_aggregates, aggregate.function))
    return car_query_fail (self, path,
                           "an aggregate has no field “%s”; there are count, max, min, sum and avg",
                           aggregate.function);
  return car_query_check_arguments (self, path, asked->selection, NULL) &&
         car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_aggregate_of_column,
                      &aggregate);
}

/* asset_aggregate { aggregate { … } nodes { … } } */
static gboolean
plan_part_of_aggregate (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        GPtrArray *fields,
                        gpointer target)
{
  const Aggregate *aggregate = target;
  const char *name = asked->selection->name;
  g_autofree char *type = g_strconcat (aggregate->rows.table->name, AGGREGATE "_fields", NULL);

  if (!car_query_check_arguments (self, path, asked->selection, NULL) ||
      !car_query_check_fields (self, path, asked, TRUE))
    return FALSE;
  if (g_str_equal (name, "nodes"))
    return plan_list (self, path, asked, aggregate->arguments, &aggregate->rows, fields);
  if (!g_str_equal (name, "aggregate"))
    return car_query_fail (self, path, "“%s" AGGREGATE "” has no field “%s”; there are aggregate and nodes",
                           aggregate->rows.table->name, name);
  return plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_field_of_aggregate,
                      target);
}

static gboolean
plan_aggregate (CarQueryContext *self,
                const CarQueryPath *path,
                const CarQueryAsked *asked,
                const Rows *rows,
                GPtrArray *fields)
{
  Aggregate aggregate = { asked->selection->arguments, *rows, NULL };
  g_autofree char *type = g_strconcat (rows->table->name, AGGREGATE, NULL);

  return car_query_check_arguments (self, path, asked->selection, list_arguments) &&
         car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_part_of_aggregate,
                      &aggregate);
}

/* The name without its ending; NULL for one that ends otherwise. */
static char *
strip_ending (const char *name, const char *ending)
{
  return g_str_has_suffix (name, ending) ? g_strndup (name, strlen (name) - strlen (ending)) : NULL;
}

static gboolean
plan_field_of_row (CarQueryContext *self,
                   const CarQueryPath *path,
                   const CarQueryAsked *asked,
                   GPtrArray *fields,
                   gpointer target)
{
  const CarQueryNode *node = target;
  const char *name = asked->selection->name;
  const CarQueryColumn *column = car_query_table_find_column (node->table, name);
  const CarQueryLink *link = car_query_table_find_link (node->table, name);
  g_autofree char *base = strip_ending (name, AGGREGATE);
  gboolean aggregate = column == NULL && link == NULL && base != NULL;

  if (column != NULL)
    return plan_column (self, path, asked, column, fields);
  if (aggregate)
    link = car_query_table_find_link (node->table, base);
  if (link == NULL)
    return car_query_fail (self, path, "“%s” has no field “%s”", node->table->name, name);

  const Rows rows = { car_query_schema_find (self->schema, link->to), link };
  if (aggregate)
    return plan_aggregate (self, path, asked, &rows, fields);
  return car_query_check_arguments (self, path, asked->selection, list_arguments) &&
         plan_list (self, path, asked, asked->selection->arguments, &rows, fields);
}

static gboolean
plan_introspection (CarQueryContext *self,
                    const CarQueryPath *path,
                    const CarQueryAsked *asked,
                    GPtrArray *fields)
{
  g_autoptr (GString) json = g_string_new (NULL);

  if (!car_query_introspect (self, path, asked, json))
    return FALSE;
  add_field (fields, CAR_QUERY_FIELD_TEXT, asked)->text = g_strdup (json->str);
  return TRUE;
}

static gboolean
plan_field_of_query (CarQueryContext *self,
                     const CarQueryPath *path,
                     const CarQueryAsked *asked,
                     GPtrArray *fields,
                     gpointer target)
{
  const char *name = asked->selection->name;
  Rows rows = { car_query_schema_find (self->schema, name), NULL };
  g_autofree char *aggregated = strip_ending (name, AGGREGATE);
  g_autofree char *by_pk = strip_ending (name, BY_PK);
  const CarQueryTable *row_of = by_pk != NULL ? car_query_schema_find (self->schema, by_pk) : NULL;

  if (g_str_equal (name, "__schema") || g_str_equal (name, "__type"))
    return plan_introspection (self, path, asked, fields);
  if (rows.table != NULL)
    return car_query_check_arguments (self, path, asked->selection, list_arguments) &&
           plan_list (self, path, asked, asked->selection->arguments, &rows, fields);
  if (row_of != NULL)
    return plan_by_pk (self, path, asked, row_of, fields);
  if (aggregated != NULL)
    rows.table = car_query_schema_find (self->schema, aggregated);
  if (rows.table != NULL)
    return plan_aggregate (self, path, asked, &rows, fields);
  return car_query_fail (self, path, "there is no collection “%s”", name);
}

/* affected_rows and returning: the taggings of these numbers. */
typedef struct
{
  const CarQueryTable *table;
  GArray *ids; /* gint64 */
} Inserted;

static CarQueryNode *
node_of_inserted (const Inserted *inserted)
{
  CarQueryNode *node = car_query_node_new (inserted->table);

  node->ids = g_array_ref (inserted->ids);
  return node;
}

static gboolean
plan_field_of_response (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        GPtrArray *fields,
                        gpointer target)
{
  const Inserted *inserted = target;

  if (!car_query_check_arguments (self, path, asked->selection, NULL))
    return FALSE;
  if (g_str_equal (asked->selection->name, "returning"))
    return plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROWS, node_of_inserted (inserted), fields);
  if (!g_str_equal (asked->selection->name, "affected_rows"))
    return car_query_fail (self, path, "there are affected_rows and returning");
  add_field (fields, CAR_QUERY_FIELD_TEXT, asked)->text = g_strdup_printf ("%u", inserted->ids->len);
  return car_query_check_fields (self, path, asked, FALSE);
}

static gboolean
plan_field_of_mutation (CarQueryContext *self,
                        const CarQueryPath *path,
                        const CarQueryAsked *asked,
                        GPtrArray *fields,
                        gpointer target)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  Inserted inserted = { .ids = ids };
  g_autofree char *type = NULL;
  gboolean one;

  if (!car_query_insert (self, path, asked, &inserted.table, ids, &one))
    return FALSE;
  if (one)
    return plan_fields_of_rows (self, path, asked, CAR_QUERY_FIELD_ROW, node_of_inserted (&inserted), fields);
  type = g_strconcat (inserted.table->name, "_mutation_response", NULL);
  return car_query_check_fields (self, path, asked, TRUE) &&
         plan_fields (self, path, type, asked->sets, add_group (fields, asked), plan_field_of_response,
                      &inserted);
}

GPtrArray *
car_query_plan (CarQueryContext *self)
{
  g_autoptr (GPtrArray) fields = car_query_fields_new ();
  g_autoptr (GPtrArray) sets = g_ptr_array_new ();
  gboolean mutation = g_str_equal (self->operation->type, "mutation");

  g_ptr_array_add (sets, self->operation->selections);
  if (!plan_fields (self, NULL, mutation ? "mutation_root" : "query_root", sets, fields,
                    mutation ? plan_field_of_mutation : plan_field_of_query, NULL))
    return NULL;
  return g_steal_pointer (&fields);
}
