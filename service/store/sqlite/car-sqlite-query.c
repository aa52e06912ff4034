/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/store/sqlite/car-sqlite-sql.h>

/* Statements of nodes: their rows are t0. */

/* Whether conditions are on nothing but what vertex_node has: ids and sources. */
static gboolean
are_on_node (const CarQueryCondition *where)
{
  for (guint i = 0; i < where->parts->len; i++)
    {
      const CarQueryCondition *part = where->parts->pdata[i];

      if (part->parts != NULL || part->column->kind != CAR_QUERY_COLUMN ||
          (part->column->stored != CAR_QUERY_STORED_ID && part->column->stored != CAR_QUERY_STORED_SOURCE))
        return FALSE;
    }
  return TRUE;
}

/* Whether rows are pages of a collection, or of a source, in the order of their ids, which is also that of pages for which none is
 * asked. SQLite knows neither how few a page is nor how many the source has, and might rather sort them all. */
static gboolean
are_pages_by_id (const CarSqliteSql *self, const CarQueryNode *node)
{
  const CarQueryColumn *first =
      node->order->len > 0 ? g_array_index (node->order, CarQueryOrder, 0).column : NULL;

  return self->timepoint < 0 && node->table->kind == CAR_QUERY_VERTEX && node->link == NULL &&
         node->limit >= 0 && node->distinct_on->len == 0 &&
         (first == NULL || (first->kind == CAR_QUERY_COLUMN && first->stored == CAR_QUERY_STORED_ID)) &&
         are_on_node (node->where);
}

/* Ids begin with their source: with this, the index of ids leads to those of one. */
static void
append_ids_of_source (CarSqliteSql *self, const CarQueryNode *node)
{
  for (guint i = 0; i < node->where->parts->len; i++)
    {
      const CarQueryCondition *condition = node->where->parts->pdata[i];

      if (condition->kind != CAR_QUERY_EQUAL || condition->column->kind != CAR_QUERY_COLUMN ||
          condition->column->stored != CAR_QUERY_STORED_SOURCE)
        continue;
      const CarQueryBind *key = &g_array_index (condition->values, CarQueryBind, 0);
      g_autoptr (GString) id = g_string_new_len (key->text, (gssize) key->length);

      g_string_append (self->text, " AND t0.node_id > ");
      g_string_append_c (id, '/');
      car_sqlite_sql_append_text (self, id->str, id->len);
      g_string_append (self->text, " AND t0.node_id < ");
      id->str[id->len - 1]++;
      car_sqlite_sql_append_text (self, id->str, id->len);
      return;
    }
}

static void
append_from (CarSqliteSql *self, const CarQueryTable *table)
{
  g_string_append_printf (self->text, " FROM %s t0", car_sqlite_get_table (self, table));
}

/* " WHERE …": the rows, or those of them that a link leads to. */
static void
append_conditions (CarSqliteSql *self, const CarQueryNode *node)
{
  static const char *const values[] = { "?1", "?2", NULL };

  g_string_append (self->text, " WHERE ");
  car_sqlite_append_seen (self, node->table, "t0");
  g_string_append (self->text, " AND ");
  if (node->link != NULL)
    {
      car_sqlite_append_link (self, node->link, node->table, "t0", values);
      g_string_append (self->text, " AND ");
    }
  car_sqlite_append_where (self, node->table, node->where, node->link != NULL);
  if (node->table->kind == CAR_QUERY_VERTEX && node->link == NULL &&
      !car_sqlite_is_found (node->where, FALSE))
    append_ids_of_source (self, node);
}

/* An index has the order of a column; it does not know of nulls that are not there. */
static const char *
get_direction (const CarQueryOrder *order)
{
  if (order->column->non_null)
    return order->descending ? "DESC" : "ASC";
  if (order->descending)
    return order->nulls_first ? "DESC NULLS FIRST" : "DESC NULLS LAST";
  return order->nulls_first ? "ASC NULLS FIRST" : "ASC NULLS LAST";
}

/* What rows are ordered by: expressions, and directions. Where none is asked for, it is what an index has: the first of a million
 * are found without the others. */
typedef struct
{
  GPtrArray *expressions;
  GPtrArray *directions;
} Order;

static void
order_clear (Order *self)
{
  g_ptr_array_unref (self->expressions);
  g_ptr_array_unref (self->directions);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Order, order_clear)

static void
order_add (Order *self, const char *expression, const char *direction)
{
  g_ptr_array_add (self->expressions, g_strdup (expression));
  g_ptr_array_add (self->directions, (gpointer) direction);
}

