/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-sql.h"

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

/* SOURCE/KEY. */
static void
append_id (const Place *self)
{
  if (self->table->kind == CAR_QUERY_VERTEX)
    g_string_append_printf (self->sql, "((SELECT key FROM source WHERE id = %s.source) || '/' || %s.key)",
                            self->alias, self->alias);
  else
    append_name (self, "node_id");
}

/* The id of an edge's end. An end that was there at the moment may have been closed since; its key is the same in all its
 * versions. */
static void
append_end (const Place *self, const char *vertex)
{
  g_string_append_printf (self->sql,
                          "(SELECT s.key || '/' || v.key FROM source s JOIN %s v ON v.source = s.id"
                          " WHERE s.id = %s.source AND v.id = %s.%s LIMIT 1)",
                          self->timepoint < 0 ? "vertex" : "vertex_ever", self->alias, self->alias, vertex);
}

/* What the last full import found unchanged was reported by it: its source says when. */
static void
append_reported_at (const Place *self)
{
  if (is_object (self->table) && self->timepoint < 0)
    g_string_append_printf (
        self->sql, "greatest (%s.reported_at, (SELECT reported_at FROM source WHERE id = %s.source))",
        self->alias, self->alias);
  else
    append_name (self, "reported_at");
}

static void
append_connecting_id (const Place *self)
{
  g_string_append_printf (self->sql, "coalesce (%s.connecting_id, ", self->alias);
  append_id (self);
  g_string_append_c (self->sql, ')');
}

static void
append_stored (const Place *self, CarQueryStored stored)
{
  static const char *const names[] = {
    [CAR_QUERY_STORED_KEY] = "key",
    [CAR_QUERY_STORED_SOURCE] = "source",
    [CAR_QUERY_STORED_VERTEX_ID] = "vertex_id",
    [CAR_QUERY_STORED_TAG_ID] = "tag_id",
    [CAR_QUERY_STORED_EXTERNAL_ID] = "external_id",
    [CAR_QUERY_STORED_PROPERTIES] = "properties",
    [CAR_QUERY_STORED_NAME] = "name",
    [CAR_QUERY_STORED_DESCRIPTION] = "description",
    [CAR_QUERY_STORED_PRODUCT_LINK] = "product_link",
  };

  if (stored == CAR_QUERY_STORED_ID)
    append_id (self);
  else if (stored == CAR_QUERY_STORED_FROM_ID || stored == CAR_QUERY_STORED_TO_ID)
    append_end (self, stored == CAR_QUERY_STORED_FROM_ID ? "from_vertex" : "to_vertex");
  else if (stored == CAR_QUERY_STORED_REPORTED_AT)
    append_reported_at (self);
  else if (stored == CAR_QUERY_STORED_CONNECTING_ID)
    append_connecting_id (self);
  else if (stored == CAR_QUERY_STORED_SOURCE && is_object (self->table))
    g_string_append_printf (self->sql, "(SELECT key FROM source WHERE id = %s.source)", self->alias);
  else if (stored == CAR_QUERY_STORED_NOTHING)
    g_string_append (self->sql, "NULL::text");
  else
    append_name (self, names[stored]);
}

void
car_postgres_append_stored (GString *sql,
                            const CarQueryTable *table,
                            const CarQueryColumn *column,
                            const char *alias,
                            gint64 timepoint)
{
  const Place place = { sql, table, alias, timepoint };

  switch (column->kind)
    {
    case CAR_QUERY_REGION:
      g_string_append (sql, "car_region (");
      append_stored (&place, column->stored);
      g_string_append_c (sql, ')');
      break;
    case CAR_QUERY_ADDRESS:
      g_string_append_printf (sql, "coalesce (car_member (%s.body, '%s'), car_address (", alias,
                              column->member);
      append_stored (&place, column->stored);
      g_string_append (sql, "))");
      break;
    case CAR_QUERY_TAGGED:
      g_string_append_printf (sql,
                              "(SELECT count (*) FROM tagging WHERE tagging.tag = %s.id"
                              " AND tagging.t2 = " CAR_POSTGRES_OPEN ")",
                              alias);
      break;
    case CAR_QUERY_NOTHING:
      g_string_append (sql, "NULL::text");
      break;
    case CAR_QUERY_COLUMN:
    case CAR_QUERY_MEMBER:
    default:
      append_stored (&place, column->stored);
      break;
    }
}

