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

/* What conditions are written to: `binds` (element-type CarQueryBind) are the values that stand in `sql` by their numbers. */
typedef struct
{
  CarQueryContext *context;
  GString *sql;
  GArray *binds;
  gboolean found; /* the rows at hand are few: an index finds them, or a row of the table above */
} Where;

static gboolean append_conditions (Where *self,
                                   const CarQueryPath *path,
                                   const CarQueryTable *table,
                                   guint level,
                                   const CarGraphqlValue *where);

static gboolean
go_deeper (Where *self, const CarQueryPath *path, guint cost)
{
  self->context->condition_cost += cost;
  return self->context->condition_cost <= MAX_COST ||
         car_query_fail (self->context, path, "conditions are nested too deep");
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
append_bind (Where *self, const CarQueryPath *path, const CarQueryBind *bind)
{
  if (++self->context->n_values > MAX_VALUES)
    return car_query_fail (self->context, path, "the query has more than %d values", MAX_VALUES);
  g_array_append_vals (self->binds, bind, 1);
  /* SQLite numbers those without a number as they come. It would search all before it for each with one. */
  g_string_append (self->sql, self->binds->len == 1 ? "?" G_STRINGIFY (CAR_QUERY_FIRST_BIND) : "?");
  return TRUE;
}

/* A value of `type`; a variable for it is declared as `scalar`. */
static gboolean
append_value (Where *self,
              const CarQueryPath *path,
              CarPropertyType type,
              const char *scalar,
              const CarGraphqlValue *value)
{
  CarQueryBind bind;

  if (!car_query_resolve (self->context, path, scalar, &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self->context, path, "null is no value to compare with: use _is_null");
  return car_query_to_bind (self->context, path, type, value, &bind) && append_bind (self, path, &bind);
}

/* A list, or one value in place of a list of one. `before` and `between` stand before and between the values. */
static gboolean
append_list (Where *self,
             const CarQueryPath *path,
             CarPropertyType type,
             const CarGraphqlValue *list,
             const char *before,
             const char *between)
{
  const char *scalar = car_query_get_scalar (type);
  g_autofree char *list_type = g_strdup_printf ("[%s!]", scalar);

  if (!car_query_resolve (self->context, path, list_type, &list))
    return FALSE;
  if (list == NULL || list->type == CAR_GRAPHQL_NULL)
    return car_query_fail (self->context, path, "a list is wanted here");
  g_string_append (self->sql, before);
  for (const CarGraphqlValue *item = car_query_first_item (list); item != NULL;
       item = car_query_next_item (list, item))
    {
      if (item != car_query_first_item (list))
        g_string_append (self->sql, between);
      if (!append_value (self, path, type, scalar, item))
        return FALSE;
    }
  g_string_append_c (self->sql, ')');
  return TRUE;
}

static gboolean
append_is_null (Where *self, const CarQueryPath *path, const char *expression, const CarGraphqlValue *value)
{
  if (!car_query_resolve (self->context, path, "Boolean", &value))
    return FALSE;
  if (value == NULL || value->type != CAR_GRAPHQL_BOOLEAN)
    return car_query_fail (self->context, path, "true or false is wanted here");
  g_string_append_printf (self->sql, "%s IS %sNULL", expression,
                          g_str_equal (value->text, "true") ? "" : "NOT ");
  return TRUE;
}

/* The parts of a list are conditions of their own: all of them, or one. */
static gboolean
append_has_keys (Where *self,
                 const CarQueryPath *path,
                 const char *expression,
                 const CarGraphqlValue *value,
                 gboolean all)
{
  g_autofree char *call = g_strdup_printf ("car_has_key (%s, ", expression);
  g_autofree char *before = g_strdup_printf ("(%s %s %s", all ? "TRUE" : "FALSE", all ? "AND" : "OR", call);
  g_autofree char *between = g_strdup_printf (") %s %s", all ? "AND" : "OR", call);
  const CarGraphqlValue *list = value;

  if (!car_query_resolve (self->context, path, "[String!]", &list))
    return FALSE;
  if (list != NULL && list->type == CAR_GRAPHQL_LIST && list->items == NULL)
    {
      g_string_append (self->sql, all ? "TRUE" : "FALSE");
      return TRUE;
    }
  if (!append_list (self, path, CAR_PROPERTY_TEXT, list, before, between))
    return FALSE;
  g_string_append_c (self->sql, ')');
  return TRUE;
}

static gboolean
append_contains (Where *self,
                 const CarQueryPath *path,
                 const char *expression,
                 const CarGraphqlValue *value,
                 gboolean contained)
{
  g_autoptr (GString) json = g_string_new (NULL);
  CarQueryBind bind = { .type = SQLITE_TEXT };

  if (!car_query_append_json (self->context, path, json, value))
    return FALSE;
  bind.text =
      memcpy (car_graphql_document_alloc (self->context->document, json->len + 1), json->str, json->len);
  bind.length = json->len;
  if (!contained)
    g_string_append_printf (self->sql, "car_contains (%s, ", expression);
  else
    g_string_append (self->sql, "car_contains (");
  if (!append_bind (self, path, &bind))
    return FALSE;
  if (contained)
    g_string_append_printf (self->sql, ", %s", expression);
  g_string_append_c (self->sql, ')');
  return TRUE;
}

/* The operators of jsonb alone; `expression` is the column itself. */
static gboolean
append_json_operator (Where *self,
                      const CarQueryPath *path,
                      const char *expression,
                      const CarGraphqlValue *value,
                      gboolean *known)
{
  const char *name = value->name;

  *known = TRUE;
  if (g_str_equal (name, "_contains") || g_str_equal (name, "_contained_in"))
    return append_contains (self, path, expression, value, g_str_equal (name, "_contained_in"));
  if (g_str_equal (name, "_has_keys_any") || g_str_equal (name, "_has_keys_all"))
    return append_has_keys (self, path, expression, value, g_str_equal (name, "_has_keys_all"));
  if (g_str_equal (name, "_has_key"))
    {
      g_string_append_printf (self->sql, "car_has_key (%s, ", expression);
      if (!append_value (self, path, CAR_PROPERTY_TEXT, "String", value))
        return FALSE;
      g_string_append_c (self->sql, ')');
      return TRUE;
    }
  *known = FALSE;
  return FALSE;
}

/* The operators of all types; `expression` is what of the column is compared. */
static gboolean
append_common_operator (Where *self,
                        const CarQueryPath *path,
                        CarPropertyType type,
                        const char *expression,
                        const CarGraphqlValue *value)
{
  const char *name = value->name;

  for (guint i = 0; i < G_N_ELEMENTS (comparisons); i++)
    if (g_str_equal (name, comparisons[i].name))
      {
        g_string_append_printf (self->sql, "%s%s", expression, comparisons[i].sql);
        return append_value (self, path, type, car_query_get_scalar (type), value);
      }
  for (guint i = 0; type == CAR_PROPERTY_TEXT && i < G_N_ELEMENTS (likenesses); i++)
    if (g_str_equal (name, likenesses[i].name))
      {
        g_string_append_printf (self->sql, "%s (%s, ", likenesses[i].call, expression);
        if (!append_value (self, path, type, "String", value))
          return FALSE;
        g_string_append_printf (self->sql, ", %d)", likenesses[i].how);
        return TRUE;
      }
  if (g_str_equal (name, "_in") || g_str_equal (name, "_nin"))
    {
      g_string_append_printf (self->sql, "%s %s ", expression, g_str_equal (name, "_in") ? "IN" : "NOT IN");
      return append_list (self, path, type, value, "(", ",");
    }
  return car_query_fail (self->context, path, "a column of type %s has no operator “%s”",
                         car_query_get_scalar (type), name);
}

/* One operator of a column. */
static gboolean
append_operator (Where *self,
                 const CarQueryPath *path,
                 const CarQueryColumn *column,
                 const char *alias,
                 const CarGraphqlValue *value)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autoptr (GString) comparable = g_string_new (NULL);
  gboolean known = FALSE, done;

  car_query_append_column (plain, column, alias);
  if (g_str_equal (value->name, "_is_null"))
    return append_is_null (self, path, plain->str, value);
  if (column->type == CAR_PROPERTY_JSON)
    {
      done = append_json_operator (self, path, plain->str, value, &known);
      if (known)
        return done;
    }
  car_query_append_comparable (comparable, column, alias);
  return append_common_operator (self, path, column->type, comparable->str, value);
}

/* All operators of a column: { _gte: 1, _lt: 9 }. */
static gboolean
append_column_conditions (Where *self,
                          const CarQueryPath *path,
                          const CarQueryColumn *column,
                          guint level,
                          const CarGraphqlValue *operators)
{
  g_autofree char *alias = g_strdup_printf ("t%u", level);

  g_string_append (self->sql, "TRUE");
  for (const CarGraphqlValue *operator= operators->items; operator!= NULL; operator= operator->next)
    {
      const CarQueryPath here = { path, operator->name };

      if (++self->context->n_conditions > MAX_CONDITIONS)
        return car_query_fail (self->context, &here, "the query has more than %d conditions", MAX_CONDITIONS);
      g_string_append (self->sql, " AND ");
      if (!append_operator (self, &here, column, alias, operator))
        return FALSE;
    }
  return TRUE;
}

static gboolean is_found (const CarQueryContext *context,
                          const CarQueryTable *table,
                          const CarGraphqlValue *where,
                          gboolean through_links);

static gboolean
is_found_by (const CarQueryContext *context,
             const CarQueryTable *table,
             const CarGraphqlValue *member,
             gboolean through_links)
{
  const CarGraphqlValue *value = car_query_peek (context, member);
  const CarQueryColumn *column = car_query_table_find_column (table, member->name);
  const CarQueryLink *link = through_links ? car_query_table_find_link (table, member->name) : NULL;
  const gboolean any = g_str_equal (member->name, "_or");

  if (value == NULL)
    return FALSE;
  if (column != NULL)
    return column->indexed && (car_query_peek_member (context, value, "_eq") != NULL ||
                               car_query_peek_member (context, value, "_in") != NULL);
  if (link != NULL)
    return is_found (context, car_query_schema_find (context->schema, link->to), value, TRUE);
  if (!g_str_equal (member->name, "_and") && !any)
    return FALSE;
  for (const CarGraphqlValue *item = car_query_first_item (value); item != NULL;
       item = car_query_next_item (value, item))
    if (is_found (context, table, item, through_links) != any)
      return !any;
  return any;
}

/* Whether an index finds what fits: a condition, or each part of an _or, has a value that an index knows. What is
 * wrong with them is told when they are written. */
static gboolean
is_found (const CarQueryContext *context,
          const CarQueryTable *table,
          const CarGraphqlValue *where,
          gboolean through_links)
{
  where = car_query_peek (context, where);
  if (where == NULL || where->type != CAR_GRAPHQL_OBJECT)
    return FALSE;
  for (const CarGraphqlValue *member = where->items; member != NULL; member = member->next)
    if (is_found_by (context, table, member, through_links))
      return TRUE;
  return FALSE;
}

/* "EXISTS (SELECT 1 FROM …": each row is asked for its own. "t0.id IN (SELECT u0.id FROM …": what fits is looked up first, and
 * leads to the rows, which are u0 in there. By their number, as SQLite looks up what is compared with two columns twice. */
static void
append_linked (Where *self,
               const CarQueryTable *table,
               const CarQueryTable *to,
               const CarQueryLink *link,
               guint level,
               gboolean backwards)
{
  g_autofree char *above = g_strdup_printf ("%c%u", backwards ? 'u' : 't', level);
  g_autofree char *alias = g_strdup_printf ("t%u", level + 1);
  g_autofree char *first = g_strconcat (above, ".", link->columns[0], NULL);
  g_autofree char *second = g_strconcat (above, ".", link->columns[1], NULL);

  if (!backwards)
    g_string_append (self->sql, "EXISTS (SELECT 1 FROM ");
  else
    g_string_append_printf (self->sql, "t%u.id IN (SELECT %s.id FROM %s %s CROSS JOIN ", level, above,
                            car_query_get_store_table (to), alias);
  car_query_append_table (self->context, self->sql, backwards ? table : to, backwards ? above : alias);
  if (backwards)
    {
      g_string_append (self->sql, " AND ");
      car_query_append_seen (self->context, self->sql, to, alias);
    }
  car_query_append_link (self->sql, link, alias, first, second);
}

/* Rows that are linked with at least one that fits. All that fit may be far more than the rows at hand: they are looked up only
 * where an index finds them, and none finds the rows. */
static gboolean
append_link_conditions (Where *self,
                        const CarQueryPath *path,
                        const CarQueryTable *table,
                        const CarQueryLink *link,
                        guint level,
                        const CarGraphqlValue *where)
{
  const CarQueryTable *to = car_query_schema_find (self->context->schema, link->to);
  const gboolean found = self->found;
  const gboolean backwards = !found && is_found (self->context, to, where, TRUE);

  if (!go_deeper (self, path, COST_OF_LINK))
    return FALSE;
  append_linked (self, table, to, link, level, backwards);
  g_string_append (self->sql, " AND ");
  self->found = !backwards;
  if (!append_conditions (self, path, to, level + 1, where))
    return FALSE;
  self->found = found;
  self->context->condition_cost -= COST_OF_LINK;
  g_string_append_c (self->sql, ')');
  return TRUE;
}

/* _and and _or take a list, or one object in place of a list of one. */
static gboolean
append_all_or_any (Where *self,
                   const CarQueryPath *path,
                   const CarQueryTable *table,
                   guint level,
                   const CarGraphqlValue *list,
                   gboolean any)
{
  g_autofree char *alias = g_strdup_printf ("t%u", level);

  if (list->type != CAR_GRAPHQL_LIST && list->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self->context, path, "a list of conditions is wanted here");
  if (!go_deeper (self, path, any ? COST_OF_ANY : 0))
    return FALSE;
  if (any)
    g_string_append_c (self->sql, '(');
  if (car_query_first_item (list) == NULL)
    g_string_append (self->sql, any ? "FALSE" : "TRUE");
  for (const CarGraphqlValue *item = car_query_first_item (list); item != NULL;
       item = car_query_next_item (list, item))
    {
      if (item != car_query_first_item (list))
        g_string_append (self->sql, any ? " OR " : " AND ");
      /* SQLite takes an index of what is there now for a part of OR only where that part says so. */
      if (any)
        {
          car_query_append_seen (self->context, self->sql, table, alias);
          g_string_append (self->sql, " AND ");
        }
      if (!append_conditions (self, path, table, level, item))
        return FALSE;
    }
  if (any)
    {
      self->context->condition_cost -= COST_OF_ANY;
      g_string_append_c (self->sql, ')');
    }
  return TRUE;
}

/* One member of a where object. */
static gboolean
append_condition (Where *self,
                  const CarQueryPath *path,
                  const CarQueryTable *table,
                  guint level,
                  const char *name,
                  const CarGraphqlValue *value)
{
  const CarQueryColumn *column = car_query_table_find_column (table, name);
  const CarQueryLink *link = car_query_table_find_link (table, name);

  if (g_str_equal (name, "_and") || g_str_equal (name, "_or"))
    return append_all_or_any (self, path, table, level, value, g_str_equal (name, "_or"));
  if (value->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self->context, path, "an object is wanted here, such as {_eq: …}");
  if (g_str_equal (name, "_not"))
    {
      g_string_append (self->sql, "NOT (");
      if (!go_deeper (self, path, COST_OF_NOT) || !append_conditions (self, path, table, level, value))
        return FALSE;
      self->context->condition_cost -= COST_OF_NOT;
      g_string_append_c (self->sql, ')');
      return TRUE;
    }
  if (column != NULL)
    return append_column_conditions (self, path, column, level, value);
  if (link != NULL)
    return append_link_conditions (self, path, table, link, level, value);
  return car_query_fail (self->context, path, "“%s” has no field “%s”", table->name, name);
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

/* Without parentheses: AND binds tighter than OR, and less than NOT, which brings its own. */
static gboolean
append_conditions (Where *self,
                   const CarQueryPath *path,
                   const CarQueryTable *table,
                   guint level,
                   const CarGraphqlValue *where)
{
  g_autofree char *type = g_strconcat (table->name, "_bool_exp", NULL);
  const gboolean found = self->found;

  if (!car_query_resolve (self->context, path, type, &where))
    return FALSE;
  if (where == NULL || where->type == CAR_GRAPHQL_NULL)
    {
      g_string_append (self->sql, "TRUE");
      return TRUE;
    }
  if (where->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self->context, path, "an object is wanted here, such as {name: {_eq: …}}");
  self->found |= is_found (self->context, table, where, FALSE);
  g_string_append (self->sql, "TRUE");
  for (const CarGraphqlValue *member = where->items; member != NULL; member = member->next)
    {
      const CarQueryPath here = { path, member->name };
      const CarGraphqlValue *value = member;

      if (++self->context->n_conditions > MAX_CONDITIONS)
        return car_query_fail (self->context, &here, "the query has more than %d conditions", MAX_CONDITIONS);
      g_autofree char *member_type = get_type_of_member (table, member->name);

      if (!car_query_resolve (self->context, &here, member_type, &value))
        return FALSE;
      if (value == NULL)
        continue;
      g_string_append (self->sql, " AND ");
      if (!append_condition (self, &here, table, level, member->name, value))
        return FALSE;
    }
  self->found = found;
  return TRUE;
}

gboolean
car_query_append_where (CarQueryContext *self,
                        const CarQueryPath *path,
                        GString *sql,
                        GArray *binds,
                        const CarQueryTable *table,
                        gboolean found,
                        const CarGraphqlValue *where)
{
  Where conditions = { self, sql, binds, found };

  g_string_append (sql, " AND ");
  return append_conditions (&conditions, path, table, 0, where);
}
