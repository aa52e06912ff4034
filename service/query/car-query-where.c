/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* SQLite takes expressions 1,000 deep and 32,766 values. */
#define MAX_CONDITIONS 400
#define MAX_VALUES 30000

/* SQLite's parser has room for 100 things that are begun and not ended. These are what a level of
 * conditions takes of that, with some to spare, and what is left beside the statement around them. */
#define COST_OF_NOT 5
#define COST_OF_ANY 5
#define COST_OF_LINK 11
#define MAX_COST 80

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

/* Of texts: what is called with the column, the value and `how`. */
static const struct
{
  const char *name;
  const char *call;
  int how;
} likenesses[] = {
  { "_like", "car_like", FALSE },
  { "_nlike", "NOT car_like", FALSE },
  { "_ilike", "car_like", TRUE },
  { "_nilike", "NOT car_like", TRUE },
  { "_similar", "car_regex", CAR_QUERY_SIMILAR },
  { "_nsimilar", "NOT car_regex", CAR_QUERY_SIMILAR },
  { "_regex", "car_regex", CAR_QUERY_REGEX },
  { "_nregex", "NOT car_regex", CAR_QUERY_REGEX },
  { "_iregex", "car_regex", CAR_QUERY_REGEX_CASELESS },
  { "_niregex", "NOT car_regex", CAR_QUERY_REGEX_CASELESS },
};

static gboolean
append_bind (CarQueryContext *self,
             const CarQueryPath *path,
             GString *sql,
             GArray *binds,
             const CarQueryBind *bind)
{
  if (++self->n_values > MAX_VALUES)
    return car_query_fail (self, path, "the query has more than %d values", MAX_VALUES);
  g_array_append_vals (binds, bind, 1);
  g_string_append_printf (sql, "?%u", binds->len - 1 + CAR_QUERY_FIRST_BIND);
  return TRUE;
}