static void
order_by_nature (Order *self, const CarQueryTable *table)
{
  static const char *const vertex[] = { "t0.node_id", "t0.source", NULL };
  static const char *const edge[] = { "t0.source", "t0.from_vertex", "t0.to_vertex", "t0.external_id", NULL };
  static const char *const other[] = { "t0.id", NULL };
  const char *const *names = table->kind == CAR_QUERY_VERTEX ? vertex
                             : table->kind == CAR_QUERY_EDGE ? edge
                                                             : other;

  for (guint i = 0; names[i] != NULL; i++)
    order_add (self, names[i], "ASC");
}

/* Rows that are alike in all that is asked for have an order, too. That of vertices with the same id is their index's. */
static void
order_to_the_last (Order *self, const CarQueryNode *node)
{
  const CarQueryOrder *last = &g_array_index (node->order, CarQueryOrder, node->order->len - 1);

  if (node->table->kind == CAR_QUERY_VERTEX && last->column->kind == CAR_QUERY_COLUMN &&
      last->column->stored == CAR_QUERY_STORED_ID)
    order_add (self, "t0.source", last->descending ? "DESC" : "ASC");
  else
    order_add (self, "t0.id", "ASC");
}

/* Pages are of use only where the order stands. */
static void
order_init (Order *self, const CarSqliteSql *sql, const CarQueryNode *node)
{
  self->expressions = g_ptr_array_new_with_free_func (g_free);
  self->directions = g_ptr_array_new ();
  for (guint i = 0; i < node->order->len; i++)
    {
      const CarQueryOrder *by = &g_array_index (node->order, CarQueryOrder, i);
      g_autoptr (GString) expression = g_string_new (NULL);

      car_sqlite_append_comparable (expression, node->table, by->column, "t0", sql->timepoint);
      order_add (self, expression->str, get_direction (by));
    }
  if (node->order->len > 0)
    order_to_the_last (self, node);
  else if (node->limit >= 0 || node->offset > 0)
    order_by_nature (self, node->table);
}

/* SQLite writes the tables of an earlier moment out in the statement, and so uses their indices, only where it finds what is ordered
 * by among the statement's columns. There they have names. */
static gboolean
has_names (const CarSqliteSql *self)
{
  return self->timepoint >= 0;
}

static void
append_order (CarSqliteSql *self, const Order *order)
{
  for (guint i = 0; i < order->expressions->len; i++)
    {
      g_string_append (self->text, i == 0 ? " ORDER BY " : ", ");
      if (has_names (self))
        g_string_append_printf (self->text, "o%u", i);
      else
        g_string_append (self->text, order->expressions->pdata[i]);
      g_string_append_printf (self->text, " %s", (const char *) order->directions->pdata[i]);
    }
}

static void
append_limit (CarSqliteSql *self, const CarQueryNode *node)
{
  if (node->limit >= 0 || node->offset > 0)
    g_string_append_printf (self->text, " LIMIT %" G_GINT64_FORMAT " OFFSET %" G_GINT64_FORMAT, node->limit,
                            node->offset);
}

static void
append_select (CarSqliteSql *self, const GPtrArray *select, const Order *order)
{
  g_string_append (self->text, "SELECT ");
  for (guint i = 0; i < select->len; i++)
    g_string_append_printf (self->text, "%s%s", i > 0 ? ", " : "", (const char *) select->pdata[i]);
  if (select->len == 0)
    g_string_append_c (self->text, '1');
  for (guint i = 0; has_names (self) && i < order->expressions->len; i++)
    g_string_append_printf (self->text, ", %s AS o%u", (const char *) order->expressions->pdata[i], i);
}

/* Of rows that are alike in some columns the first one, as they are ordered. */
static void
append_distinct (CarSqliteSql *self, const CarQueryNode *node, const Order *order)
{
  g_string_append (self->text, " FROM (SELECT t0.id AS id, row_number () OVER (PARTITION BY ");
  for (guint i = 0; i < node->distinct_on->len; i++)
    {
      g_string_append (self->text, i > 0 ? ", " : "");
      car_sqlite_append_comparable (self->text, node->table, node->distinct_on->pdata[i], "t0",
                                    self->timepoint);
    }
  for (guint i = 0; node->order->len > 0 && i < order->expressions->len; i++)
    g_string_append_printf (self->text, "%s%s %s", i == 0 ? " ORDER BY " : ", ",
                            (const char *) order->expressions->pdata[i],
                            (const char *) order->directions->pdata[i]);
  g_string_append (self->text, node->order->len > 0 ? ") AS place" : " ORDER BY t0.id) AS place");
  append_from (self, node->table);
  append_conditions (self, node);
  g_string_append_printf (self->text,
                          ") first CROSS JOIN %s t0 ON t0.id = first.id WHERE first.place = 1 AND ",
                          car_sqlite_get_table (self, node->table));
  car_sqlite_append_seen (self, node->table, "t0");
}

