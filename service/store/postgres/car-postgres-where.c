/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-sql.h"

static void append_condition (CarPostgresSql *self,
                              const CarQueryTable *table,
                              const CarQueryCondition *condition,
                              const char *alias);

static const CarQueryBind *
get_value (const CarQueryCondition *condition)
{
  return &g_array_index (condition->values, CarQueryBind, 0);
}

/* The value in the form in which it is compared. */
static void
append_value (CarPostgresSql *self, const CarQueryCondition *condition)
{
  const char *type = car_postgres_get_comparable_value (condition->column->type);

  car_postgres_sql_append_value (self, get_value (condition));
  g_string_append_printf (self->text, "::%s", type);
}

/* All values as an array, "any" or "all" of which are compared. */
static void
append_values (CarPostgresSql *self, const CarQueryCondition *condition)
{
  const char *type = car_postgres_get_comparable_value (condition->column->type);

  car_postgres_sql_append_values (self, condition->values);
  g_string_append_printf (self->text, "::%s[]", type);
}

static const char *
get_comparison (CarQueryConditionKind kind)
{
  static const char *const comparisons[] = {
    [CAR_QUERY_EQUAL] = "=",          [CAR_QUERY_UNEQUAL] = "<>", [CAR_QUERY_GREATER] = ">",
    [CAR_QUERY_GREATER_EQUAL] = ">=", [CAR_QUERY_LESS] = "<",     [CAR_QUERY_LESS_EQUAL] = "<=",
  };

  return comparisons[kind];
}

/* Letters are told apart in any language where none of them is. */
#define CASELESS " COLLATE \"und-x-icu\""

static void
append_likeness (CarPostgresSql *self, const CarQueryCondition *condition, const char *expression)
{
  static const char *const operators[] = {
    [CAR_QUERY_LIKE] = " LIKE ",
    [CAR_QUERY_LIKE_CASELESS] = CASELESS " ILIKE ",
    [CAR_QUERY_SIMILAR] = " SIMILAR TO ",
    [CAR_QUERY_REGEX] = " ~ ",
    [CAR_QUERY_REGEX_CASELESS] = CASELESS " ~* ",
  };

  g_string_append_printf (self->text, "%s(%s%s", condition->negated ? "NOT " : "", expression,
                          operators[condition->kind]);
  car_postgres_sql_append_value (self, get_value (condition));
  g_string_append_c (self->text, ')');
}

static void
append_keys (CarPostgresSql *self, const CarQueryCondition *condition, const char *expression)
{
  g_string_append_printf (self->text, "%s (%s, ",
                          condition->kind == CAR_QUERY_HAS_ALL_KEYS ? "jsonb_exists_all" : "jsonb_exists_any",
                          expression);
  car_postgres_sql_append_values (self, condition->values);
  g_string_append_c (self->text, ')');
}

/* An index leads to what begins so; whether it is the same to the end is another question. */
static void
append_beginning (CarPostgresSql *self, const CarQueryCondition *condition, const char *expression)
{
  if (condition->negated || !car_postgres_is_indexed_text (condition->column))
    return;

  if (condition->kind == CAR_QUERY_EQUAL)
    {
      g_string_append_printf (self->text, "left (%s, " CAR_POSTGRES_INDEXED ") = left (", expression);
      car_postgres_sql_append_value (self, get_value (condition));
      g_string_append (self->text, ", " CAR_POSTGRES_INDEXED ") AND ");
    }
  else if (condition->kind == CAR_QUERY_IN)
    {
      g_string_append_printf (self->text,
                              "left (%s, " CAR_POSTGRES_INDEXED
                              ") = ANY (ARRAY (SELECT left (x, " CAR_POSTGRES_INDEXED ") FROM unnest (",
                              expression);
      car_postgres_sql_append_values (self, condition->values);
      g_string_append (self->text, ") x)) AND ");
    }
}

static void
append_in (CarPostgresSql *self, const CarQueryCondition *condition, const char *expression)
{
  g_string_append_printf (self->text, condition->negated ? "%s <> ALL (" : "%s = ANY (", expression);
  append_values (self, condition);
  g_string_append_c (self->text, ')');
}

static void
append_operator (CarPostgresSql *self, const CarQueryCondition *condition, const char *expression)
{
  switch (condition->kind)
    {
    case CAR_QUERY_IN:
      append_in (self, condition, expression);
      break;
    case CAR_QUERY_LIKE:
    case CAR_QUERY_LIKE_CASELESS:
    case CAR_QUERY_SIMILAR:
    case CAR_QUERY_REGEX:
    case CAR_QUERY_REGEX_CASELESS:
      append_likeness (self, condition, expression);
      break;
    case CAR_QUERY_IS_NULL:
      g_string_append_printf (self->text, "%s IS %sNULL", expression, condition->negated ? "NOT " : "");
      break;
    case CAR_QUERY_CONTAINS:
    case CAR_QUERY_CONTAINED_IN:
      g_string_append_printf (self->text, condition->kind == CAR_QUERY_CONTAINS ? "%s @> " : "%s <@ ",
                              expression);
      append_value (self, condition);
      break;
    case CAR_QUERY_HAS_ANY_KEY:
    case CAR_QUERY_HAS_ALL_KEYS:
      append_keys (self, condition, expression);
      break;
    default:
      g_string_append_printf (self->text, "%s %s ", expression, get_comparison (condition->kind));
      append_value (self, condition);
    }
}

