/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/query/car-query-schema.h"
#include "service/store/car-service-error.h"
#include "service/store/postgres/car-postgres-graph.h"
#include "service/store/postgres/car-postgres-indices.h"
#include "service/store/postgres/car-postgres-sql.h"

/* The indices of properties, as the model has them ("indexed", "unique"): one of what holds now, by the very expression that a
 * query compares the property by. PostgreSQL takes it where a query names the collection's number and the property. */

#define PREFIX "property "

/* Each costs every import of an object something, and a look at all objects when it is made. */
#define MAX_INDICES 200

static const char *
get_table (const CarQueryTable *table)
{
  return table->kind == CAR_QUERY_VERTEX ? "vertex" : "edge";
}

static void
append_indexed (GString *sql, const CarQueryTable *table, const CarQueryColumn *column, const char *alias)
{
  const gboolean text = column->type == CAR_PROPERTY_TEXT;

  g_string_append (sql, text ? "left (" : "");
  car_postgres_append_comparable (sql, table, column, alias, -1);
  g_string_append (sql, text ? ", " CAR_POSTGRES_INDEXED ")" : "");
}

/* Numbers are of any length, and so is JSON: these are found by what PostgreSQL makes a number of. */
static gboolean
can_be_indexed (const CarQueryColumn *column)
{
  return column->kind == CAR_QUERY_MEMBER &&
         (column->stored == CAR_QUERY_STORED_NOTHING || column->stored == CAR_QUERY_STORED_KEY) &&
         column->type != CAR_PROPERTY_JSON && column->type != CAR_PROPERTY_TEXTS;
}

typedef struct
{
  CarPostgresStore *store;
  CarCoreModel *model;
  CarQuerySchema *schema;
  GHashTable *wanted; /* names and statements */
} Wanted;

static void
add_wanted (const Wanted *self, const char *collection)
{
  const CarQueryTable *table = car_query_schema_find (self->schema, collection);
  const gint64 number = car_postgres_get_collection (self->store, collection);
  g_auto (GStrv) properties = car_core_model_get_properties (self->model, collection);

  for (guint i = 0; table != NULL && properties[i] != NULL; i++)
    {
      const char *name = car_core_model_get_column (self->model, collection, properties[i]);
      const CarQueryColumn *column = name != NULL ? car_query_table_find_column (table, name) : NULL;

      /* What has a column of its own in the store has its index there, and so has the name of a vertex. */
      if (column == NULL || !can_be_indexed (column) || car_query_is_vertex_name (table, column) ||
          !car_core_model_is_indexed (self->model, collection, properties[i]))
        continue;

      /* A name has 63 bytes: the number and place tell it, what follows is for people. */
      g_autofree char *full = g_strdup_printf (PREFIX "%" G_GINT64_FORMAT ".%s", number, properties[i]);
      char *index = g_strndup (full, 63);
      g_autoptr (GString) sql = g_string_new (NULL);
      g_string_append_printf (sql, "CREATE INDEX \"%s\" ON %s (", index, get_table (table));
      append_indexed (sql, table, column, NULL);
      g_string_append_printf (sql, ") WHERE collection = %" G_GINT64_FORMAT, number);
      g_hash_table_insert (self->wanted, index, g_string_free (g_steal_pointer (&sql), FALSE));
    }
}

static GHashTable *
list_wanted (CarPostgresStore *store, CarCoreModel *model)
{
  GHashTable *wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (CarQuerySchema) schema = car_query_schema_new (model);
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);
  const Wanted self = { store, model, schema, wanted };

  for (guint i = 0; vertices[i] != NULL; i++)
    add_wanted (&self, vertices[i]);
  for (guint i = 0; edges[i] != NULL; i++)
    add_wanted (&self, edges[i]);

  return wanted;
}

/* Takes those that are there off the table, and lists what nobody wants any more. The statement stands in the index's comment. */
static GPtrArray *
compare_with_database (CarPostgresStore *store, GHashTable *wanted, GError **error)
{
  g_autoptr (GPtrArray) surplus = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (store), &problem,
                                "SELECT relname::text, obj_description (oid, 'pg_class') FROM pg_class"
                                " WHERE relkind = 'i' AND relnamespace = current_schema ()::regnamespace AND "
                                "starts_with (relname, '" PREFIX "')",
                                "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      const char *name = car_service_row_get_text (rows, 0);

      if (g_strcmp0 (g_hash_table_lookup (wanted, name), car_service_row_get_text (rows, 1)) == 0)
        g_hash_table_remove (wanted, name);
      else
        g_ptr_array_add (surplus, g_strdup_printf ("DROP INDEX \"%s\"", name));
    }

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&surplus) : NULL;
}

static gboolean
make_index (CarPostgresStore *store, const char *name, const char *sql, GError **error)
{
  g_autofree char *quoted = PQescapeLiteral (store->connection, sql, strlen (sql));
  g_autofree char *comment = g_strdup_printf ("COMMENT ON INDEX \"%s\" IS %s", name, quoted);

  return car_postgres_execute (store, sql, error) && car_postgres_execute (store, comment, error);
}

