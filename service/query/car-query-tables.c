/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* t2 of what holds still. */
#define OPEN "9223372036854775807"

typedef struct
{
  const char *name;
  const char *column;
  CarPropertyType type;
} TableColumn;

static const TableColumn vertex_columns[] = {
  { "id", "node_id", CAR_PROPERTY_TEXT },
  { "source", "source", CAR_PROPERTY_TEXT },
  { "connecting_id", "connecting_id", CAR_PROPERTY_TEXT },
  { "reported_at", "reported_at", CAR_PROPERTY_NUMBER },
  { "_t1", "t1", CAR_PROPERTY_INTEGER },
  { "_t2", "t2", CAR_PROPERTY_INTEGER },
  { "_created_at", "created_at", CAR_PROPERTY_NUMBER },
  { "_modified_at", "modified_at", CAR_PROPERTY_NUMBER },
  { NULL },
};

static const TableColumn edge_columns[] = {
  { "id", "id", CAR_PROPERTY_INTEGER },
  { "source", "source", CAR_PROPERTY_TEXT },
  { "active", "active", CAR_PROPERTY_BOOLEAN },
  { "from_id", "from_id", CAR_PROPERTY_TEXT },
  { "to_id", "to_id", CAR_PROPERTY_TEXT },
  { "_from_external_id", "from_key", CAR_PROPERTY_TEXT },
  { "_to_external_id", "to_key", CAR_PROPERTY_TEXT },
  { "reported_at", "reported_at", CAR_PROPERTY_NUMBER },
  { "_t1", "t1", CAR_PROPERTY_INTEGER },
  { "_t2", "t2", CAR_PROPERTY_INTEGER },
  { "_created_at", "created_at", CAR_PROPERTY_NUMBER },
  { "_modified_at", "modified_at", CAR_PROPERTY_NUMBER },
  { NULL },
};

static const TableColumn source_columns[] = {
  { "id", "key", CAR_PROPERTY_TEXT },
  { "key", "key", CAR_PROPERTY_TEXT },
  { "name", "name", CAR_PROPERTY_TEXT },
  { "description", "description", CAR_PROPERTY_TEXT },
  { "product_link", "product_link", CAR_PROPERTY_TEXT },
  { "properties", "properties", CAR_PROPERTY_JSON },
  { NULL },
};

static const TableColumn tag_columns[] = {
  { "id", "id", CAR_PROPERTY_INTEGER },
  { "name", "name", CAR_PROPERTY_TEXT },
  { NULL },
};

static const struct
{
  const char *table;
  const TableColumn *columns;
} tables[] = {
  [CAR_QUERY_VERTEX] = { "vertex", vertex_columns },
  [CAR_QUERY_EDGE] = { "edge", edge_columns },
  [CAR_QUERY_SOURCE] = { "source", source_columns },
  [CAR_QUERY_TAG] = { "tag", tag_columns },
};

gboolean
car_query_find_table (CarQueryContext *self, const char *name, CarQueryTable *table)
{
  table->collection = name;
  if (car_core_model_has_vertex (self->model, name))
    table->kind = CAR_QUERY_VERTEX;
  else if (car_core_model_has_edge (self->model, name))
    table->kind = CAR_QUERY_EDGE;
  else if (g_str_equal (name, "source"))
    table->kind = CAR_QUERY_SOURCE;
  else if (g_str_equal (name, "tag"))
    table->kind = CAR_QUERY_TAG;
  else
    return FALSE;
  return TRUE;
}

/* What names a vertex is its key, whatever the object called it. */
static gboolean
find_key_column (CarQueryContext *self, const CarQueryTable *table, const char *name, CarQueryColumn *column)
{
  gboolean by_key = car_core_model_is_named_by_key (self->model, table->collection);
  gboolean is_host = g_str_equal (table->collection, "hostname");

  if (g_str_equal (name, by_key ? "_key" : "external_id"))
    *column = (CarQueryColumn){ CAR_QUERY_COLUMN, CAR_PROPERTY_TEXT, "key", NULL };
  else if (by_key && is_host && (g_str_equal (name, "name") || g_str_equal (name, "host_name")))
    *column = (CarQueryColumn){ CAR_QUERY_MEMBER_OR_KEY, CAR_PROPERTY_TEXT, "key", "host_name" };
  else if (by_key && (g_str_equal (name, "name") || g_str_equal (name, "external_id")))
    *column = (CarQueryColumn){ CAR_QUERY_MEMBER_OR_KEY, CAR_PROPERTY_TEXT, "key", name };
  else
    return FALSE;
  return TRUE;
}

gboolean
car_query_find_column (CarQueryContext *self,
                       const CarQueryTable *table,
                       const char *name,
                       CarQueryColumn *column)
{
  for (const TableColumn *c = tables[table->kind].columns; c->name != NULL; c++)
    if (g_str_equal (c->name, name))
      {
        *column = (CarQueryColumn){ CAR_QUERY_COLUMN, c->type, c->column, NULL };
        return TRUE;
      }
  if (table->kind == CAR_QUERY_EDGE && (g_str_equal (name, "_from") || g_str_equal (name, "_to")))
    {
      *column = (CarQueryColumn){ CAR_QUERY_END, CAR_PROPERTY_TEXT, name + 1, NULL };
      return TRUE;
    }
  if (table->kind == CAR_QUERY_VERTEX && find_key_column (self, table, name, column))
    return TRUE;
  if (table->kind != CAR_QUERY_VERTEX && table->kind != CAR_QUERY_EDGE)
    return FALSE;
  *column = (CarQueryColumn){ .kind = CAR_QUERY_MEMBER, .member = name };
  return car_core_model_get_property_type (self->model, table->collection, name, &column->type);
}

