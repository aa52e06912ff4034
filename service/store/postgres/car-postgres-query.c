/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-sql.h"

/* The rows of nodes. */

/* Where a node's rows come from, and what they are called. */
typedef struct
{
  const CarQueryNode *node;
  const char *alias;
  const CarQueryTable *from; /* of the row above */
  const char *above;         /* its alias; NULL at the top */
} Rows;

static void
append_conditions (CarPostgresSql *self, const Rows *rows)
{
  g_string_append (self->text, " WHERE ");
  car_postgres_append_seen (self, rows->node->table, rows->alias);
  if (rows->node->link != NULL)
    {
      g_string_append (self->text, " AND ");
      car_postgres_append_link (self, rows->node->link, rows->node->table, rows->alias, rows->above);
    }
  g_string_append (self->text, " AND ");
  car_postgres_append_where (self, rows->node->table, rows->node->where, rows->alias);
}

static const char *
get_direction (const CarQueryOrder *order)
{
  if (order->descending)
    return order->nulls_first ? "DESC NULLS FIRST" : "DESC NULLS LAST";
  return order->nulls_first ? "ASC NULLS FIRST" : "ASC NULLS LAST";
}

static gboolean
has_pages (const CarQueryNode *node)
{
  return node->limit >= 0 || node->offset > 0;
}

/* Of vertices by id and source, of edges by source and ends, of all else by number. */
static void
append_natural_order (CarPostgresSql *self, const CarQueryTable *table, const char *alias)
{
  if (table->kind == CAR_QUERY_VERTEX)
    g_string_append_printf (
        self->text, " ORDER BY (SELECT key FROM source WHERE id = %s.source) || '/' || %s.key, %s.source",
        alias, alias, alias);
  else if (table->kind == CAR_QUERY_EDGE)
    g_string_append_printf (self->text, " ORDER BY %s.source, %s.from_vertex, %s.to_vertex, %s.external_id",
                            alias, alias, alias, alias);
  else
    g_string_append_printf (self->text, " ORDER BY %s.id", alias);
}

/* Rows that the order does not tell apart come by their numbers. */
static void
append_order (CarPostgresSql *self, const CarQueryNode *node, const char *alias)
{
  for (guint i = 0; i < node->order->len; i++)
    {
      const CarQueryOrder *by = &g_array_index (node->order, CarQueryOrder, i);

      g_string_append (self->text, i == 0 ? " ORDER BY " : ", ");
      car_postgres_append_comparable (self->text, node->table, by->column, alias, self->timepoint);
      g_string_append_printf (self->text, " %s", get_direction (by));
    }
  if (node->order->len > 0)
    g_string_append_printf (self->text, ", %s.id", alias);
  else if (has_pages (node))
    append_natural_order (self, node->table, alias);
}

static void
append_limit (CarPostgresSql *self, const CarQueryNode *node)
{
  if (node->limit >= 0)
    g_string_append_printf (self->text, " LIMIT %" G_GINT64_FORMAT, node->limit);
  if (node->offset > 0)
    g_string_append_printf (self->text, " OFFSET %" G_GINT64_FORMAT, node->offset);
}

/* ---- Pages in the order of an index ---- */

/* The direction of pages of vertices by id, which is also the order where none is asked for: NULL for all others. */
static const char *
get_direction_by_id (const CarPostgresSql *self, const CarQueryNode *node)
{
  const CarQueryOrder *first = node->order->len > 0 ? &g_array_index (node->order, CarQueryOrder, 0) : NULL;

  if (self->timepoint >= 0 || node->table->kind != CAR_QUERY_VERTEX || node->link != NULL ||
      node->limit < 0 || node->distinct_on->len > 0)
    return NULL;
  if (first == NULL)
    return "ASC";

  return node->order->len == 1 && first->column->kind == CAR_QUERY_COLUMN &&
                 first->column->stored == CAR_QUERY_STORED_ID
             ? (first->descending ? "DESC" : "ASC")
             : NULL;
}