gboolean
car_postgres_make_indices (CarPostgresStore *store, CarCoreModel *model, GError **error)
{
  g_autoptr (GHashTable) wanted = list_wanted (store, model);
  g_autoptr (GPtrArray) surplus = NULL;
  GHashTableIter iter;
  gpointer name, sql;

  if (g_hash_table_size (wanted) > MAX_INDICES)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 422, "%u properties would be indexed or unique, %d can be",
                   g_hash_table_size (wanted), MAX_INDICES);
      return FALSE;
    }

  surplus = compare_with_database (store, wanted, error);
  if (surplus == NULL)
    return FALSE;
  for (guint i = 0; i < surplus->len; i++)
    if (!car_postgres_execute (store, surplus->pdata[i], error))
      return FALSE;

  g_hash_table_iter_init (&iter, wanted);
  while (g_hash_table_iter_next (&iter, &name, &sql))
    if (!make_index (store, name, sql, error))
      return FALSE;

  return TRUE;
}

/* ---- What must be unique ---- */

/* $1 is the body, $2 the object itself, or 0. NULL: nothing is compared. */
static const char *
write_unique_check (CarPostgresPut *put, const char *property)
{
  CarCoreModel *model = put->page->model;
  const char *collection = put->part->collection;
  g_autoptr (CarQuerySchema) schema = car_query_schema_new (model);
  const CarQueryTable *table = car_query_schema_find (schema, collection);
  const char *name = car_core_model_get_column (model, collection, property);
  const CarQueryColumn *column =
      table != NULL && name != NULL ? car_query_table_find_column (table, name) : NULL;
  g_autoptr (GString) sql = g_string_new (NULL);

  if (column == NULL || column->kind != CAR_QUERY_MEMBER || column->stored != CAR_QUERY_STORED_NOTHING)
    return NULL;

  g_string_append_printf (sql,
                          "SELECT o.id, o.source FROM (SELECT $1::json AS body) new, %s o"
                          " WHERE o.collection = %" G_GINT64_FORMAT " AND ",
                          get_table (table), put->collection);
  append_indexed (sql, table, column, "o");
  g_string_append (sql, " = ");
  append_indexed (sql, table, column, "new");
  g_string_append (sql, " AND ");
  car_postgres_append_comparable (sql, table, column, "o", -1);
  g_string_append (sql, " = ");
  car_postgres_append_comparable (sql, table, column, "new", -1);
  g_string_append (sql, " AND o.id <> $2");

  return g_intern_string (sql->str);
}

static gboolean
has_id (const GArray *ids, gint64 id)
{
  for (guint i = 0; i < ids->len; i++)
    if (g_array_index (ids, gint64, i) == id)
      return TRUE;

  return FALSE;
}

/* An object of the same source that the full import under way has not sent yet does not count: the end closes it, or it is left
 * out when it comes. In an incremental import all count. */
static gboolean
counts (CarPostgresPut *put, gint64 id, gint64 source, gboolean *does, GError **error)
{
  const gboolean vertices = put->part->from == NULL;

  *does = !put->report->is_full || put->seen_vertices == NULL || source != put->source ||
          has_id (vertices ? put->seen_vertices : put->seen_edges, id);

  return *does || car_service_store_has (
                      CAR_SERVICE_STORE (put->store), does, error,
                      vertices ? "SELECT 1 FROM seen WHERE source = $1 AND $2 = ANY (vertices) LIMIT 1"
                               : "SELECT 1 FROM seen WHERE source = $1 AND $2 = ANY (edges) LIMIT 1",
                      "ii", put->source, id);
}

static gboolean
find_other (CarPostgresPut *put,
            const char *sql,
            const CarJsonSpan *body,
            gint64 row,
            gboolean *found,
            GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (gint64));
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (put->store), &problem, sql, "ji", body, row);

  while (rows != NULL && car_service_row_next (rows, &problem))
    for (int column = 0; column < 2; column++)
      {
        const gint64 number = car_service_row_get_integer (rows, column);
        g_array_append_val (others, number);
      }
  *found = FALSE;
  for (guint i = 0; problem == NULL && !*found && i < others->len; i += 2)
    counts (put, g_array_index (others, gint64, i), g_array_index (others, gint64, i + 1), found, &problem);

  return car_service_rows_ended (&problem, error);
}

/* What has not changed since this import saw it was checked then. */
static gboolean
is_checked (CarPostgresPut *put, const CarPostgresVersion *found, gboolean *checked, GError **error)
{
  *checked = FALSE;
  return found->id == 0 || !found->alike || counts (put, found->id, put->source, checked, error);
}

gboolean
car_postgres_check_unique (CarPostgresPut *put,
                           guint index,
                           const CarJsonSpan *body,
                           const CarPostgresVersion *found,
                           gboolean *unique,
                           GError **error)
{
  const GPtrArray *names = car_service_properties_get_unique (put->part->properties);
  gboolean checked;

  *unique = TRUE;
  if (!is_checked (put, found, &checked, error))
    return FALSE;
  for (guint i = 0; i < names->len && *unique && !checked; i++)
    {
      const char *sql = write_unique_check (put, names->pdata[i]);
      gboolean other;

      if (sql == NULL)
        continue;
      if (!find_other (put, sql, body, found->id, &other, error))
        return FALSE;
      if (!other)
        continue;

      g_autofree char *reason = g_strdup_printf ("its %s has to be unique, and another %s has the same",
                                                 (const char *) names->pdata[i], put->part->collection);
      car_service_page_note_left_out (put->page, put->part, index, reason);
      *unique = FALSE;
    }

  return TRUE;
}
