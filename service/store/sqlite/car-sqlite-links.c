/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/store/sqlite/car-sqlite-connecting.h>
#include <service/store/sqlite/car-sqlite-sql.h>

const char *
car_sqlite_get_table (const CarSqliteSql *self, const CarQueryTable *table)
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
append_moment (CarSqliteSql *self, const CarQueryTable *table, const char *alias)
{
  const gboolean object = table->kind == CAR_QUERY_VERTEX || table->kind == CAR_QUERY_EDGE;

  if (self->timepoint >= 0)
    g_string_append_printf (self->text, "%s.t1 <= %" G_GINT64_FORMAT " AND %s.t2 > %" G_GINT64_FORMAT, alias,
                            self->timepoint, alias, self->timepoint);
  else if (object) /* the tables have nothing but what holds */
    g_string_append (self->text, "TRUE");
  else
    g_string_append_printf (self->text, "%s.t2 = 9223372036854775807", alias);
}

void
car_sqlite_append_seen (CarSqliteSql *self, const CarQueryTable *table, const char *alias)
{
  if (table->kind == CAR_QUERY_SOURCE)
    {
      g_string_append (self->text, "TRUE");
      return;
    }
  if (table->kind != CAR_QUERY_TAG)
    g_string_append_printf (self->text, "%s.collection = %d AND ", alias,
                            car_sqlite_get_collection (self->collections, table->collection));
  append_moment (self, table, alias);
}

static char *
dup_value (const char *alias, const char *column)
{
  return g_strdup_printf ("%s.%s", alias, column);
}

/* What the rows of a link have in common. Indices of edges begin with the source, which is that of both ends. */
char **
car_sqlite_dup_link_values (const CarQueryLink *link, const CarQueryTable *from, const char *alias)
{
  char **values = g_new0 (char *, 3);

  switch (link->kind)
    {
    case CAR_QUERY_EDGES_FROM:
    case CAR_QUERY_EDGES_BOTH:
      values[0] = dup_value (alias, "id");
      values[1] = dup_value (alias, "source");
      break;
    case CAR_QUERY_END_FROM:
      values[0] = dup_value (alias, "from_vertex");
      values[1] = dup_value (alias, "source");
      break;
    case CAR_QUERY_END_TO:
      values[0] = dup_value (alias, "to_vertex");
      break;
    case CAR_QUERY_INSTANCES:
      values[0] = from->kind == CAR_QUERY_TAG ? dup_value (alias, "name")
                                              : car_sqlite_dup_connecting_id (from->name, alias);
      break;
    case CAR_QUERY_EDGES_TO:
    case CAR_QUERY_TAGGINGS_OF_VERTEX:
    case CAR_QUERY_TAGGINGS_OF_TAG:
      values[0] = dup_value (alias, "id");
      break;
    case CAR_QUERY_TAG_OF_TAGGING:
      values[0] = dup_value (alias, "tag");
      break;
    case CAR_QUERY_VERTEX_OF_TAGGING:
      values[0] = dup_value (alias, "vertex");
      break;
    }
  return values;
}

static void
append_equal (CarSqliteSql *self, const char *alias, const char *column, const char *value)
{
  g_string_append_printf (self->text, "%s.%s = %s", alias, column, value);
}

static void
append_equal_pair (CarSqliteSql *self, const char *alias, const char *column, const char *const *values)
{
  append_equal (self, alias, column, values[0]);
  g_string_append (self->text, " AND ");
  append_equal (self, alias, "source", values[1]);
}

static void
append_instances (CarSqliteSql *self, const CarQueryTable *to, const char *alias, const char *value)
{
  g_autofree char *comparison = g_strconcat ("= ", value, NULL);

  if (to->kind == CAR_QUERY_TAG)
    append_equal (self, alias, "name", value);
  else
    car_sqlite_append_connected (self->text, to->name, alias, comparison, value, "");
}

void
car_sqlite_append_link (CarSqliteSql *self,
                        const CarQueryLink *link,
                        const CarQueryTable *to,
                        const char *alias,
                        const char *const *values)
{
  switch (link->kind)
    {
    case CAR_QUERY_EDGES_FROM:
      append_equal_pair (self, alias, "from_vertex", values);
      break;
    case CAR_QUERY_EDGES_TO:
      append_equal (self, alias, "to_vertex", values[0]);
      break;
    case CAR_QUERY_EDGES_BOTH:
      g_string_append (self->text, "((");
      append_equal_pair (self, alias, "from_vertex", values);
      g_string_append (self->text, ") OR ");
      append_equal (self, alias, "to_vertex", values[0]);
      g_string_append_c (self->text, ')');
      break;
    case CAR_QUERY_END_FROM:
      append_equal_pair (self, alias, "id", values);
      break;
    case CAR_QUERY_END_TO:
    case CAR_QUERY_TAG_OF_TAGGING:
    case CAR_QUERY_VERTEX_OF_TAGGING:
      append_equal (self, alias, "id", values[0]);
      break;
    case CAR_QUERY_INSTANCES:
      append_instances (self, to, alias, values[0]);
      break;
    case CAR_QUERY_TAGGINGS_OF_VERTEX:
      append_equal (self, alias, "vertex", values[0]);
      break;
    case CAR_QUERY_TAGGINGS_OF_TAG:
      append_equal (self, alias, "tag", values[0]);
      break;
    }
}
