/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/store/sqlite/car-sqlite-connecting.h>
#include <service/store/sqlite/car-sqlite-sql.h>

static void append_condition (CarSqliteSql *self,
                              const CarQueryTable *table,
                              const CarQueryCondition *condition,
                              guint level,
                              gboolean found);

static void
append_value (CarSqliteSql *self, CarPropertyType type, const CarQueryBind *bind)
{
  const char *function = car_sqlite_get_comparable_function (type);

  if (function != NULL)
    g_string_append_printf (self->text, "%s (", function);
  car_sqlite_sql_append_bind (self, bind);
  if (function != NULL)
    g_string_append_c (self->text, ')');
}

/* `before` and `between` stand before and between the values. */
static void
append_values (CarSqliteSql *self,
               const CarQueryCondition *condition,
               CarPropertyType type,
               const char *before,
               const char *between)
{
  for (guint i = 0; i < condition->values->len; i++)
    {
      g_string_append (self->text, i > 0 ? between : before);
      append_value (self, type, &g_array_index (condition->values, CarQueryBind, i));
    }
}

/* What a text begins with that is LIKE the pattern. */
static char *
dup_literal_prefix (const CarQueryBind *pattern, gsize *length)
{
  GString *prefix = g_string_new (NULL);

  for (gsize i = 0; i < pattern->length && pattern->text[i] != '%' && pattern->text[i] != '_'; i++)
    {
      if (pattern->text[i] == '\\' && i + 1 < pattern->length)
        i++;
      g_string_append_c (prefix, pattern->text[i]);
    }
  *length = prefix->len;
  return g_string_free (prefix, FALSE);
}

/* An index leads to what begins so. Texts are compared by their bytes, none of which is 255. */
static void
append_prefix (CarSqliteSql *self, const CarQueryBind *pattern, const char *expression)
{
  gsize length;
  g_autofree char *prefix = dup_literal_prefix (pattern, &length);

  if (length == 0)
    return;
  g_string_append_printf (self->text, " AND %s >= ", expression);
  car_sqlite_sql_append_text (self, prefix, length);
  g_string_append_printf (self->text, " AND %s < ", expression);
  prefix[length - 1]++;
  car_sqlite_sql_append_text (self, prefix, length);
}

static void
append_likeness (CarSqliteSql *self, const CarQueryCondition *condition, const char *expression)
{
  const CarQueryBind *pattern = &g_array_index (condition->values, CarQueryBind, 0);
  const gboolean like = condition->kind == CAR_QUERY_LIKE || condition->kind == CAR_QUERY_LIKE_CASELESS;

  g_string_append_printf (self->text, "%s%s (%s, ", condition->negated ? "NOT " : "",
                          like ? "car_like" : "car_regex", expression);
  car_sqlite_sql_append_bind (self, pattern);
  g_string_append_printf (self->text, ", %d)",
                          like ? condition->kind == CAR_QUERY_LIKE_CASELESS : (int) condition->kind);
  if (condition->kind == CAR_QUERY_LIKE && !condition->negated && condition->column->indexed)
    append_prefix (self, pattern, expression);
}

static void
append_keys (CarSqliteSql *self, const CarQueryCondition *condition, const char *expression)
{
  const gboolean all = condition->kind == CAR_QUERY_HAS_ALL_KEYS;
  g_autofree char *before = g_strdup_printf ("(car_has_key (%s, ", expression);
  g_autofree char *between = g_strdup_printf (") %s car_has_key (%s, ", all ? "AND" : "OR", expression);

  append_values (self, condition, CAR_PROPERTY_TEXT, before, between);
  g_string_append (self->text, "))");
}

static void
append_in (CarSqliteSql *self, const CarQueryCondition *condition, const char *expression)
{
  g_string_append_printf (self->text, "%s %sIN (", expression, condition->negated ? "NOT " : "");
  append_values (self, condition, condition->column->type, "", ",");
  g_string_append_c (self->text, ')');
}