/* Sources are few, and their numbers are in all keys. */
static void
append_source_condition (CarPostgresSql *self, const CarQueryCondition *condition, const char *alias)
{
  const gboolean one = condition->kind == CAR_QUERY_EQUAL;

  g_string_append_printf (self->text,
                          one ? "%s.source = (SELECT id FROM source WHERE "
                              : "%s.source IN (SELECT id FROM source WHERE ",
                          alias);
  append_operator (self, condition, "key");
  g_string_append_c (self->text, ')');
}

/* Of the vertices of one of the ids. */
static void
append_ids (CarPostgresSql *self, const CarQueryCondition *condition, gint64 collection, const char *is_alone)
{
  g_string_append (self->text, "SELECT i.* FROM unnest (");
  car_postgres_sql_append_values (self, condition->values);
  g_string_append (self->text, ") x CROSS JOIN LATERAL (");
  car_postgres_append_vertices_of_id (self->text, self->timepoint < 0 ? "vertex" : "vertex_ever", collection,
                                      "x", is_alone);
  g_string_append (self->text, ") i");
}

/* A key is indexed behind its source, and all sources may have it. Written so, an index is of use within OR as well. */
#define OF_ANY_SOURCE "%s.source = ANY (ARRAY (SELECT id FROM source)) AND %s.key = ANY ("

static void
append_key_condition (CarPostgresSql *self, const CarQueryCondition *condition, const char *alias)
{
  g_string_append_printf (self->text, OF_ANY_SOURCE, alias, alias);
  car_postgres_sql_append_values (self, condition->values);
  g_string_append_c (self->text, ')');
}

/* The keys that the ids may have, and then the ids. */
static void
append_id_condition (CarPostgresSql *self,
                     const CarQueryTable *table,
                     const CarQueryCondition *condition,
                     const char *alias)
{
  g_string_append_printf (self->text,
                          OF_ANY_SOURCE "ARRAY (SELECT substr (x, length (s.key) + 2) COLLATE \"C\""
                                        " FROM source s CROSS JOIN unnest (",
                          alias, alias);
  car_postgres_sql_append_values (self, condition->values);
  g_string_append (self->text, ") x WHERE starts_with (x, s.key || '/'))) AND ");
  car_postgres_append_comparable (self->text, table, condition->column, alias, self->timepoint);
  g_string_append (self->text, " = ANY (");
  car_postgres_sql_append_values (self, condition->values);
  g_string_append_c (self->text, ')');
}

/* An index of those that differ from the id has no others. */
static void
append_connecting_condition (CarPostgresSql *self,
                             const CarQueryTable *table,
                             const CarQueryCondition *condition,
                             const char *alias)
{
  const gint64 collection = car_postgres_get_collection (self->store, table->collection);

  g_string_append_printf (
      self->text,
      "(%s.source, %s.id) IN (SELECT v.source, v.id FROM %s v WHERE v.collection = %" G_GINT64_FORMAT
      " AND v.connecting_id = ANY (",
      alias, alias, self->timepoint < 0 ? "vertex" : "vertex_ever", collection);
  car_postgres_sql_append_values (self, condition->values);
  g_string_append (self->text, ") UNION ALL ");
  append_ids (self, condition, collection, " AND v.connecting_id IS NULL");
  g_string_append_c (self->text, ')');
}

/* The vertices of these ids are looked up first: indices of edges know them by their numbers. */
static void
append_end_condition (CarPostgresSql *self,
                      const CarQueryTable *table,
                      const CarQueryCondition *condition,
                      const char *alias)
{
  const gboolean from = condition->column->stored == CAR_QUERY_STORED_FROM_ID;
  const char *end = car_query_table_get_end (table, from ? CAR_QUERY_END_FROM : CAR_QUERY_END_TO);

  g_string_append_printf (self->text, "(%s.source, %s.%s) IN (", alias, alias,
                          from ? "from_vertex" : "to_vertex");
  append_ids (self, condition, car_postgres_get_collection (self->store, end), "");
  g_string_append_c (self->text, ')');
}