gboolean
car_postgres_is_member (const CarQueryColumn *column)
{
  return column->kind == CAR_QUERY_MEMBER;
}

static const char *
get_function_of_member (CarPropertyType type)
{
  switch (type)
    {
    case CAR_PROPERTY_NUMERIC:
    case CAR_PROPERTY_FLOAT:
    case CAR_PROPERTY_INTEGER:
    case CAR_PROPERTY_BIGINT:
    case CAR_PROPERTY_TIMESTAMP:
      return "car_number";
    case CAR_PROPERTY_BOOLEAN:
      return "car_boolean";
    case CAR_PROPERTY_JSON:
    case CAR_PROPERTY_TEXTS:
      return "car_part";
    case CAR_PROPERTY_TEXT:
    case CAR_PROPERTY_INET:
    case CAR_PROPERTY_MACADDR:
    default:
      return "car_member";
    }
}

static gboolean
is_text (CarPropertyType type)
{
  return type == CAR_PROPERTY_TEXT || type == CAR_PROPERTY_INET || type == CAR_PROPERTY_MACADDR;
}

static void
append_member (const Place *self, const CarQueryColumn *column)
{
  const gboolean either = column->stored != CAR_QUERY_STORED_NOTHING && is_text (column->type);

  g_string_append_printf (self->sql, "%s%s (", either ? "coalesce (" : "",
                          get_function_of_member (column->type));
  append_name (self, "body");
  g_string_append_printf (self->sql, ", '%s')", column->member);
  if (either)
    {
      g_string_append (self->sql, ", ");
      append_stored (self, column->stored);
      g_string_append_c (self->sql, ')');
    }
}

/* An address has several spellings, and so has JSON. */
static const char *
get_function_of_text (const CarQueryColumn *column)
{
  if (column->type == CAR_PROPERTY_INET)
    return "car_inet";
  if (column->type == CAR_PROPERTY_MACADDR)
    return "car_macaddr";

  return (column->type == CAR_PROPERTY_JSON || column->type == CAR_PROPERTY_TEXTS) &&
                 column->kind != CAR_QUERY_MEMBER
             ? "car_jsonb"
             : "";
}

void
car_postgres_append_comparable (GString *sql,
                                const CarQueryTable *table,
                                const CarQueryColumn *column,
                                const char *alias,
                                gint64 timepoint)
{
  const Place place = { sql, table, alias, timepoint };

  g_string_append_printf (sql, "(%s (", get_function_of_text (column));
  if (column->kind == CAR_QUERY_MEMBER)
    append_member (&place, column);
  else
    car_postgres_append_stored (sql, table, column, alias, timepoint);
  g_string_append (sql, column->type == CAR_PROPERTY_TEXT || column->type == CAR_PROPERTY_MACADDR
                            ? ") COLLATE \"C\")"
                            : "))");
}

const char *
car_postgres_get_comparable_value (CarPropertyType type)
{
  switch (type)
    {
    case CAR_PROPERTY_INET:
      return "inet";
    case CAR_PROPERTY_NUMERIC:
    case CAR_PROPERTY_FLOAT:
    case CAR_PROPERTY_INTEGER:
    case CAR_PROPERTY_BIGINT:
    case CAR_PROPERTY_TIMESTAMP:
      return "numeric";
    case CAR_PROPERTY_BOOLEAN:
      return "bigint";
    case CAR_PROPERTY_JSON:
    case CAR_PROPERTY_TEXTS:
      return "jsonb";
    case CAR_PROPERTY_TEXT:
    case CAR_PROPERTY_MACADDR:
    default:
      return "text";
    }
}

gboolean
car_postgres_is_indexed_text (const CarQueryColumn *column)
{
  return column->indexed && column->kind == CAR_QUERY_MEMBER && column->type == CAR_PROPERTY_TEXT;
}