/* `plain` is the column itself, `comparable` what of it is compared. */
static void
append_operator (CarSqliteSql *self,
                 const CarQueryCondition *condition,
                 const char *plain,
                 const char *comparable)
{
  static const char *const comparisons[] = {
    [CAR_QUERY_EQUAL] = "=",          [CAR_QUERY_UNEQUAL] = "<>", [CAR_QUERY_GREATER] = ">",
    [CAR_QUERY_GREATER_EQUAL] = ">=", [CAR_QUERY_LESS] = "<",     [CAR_QUERY_LESS_EQUAL] = "<=",
  };

  switch (condition->kind)
    {
    case CAR_QUERY_IN:
      append_in (self, condition, comparable);
      break;
    case CAR_QUERY_LIKE:
    case CAR_QUERY_LIKE_CASELESS:
    case CAR_QUERY_SIMILAR:
    case CAR_QUERY_REGEX:
    case CAR_QUERY_REGEX_CASELESS:
      append_likeness (self, condition, comparable);
      break;
    case CAR_QUERY_IS_NULL:
      g_string_append_printf (self->text, "%s IS %sNULL", plain, condition->negated ? "NOT " : "");
      break;
    case CAR_QUERY_CONTAINS:
      g_string_append_printf (self->text, "car_contains (%s, ", plain);
      append_values (self, condition, CAR_PROPERTY_TEXT, "", "");
      g_string_append_c (self->text, ')');
      break;
    case CAR_QUERY_CONTAINED_IN:
      append_values (self, condition, CAR_PROPERTY_TEXT, "car_contains (", "");
      g_string_append_printf (self->text, ", %s)", plain);
      break;
    case CAR_QUERY_HAS_ANY_KEY:
    case CAR_QUERY_HAS_ALL_KEYS:
      append_keys (self, condition, plain);
      break;
    default:
      g_string_append_printf (self->text, "%s %s ", comparable, comparisons[condition->kind]);
      append_values (self, condition, condition->column->type, "", "");
    }
}

/* Sources are few: those that fit are looked up at once, and named by their numbers, which indices have. */
static void
append_source_condition (CarSqliteSql *self, const CarQueryCondition *condition, const char *alias)
{
  g_autoptr (CarSqliteSql) sources = car_sqlite_sql_new (self->db, self->collections, self->timepoint);
  sqlite3_stmt *rows = NULL;
  guint n_rows = 0;
  int code = SQLITE_ERROR;

  g_string_append (sources->text, "SELECT id FROM source WHERE ");
  append_operator (sources, condition, "key", "key");
  g_string_append_printf (self->text, "%s.source IN (", alias);
  if (self->error == NULL && car_sqlite_sql_prepare (sources, &rows, &self->error))
    {
      while ((code = sqlite3_step (rows)) == SQLITE_ROW)
        g_string_append_printf (self->text, "%s%" G_GINT64_FORMAT, n_rows++ > 0 ? "," : "",
                                (gint64) sqlite3_column_int64 (rows, 0));
      if (code != SQLITE_DONE)
        car_sqlite_fail_query (self->db, &self->error);
    }
  g_string_append_c (self->text, ')');
  sqlite3_finalize (rows);
}

/* "(?,?)" as rows of a column, column1. */
static void
append_rows_of_values (CarSqliteSql *self, const CarQueryCondition *condition)
{
  append_values (self, condition, CAR_PROPERTY_TEXT, "(VALUES (", "),(");
  g_string_append (self->text, "))");
}

/* A key is indexed with its source before it, and all sources may have it. */
static void
append_key_condition (CarSqliteSql *self, const CarQueryCondition *condition, const char *alias)
{
  g_string_append_printf (self->text,
                          "(%s.node_id, %s.source) IN (SELECT s.key || '/' || v.column1, s.id FROM source s"
                          " CROSS JOIN ",
                          alias, alias);
  append_rows_of_values (self, condition);
  g_string_append (self->text, " v)");
}

/* The values stand in it several times, by their numbers. */
static void
append_connecting_condition (CarSqliteSql *self,
                             const CarQueryTable *table,
                             const CarQueryCondition *condition,
                             const char *alias)
{
  const guint first = CAR_SQLITE_FIRST_BIND + self->binds->len;
  g_autoptr (GString) comparison = g_string_new ("IN (");
  g_autoptr (GString) from = g_string_new (" CROSS JOIN (VALUES ");

  for (guint i = 0; i < condition->values->len; i++)
    {
      g_array_append_val (self->binds, g_array_index (condition->values, CarQueryBind, i));
      g_string_append_printf (comparison, "%s?%u", i > 0 ? "," : "", first + i);
      g_string_append_printf (from, "%s(?%u)", i > 0 ? "," : "", first + i);
    }
  g_string_append_c (comparison, ')');
  g_string_append (from, ") v");
  car_sqlite_append_connected (self->text, table->name, alias, comparison->str, "v.column1", from->str);
}

