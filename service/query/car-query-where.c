/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* From a `where` to conditions. */

/* What every store takes: SQLite's expressions are 1,000 deep, and have 32,766 values. */
#define MAX_CONDITIONS 400
#define MAX_VALUES 30000

/* SQLite's parser has room for 100 things that are begun and not ended. These are what a level of
 * conditions takes of that, what distinct_on takes, and what is left beside the statement around them and a column in them. */
#define COST_OF_NOT 4
#define COST_OF_ANY 5
#define COST_OF_LINK 10
#define COST_OF_DISTINCT 6
#define MAX_COST 70

typedef struct
{
  CarQueryContext *context;
  const CarQueryTable *table;
  CarQueryCondition *all; /* of kind ALL: what is read is added to its parts */
} Where;

static gboolean read_conditions (const Where *self, const CarQueryPath *path, const CarGraphqlValue *where);

static gboolean
go_deeper (CarQueryContext *self, const CarQueryPath *path, guint cost)
{
  self->condition_cost += cost;
  return self->condition_cost <= MAX_COST || car_query_fail (self, path, "conditions are nested too deep");
}

static gboolean
count_condition (CarQueryContext *self, const CarQueryPath *path)
{
  return ++self->n_conditions <= MAX_CONDITIONS ||
         car_query_fail (self, path, "the query has more than %d conditions", MAX_CONDITIONS);
}

static gboolean
add_bind (CarQueryContext *self, const CarQueryPath *path, const CarQueryBind *bind, GArray *binds)
{
  if (++self->n_values > MAX_VALUES)
    return car_query_fail (self, path, "the query has more than %d values", MAX_VALUES);
  g_array_append_vals (binds, bind, 1);
  return TRUE;
}