/* The index alone tells what is skipped; only what is on the page is looked up. */
static void
append_page_by_id (CarSqliteSql *self, const CarQueryNode *node, const Order *order)
{
  const gboolean skips = node->offset > 0;

  if (skips)
    g_string_append (self->text, " FROM (SELECT t0.id AS id");
  g_string_append (self->text, " FROM vertex t0 INDEXED BY vertex_node");
  append_conditions (self, node);
  if (skips)
    {
      append_order (self, order);
      append_limit (self, node);
      g_string_append (self->text, ") page CROSS JOIN vertex t0 ON t0.id = page.id");
    }
  append_order (self, order);
  if (!skips)
    append_limit (self, node);
}

static void
append_rows_of_ids (CarSqliteSql *self, const CarQueryNode *node)
{
  append_from (self, node->table);
  g_string_append (self->text, " WHERE ");
  car_sqlite_append_seen (self, node->table, "t0");
  g_string_append (self->text, " AND t0.id IN (");
  for (guint i = 0; i < node->ids->len; i++)
    g_string_append_printf (self->text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                            g_array_index (node->ids, gint64, i));
  g_string_append (self->text, ") ORDER BY t0.id");
}

void
car_sqlite_append_rows (CarSqliteSql *self, const CarQueryNode *node, const GPtrArray *select)
{
  g_auto (Order) order = { 0 };

  order_init (&order, self, node);
  append_select (self, select, &order);
  if (node->ids != NULL)
    append_rows_of_ids (self, node);
  else if (are_pages_by_id (self, node))
    append_page_by_id (self, node, &order);
  else
    {
      if (node->distinct_on->len > 0)
        append_distinct (self, node, &order);
      else
        {
          append_from (self, node->table);
          append_conditions (self, node);
        }
      append_order (self, &order);
      append_limit (self, node);
    }
}

/* How many there are is kept: counting a million rows when they are asked for takes a second. */
static void
append_kept_count (CarSqliteSql *self, const CarQueryNode *node)
{
  g_string_append_printf (self->text, "SELECT coalesce (sum (n), 0) FROM held t0 WHERE collection = %d AND ",
                          car_sqlite_get_collection (self->collections, node->table->collection));
  car_sqlite_append_where (self, node->table, node->where, TRUE);
}

/* A row is never null, whatever is in it. */
static char *
write_counted (const CarSqliteSql *self, const CarQueryNode *node, const GPtrArray *columns)
{
  GString *sql = g_string_new (NULL);

  for (guint i = 0; i < columns->len; i++)
    {
      g_string_append_printf (sql, "%s%s", i > 0 ? " || ',' || " : "", columns->len > 1 ? "quote (" : "");
      car_sqlite_append_comparable (sql, node->table, columns->pdata[i], "t0", self->timepoint);
      g_string_append (sql, columns->len > 1 ? ")" : "");
    }
  g_string_append (sql, columns->len > 0 ? " AS v" : "1 AS v");
  return g_string_free (sql, FALSE);
}

/* A value over the rows, as a statement over a subquery: what is listed is what is counted. */
void
car_sqlite_append_aggregate (CarSqliteSql *self, const CarQueryNode *node, const CarQueryAggregate *aggregate)
{
  static const char *const functions[] = {
    [CAR_QUERY_COUNT] = "count", [CAR_QUERY_MAX] = "max", [CAR_QUERY_MIN] = "min",
    [CAR_QUERY_SUM] = "sum",     [CAR_QUERY_AVG] = "avg",
  };
  g_autoptr (GPtrArray) select = g_ptr_array_new_with_free_func (g_free);

  if (aggregate->kept)
    {
      append_kept_count (self, node);
      return;
    }
  g_ptr_array_add (select, write_counted (self, node, aggregate->columns));
  g_string_append_printf (self->text, "SELECT %s (%sv) FROM (", functions[aggregate->function],
                          aggregate->distinct && aggregate->columns->len > 0 ? "DISTINCT " : "");
  car_sqlite_append_rows (self, node, select);
  g_string_append_c (self->text, ')');
}