/* The vertices of these ids are looked up first: indices of edges know them by their numbers. */
static void
append_end_condition (CarSqliteSql *self,
                      const CarQueryTable *table,
                      const CarQueryCondition *condition,
                      const char *alias)
{
  const gboolean from = condition->column->stored == CAR_QUERY_STORED_FROM_ID;
  const char *end = car_query_table_get_end (table, from ? CAR_QUERY_END_FROM : CAR_QUERY_END_TO);

  if (from)
    g_string_append_printf (self->text, "(%s.source, %s.from_vertex) IN (SELECT source, id", alias, alias);
  else
    g_string_append_printf (self->text, "%s.to_vertex IN (SELECT id", alias);
  g_string_append_printf (self->text, " FROM %s WHERE collection = %d AND node_id IN (",
                          self->timepoint < 0 ? "vertex" : "vertex_ever",
                          car_sqlite_get_collection (self->collections, end));
  append_values (self, condition, CAR_PROPERTY_TEXT, "", ",");
  g_string_append (self->text, "))");
}

/* Of the columns that the tables have in another form: FALSE for all else. */
static gboolean
append_stored_condition (CarSqliteSql *self,
                         const CarQueryTable *table,
                         const CarQueryCondition *condition,
                         const char *alias)
{
  /* SQLite goes through all places with a number for each one: see car_sqlite_sql_append_bind(). */
  const guint max_repeated = 1000;
  const CarQueryColumn *column = condition->column;
  const gboolean equal =
      condition->kind == CAR_QUERY_EQUAL ||
      (condition->kind == CAR_QUERY_IN && !condition->negated && condition->values->len > 0);

  if (column->kind != CAR_QUERY_COLUMN || (table->kind != CAR_QUERY_VERTEX && table->kind != CAR_QUERY_EDGE))
    return FALSE;
  if (column->stored == CAR_QUERY_STORED_SOURCE)
    append_source_condition (self, condition, alias);
  else if (!equal)
    return FALSE;
  else if (column->stored == CAR_QUERY_STORED_KEY)
    append_key_condition (self, condition, alias);
  else if (column->stored == CAR_QUERY_STORED_CONNECTING_ID && condition->values->len <= max_repeated)
    append_connecting_condition (self, table, condition, alias);
  else if (column->stored == CAR_QUERY_STORED_FROM_ID || column->stored == CAR_QUERY_STORED_TO_ID)
    append_end_condition (self, table, condition, alias);
  else
    return FALSE;
  return TRUE;
}

static void
append_column_condition (CarSqliteSql *self,
                         const CarQueryTable *table,
                         const CarQueryCondition *condition,
                         guint level)
{
  g_autofree char *alias = g_strdup_printf ("t%u", level);
  g_autoptr (GString) plain = NULL;
  g_autoptr (GString) comparable = NULL;

  if (append_stored_condition (self, table, condition, alias))
    return;
  plain = g_string_new (NULL);
  comparable = g_string_new (NULL);
  car_sqlite_append_column (plain, table, condition->column, alias, self->timepoint);
  car_sqlite_append_comparable (comparable, table, condition->column, alias, self->timepoint);
  append_operator (self, condition, plain->str, comparable->str);
}

/* A condition, or each part of an ANY, has a value that an index knows. */
gboolean
car_sqlite_is_found (const CarQueryCondition *condition, gboolean through_links)
{
  const gboolean any = condition->kind == CAR_QUERY_ANY;

  switch (condition->kind)
    {
    case CAR_QUERY_EQUAL:
    case CAR_QUERY_IN:
      return condition->column->indexed && !condition->negated;
    case CAR_QUERY_LINKED:
      return through_links && car_sqlite_is_found (condition->parts->pdata[0], TRUE);
    case CAR_QUERY_ALL:
    case CAR_QUERY_ANY:
      for (guint i = 0; i < condition->parts->len; i++)
        if (car_sqlite_is_found (condition->parts->pdata[i], through_links) != any)
          return !any;
      return any && condition->parts->len > 0;
    default:
      return FALSE;
    }
}

