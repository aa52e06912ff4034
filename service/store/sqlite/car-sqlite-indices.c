/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>

#include <service/store/sqlite/car-sqlite-indices.h>
#include <service/store/sqlite/car-sqlite-sql.h>

/* The indices of properties, as the model has them ("indexed", "unique"): one of what holds now, by the very expression
 * that a query compares the property by. SQLite takes it where a query names the collection's number and the property. */

#define PREFIX "property_"

/* Each costs every import of an object something, and a look at all objects when it is made. */
#define MAX_INDICES 200

static const char *
get_table (const CarQueryTable *table)
{
  return table->kind == CAR_QUERY_VERTEX ? "vertex" : "edge";
}

static char *
write_index (const CarQueryTable *table, int number, const CarQueryColumn *column, const char *name)
{
  g_autoptr (GString) sql = g_string_new (NULL);

  g_string_append_printf (sql, "CREATE INDEX \"%s\" ON %s (", name, get_table (table));
  car_sqlite_append_comparable (sql, table, column, NULL, -1);
  g_string_append_printf (sql, ") WHERE collection = %d", number);
  return g_string_free (g_steal_pointer (&sql), FALSE);
}

typedef struct
{
  CarCoreModel *model;
  CarQuerySchema *schema;
  GHashTable *collections;
  GHashTable *wanted; /* names and statements */
} Wanted;

static void
add_wanted (const Wanted *self, const char *collection)
{
  const CarQueryTable *table = car_query_schema_find (self->schema, collection);
  const int number = car_sqlite_get_collection (self->collections, collection);
  g_auto (GStrv) properties = car_core_model_get_properties (self->model, collection);

  for (guint i = 0; table != NULL && number != 0 && properties[i] != NULL; i++)
    {
      const char *name = car_core_model_get_column (self->model, collection, properties[i]);
      const CarQueryColumn *column = name != NULL ? car_query_table_find_column (table, name) : NULL;

      /* What has a column of its own in the store has its index there, and so has the name of a vertex. */
      if (column == NULL || column->kind == CAR_QUERY_COLUMN || column->kind == CAR_QUERY_NOTHING ||
          car_query_is_vertex_name (table, column) ||
          !car_core_model_is_indexed (self->model, collection, properties[i]))
        continue;
      char *index = g_strdup_printf (PREFIX "%s.%s", collection, properties[i]);
      g_hash_table_insert (self->wanted, index, write_index (table, number, column, index));
    }
}

static GHashTable *
list_wanted (CarCoreModel *model, GHashTable *collections)
{
  GHashTable *wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (CarQuerySchema) schema = car_query_schema_new (model);
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);
  const Wanted self = { model, schema, collections, wanted };

  for (guint i = 0; vertices[i] != NULL; i++)
    add_wanted (&self, vertices[i]);
  for (guint i = 0; edges[i] != NULL; i++)
    add_wanted (&self, edges[i]);
  return wanted;
}

static gboolean
set_error (sqlite3 *db, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database makes no index: %s", sqlite3_errmsg (db));
  return FALSE;
}

/* Takes those that are there off the table, and lists what nobody wants any more. */
static GPtrArray *
compare_with_database (sqlite3 *db, GHashTable *wanted, GError **error)
{
  g_autoptr (GPtrArray) surplus = g_ptr_array_new_with_free_func (g_free);
  sqlite3_stmt *rows = NULL;
  int code = sqlite3_prepare_v2 (
      db, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND name GLOB '" PREFIX "*'", -1, &rows,
      NULL);

  while (code == SQLITE_OK && (code = sqlite3_step (rows)) == SQLITE_ROW)
    {
      const char *name = (const char *) sqlite3_column_text (rows, 0);
      const char *sql = (const char *) sqlite3_column_text (rows, 1);

      if (g_strcmp0 (g_hash_table_lookup (wanted, name), sql) == 0)
        g_hash_table_remove (wanted, name);
      else
        g_ptr_array_add (surplus, g_strdup_printf ("DROP INDEX \"%s\"", name));
      code = SQLITE_OK;
    }
  if (code != SQLITE_DONE)
    set_error (db, error);
  sqlite3_finalize (rows);
  return code == SQLITE_DONE ? g_steal_pointer (&surplus) : NULL;
}

gboolean
car_sqlite_make_indices (sqlite3 *db, GHashTable *collections, CarCoreModel *model, GError **error)
{
  g_autoptr (GHashTable) wanted = list_wanted (model, collections);
  if (g_hash_table_size (wanted) > MAX_INDICES)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                   "%u properties would be indexed or unique, %d can be", g_hash_table_size (wanted),
                   MAX_INDICES);
      return FALSE;
    }

  g_autoptr (GPtrArray) surplus = compare_with_database (db, wanted, error);
  if (surplus == NULL)
    return FALSE;
  for (guint i = 0; i < surplus->len; i++)
    if (sqlite3_exec (db, surplus->pdata[i], NULL, NULL, NULL) != SQLITE_OK)
      return set_error (db, error);

  GHashTableIter iter;
  gpointer sql;
  g_hash_table_iter_init (&iter, wanted);
  while (g_hash_table_iter_next (&iter, NULL, &sql))
    if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
      return set_error (db, error);
  return TRUE;
}

static char *
write_unique_check (CarCoreModel *model, const char *collection, int number, const char *property)
{
  g_autoptr (CarQuerySchema) schema = car_query_schema_new (model);
  const CarQueryTable *table = car_query_schema_find (schema, collection);
  const char *name = car_core_model_get_column (model, collection, property);
  const CarQueryColumn *column =
      table != NULL && name != NULL ? car_query_table_find_column (table, name) : NULL;
  if (column == NULL || column->kind != CAR_QUERY_MEMBER || column->stored != CAR_QUERY_STORED_NOTHING)
    return g_strdup ("");

  GString *sql = g_string_new (NULL);
  g_string_append_printf (sql, "SELECT t0.id, t0.source FROM %s t0 WHERE t0.collection = %d AND ",
                          get_table (table), number);
  car_sqlite_append_comparable (sql, table, column, "t0", -1);
  g_string_append (sql, " = (SELECT ");
  car_sqlite_append_comparable (sql, table, column, "new", -1);
  g_string_append (sql, " FROM (SELECT ?1 AS body) new) AND t0.id <> ?2");
  return g_string_free (sql, FALSE);
}

/* They are asked for with each object, and stay with the model. */
static GHashTable *
get_unique_checks (CarCoreModel *model)
{
  static const char key[] = "car-sqlite-unique-checks";
  GHashTable *checks = g_object_get_data (G_OBJECT (model), key);

  if (checks == NULL)
    {
      checks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_object_set_data_full (G_OBJECT (model), key, checks, (GDestroyNotify) g_hash_table_unref);
    }
  return checks;
}

const char *
car_sqlite_get_unique_check (CarCoreModel *model, const char *collection, int number, const char *property)
{
  GHashTable *checks = get_unique_checks (model);
  g_autofree char *name = g_strdup_printf ("%d.%s", number, property);
  const char *sql = g_hash_table_lookup (checks, name);

  if (sql == NULL)
    {
      g_autofree char *written = write_unique_check (model, collection, number, property);

      sql = g_intern_string (written);
      g_hash_table_insert (checks, g_steal_pointer (&name), (gpointer) sql);
    }
  return *sql != '\0' ? sql : NULL;
}
