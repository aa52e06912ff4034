/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>

#include <service/query/car-query-private.h>

/* SQLite takes expressions 1,000 deep and 32,766 values. */
#define MAX_CONDITIONS 400
#define MAX_VALUES 30000

/* SQLite's parser has room for 100 things that are begun and not ended. These are what a level of
 * conditions takes of that, with some to spare, and what is left beside the statement around them. */
#define COST_OF_NOT 5
#define COST_OF_LIST 7
#define COST_OF_LINK 14
#define MAX_COST 75

static gboolean append_conditions (CarQueryContext *self,
                                   const CarQueryPath *path,
                                   GString *sql,
                                   GArray *binds,
                                   const CarQueryTable *table,
                                   guint level,
                                   const CarGraphqlValue *where);

static gboolean
go_deeper (CarQueryContext *self, const CarQueryPath *path, guint cost)
{
  self->condition_cost += cost;
  return self->condition_cost <= MAX_COST || car_query_fail (self, path, "conditions are nested too deep");
}

static const struct
{
  const char *name;
  const char *sql; /* between the column and the value */
} comparisons[] = {
  { "_eq", " = " },   { "_neq", " <> " }, { "_gt", " > " },
  { "_gte", " >= " }, { "_lt", " < " },   { "_lte", " <= " },
};

static const struct
{
  const char *name;
  const char *sql; /* before car_like() */
  gboolean ignore_case;
} likenesses[] = {
  { "_like", "", FALSE },
  { "_nlike", "NOT ", FALSE },
  { "_ilike", "", TRUE },
  { "_nilike", "NOT ", TRUE },
};

static const char *
type_name (CarPropertyType type)
{
  static const char *const names[] = {
    [CAR_PROPERTY_TEXT] = "text",        [CAR_PROPERTY_NUMBER] = "a number",
    [CAR_PROPERTY_INTEGER] = "a number", [CAR_PROPERTY_BOOLEAN] = "boolean",
    [CAR_PROPERTY_JSON] = "JSON",        [CAR_PROPERTY_TEXTS] = "a list",
  };

  return names[type];
}

static gboolean
to_number (const CarGraphqlValue *value, CarQueryBind *bind)
{
  char *end = NULL;

  if (value->type != CAR_GRAPHQL_INT && value->type != CAR_GRAPHQL_FLOAT && value->type != CAR_GRAPHQL_STRING)
    return FALSE;
  bind->type = SQLITE_INTEGER;
  if (g_ascii_string_to_signed (value->text, 10, G_MININT64, G_MAXINT64, &bind->integer, NULL))
    return TRUE;
  bind->type = SQLITE_FLOAT;
  bind->number = g_ascii_strtod (value->text, &end);
  return end == value->text + value->length && value->length > 0 && isfinite (bind->number);
}

static gboolean
to_bind (CarPropertyType type, const CarGraphqlValue *value, CarQueryBind *bind)
{
  *bind = (CarQueryBind){ .type = SQLITE_TEXT, .text = value->text, .length = value->length };
  switch (type)
    {
    case CAR_PROPERTY_TEXT:
      return value->type == CAR_GRAPHQL_STRING;
    case CAR_PROPERTY_NUMBER:
    case CAR_PROPERTY_INTEGER:
      return to_number (value, bind);
    case CAR_PROPERTY_BOOLEAN:
      bind->type = SQLITE_INTEGER;
      bind->integer = value->type == CAR_GRAPHQL_BOOLEAN && g_str_equal (value->text, "true");
      return value->type == CAR_GRAPHQL_BOOLEAN;
    default:
      return FALSE;
    }
}

