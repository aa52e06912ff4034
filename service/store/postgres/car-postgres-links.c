/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-sql.h"

const char *
car_postgres_get_table (const CarPostgresSql *self, const CarQueryTable *table)
{
  const gboolean now = self->timepoint < 0;

  switch (table->kind)
    {
    case CAR_QUERY_VERTEX:
      return now ? "vertex" : "vertex_ever";
    case CAR_QUERY_EDGE:
      return now ? "edge" : "edge_ever";
    case CAR_QUERY_SOURCE:
      return "source";
    case CAR_QUERY_TAG:
      return "tag";
    case CAR_QUERY_TAGGING:
      return "tagging";
    }
  g_return_val_if_reached (NULL);
}

static void
append_moment (CarPostgresSql *self, const CarQueryTable *table, const char *alias)
{
  const gboolean object = table->kind == CAR_QUERY_VERTEX || table->kind == CAR_QUERY_EDGE;

  if (self->timepoint >= 0)
    g_string_append_printf (self->text, "%s.t1 <= %" G_GINT64_FORMAT " AND %s.t2 > %" G_GINT64_FORMAT, alias,
                            self->timepoint, alias, self->timepoint);
  else if (object) /* the tables have nothing but what holds */
    g_string_append (self->text, "TRUE");
  else
    g_string_append_printf (self->text, "%s.t2 = " CAR_POSTGRES_OPEN, alias);
}

void
car_postgres_append_seen (CarPostgresSql *self, const CarQueryTable *table, const char *alias)
{
  if (table->kind == CAR_QUERY_SOURCE)
    {
      g_string_append (self->text, "TRUE");
      return;
    }
  if (table->kind != CAR_QUERY_TAG)
    g_string_append_printf (self->text, "%s.collection = %" G_GINT64_FORMAT " AND ", alias,
                            car_postgres_get_collection (self->store, table->collection));
  append_moment (self, table, alias);
}

void
car_postgres_append_vertices_of_id (GString *sql,
                                    const char *table,
                                    gint64 collection,
                                    const char *id,
                                    const char *condition)
{
  g_string_append_printf (sql,
                          "SELECT v.source, v.id FROM source s JOIN %s v ON v.source = s.id"
                          " AND v.collection = %" G_GINT64_FORMAT
                          " AND v.key = substr (%s, length (s.key) + 2)%s"
                          " WHERE starts_with (%s, s.key || '/')",
                          table, collection, id, condition, id);
}

static gboolean
joins_instances (const CarQueryLink *link, const CarQueryTable *to)
{
  return link != NULL && link->kind == CAR_QUERY_INSTANCES && to->kind == CAR_QUERY_VERTEX;
}

/* The instances of a vertex are looked up by the name that connects them, and by that as an id. */
static void
append_instances (CarPostgresSql *self, const CarQueryTable *to, const char *alias, const char *above)
{
  const gint64 collection = car_postgres_get_collection (self->store, to->collection);
  const char *table = car_postgres_get_table (self, to);
  g_autofree char *name = g_strdup_printf (
      "coalesce (%s.connecting_id, (SELECT key FROM source WHERE id = %s.source) || '/' || %s.key)", above,
      above, above);

  g_string_append_printf (self->text,
                          "(SELECT v.source, v.id FROM %s v WHERE v.connecting_id = %s"
                          " AND v.collection = %" G_GINT64_FORMAT " UNION ",
                          table, name, collection);
  car_postgres_append_vertices_of_id (self->text, table, collection, name, " AND v.connecting_id IS NULL");
  g_string_append_printf (
      self->text,
      ") i%s JOIN %s %s ON %s.source = i%s.source AND %s.id = i%s.id"
      " AND coalesce (%s.connecting_id, (SELECT key FROM source WHERE id = %s.source) || '/'"
      " || %s.key) = %s",
      alias, table, alias, alias, alias, alias, alias, alias, alias, alias, name);
}

void
car_postgres_append_from (CarPostgresSql *self,
                          const CarQueryLink *link,
                          const CarQueryTable *to,
                          const char *alias,
                          const CarQueryTable *from,
                          const char *above)
{
  (void) from;
  if (joins_instances (link, to))
    append_instances (self, to, alias, above);
  else
    g_string_append_printf (self->text, "%s %s", car_postgres_get_table (self, to), alias);
}

/* Of an edge and its end: all keys begin with the source, which is that of both. */
static void
append_pair (CarPostgresSql *self,
             const char *alias,
             const char *column,
             const char *above,
             const char *value,
             gboolean same_source)
{
  g_string_append_printf (self->text, "%s.%s = %s.%s", alias, column, above, value);
  if (same_source)
    g_string_append_printf (self->text, " AND %s.source = %s.source", alias, above);
}

/* A tagging knows its vertex by its number alone. */
static void
append_vertex_of_tagging (CarPostgresSql *self, const char *alias, const char *above)
{
  g_string_append_printf (self->text, "%s.id = %s.vertex AND %s.source IN (SELECT id FROM source)", alias,
                          above, alias);
}

void
car_postgres_append_link (CarPostgresSql *self,
                          const CarQueryLink *link,
                          const CarQueryTable *to,
                          const char *alias,
                          const char *above)
{
  switch (link->kind)
    {
    case CAR_QUERY_EDGES_FROM:
      append_pair (self, alias, "from_vertex", above, "id", TRUE);
      break;
    case CAR_QUERY_EDGES_TO:
      append_pair (self, alias, "to_vertex", above, "id", TRUE);
      break;
    case CAR_QUERY_EDGES_BOTH:
      g_string_append (self->text, "((");
      append_pair (self, alias, "from_vertex", above, "id", TRUE);
      g_string_append (self->text, ") OR (");
      append_pair (self, alias, "to_vertex", above, "id", TRUE);
      g_string_append (self->text, "))");
      break;
    case CAR_QUERY_END_FROM:
      append_pair (self, alias, "id", above, "from_vertex", TRUE);
      break;
    case CAR_QUERY_END_TO:
      append_pair (self, alias, "id", above, "to_vertex", TRUE);
      break;
    case CAR_QUERY_INSTANCES:
      if (joins_instances (link, to))
        g_string_append (self->text, "TRUE");
      else
        append_pair (self, alias, "name", above, "name", FALSE);
      break;
    case CAR_QUERY_TAGGINGS_OF_VERTEX:
      append_pair (self, alias, "vertex", above, "id", FALSE);
      break;
    case CAR_QUERY_TAGGINGS_OF_TAG:
      append_pair (self, alias, "tag", above, "id", FALSE);
      break;
    case CAR_QUERY_TAG_OF_TAGGING:
      append_pair (self, alias, "id", above, "tag", FALSE);
      break;
    case CAR_QUERY_VERTEX_OF_TAGGING:
      append_vertex_of_tagging (self, alias, above);
      break;
    }
}