/* A value of `type`; a variable for it is declared as `scalar`. */
static gboolean
read_value (CarQueryContext *self,
            const CarQueryPath *path,
            CarPropertyType type,
            const char *scalar,
            const CarGraphqlValue *value,
            GArray *binds)
{
  CarQueryBind bind;

  if (!car_query_resolve (self, path, scalar, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self, path, "null is no value to compare with: use _is_null");
  return car_query_to_bind (self, path, type, value, &bind) && add_bind (self, path, &bind, binds);
}

/* A list, or one value in place of a list of one. */
static gboolean
read_list (CarQueryContext *self,
           const CarQueryPath *path,
           CarPropertyType type,
           const CarGraphqlValue *list,
           GArray *binds)
{
  const char *scalar = car_query_get_scalar (type);
  g_autofree char *list_type = g_strdup_printf ("[%s!]", scalar);

  if (!car_query_resolve (self, path, list_type, &list))
    return FALSE;
  if (list == NULL || list->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self, path, "a list is wanted here");
  for (const CarGraphqlValue *item = car_query_first_item (list); item != NULL;
       item = car_query_next_item (list, item))
    if (!read_value (self, path, type, scalar, item, binds))
      return FALSE;
  return TRUE;
}

static gboolean
read_json (CarQueryContext *self, const CarQueryPath *path, const CarGraphqlValue *value, GArray *binds)
{
  CarQueryBind bind;

  return car_query_to_json (self, path, value, &bind) && add_bind (self, path, &bind, binds);
}

static gboolean
read_is_null (CarQueryContext *self,
              const CarQueryPath *path,
              const CarGraphqlValue *value,
              CarQueryCondition *condition)
{
  if (!car_query_resolve (self, path, "Boolean", &value))
    return FALSE;
  if (value == NULL || value->type != CAR_GRAPHQL_BOOLEAN)
    return car_query_fail (self, path, "true or false is wanted here");
  condition->negated = g_str_equal (value->text, "false");
  return TRUE;
}

/* All of no names are there, any of none is not: even where there is no JSON. */
static gboolean
read_keys (CarQueryContext *self,
           const CarQueryPath *path,
           const CarGraphqlValue *value,
           CarQueryCondition *condition)
{
  if (!car_query_resolve (self, path, "[String!]", &value) ||
      !read_list (self, path, CAR_PROPERTY_TEXT, value, condition->values))
    return FALSE;
  if (condition->values->len > 0)
    return TRUE;
  condition->kind = condition->kind == CAR_QUERY_HAS_ALL_KEYS ? CAR_QUERY_ALL : CAR_QUERY_ANY;
  g_clear_pointer (&condition->values, g_array_unref);
  condition->parts = g_ptr_array_new ();
  return TRUE;
}

static const struct
{
  const char *name;
  CarQueryConditionKind kind;
  gboolean negated;
} operators[] = {
  { "_eq", CAR_QUERY_EQUAL, FALSE },
  { "_neq", CAR_QUERY_UNEQUAL, FALSE },
  { "_gt", CAR_QUERY_GREATER, FALSE },
  { "_gte", CAR_QUERY_GREATER_EQUAL, FALSE },
  { "_lt", CAR_QUERY_LESS, FALSE },
  { "_lte", CAR_QUERY_LESS_EQUAL, FALSE },
  { "_in", CAR_QUERY_IN, FALSE },
  { "_nin", CAR_QUERY_IN, TRUE },
  { "_like", CAR_QUERY_LIKE, FALSE },
  { "_nlike", CAR_QUERY_LIKE, TRUE },
  { "_ilike", CAR_QUERY_LIKE_CASELESS, FALSE },
  { "_nilike", CAR_QUERY_LIKE_CASELESS, TRUE },
  { "_similar", CAR_QUERY_SIMILAR, FALSE },
  { "_nsimilar", CAR_QUERY_SIMILAR, TRUE },
  { "_regex", CAR_QUERY_REGEX, FALSE },
  { "_nregex", CAR_QUERY_REGEX, TRUE },
  { "_iregex", CAR_QUERY_REGEX_CASELESS, FALSE },
  { "_niregex", CAR_QUERY_REGEX_CASELESS, TRUE },
  { "_is_null", CAR_QUERY_IS_NULL, FALSE },
  { "_contains", CAR_QUERY_CONTAINS, FALSE },
  { "_contained_in", CAR_QUERY_CONTAINED_IN, FALSE },
  { "_has_key", CAR_QUERY_HAS_ALL_KEYS, FALSE },
  { "_has_keys_any", CAR_QUERY_HAS_ANY_KEY, FALSE },
  { "_has_keys_all", CAR_QUERY_HAS_ALL_KEYS, FALSE },
};

static gboolean
has_operator (CarPropertyType type, CarQueryConditionKind kind)
{
  if (kind >= CAR_QUERY_LIKE && kind <= CAR_QUERY_REGEX_CASELESS)
    return type == CAR_PROPERTY_TEXT;
  return kind < CAR_QUERY_CONTAINS || type == CAR_PROPERTY_JSON;
}

/* What is compared with; some operators become another condition for it. */
static gboolean
read_operand (CarQueryContext *self,
              const CarQueryPath *path,
              const CarGraphqlValue *value,
              CarQueryCondition *condition)
{
  const CarPropertyType type = condition->column->type;

  switch (condition->kind)
    {
    case CAR_QUERY_IS_NULL:
      return read_is_null (self, path, value, condition);
    case CAR_QUERY_IN:
      return read_list (self, path, type, value, condition->values);
    case CAR_QUERY_CONTAINS:
    case CAR_QUERY_CONTAINED_IN:
      return read_json (self, path, value, condition->values);
    case CAR_QUERY_HAS_ANY_KEY:
    case CAR_QUERY_HAS_ALL_KEYS:
      if (g_str_equal (value->name, "_has_key"))
        return read_value (self, path, CAR_PROPERTY_TEXT, "String", value, condition->values);
      return read_keys (self, path, value, condition);
    default:
      return read_value (self, path, type, car_query_get_scalar (type), value, condition->values);
    }
}

/* One operator of a column. */
static gboolean
read_operator (const Where *self,
               const CarQueryPath *path,
               const CarQueryColumn *column,
               const CarGraphqlValue *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (operators); i++)
    if (g_str_equal (value->name, operators[i].name) && has_operator (column->type, operators[i].kind))
      {
        CarQueryCondition *condition = car_query_condition_new (operators[i].kind);

        condition->column = column;
        condition->negated = operators[i].negated;
        g_ptr_array_add (self->all->parts, condition);
        return read_operand (self->context, path, value, condition);
      }
  return car_query_fail (self->context, path, "a column of type %s has no operator “%s”",
                         car_query_get_scalar (column->type), value->name);
}

/* All operators of a column: { _gte: 1, _lt: 9 }. */
static gboolean
read_column_conditions (const Where *self,
                        const CarQueryPath *path,
                        const CarQueryColumn *column,
                        const CarGraphqlValue *value)
{
  for (const CarGraphqlValue *item = value->items; item != NULL; item = item->next)
    {
      const CarQueryPath here = { path, item->name };

      if (!count_condition (self->context, &here) || !read_operator (self, &here, column, item))
        return FALSE;
    }
  return TRUE;
}

static CarQueryCondition *
add_part (CarQueryCondition *self, CarQueryConditionKind kind)
{
  CarQueryCondition *part = car_query_condition_new (kind);

  g_ptr_array_add (self->parts, part);
  return part;
}