static gboolean
append_value (CarQueryContext *self,
              const CarQueryPath *path,
              GString *sql,
              GArray *binds,
              const CarQueryColumn *column,
              const CarGraphqlValue *value)
{
  CarQueryBind bind;

  if (!car_query_resolve (self, path, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self, path, "null is no value to compare with: use _is_null");
  if (!to_bind (column->type, value, &bind))
    return car_query_fail (self, path, "the value does not fit: the column is %s", type_name (column->type));
  if (++self->n_values > MAX_VALUES)
    return car_query_fail (self, path, "the query has more than %d values", MAX_VALUES);
  g_array_append_val (binds, bind);
  g_string_append_printf (sql, "?%u", binds->len - 1 + CAR_QUERY_FIRST_BIND);
  return TRUE;
}

static gboolean
append_in (CarQueryContext *self,
           const CarQueryPath *path,
           GString *sql,
           GArray *binds,
           const CarQueryColumn *column,
           const CarGraphqlValue *list)
{
  const CarGraphqlValue *item;

  if (!car_query_resolve (self, path, &list))
    return FALSE;
  if (list == NULL || list->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self, path, "a list is wanted here");
  g_string_append_c (sql, '(');
  if (list->type != CAR_GRAPHQL_LIST) /* one value stands for a list of one */
    {
      if (!append_value (self, path, sql, binds, column, list))
        return FALSE;
    }
  else
    for (item = list->items; item != NULL; item = item->next)
      {
        if (item != list->items)
          g_string_append_c (sql, ',');
        if (!append_value (self, path, sql, binds, column, item))
          return FALSE;
      }
  g_string_append_c (sql, ')');
  return TRUE;
}

static gboolean
append_is_null (CarQueryContext *self,
                const CarQueryPath *path,
                GString *sql,
                const char *expression,
                const CarGraphqlValue *value)
{
  if (!car_query_resolve (self, path, &value))
    return FALSE;
  if (value == NULL || value->type != CAR_GRAPHQL_BOOLEAN)
    return car_query_fail (self, path, "true or false is wanted here");
  g_string_append_printf (sql, "%s IS %sNULL", expression, g_str_equal (value->text, "true") ? "" : "NOT ");
  return TRUE;
}

/* One operator of a column. */
static gboolean
append_operator (CarQueryContext *self,
                 const CarQueryPath *path,
                 GString *sql,
                 GArray *binds,
                 const CarQueryColumn *column,
                 const char *expression,
                 const CarGraphqlValue *value)
{
  const char *name = value->name;

  for (guint i = 0; i < G_N_ELEMENTS (comparisons); i++)
    if (g_str_equal (name, comparisons[i].name))
      {
        g_string_append_printf (sql, "%s%s", expression, comparisons[i].sql);
        return append_value (self, path, sql, binds, column, value);
      }
  for (guint i = 0; i < G_N_ELEMENTS (likenesses); i++)
    if (g_str_equal (name, likenesses[i].name))
      {
        if (column->type != CAR_PROPERTY_TEXT)
          return car_query_fail (self, path, "“%s” is for text; the column is %s", name,
                                 type_name (column->type));
        g_string_append_printf (sql, "%scar_like (%s, ", likenesses[i].sql, expression);
        if (!append_value (self, path, sql, binds, column, value))
          return FALSE;
        g_string_append_printf (sql, ", %d)", likenesses[i].ignore_case);
        return TRUE;
      }
  if (g_str_equal (name, "_in") || g_str_equal (name, "_nin"))
    {
      g_string_append_printf (sql, "%s %s ", expression, g_str_equal (name, "_in") ? "IN" : "NOT IN");
      return append_in (self, path, sql, binds, column, value);
    }
  if (g_str_equal (name, "_is_null"))
    return append_is_null (self, path, sql, expression, value);
  return car_query_fail (
      self, path,
      "there is no operator “%s”; there are _eq, _neq, _gt, _gte, _lt, _lte, _in, _nin, _like, "
      "_nlike, _ilike, _nilike and _is_null",
      name);
}

/* All operators of a column: { _gte: 1, _lt: 9 }. */
static gboolean
append_column_conditions (CarQueryContext *self,
                          const CarQueryPath *path,
                          GString *sql,
                          GArray *binds,
                          const CarQueryColumn *column,
                          guint level,
                          const CarGraphqlValue *operators)
{
  g_autofree char *alias = g_strdup_printf ("t%u", level);
  g_autoptr (GString) expression = g_string_new (NULL);

  car_query_append_column (expression, column, alias);
  g_string_append (sql, "TRUE");
  for (const CarGraphqlValue *operator= operators->items; operator!= NULL; operator= operator->next)
    {
      const CarQueryPath here = { path, operator->name };

      if (++self->n_conditions > MAX_CONDITIONS)
        return car_query_fail (self, &here, "the query has more than %d conditions", MAX_CONDITIONS);
      g_string_append (sql, " AND ");
      if (!append_operator (self, &here, sql, binds, column, expression->str, operator))
        return FALSE;
    }
  return TRUE;
}

/* Rows that are linked with at least one that fits. */
static gboolean
append_link_conditions (CarQueryContext *self,
                        const CarQueryPath *path,
                        GString *sql,
                        GArray *binds,
                        const CarQueryLink *link,
                        guint level,
                        const CarGraphqlValue *where)
{
  g_autofree char *alias = g_strdup_printf ("t%u", level + 1);
  g_autofree char *first = g_strdup_printf ("t%u.%s", level, link->columns[0]);
  g_autofree char *second = g_strdup_printf ("t%u.%s", level, link->columns[1]);

  if (!go_deeper (self, path, COST_OF_LINK))
    return FALSE;
  g_string_append (sql, "EXISTS (SELECT 1 FROM ");
  car_query_append_table (self, sql, &link->to, alias);
  car_query_append_link (self, sql, link, alias, first, second);
  g_string_append (sql, " AND ");
  if (!append_conditions (self, path, sql, binds, &link->to, level + 1, where))
    return FALSE;
  self->condition_cost -= COST_OF_LINK;
  g_string_append_c (sql, ')');
  return TRUE;
}

/* _and and _or take a list, or one object in place of a list of one. */
static gboolean
append_all_or_any (CarQueryContext *self,
                   const CarQueryPath *path,
                   GString *sql,
                   GArray *binds,
                   const CarQueryTable *table,
                   guint level,
                   const CarGraphqlValue *list,
                   gboolean any)
{
  gboolean is_list = list->type == CAR_GRAPHQL_LIST;

  if (!is_list && list->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "a list of conditions is wanted here");
  if (!go_deeper (self, path, COST_OF_LIST))
    return FALSE;
  g_string_append (sql, any ? "(FALSE" : "(TRUE");
  for (const CarGraphqlValue *item = is_list ? list->items : list; item != NULL;
       item = is_list ? item->next : NULL)
    {
      g_string_append (sql, any ? " OR " : " AND ");
      if (!append_conditions (self, path, sql, binds, table, level, item))
        return FALSE;
    }
  self->condition_cost -= COST_OF_LIST;
  g_string_append_c (sql, ')');
  return TRUE;
}

/* One member of a where object. */
static gboolean
append_condition (CarQueryContext *self,
                  const CarQueryPath *path,
                  GString *sql,
                  GArray *binds,
                  const CarQueryTable *table,
                  guint level,
                  const char *name,
                  const CarGraphqlValue *value)
{
  CarQueryColumn column;
  CarQueryLink link;

  if (g_str_equal (name, "_and") || g_str_equal (name, "_or"))
    return append_all_or_any (self, path, sql, binds, table, level, value, g_str_equal (name, "_or"));
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {_eq: …}");
  if (g_str_equal (name, "_not"))
    {
      g_string_append (sql, "NOT ");
      if (!go_deeper (self, path, COST_OF_NOT) ||
          !append_conditions (self, path, sql, binds, table, level, value))
        return FALSE;
      self->condition_cost -= COST_OF_NOT;
      return TRUE;
    }
  if (car_query_find_column (self, table, name, &column))
    return append_column_conditions (self, path, sql, binds, &column, level, value);
  if (car_query_find_link (self, table, name, &link))
    return append_link_conditions (self, path, sql, binds, &link, level, value);
  return car_query_fail (self, path, "“%s” has no field “%s”", table->collection, name);
}

static gboolean
append_conditions (CarQueryContext *self,
                   const CarQueryPath *path,
                   GString *sql,
                   GArray *binds,
                   const CarQueryTable *table,
                   guint level,
                   const CarGraphqlValue *where)
{
  if (!car_query_resolve (self, path, &where))
    return FALSE;
  if (where == NULL || where->type == CAR_GRAPHQL_NULL)
    {
      g_string_append (sql, "TRUE");
      return TRUE;
    }
  if (where->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {name: {_eq: …}}");
  g_string_append (sql, "(TRUE");
  for (const CarGraphqlValue *member = where->items; member != NULL; member = member->next)
    {
      const CarQueryPath here = { path, member->name };
      const CarGraphqlValue *value = member;

      if (++self->n_conditions > MAX_CONDITIONS)
        return car_query_fail (self, &here, "the query has more than %d conditions", MAX_CONDITIONS);
      if (!car_query_resolve (self, &here, &value))
        return FALSE;
      if (value == NULL)
        continue;
      g_string_append (sql, " AND ");
      if (!append_condition (self, &here, sql, binds, table, level, member->name, value))
        return FALSE;
    }
  g_string_append_c (sql, ')');
  return TRUE;
}

/* Appends the condition of a `where` over the table's alias t<level>. */
gboolean
car_query_append_where (CarQueryContext *self,
                        const CarQueryPath *path,
                        GString *sql,
                        GArray *binds,
                        const CarQueryTable *table,
                        guint level,
                        const CarGraphqlValue *where)
{
  g_string_append (sql, " AND ");
  return append_conditions (self, path, sql, binds, table, level, where);
}