/* "EXISTS (SELECT 1 FROM …": each row is asked for its own. */
static void
append_exists (CarSqliteSql *self, const CarQueryTable *table, const CarQueryCondition *linked, guint level)
{
  g_autofree char *above = g_strdup_printf ("t%u", level);
  g_autofree char *alias = g_strdup_printf ("t%u", level + 1);
  g_auto (GStrv) values = car_sqlite_dup_link_values (linked->link, table, above);

  g_string_append_printf (self->text, "EXISTS (SELECT 1 FROM %s %s WHERE ",
                          car_sqlite_get_table (self, linked->to), alias);
  car_sqlite_append_seen (self, linked->to, alias);
  g_string_append (self->text, " AND ");
  car_sqlite_append_link (self, linked->link, linked->to, alias, (const char *const *) values);
  g_string_append (self->text, " AND ");
  append_condition (self, linked->to, linked->parts->pdata[0], level + 1, TRUE);
  g_string_append_c (self->text, ')');
}

/* What a row has of the rows that a link leads to (alias t1, say), for "t0.id IN (SELECT t1.from_vertex". Ends of edges of one
 * collection are taken from both sides. */
typedef struct
{
  const char *here;
  const char *there;
} Pair;

static const Pair pairs[] = {
  [CAR_QUERY_EDGES_FROM] = { "id", "from_vertex" },
  [CAR_QUERY_EDGES_TO] = { "id", "to_vertex" },
  [CAR_QUERY_EDGES_BOTH] = { "id", NULL },
  [CAR_QUERY_END_FROM] = { "from_vertex", "id" },
  [CAR_QUERY_END_TO] = { "to_vertex", "id" },
  [CAR_QUERY_INSTANCES] = { "name", "name" },
  [CAR_QUERY_TAGGINGS_OF_VERTEX] = { "id", "vertex" },
  [CAR_QUERY_TAGGINGS_OF_TAG] = { "id", "tag" },
  [CAR_QUERY_TAG_OF_TAGGING] = { "tag", "id" },
  [CAR_QUERY_VERTEX_OF_TAGGING] = { "vertex", "id" },
};

static void
append_lookup_of_pair (CarSqliteSql *self, const CarQueryCondition *linked, guint level)
{
  const Pair *pair = &pairs[linked->link->kind];
  const char *table = car_sqlite_get_table (self, linked->to);
  const guint to = level + 1;

  if (linked->link->kind == CAR_QUERY_END_FROM) /* its index begins with the source */
    g_string_append_printf (self->text,
                            "(t%u.source, t%u.from_vertex) IN (SELECT t%u.source, t%u.id FROM %s t%u WHERE ",
                            level, level, to, to, table, to);
  else if (linked->link->kind == CAR_QUERY_EDGES_BOTH)
    g_string_append_printf (self->text,
                            "t%u.id IN (SELECT iif (side.column1, t%u.from_vertex, t%u.to_vertex) FROM %s t%u"
                            " CROSS JOIN (VALUES (0), (1)) side WHERE ",
                            level, to, to, table, to);
  else
    g_string_append_printf (self->text, "t%u.%s IN (SELECT t%u.%s FROM %s t%u WHERE ", level, pair->here, to,
                            pair->there, table, to);
}

/* Instances have what connects them in one of two columns: those of the rows that fit are u0 in there. */
static void
append_lookup_of_instances (CarSqliteSql *self,
                            const CarQueryTable *table,
                            const CarQueryCondition *linked,
                            guint level)
{
  g_autofree char *above = g_strdup_printf ("u%u", level);
  g_autofree char *alias = g_strdup_printf ("t%u", level + 1);
  g_auto (GStrv) connecting = car_sqlite_dup_link_values (linked->link, linked->to, alias);
  const char *name = car_sqlite_get_table (self, table);

  g_string_append_printf (self->text, "t%u.id IN (SELECT %s.id FROM %s %s CROSS JOIN %s %s WHERE ", level,
                          above, name, alias, name, above);
  car_sqlite_append_seen (self, table, above);
  g_string_append (self->text, " AND ");
  car_sqlite_append_link (self, linked->link, table, above, (const char *const *) connecting);
  g_string_append (self->text, " AND ");
}