/* Of the columns that the tables have in another form: FALSE for all else. */
static gboolean
append_stored_condition (CarPostgresSql *self,
                         const CarQueryTable *table,
                         const CarQueryCondition *condition,
                         const char *alias)
{
  const CarQueryColumn *column = condition->column;
  const gboolean equal =
      condition->kind == CAR_QUERY_EQUAL || (condition->kind == CAR_QUERY_IN && !condition->negated);

  if (column->kind != CAR_QUERY_COLUMN || (table->kind != CAR_QUERY_VERTEX && table->kind != CAR_QUERY_EDGE))
    return FALSE;
  if (column->stored == CAR_QUERY_STORED_SOURCE)
    append_source_condition (self, condition, alias);
  else if (!equal)
    return FALSE;
  else if (column->stored == CAR_QUERY_STORED_KEY)
    append_key_condition (self, condition, alias);
  else if (column->stored == CAR_QUERY_STORED_ID)
    append_id_condition (self, table, condition, alias);
  else if (column->stored == CAR_QUERY_STORED_CONNECTING_ID && self->timepoint < 0)
    append_connecting_condition (self, table, condition, alias);
  else if (column->stored == CAR_QUERY_STORED_FROM_ID || column->stored == CAR_QUERY_STORED_TO_ID)
    append_end_condition (self, table, condition, alias);
  else
    return FALSE;
  return TRUE;
}

static void
append_column_condition (CarPostgresSql *self,
                         const CarQueryTable *table,
                         const CarQueryCondition *condition,
                         const char *alias)
{
  g_autoptr (GString) expression = NULL;

  if (append_stored_condition (self, table, condition, alias))
    return;

  expression = g_string_new (NULL);
  car_postgres_append_comparable (expression, table, condition->column, alias, self->timepoint);
  append_beginning (self, condition, expression->str);
  append_operator (self, condition, expression->str);
}

/* Of edges within a collection, either end leads to the row: their ends are listed, as no index serves two columns at once. */
static void
append_linked_both (CarPostgresSql *self, const CarQueryCondition *linked, const char *above)
{
  g_autofree char *alias = car_postgres_sql_make_alias (self);

  g_string_append_printf (self->text,
                          "(%s.source, %s.id) IN (SELECT %s.source, x FROM %s %s"
                          " CROSS JOIN LATERAL (VALUES (%s.from_vertex), (%s.to_vertex)) v (x) WHERE ",
                          above, above, alias, car_postgres_get_table (self, linked->to), alias, alias,
                          alias);
  car_postgres_append_seen (self, linked->to, alias);
  g_string_append (self->text, " AND ");
  append_condition (self, linked->to, linked->parts->pdata[0], alias);
  g_string_append_c (self->text, ')');
}

static void
append_linked (CarPostgresSql *self,
               const CarQueryTable *table,
               const CarQueryCondition *linked,
               const char *above)
{
  g_autofree char *alias = NULL;

  if (linked->link->kind == CAR_QUERY_EDGES_BOTH)
    {
      append_linked_both (self, linked, above);
      return;
    }
  alias = car_postgres_sql_make_alias (self);
  g_string_append (self->text, "EXISTS (SELECT FROM ");
  car_postgres_append_from (self, linked->link, linked->to, alias, table, above);
  g_string_append (self->text, " WHERE ");
  car_postgres_append_seen (self, linked->to, alias);
  g_string_append (self->text, " AND ");
  car_postgres_append_link (self, linked->link, linked->to, alias, above);
  g_string_append (self->text, " AND ");
  append_condition (self, linked->to, linked->parts->pdata[0], alias);
  g_string_append_c (self->text, ')');
}

static void
append_parts (CarPostgresSql *self,
              const CarQueryTable *table,
              const CarQueryCondition *condition,
              const char *alias)
{
  const gboolean all = condition->kind == CAR_QUERY_ALL;

  if (condition->parts->len == 0)
    {
      g_string_append (self->text, all ? "TRUE" : "FALSE");
      return;
    }
  g_string_append_c (self->text, '(');
  for (guint i = 0; i < condition->parts->len; i++)
    {
      g_string_append (self->text, i == 0 ? "" : all ? " AND " : " OR ");
      append_condition (self, table, condition->parts->pdata[i], alias);
    }
  g_string_append_c (self->text, ')');
}

static void
append_condition (CarPostgresSql *self,
                  const CarQueryTable *table,
                  const CarQueryCondition *condition,
                  const char *alias)
{
  switch (condition->kind)
    {
    case CAR_QUERY_ALL:
    case CAR_QUERY_ANY:
      append_parts (self, table, condition, alias);
      break;
    case CAR_QUERY_NOT:
      g_string_append (self->text, "NOT (");
      append_condition (self, table, condition->parts->pdata[0], alias);
      g_string_append_c (self->text, ')');
      break;
    case CAR_QUERY_LINKED:
      append_linked (self, table, condition, alias);
      break;
    default:
      g_string_append_c (self->text, '(');
      append_column_condition (self, table, condition, alias);
      g_string_append_c (self->text, ')');
    }
}

void
car_postgres_append_where (CarPostgresSql *self,
                           const CarQueryTable *table,
                           const CarQueryCondition *where,
                           const char *alias)
{
  append_condition (self, table, where, alias);
}