/* What comes behind an id begins, in its own source, behind its key. */
static void
append_beginning (CarPostgresSql *self, const CarQueryCondition *where)
{
  for (guint i = 0; i < where->parts->len; i++)
    {
      const CarQueryCondition *condition = where->parts->pdata[i];

      if ((condition->kind != CAR_QUERY_GREATER && condition->kind != CAR_QUERY_GREATER_EQUAL) ||
          condition->column->kind != CAR_QUERY_COLUMN || condition->column->stored != CAR_QUERY_STORED_ID)
        continue;
      g_string_append (self->text, " AND p.key >= CASE WHEN starts_with (");
      car_postgres_sql_append_value (self, &g_array_index (condition->values, CarQueryBind, 0));
      g_string_append (self->text, ", s.key || '/') THEN substr (");
      car_postgres_sql_append_value (self, &g_array_index (condition->values, CarQueryBind, 0));
      g_string_append (self->text, ", length (s.key) + 2) ELSE '' END COLLATE \"C\"");
    }
}

/* The index has the keys of one source in their order. So of each source as many are taken as the page goes to, if it can be from
 * the index alone, and of these the page; only what is on it is looked up. OFFSET 0: one by one. */
static void
append_page_by_id (CarPostgresSql *self, const Rows *rows, const char *direction)
{
  const CarQueryNode *node = rows->node;
  const gint64 collection = car_postgres_get_collection (self->store, node->table->collection);

  g_string_append (self->text,
                   " FROM (SELECT p.source, p.key, s.key || '/' || p.key AS id FROM source s"
                   " CROSS JOIN LATERAL (SELECT p.source, p.key FROM vertex p WHERE p.source = s.id AND ");
  car_postgres_append_seen (self, node->table, "p");
  append_beginning (self, node->where);
  g_string_append (self->text, " AND ");
  car_postgres_append_where (self, node->table, node->where, "p");
  g_string_append_printf (self->text,
                          " ORDER BY p.key %s LIMIT %" G_GINT64_FORMAT ") p ORDER BY id %s, p.source %s",
                          direction, node->limit + node->offset, direction, direction);
  append_limit (self, node);
  g_string_append_printf (self->text,
                          ") page CROSS JOIN LATERAL (SELECT * FROM vertex WHERE source = page.source"
                          " AND collection = %" G_GINT64_FORMAT " AND key = page.key OFFSET 0) %s"
                          " ORDER BY page.id %s, page.source %s",
                          collection, rows->alias, direction, direction);
}

static gboolean
are_pages_of_edges (const CarPostgresSql *self, const CarQueryNode *node)
{
  return self->timepoint < 0 && node->table->kind == CAR_QUERY_EDGE && node->link == NULL &&
         node->limit >= 0 && node->order->len == 0 && node->distinct_on->len == 0;
}

static void
append_page_of_edges (CarPostgresSql *self, const Rows *rows)
{
  const CarQueryNode *node = rows->node;

  g_string_append (self->text,
                   " FROM source s CROSS JOIN LATERAL (SELECT e.* FROM edge e WHERE e.source = s.id AND ");
  car_postgres_append_seen (self, node->table, "e");
  g_string_append (self->text, " AND ");
  car_postgres_append_where (self, node->table, node->where, "e");
  g_string_append_printf (
      self->text, " ORDER BY e.from_vertex, e.to_vertex, e.external_id LIMIT %" G_GINT64_FORMAT ") %s",
      node->limit + node->offset, rows->alias);
  append_natural_order (self, node->table, rows->alias);
  append_limit (self, node);
}

/* ---- All others ---- */

static void
append_from (CarPostgresSql *self, const Rows *rows)
{
  g_string_append (self->text, " FROM ");
  car_postgres_append_from (self, rows->node->link, rows->node->table, rows->alias, rows->from, rows->above);
}

static void
append_rows_of_ids (CarPostgresSql *self, const Rows *rows)
{
  append_from (self, rows);
  g_string_append (self->text, " WHERE ");
  car_postgres_append_seen (self, rows->node->table, rows->alias);
  g_string_append_printf (self->text, " AND %s.id IN (", rows->alias);
  for (guint i = 0; i < rows->node->ids->len; i++)
    g_string_append_printf (self->text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                            g_array_index (rows->node->ids, gint64, i));
  g_string_append_printf (self->text, ") ORDER BY %s.id", rows->alias);
}

