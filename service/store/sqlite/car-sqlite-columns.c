/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/store/sqlite/car-sqlite-connecting.h>
#include <service/store/sqlite/car-sqlite-sql.h>

/* What a column of the schema is, in the tables. */

typedef struct
{
  GString *sql;
  const CarQueryTable *table;
  const char *alias;
  gint64 timepoint;
} Place;

static gboolean
is_object (const CarQueryTable *table)
{
  return table->kind == CAR_QUERY_VERTEX || table->kind == CAR_QUERY_EDGE;
}

static void
append_name (const Place *self, const char *name)
{
  if (self->alias != NULL)
    g_string_append_printf (self->sql, "%s.", self->alias);
  g_string_append (self->sql, name);
}

static void
append_key (const Place *self)
{
  if (self->table->kind != CAR_QUERY_VERTEX)
    {
      append_name (self, "key");
      return;
    }
  g_string_append (self->sql, "substr (");
  append_name (self, "node_id");
  g_string_append (self->sql, ", ");
  append_name (self, "key_at");
  g_string_append_c (self->sql, ')');
}

/* The id of an edge's end. An end that was there at the moment may have been closed since; its id is the same in all its
 * versions. */
static void
append_end (const Place *self, const char *vertex)
{
  g_string_append_printf (self->sql, "(SELECT node_id FROM %s WHERE id = %s.%s%s)",
                          self->timepoint < 0 ? "vertex" : "vertex_ever", self->alias, vertex,
                          self->timepoint < 0 ? "" : " LIMIT 1");
}

/* What the last full import found unchanged was reported by it: its source says when. */
static void
append_reported_at (const Place *self)
{
  if (is_object (self->table) && self->timepoint < 0)
    g_string_append_printf (self->sql,
                            "max (%s.reported_at, (SELECT reported_at FROM source WHERE id = %s.source))",
                            self->alias, self->alias);
  else
    append_name (self, "reported_at");
}

static void
append_connecting_id (const Place *self)
{
  g_autofree char *connecting = car_sqlite_dup_connecting_id (self->table->name, self->alias);

  g_string_append (self->sql, connecting);
}

static void
append_stored (const Place *self, CarQueryStored stored)
{
  static const char *const names[] = {
    [CAR_QUERY_STORED_ID] = "node_id",
    [CAR_QUERY_STORED_SOURCE] = "source",
    [CAR_QUERY_STORED_VERTEX_ID] = "vertex_id",
    [CAR_QUERY_STORED_TAG_ID] = "tag_id",
    [CAR_QUERY_STORED_EXTERNAL_ID] = "external_id",
    [CAR_QUERY_STORED_PROPERTIES] = "properties",
    [CAR_QUERY_STORED_NAME] = "name",
    [CAR_QUERY_STORED_DESCRIPTION] = "description",
    [CAR_QUERY_STORED_PRODUCT_LINK] = "product_link",
  };

  if (stored == CAR_QUERY_STORED_KEY)
    append_key (self);
  else if (stored == CAR_QUERY_STORED_FROM_ID || stored == CAR_QUERY_STORED_TO_ID)
    append_end (self, stored == CAR_QUERY_STORED_FROM_ID ? "from_vertex" : "to_vertex");
  else if (stored == CAR_QUERY_STORED_REPORTED_AT)
    append_reported_at (self);
  else if (stored == CAR_QUERY_STORED_CONNECTING_ID)
    append_connecting_id (self);
  else if (stored == CAR_QUERY_STORED_SOURCE && is_object (self->table))
    g_string_append_printf (self->sql, "(SELECT key FROM source WHERE id = %s.source)", self->alias);
  else
    append_name (self, names[stored]);
}

static void
append_member (const Place *self, const CarQueryColumn *column)
{
  g_string_append (self->sql, column->type == CAR_PROPERTY_JSON ? "car_json (" : "car_member (");
  append_name (self, "body");
  g_string_append_printf (self->sql, ", '%s')", column->member);
}

void
car_sqlite_append_column (GString *sql,
                          const CarQueryTable *table,
                          const CarQueryColumn *column,
                          const char *alias,
                          gint64 timepoint)
{
  const Place place = { sql, table, alias, timepoint };

  switch (column->kind)
    {
    case CAR_QUERY_COLUMN:
      append_stored (&place, column->stored);
      break;
    case CAR_QUERY_MEMBER:
      g_string_append (sql, column->stored != CAR_QUERY_STORED_NOTHING ? "coalesce (" : "");
      append_member (&place, column);
      if (column->stored != CAR_QUERY_STORED_NOTHING)
        {
          g_string_append (sql, ", ");
          append_stored (&place, column->stored);
          g_string_append_c (sql, ')');
        }
      break;
    case CAR_QUERY_REGION:
      g_string_append (sql, "car_region (");
      append_stored (&place, column->stored);
      g_string_append_c (sql, ')');
      break;
    case CAR_QUERY_ADDRESS:
      g_string_append (sql, "coalesce (");
      append_member (&place, column);
      g_string_append (sql, ", car_address (");
      append_stored (&place, column->stored);
      g_string_append (sql, "))");
      break;
    case CAR_QUERY_TAGGED:
      g_string_append_printf (sql,
                              "(SELECT count (*) FROM tagging WHERE tagging.tag = %s.id"
                              " AND tagging.t2 = 9223372036854775807)",
                              alias);
      break;
    case CAR_QUERY_NOTHING:
      g_string_append (sql, "NULL");
      break;
    }
}

/* An address has several spellings, and so has JSON. Comparisons use the one canonical form. */
const char *
car_sqlite_get_comparable_function (CarPropertyType type)
{
  return type == CAR_PROPERTY_INET                                 ? "car_inet"
         : type == CAR_PROPERTY_MACADDR                            ? "car_macaddr"
         : type == CAR_PROPERTY_JSON || type == CAR_PROPERTY_TEXTS ? "car_jsonb"
                                                                   : NULL;
}

void
car_sqlite_append_comparable (GString *sql,
                              const CarQueryTable *table,
                              const CarQueryColumn *column,
                              const char *alias,
                              gint64 timepoint)
{
  const char *function = car_sqlite_get_comparable_function (column->type);

  if (function != NULL)
    g_string_append_printf (sql, "%s (", function);
  car_sqlite_append_column (sql, table, column, alias, timepoint);
  if (function != NULL)
    g_string_append_c (sql, ')');
}