/* A value of `type`; a variable for it is declared as `scalar`. */
static gboolean
append_value (CarQueryContext *self,
              const CarQueryPath *path,
              GString *sql,
              GArray *binds,
              CarPropertyType type,
              const char *scalar,
              const CarGraphqlValue *value)
{
  CarQueryBind bind;

  if (!car_query_resolve (self, path, scalar, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self, path, "null is no value to compare with: use _is_null");
  return car_query_to_bind (self, path, type, value, &bind) && append_bind (self, path, sql, binds, &bind);
}

/* A list, or one value in place of a list of one. `before` and `between` stand before and between the values. */
static gboolean
append_list (CarQueryContext *self,
             const CarQueryPath *path,
             GString *sql,
             GArray *binds,
             CarPropertyType type,
             const CarGraphqlValue *list,
             const char *before,
             const char *between)
{
  const char *scalar = car_query_get_scalar (type);
  g_autofree char *list_type = g_strdup_printf ("[%s!]", scalar);
  gboolean is_list;

  if (!car_query_resolve (self, path, list_type, &list))
    return FALSE;
  if (list == NULL || list->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self, path, "a list is wanted here");
  is_list = list->type == CAR_GRAPHQL_LIST;
  g_string_append (sql, before);
  for (const CarGraphqlValue *item = is_list ? list->items : list; item != NULL;
       item = is_list ? item->next : NULL)
    {
      if (is_list && item != list->items)
        g_string_append (sql, between);
      if (!append_value (self, path, sql, binds, type, scalar, item))
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
  if (!car_query_resolve (self, path, "Boolean", &value))
    return FALSE;
  if (value == NULL || value->type != CAR_GRAPHQL_BOOLEAN)
    return car_query_fail (self, path, "true or false is wanted here");
  g_string_append_printf (sql, "%s IS %sNULL", expression, g_str_equal (value->text, "true") ? "" : "NOT ");
  return TRUE;
}

/* The parts of a list are conditions of their own: all of them, or one. */
static gboolean
append_has_keys (CarQueryContext *self,
                 const CarQueryPath *path,
                 GString *sql,
                 GArray *binds,
                 const char *expression,
                 const CarGraphqlValue *value,
                 gboolean all)
{
  g_autofree char *call = g_strdup_printf ("car_has_key (%s, ", expression);
  g_autofree char *before = g_strdup_printf ("(%s %s %s", all ? "TRUE" : "FALSE", all ? "AND" : "OR", call);
  g_autofree char *between = g_strdup_printf (") %s %s", all ? "AND" : "OR", call);
  const CarGraphqlValue *list = value;

  if (!car_query_resolve (self, path, "[String!]", &list))
    return FALSE;
  if (list != NULL && list->type == CAR_GRAPHQL_LIST && list->items == NULL)
    {
      g_string_append (sql, all ? "TRUE" : "FALSE");
      return TRUE;
    }
  if (!append_list (self, path, sql, binds, CAR_PROPERTY_TEXT, list, before, between))
    return FALSE;
  g_string_append_c (sql, ')');
  return TRUE;
}

static gboolean
append_contains (CarQueryContext *self,
                 const CarQueryPath *path,
                 GString *sql,
                 GArray *binds,
                 const char *expression,
                 const CarGraphqlValue *value,
                 gboolean contained)
{
  g_autoptr (GString) json = g_string_new (NULL);
  CarQueryBind bind = { .type = SQLITE_TEXT };

  if (!car_query_append_json (self, path, json, value))
    return FALSE;
  bind.text = memcpy (car_graphql_document_alloc (self->document, json->len + 1), json->str, json->len);
  bind.length = json->len;
  if (!contained)
    g_string_append_printf (sql, "car_contains (%s, ", expression);
  else
    g_string_append (sql, "car_contains (");
  if (!append_bind (self, path, sql, binds, &bind))
    return FALSE;
  if (contained)
    g_string_append_printf (sql, ", %s", expression);
  g_string_append_c (sql, ')');
  return TRUE;
}

/* The operators of jsonb alone; `expression` is the column itself. */
static gboolean
append_json_operator (CarQueryContext *self,
                      const CarQueryPath *path,
                      GString *sql,
                      GArray *binds,
                      const char *expression,
                      const CarGraphqlValue *value,
                      gboolean *known)
{
  const char *name = value->name;

  *known = TRUE;
  if (g_str_equal (name, "_contains") || g_str_equal (name, "_contained_in"))
    return append_contains (self, path, sql, binds, expression, value, g_str_equal (name, "_contained_in"));
  if (g_str_equal (name, "_has_keys_any") || g_str_equal (name, "_has_keys_all"))
    return append_has_keys (self, path, sql, binds, expression, value, g_str_equal (name, "_has_keys_all"));
  if (g_str_equal (name, "_has_key"))
    {
      g_string_append_printf (sql, "car_has_key (%s, ", expression);
      if (!append_value (self, path, sql, binds, CAR_PROPERTY_TEXT, "String", value))
        return FALSE;
      g_string_append_c (sql, ')');
      return TRUE;
    }
  *known = FALSE;
  return FALSE;
}

/* The operators of all types; `expression` is what of the column is compared. */
static gboolean
append_common_operator (CarQueryContext *self,
                        const CarQueryPath *path,
                        GString *sql,
                        GArray *binds,
                        CarPropertyType type,
                        const char *expression,
                        const CarGraphqlValue *value)
{
  const char *name = value->name;

  for (guint i = 0; i < G_N_ELEMENTS (comparisons); i++)
    if (g_str_equal (name, comparisons[i].name))
      {
        g_string_append_printf (sql, "%s%s", expression, comparisons[i].sql);
        return append_value (self, path, sql, binds, type, car_query_get_scalar (type), value);
      }
  for (guint i = 0; type == CAR_PROPERTY_TEXT && i < G_N_ELEMENTS (likenesses); i++)
    if (g_str_equal (name, likenesses[i].name))
      {
        g_string_append_printf (sql, "%s (%s, ", likenesses[i].call, expression);
        if (!append_value (self, path, sql, binds, type, "String", value))
          return FALSE;
        g_string_append_printf (sql, ", %d)", likenesses[i].how);
        return TRUE;
      }
  if (g_str_equal (name, "_in") || g_str_equal (name, "_nin"))
    {
      g_string_append_printf (sql, "%s %s ", expression, g_str_equal (name, "_in") ? "IN" : "NOT IN");
      return append_list (self, path, sql, binds, type, value, "(", ",");
    }
  return car_query_fail (self, path, "a column of type %s has no operator “%s”", car_query_get_scalar (type),
                         name);
}

/* One operator of a column. */
static gboolean
append_operator (CarQueryContext *self,
                 const CarQueryPath *path,
                 GString *sql,
                 GArray *binds,
                 const CarQueryColumn *column,
                 const char *alias,
                 const CarGraphqlValue *value)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autoptr (GString) comparable = g_string_new (NULL);
  gboolean known = FALSE, done;

  car_query_append_column (plain, column, alias);
  if (g_str_equal (value->name, "_is_null"))
    return append_is_null (self, path, sql, plain->str, value);
  if (column->type == CAR_PROPERTY_JSON)
    {
      done = append_json_operator (self, path, sql, binds, plain->str, value, &known);
      if (known)
        return done;
    }
  car_query_append_comparable (comparable, column, alias);
  return append_common_operator (self, path, sql, binds, column->type, comparable->str, value);
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

  g_string_append (sql, "TRUE");
  for (const CarGraphqlValue *operator= operators->items; operator!= NULL; operator= operator->next)
    {
      const CarQueryPath here = { path, operator->name };

      if (++self->n_conditions > MAX_CONDITIONS)
        return car_query_fail (self, &here, "the query has more than %d conditions", MAX_CONDITIONS);
      g_string_append (sql, " AND ");
      if (!append_operator (self, &here, sql, binds, column, alias, operator))
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

  const CarQueryTable *to = car_query_schema_find (self->schema, link->to);

  if (!go_deeper (self, path, COST_OF_LINK))
    return FALSE;
  g_string_append (sql, "EXISTS (SELECT 1 FROM ");
  car_query_append_table (self, sql, to, alias);
  car_query_append_link (sql, link, alias, first, second);
  g_string_append (sql, " AND ");
  if (!append_conditions (self, path, sql, binds, to, level + 1, where))
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
  if (!go_deeper (self, path, any ? COST_OF_ANY : 0))
    return FALSE;
  g_string_append (sql, any ? "(FALSE" : "TRUE");
  for (const CarGraphqlValue *item = is_list ? list->items : list; item != NULL;
       item = is_list ? item->next : NULL)
    {
      g_string_append (sql, any ? " OR " : " AND ");
      if (!append_conditions (self, path, sql, binds, table, level, item))
        return FALSE;
    }
  if (any)
    {
      self->condition_cost -= COST_OF_ANY;
      g_string_append_c (sql, ')');
    }
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
  const CarQueryColumn *column = car_query_table_find_column (table, name);
  const CarQueryLink *link = car_query_table_find_link (table, name);

  if (g_str_equal (name, "_and") || g_str_equal (name, "_or"))
    return append_all_or_any (self, path, sql, binds, table, level, value, g_str_equal (name, "_or"));
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {_eq: …}");
  if (g_str_equal (name, "_not"))
    {
      g_string_append (sql, "NOT (");
      if (!go_deeper (self, path, COST_OF_NOT) ||
          !append_conditions (self, path, sql, binds, table, level, value))
        return FALSE;
      self->condition_cost -= COST_OF_NOT;
      g_string_append_c (sql, ')');
      return TRUE;
    }
  if (column != NULL)
    return append_column_conditions (self, path, sql, binds, column, level, value);
  if (link != NULL)
    return append_link_conditions (self, path, sql, binds, link, level, value);
  return car_query_fail (self, path, "“%s” has no field “%s”", table->name, name);
}

/* The type of a where object's member, as the introspection tells it. */
static char *
get_type_of_member (CarQueryContext *self, const CarQueryTable *table, const char *name)
{
  const CarQueryColumn *column = car_query_table_find_column (table, name);
  const CarQueryLink *link = car_query_table_find_link (table, name);

  if (g_str_equal (name, "_and") || g_str_equal (name, "_or"))
    return g_strdup_printf ("[%s_bool_exp]", table->name);
  if (column != NULL)
    return g_strdup_printf ("%s_comparison_exp", car_query_get_scalar (column->type));
  return g_strdup_printf ("%s_bool_exp", link != NULL ? link->to : table->name);
}

/* Without parentheses: AND binds tighter than OR, and less than NOT, which brings its own. */
static gboolean
append_conditions (CarQueryContext *self,
                   const CarQueryPath *path,
                   GString *sql,
                   GArray *binds,
                   const CarQueryTable *table,
                   guint level,
                   const CarGraphqlValue *where)
{
  g_autofree char *type = g_strconcat (table->name, "_bool_exp", NULL);

  if (!car_query_resolve (self, path, type, &where))
    return FALSE;
  if (where == NULL || where->type == CAR_GRAPHQL_NULL)
    {
      g_string_append (sql, "TRUE");
      return TRUE;
    }
  if (where->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here, such as {name: {_eq: …}}");
  g_string_append (sql, "TRUE");
  for (const CarGraphqlValue *member = where->items; member != NULL; member = member->next)
    {
      const CarQueryPath here = { path, member->name };
      const CarGraphqlValue *value = member;

      if (++self->n_conditions > MAX_CONDITIONS)
        return car_query_fail (self, &here, "the query has more than %d conditions", MAX_CONDITIONS);
      g_autofree char *member_type = get_type_of_member (self, table, member->name);

      if (!car_query_resolve (self, &here, member_type, &value))
        return FALSE;
      if (value == NULL)
        continue;
      g_string_append (sql, " AND ");
      if (!append_condition (self, &here, sql, binds, table, level, member->name, value))
        return FALSE;
    }
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