/* Of rows that are alike in some columns the first one, as they are ordered: found first, and then ordered and cut as any. */
static void
append_distinct (CarPostgresSql *self, const Rows *rows)
{
  const CarQueryNode *node = rows->node;

  g_string_append (self->text, " FROM (SELECT DISTINCT ON (");
  for (guint i = 0; i < node->distinct_on->len; i++)
    {
      g_string_append (self->text, i > 0 ? ", " : "");
      car_postgres_append_comparable (self->text, node->table, node->distinct_on->pdata[i], rows->alias,
                                      self->timepoint);
    }
  g_string_append_printf (self->text, ") %s.*", rows->alias);
  append_from (self, rows);
  append_conditions (self, rows);
  for (guint i = 0; node->order->len == 0 && i < node->distinct_on->len; i++)
    {
      g_string_append (self->text, i == 0 ? " ORDER BY " : ", ");
      car_postgres_append_comparable (self->text, node->table, node->distinct_on->pdata[i], rows->alias,
                                      self->timepoint);
    }
  if (node->order->len > 0)
    append_order (self, node, rows->alias);
  else
    g_string_append_printf (self->text, ", %s.id", rows->alias);
  g_string_append_printf (self->text, ") %s", rows->alias);
}

void
car_postgres_append_rows (CarPostgresSql *self,
                          const CarQueryNode *node,
                          const CarQueryTable *from,
                          const char *above,
                          CarPostgresSelect select,
                          gpointer data)
{
  g_autofree char *alias = car_postgres_sql_make_alias (self);
  const Rows rows = { node, alias, from, above };
  const char *direction = get_direction_by_id (self, node);

  g_string_append (self->text, "SELECT ");
  select (self, node, alias, data);
  if (node->ids != NULL)
    append_rows_of_ids (self, &rows);
  else if (direction != NULL)
    append_page_by_id (self, &rows, direction);
  else if (are_pages_of_edges (self, node))
    append_page_of_edges (self, &rows);
  else
    {
      if (node->distinct_on->len > 0)
        append_distinct (self, &rows);
      else
        {
          append_from (self, &rows);
          append_conditions (self, &rows);
        }
      append_order (self, node, alias);
      append_limit (self, node);
    }
}

/* How many there are is kept: counting a million rows when they are asked for takes a second. */
static void
append_kept_count (CarPostgresSql *self, const CarQueryNode *node)
{
  g_string_append_printf (
      self->text,
      "SELECT coalesce (sum (h.n), 0)::bigint FROM held h WHERE h.collection = %" G_GINT64_FORMAT " AND ",
      car_postgres_get_collection (self->store, node->table->collection));
  car_postgres_append_where (self, node->table, node->where, "h");
}

/* Columns v0, v1 … */
static void
select_columns (CarPostgresSql *self, const CarQueryNode *node, const char *alias, gpointer data)
{
  const GPtrArray *columns = data;

  for (guint i = 0; i < columns->len; i++)
    {
      g_string_append (self->text, i > 0 ? ", " : "");
      car_postgres_append_comparable (self->text, node->table, columns->pdata[i], alias, self->timepoint);
      g_string_append_printf (self->text, " AS v%u", i);
    }
  if (columns->len == 0)
    g_string_append (self->text, "1 AS v0");
}

/* A set of values is never null, whatever is in it. */
static void
append_counted (CarPostgresSql *self, const CarQueryAggregate *aggregate)
{
  const guint n = MAX (aggregate->columns->len, 1);

  g_string_append (self->text, aggregate->distinct && aggregate->columns->len > 0 ? "DISTINCT " : "");
  g_string_append (self->text, n > 1 ? "ROW (" : "");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (self->text, "%sv%u", i > 0 ? ", " : "", i);
  g_string_append (self->text, n > 1 ? ")" : "");
}

/* A value over the rows, as a statement over a subquery: what is listed is what is counted. */
void
car_postgres_append_aggregate (CarPostgresSql *self,
                               const CarQueryNode *node,
                               const CarQueryAggregate *aggregate,
                               const CarQueryTable *from,
                               const char *above)
{
  static const char *const functions[] = {
    [CAR_QUERY_COUNT] = "count", [CAR_QUERY_MAX] = "max", [CAR_QUERY_MIN] = "min",
    [CAR_QUERY_SUM] = "sum",     [CAR_QUERY_AVG] = "avg",
  };
  g_autofree char *alias = NULL;

  if (aggregate->kept)
    {
      append_kept_count (self, node);
      return;
    }
  alias = car_postgres_sql_make_alias (self);
  g_string_append_printf (self->text, "SELECT %s (", functions[aggregate->function]);
  append_counted (self, aggregate);
  g_string_append (self->text, aggregate->function == CAR_QUERY_AVG ? ")::float8 FROM (" : ") FROM (");
  car_postgres_append_rows (self, node, from, above, select_columns, aggregate->columns);
  g_string_append_printf (self->text, ") %s", alias);
}