/* Rows that are linked with at least one that fits. */
static gboolean
read_link_conditions (const Where *self,
                      const CarQueryPath *path,
                      const CarQueryLink *link,
                      const CarGraphqlValue *value)
{
  CarQueryCondition *linked = add_part (self->all, CAR_QUERY_LINKED);
  const Where there = { self->context, car_query_schema_find (self->context->schema, link->to),
                        add_part (linked, CAR_QUERY_ALL) };

  linked->link = link;
  linked->to = there.table;
  if (!go_deeper (self->context, path, COST_OF_LINK) || !read_conditions (&there, path, value))
    return FALSE;
  self->context->condition_cost -= COST_OF_LINK;
  return TRUE;
}

/* _and and _or take a list, or one object in place of a list of one. */
static gboolean
read_all_or_any (const Where *self, const CarQueryPath *path, const CarGraphqlValue *list, gboolean any)
{
  const guint cost = any ? COST_OF_ANY : 0;

  if (list->type != CAR_GRAPHQL_LIST && list->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self->context, path, "a list of conditions is wanted here");
  if (!go_deeper (self->context, path, cost))
    return FALSE;
  CarQueryCondition *whole = any ? add_part (self->all, CAR_QUERY_ANY) : self->all;
  for (const CarGraphqlValue *item = car_query_first_item (list); item != NULL;
       item = car_query_next_item (list, item))
    {
      const Where part = { self->context, self->table, any ? add_part (whole, CAR_QUERY_ALL) : whole };

      if (!read_conditions (&part, path, item))
        return FALSE;
    }
  self->context->condition_cost -= cost;
  return TRUE;
}

static gboolean
read_not (const Where *self, const CarQueryPath *path, const CarGraphqlValue *value)
{
  const Where part = { self->context, self->table,
                       add_part (add_part (self->all, CAR_QUERY_NOT), CAR_QUERY_ALL) };

  if (!go_deeper (self->context, path, COST_OF_NOT) || !read_conditions (&part, path, value))
    return FALSE;
  self->context->condition_cost -= COST_OF_NOT;
  return TRUE;
}

/* One member of a where object. */
static gboolean
read_condition (const Where *self, const CarQueryPath *path, const char *name, const CarGraphqlValue *value)
{
  const CarQueryColumn *column = car_query_table_find_column (self->table, name);
  const CarQueryLink *link = car_query_table_find_link (self->table, name);

  if (g_str_equal (name, "_and") || g_str_equal (name, "_or"))
    return read_all_or_any (self, path, value, g_str_equal (name, "_or"));
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self->context, path, "an object is wanted here, such as {_eq: …}");
  if (g_str_equal (name, "_not"))
    return read_not (self, path, value);
  if (column != NULL)
    return read_column_conditions (self, path, column, value);
  if (link != NULL)
    return read_link_conditions (self, path, link, value);
  return car_query_fail (self->context, path, "“%s” has no field “%s”", self->table->name, name);
}

/* The type of a where object's member, as the introspection tells it. */
static char *
get_type_of_member (const CarQueryTable *table, const char *name)
{
  const CarQueryColumn *column = car_query_table_find_column (table, name);
  const CarQueryLink *link = car_query_table_find_link (table, name);

  if (g_str_equal (name, "_and") || g_str_equal (name, "_or"))
    return g_strdup_printf ("[%s_bool_exp]", table->name);
  if (column != NULL)
    return g_strdup_printf ("%s_comparison_exp", car_query_get_scalar (column->type));
  return g_strdup_printf ("%s_bool_exp", link != NULL ? link->to : table->name);
}

static gboolean
read_conditions (const Where *self, const CarQueryPath *path, const CarGraphqlValue *where)
{
  g_autofree char *type = g_strconcat (self->table->name, "_bool_exp", NULL);

  if (!car_query_resolve (self->context, path, type, &where))
    return FALSE;
  if (where == NULL || where->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (where->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self->context, path, "an object is wanted here, such as {name: {_eq: …}}");
  for (const CarGraphqlValue *member = where->items; member != NULL; member = member->next)
    {
      const CarQueryPath here = { path, member->name };
      g_autofree char *member_type = get_type_of_member (self->table, member->name);
      const CarGraphqlValue *value = member;

      if (!count_condition (self->context, &here) ||
          !car_query_resolve (self->context, &here, member_type, &value))
        return FALSE;
      if (value != NULL && !read_condition (self, &here, member->name, value))
        return FALSE;
    }
  return TRUE;
}

CarQueryCondition *
car_query_plan_where (CarQueryContext *self,
                      const CarQueryPath *path,
                      const CarQueryTable *table,
                      gboolean distinct,
                      const CarGraphqlValue *where)
{
  g_autoptr (CarQueryCondition) all = car_query_condition_new (CAR_QUERY_ALL);
  const Where whole = { self, table, all };

  self->condition_cost = distinct ? COST_OF_DISTINCT : 0;
  return read_conditions (&whole, path, where) ? g_steal_pointer (&all) : NULL;
}