static gboolean
has_two_columns (const CarQueryTable *table, const CarQueryCondition *linked)
{
  return linked->link->kind == CAR_QUERY_INSTANCES && table->kind == CAR_QUERY_VERTEX;
}

/* What fits is looked up first, and leads to the rows. */
static void
append_lookup (CarSqliteSql *self, const CarQueryTable *table, const CarQueryCondition *linked, guint level)
{
  g_autofree char *alias = g_strdup_printf ("t%u", level + 1);

  if (has_two_columns (table, linked))
    append_lookup_of_instances (self, table, linked, level);
  else
    append_lookup_of_pair (self, linked, level);
  car_sqlite_append_seen (self, linked->to, alias);
  g_string_append (self->text, " AND ");
  append_condition (self, linked->to, linked->parts->pdata[0], level + 1, FALSE);
  g_string_append_c (self->text, ')');
}

/* SQLite writes each table of an earlier moment out as two, and so two of them in one statement as four: not however deep. */
static gboolean
may_look_up (const CarSqliteSql *self,
             const CarQueryTable *table,
             const CarQueryCondition *linked,
             guint level)
{
  return self->timepoint < 0 || !has_two_columns (table, linked) || level < 2;
}

/* All that fit may be far more than the rows at hand: they are looked up only where an index finds them, and none finds the
 * rows. */
static void
append_linked (CarSqliteSql *self,
               const CarQueryTable *table,
               const CarQueryCondition *linked,
               guint level,
               gboolean found)
{
  if (!found && car_sqlite_is_found (linked->parts->pdata[0], TRUE) &&
      may_look_up (self, table, linked, level))
    append_lookup (self, table, linked, level);
  else
    append_exists (self, table, linked, level);
}

/* Without parentheses: AND binds tighter than OR, and less than NOT, which brings its own. */
static void
append_all (CarSqliteSql *self,
            const CarQueryTable *table,
            const CarQueryCondition *all,
            guint level,
            gboolean found)
{
  found = found || car_sqlite_is_found (all, FALSE);
  if (all->parts->len == 0)
    g_string_append (self->text, "TRUE");
  for (guint i = 0; i < all->parts->len; i++)
    {
      g_string_append (self->text, i > 0 ? " AND " : "");
      append_condition (self, table, all->parts->pdata[i], level, found);
    }
}

static void
append_any (CarSqliteSql *self,
            const CarQueryTable *table,
            const CarQueryCondition *any,
            guint level,
            gboolean found)
{
  const gboolean object = table->kind == CAR_QUERY_VERTEX || table->kind == CAR_QUERY_EDGE;

  g_string_append_c (self->text, '(');
  if (any->parts->len == 0)
    g_string_append (self->text, "FALSE");
  for (guint i = 0; i < any->parts->len; i++)
    {
      g_string_append (self->text, i > 0 ? " OR " : "");
      /* SQLite takes an index of one collection for a part of OR only where that part says so. */
      if (object)
        g_string_append_printf (self->text, "t%u.collection = %d AND ", level,
                                car_sqlite_get_collection (self->collections, table->collection));
      append_condition (self, table, any->parts->pdata[i], level, found);
    }
  g_string_append_c (self->text, ')');
}

static void
append_condition (CarSqliteSql *self,
                  const CarQueryTable *table,
                  const CarQueryCondition *condition,
                  guint level,
                  gboolean found)
{
  switch (condition->kind)
    {
    case CAR_QUERY_ALL:
      append_all (self, table, condition, level, found);
      break;
    case CAR_QUERY_ANY:
      append_any (self, table, condition, level, found);
      break;
    case CAR_QUERY_NOT:
      g_string_append (self->text, "NOT (");
      append_condition (self, table, condition->parts->pdata[0], level, found);
      g_string_append_c (self->text, ')');
      break;
    case CAR_QUERY_LINKED:
      append_linked (self, table, condition, level, found);
      break;
    default:
      append_column_condition (self, table, condition, level);
    }
}

void
car_sqlite_append_where (CarSqliteSql *self,
                         const CarQueryTable *table,
                         const CarQueryCondition *where,
                         gboolean found)
{
  append_condition (self, table, where, 0, found);
}
