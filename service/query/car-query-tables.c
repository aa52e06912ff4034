/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* t2 of what holds still. */
#define OPEN "9223372036854775807"

static const char *const tables[] = {
  [CAR_QUERY_VERTEX] = "vertex", [CAR_QUERY_EDGE] = "edge",       [CAR_QUERY_SOURCE] = "source",
  [CAR_QUERY_TAG] = "tag",       [CAR_QUERY_TAGGING] = "tagging",
};

const char *
car_query_get_store_table (const CarQueryTable *table)
{
  return tables[table->kind];
}

static void
append_name (GString *sql, const char *alias, const char *name)
{
  if (alias != NULL)
    g_string_append_printf (sql, "%s.", alias);
  g_string_append (sql, name);
}

static void
append_member (GString *sql, const CarQueryColumn *column, const char *alias)
{
  g_string_append (sql, column->type == CAR_PROPERTY_JSON ? "car_json (" : "car_member (");
  append_name (sql, alias, "body");
  g_string_append_printf (sql, ", '%s')", column->member);
}

/* The names are a model's: letters, digits and underscores. */
void
car_query_append_column (GString *sql, const CarQueryColumn *column, const char *alias)
{
  switch (column->kind)
    {
    case CAR_QUERY_COLUMN:
      append_name (sql, alias, column->column);
      break;
    case CAR_QUERY_MEMBER:
      g_string_append (sql, column->column != NULL ? "coalesce (" : "");
      append_member (sql, column, alias);
      if (column->column != NULL)
        {
          g_string_append (sql, ", ");
          append_name (sql, alias, column->column);
          g_string_append_c (sql, ')');
        }
      break;
    case CAR_QUERY_REGION:
      g_string_append (sql, "car_region (");
      append_name (sql, alias, column->column);
      g_string_append_c (sql, ')');
      break;
    case CAR_QUERY_ADDRESS:
      g_string_append (sql, "coalesce (");
      append_member (sql, column, alias);
      g_string_append (sql, ", car_address (");
      append_name (sql, alias, column->column);
      g_string_append (sql, "))");
      break;
    case CAR_QUERY_TAGGED:
      g_string_append_printf (
          sql, "(SELECT count (*) FROM tagging WHERE tagging.tag = %s.id AND tagging.t2 = " OPEN ")", alias);
      break;
    case CAR_QUERY_NOTHING:
      g_string_append (sql, "NULL");
      break;
    }
}

/* An address has several spellings, and so has JSON. Comparisons use the one canonical form. */
void
car_query_append_comparable (GString *sql, const CarQueryColumn *column, const char *alias)
{
  const char *function = column->type == CAR_PROPERTY_INET      ? "car_inet ("
                         : column->type == CAR_PROPERTY_MACADDR ? "car_macaddr ("
                         : column->type == CAR_PROPERTY_JSON    ? "car_jsonb ("
                                                                : NULL;

  g_string_append (sql, function != NULL ? function : "");
  car_query_append_column (sql, column, alias);
  g_string_append (sql, function != NULL ? ")" : "");
}

static void
append_moment (CarQueryContext *self, GString *sql, const char *alias)
{
  if (self->timepoint < 0)
    g_string_append_printf (sql, "%s.t2 = " OPEN, alias);
  else
    g_string_append_printf (sql, "%s.t1 <= %" G_GINT64_FORMAT " AND %s.t2 > %" G_GINT64_FORMAT, alias,
                            self->timepoint, alias, self->timepoint);
}

void
car_query_append_seen (CarQueryContext *self, GString *sql, const CarQueryTable *table, const char *alias)
{
  if (table->kind == CAR_QUERY_SOURCE)
    g_string_append (sql, "TRUE");
  else if (table->kind == CAR_QUERY_TAG)
    append_moment (self, sql, alias);
  else
    {
      g_string_append_printf (sql, "%s.collection = '%s' AND ", alias, table->collection);
      append_moment (self, sql, alias);
    }
}

void
car_query_append_table (CarQueryContext *self, GString *sql, const CarQueryTable *table, const char *alias)
{
  g_string_append_printf (sql, "%s %s WHERE ", tables[table->kind], alias);
  car_query_append_seen (self, sql, table, alias);
}

/* Rows of one order, where none is asked for, as an index has them: the first of a million are found without the others. */
const char *
car_query_get_natural_order (const CarQueryTable *table)
{
  return table->kind == CAR_QUERY_VERTEX || table->kind == CAR_QUERY_EDGE ? "t0.t2, t0.source, t0.id"
                                                                          : "t0.id";
}

/* An id alone would not do: source "a" with key "b/c" and source "a/b" with key "c" have the same. */
void
car_query_append_link (GString *sql,
                       const CarQueryLink *link,
                       const char *alias,
                       const char *first,
                       const char *second)
{
  switch (link->kind)
    {
    case CAR_QUERY_EDGES_FROM:
      g_string_append_printf (sql, " AND %s.from_id = %s AND %s.from_key = %s", alias, first, alias, second);
      break;
    case CAR_QUERY_EDGES_TO:
      g_string_append_printf (sql, " AND %s.to_id = %s AND %s.to_key = %s", alias, first, alias, second);
      break;
    case CAR_QUERY_EDGES_BOTH:
      g_string_append_printf (sql, " AND ((%s.from_id = %s AND %s.from_key = %s)", alias, first, alias,
                              second);
      g_string_append_printf (sql, " OR (%s.to_id = %s AND %s.to_key = %s))", alias, first, alias, second);
      break;
    case CAR_QUERY_END_FROM:
    case CAR_QUERY_END_TO:
    case CAR_QUERY_VERTEX_OF_TAGGING:
      g_string_append_printf (sql, " AND %s.node_id = %s AND %s.key = %s", alias, first, alias, second);
      break;
    case CAR_QUERY_INSTANCES:
      g_string_append_printf (sql, " AND %s.%s = %s", alias, link->columns[0], first);
      break;
    case CAR_QUERY_TAGGINGS_OF_VERTEX:
      g_string_append_printf (sql, " AND %s.vertex_id = %s AND %s.vertex_key = %s", alias, first, alias,
                              second);
      break;
    case CAR_QUERY_TAGGINGS_OF_TAG:
      g_string_append_printf (sql, " AND %s.tag = %s", alias, first);
      break;
    case CAR_QUERY_TAG_OF_TAGGING:
      g_string_append_printf (sql, " AND %s.id = %s", alias, first);
      break;
    }
}
