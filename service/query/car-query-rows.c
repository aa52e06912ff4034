/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* From a list's arguments to the rows of a node: where, order_by, distinct_on, limit and offset. */

static gboolean
get_count (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *value,
           gint64 fallback,
           gint64 *count)
{
  *count = fallback;
  if (!car_query_resolve (self, path, "Int", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (value->type != CAR_GRAPHQL_INT ||
      !g_ascii_string_to_signed (value->text, 10, 0, G_MAXINT64, count, NULL))
    return car_query_fail (self, path, "a whole number from 0 is wanted here");
  return TRUE;
}

static gboolean
add_order_of_column (CarQueryContext *self,
                     const CarQueryPath *path,
                     const CarQueryTable *table,
                     const CarGraphqlValue *member,
                     GArray *order)
{
  /* PostgreSQL's nulls, which are what Hasura's users know, are larger than everything. */
  static const struct
  {
    const char *name;
    gboolean descending;
    gboolean nulls_first;
  } orders[] = {
    { "asc", FALSE, FALSE }, { "asc_nulls_first", FALSE, TRUE }, { "asc_nulls_last", FALSE, FALSE },
    { "desc", TRUE, TRUE },  { "desc_nulls_first", TRUE, TRUE }, { "desc_nulls_last", TRUE, FALSE },
  };
  const CarQueryPath here = { path, member->name };
  const CarGraphqlValue *value = member;
  const CarQueryColumn *column = car_query_table_find_column (table, member->name);

  if (column == NULL)
    return car_query_fail (self, &here, "“%s” has no column “%s” to order by", table->name, member->name);
  if (!car_query_resolve (self, &here, "order_by", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (car_query_is_enum (value) && g_str_equal (value->text, orders[i].name))
      {
        const CarQueryOrder by = { column, orders[i].descending, orders[i].nulls_first };

        g_array_append_val (order, by);
        return TRUE;
      }
  return car_query_fail (self, &here,
                         "asc or desc is wanted here, or one of them with _nulls_first or _nulls_last");
}

/* One object, or a list of them; within an object the order of its members counts. */
static gboolean
add_order (CarQueryContext *self,
           const CarQueryPath *path,
           const CarQueryTable *table,
           const CarGraphqlValue *value,
           gboolean in_list,
           GArray *order)
{
  g_autofree char *type = g_strdup_printf (in_list ? "%s_order_by" : "[%s_order_by!]", table->name);

  if (!car_query_resolve (self, path, type, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (value->type == CAR_GRAPHQL_LIST && !in_list)
    {
      for (const CarGraphqlValue *item = value->items; item != NULL; item = item->next)
        if (!add_order (self, path, table, item, TRUE, order))
          return FALSE;
      return TRUE;
    }
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {name: asc}");
  for (const CarGraphqlValue *member = value->items; member != NULL; member = member->next)
    {
      if (++self->n_conditions > 400)
        return car_query_fail (self, path, "there is too much to order by");
      if (!add_order_of_column (self, path, table, member, order))
        return FALSE;
    }
  return TRUE;
}

gboolean
car_query_get_columns (CarQueryContext *self,
                       const CarQueryPath *path,
                       const CarQueryTable *table,
                       const CarGraphqlValue *list,
                       GPtrArray *columns)
{
  g_autofree char *type = g_strdup_printf ("[%s_select_column!]", table->name);

  if (!car_query_resolve (self, path, type, &list))
    return FALSE;
  if (list == NULL || list->type == CAR_GRAPHQL_NULL)
    return TRUE;
  for (const CarGraphqlValue *item = car_query_first_item (list); item != NULL;
       item = car_query_next_item (list, item))
    {
      const CarQueryColumn *column =
          car_query_is_enum (item) ? car_query_table_find_column (table, item->text) : NULL;

      if (column == NULL)
        return car_query_fail (self, path, "names of columns of “%s” are wanted here", table->name);
      g_ptr_array_add (columns, (gpointer) column);
    }
  return TRUE;
}

/* As in PostgreSQL's DISTINCT ON, what is ordered by first has to be its columns. */
static gboolean
check_distinct (CarQueryContext *self, const CarQueryPath *path, const CarQueryNode *node)
{
  for (guint i = 0; i < MIN (node->distinct_on->len, node->order->len); i++)
    if (!g_ptr_array_find (node->distinct_on, g_array_index (node->order, CarQueryOrder, i).column, NULL))
      return car_query_fail (self, path, "order_by has to begin with the columns of distinct_on");
  return TRUE;
}

gboolean
car_query_plan_rows (CarQueryContext *self,
                     const CarQueryPath *path,
                     const CarGraphqlValue *arguments,
                     CarQueryNode *node)
{
  const CarQueryPath args = { path, "args" };
  const CarQueryPath limit = { &args, "limit" }, offset = { &args, "offset" }, where = { &args, "where" },
                     order = { &args, "order_by" }, distinct = { &args, "distinct_on" };
  CarQueryCondition *conditions;

  if (!add_order (self, &order, node->table, car_graphql_value_find (arguments, "order_by"), FALSE,
                  node->order) ||
      !car_query_get_columns (self, &distinct, node->table, car_graphql_value_find (arguments, "distinct_on"),
                              node->distinct_on) ||
      !get_count (self, &limit, car_graphql_value_find (arguments, "limit"), -1, &node->limit) ||
      !get_count (self, &offset, car_graphql_value_find (arguments, "offset"), 0, &node->offset))
    return FALSE;
  conditions = car_query_plan_where (self, &where, node->table, node->distinct_on->len > 0,
                                     car_graphql_value_find (arguments, "where"));
  if (conditions == NULL)
    return FALSE;
  car_query_condition_free (node->where);
  node->where = conditions;
  return check_distinct (self, &distinct, node);
}