static gboolean
find_link_of_vertex (CarQueryContext *self, const CarQueryTable *table, const char *name, CarQueryLink *link)
{
  const char *from, *to;

  *link = (CarQueryLink){ .from = *table, .to = { CAR_QUERY_EDGE, name }, .columns = { "node_id", "key" } };
  if (car_core_model_get_edge_ends (self->model, name, &from, &to))
    {
      gboolean begins = g_str_equal (from, table->collection), ends = g_str_equal (to, table->collection);

      link->kind = begins && ends ? CAR_QUERY_EDGES_BOTH : begins ? CAR_QUERY_EDGES_FROM : CAR_QUERY_EDGES_TO;
      return begins || ends;
    }
  if (g_str_equal (name, "instances"))
    *link =
        (CarQueryLink){ CAR_QUERY_INSTANCES, *table, *table, FALSE, { "connecting_id", "connecting_id" } };
  else if (g_str_equal (name, "tags"))
    *link = (CarQueryLink){ CAR_QUERY_TAGS, *table, { CAR_QUERY_TAG, "tag" }, FALSE, { "source", "key" } };
  else
    return FALSE;
  return TRUE;
}

gboolean
car_query_find_link (CarQueryContext *self, const CarQueryTable *table, const char *name, CarQueryLink *link)
{
  const char *from, *to;
  gboolean ends;

  if (table->kind == CAR_QUERY_VERTEX)
    return find_link_of_vertex (self, table, name, link);
  if (table->kind != CAR_QUERY_EDGE ||
      !car_core_model_get_edge_ends (self->model, table->collection, &from, &to))
    return FALSE;
  ends = g_str_equal (name, to);
  if (!ends && !g_str_equal (name, from))
    return FALSE;
  *link = (CarQueryLink){ ends ? CAR_QUERY_END_TO : CAR_QUERY_END_FROM,
                          *table,
                          { CAR_QUERY_VERTEX, ends ? to : from },
                          TRUE,
                          { ends ? "to_id" : "from_id", ends ? "to_key" : "from_key" } };
  return TRUE;
}

void
car_query_append_column (GString *sql, const CarQueryColumn *column, const char *alias)
{
  if (column->kind == CAR_QUERY_MEMBER)
    g_string_append_printf (sql, "car_member (%s.body, '%s')", alias, column->member);
  else if (column->kind == CAR_QUERY_MEMBER_OR_KEY)
    g_string_append_printf (sql, "coalesce (car_member (%s.body, '%s'), %s.key)", alias, column->member,
                            alias);
  else if (column->kind == CAR_QUERY_END)
    g_string_append_printf (sql, "(%s.%s_collection || '/' || %s.%s_key)", alias, column->column, alias,
                            column->column);
  else
    g_string_append_printf (sql, "%s.%s", alias, column->column);
}

static void
append_seen (CarQueryContext *self, GString *sql, const char *alias)
{
  if (self->timepoint < 0)
    g_string_append_printf (sql, "%s.t2 = " OPEN, alias);
  else
    g_string_append_printf (sql, "%s.t1 <= %" G_GINT64_FORMAT " AND %s.t2 > %" G_GINT64_FORMAT, alias,
                            self->timepoint, alias, self->timepoint);
}

void
car_query_append_table (CarQueryContext *self, GString *sql, const CarQueryTable *table, const char *alias)
{
  g_string_append_printf (sql, "%s %s WHERE ", tables[table->kind].table, alias);
  if (table->kind != CAR_QUERY_VERTEX && table->kind != CAR_QUERY_EDGE)
    {
      g_string_append (sql, "TRUE");
      return;
    }
  /* A model's names are letters, digits and underscores. */
  g_string_append_printf (sql, "%s.collection = '%s' AND ", alias, table->collection);
  append_seen (self, sql, alias);
}

/* An id alone would not do: source "a" with key "b/c" and source "a/b" with key "c" have the same. */
void
car_query_append_link (CarQueryContext *self,
                       GString *sql,
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
      g_string_append_printf (sql, " AND %s.node_id = %s AND %s.key = %s", alias, first, alias, second);
      break;
    case CAR_QUERY_INSTANCES:
      g_string_append_printf (sql, " AND %s.connecting_id = %s", alias, first);
      break;
    case CAR_QUERY_TAGS:
      g_string_append_printf (sql,
                              " AND %s.id IN (SELECT vt.tag FROM vertex_tag vt WHERE vt.collection = '%s'"
                              " AND vt.source = %s AND vt.key = %s AND ",
                              alias, link->from.collection, first, second);
      append_seen (self, sql, "vt");
      g_string_append_c (sql, ')');
      break;
    }
}
