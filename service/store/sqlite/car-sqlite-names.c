/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-error.h"
#include "service/store/sqlite/car-sqlite-indices.h"
#include "service/store/sqlite/car-sqlite-store-private.h"

/* The numbers that collections and sources have. */

static GHashTable *
read_collections (CarSqliteStore *self)
{
  GHashTable *collections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (self), NULL, "SELECT name, id FROM collection", "");

  while (rows != NULL && car_service_row_next (rows, NULL))
    g_hash_table_insert (collections, g_strdup (car_service_row_get_text (rows, 0)),
                         GINT_TO_POINTER ((int) car_service_row_get_integer (rows, 1)));

  return collections;
}

GHashTable *
car_sqlite_store_get_collections (CarSqliteStore *self)
{
  if (self->collections == NULL)
    self->collections = read_collections (self);

  return self->collections;
}

int
car_sqlite_store_get_collection (CarSqliteStore *self, const char *name)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (car_sqlite_store_get_collections (self), name));
}

static gboolean
need_collections (CarServiceStore *store, char **names, GError **error)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (!car_service_store_run (store, error,
                                "INSERT INTO collection (name) VALUES (?) ON CONFLICT (name) DO NOTHING", "s",
                                names[i]))
      return FALSE;

  return TRUE;
}

static gboolean
make_indices (CarSqliteStore *self, CarCoreModel *model, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (car_sqlite_make_indices (self->db, car_sqlite_store_get_collections (self), model, &problem))
    return TRUE;
  if (!g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
    return car_sqlite_store_set_error (self, error);

  g_set_error_literal (error, CAR_SERVICE_ERROR, 422, problem->message);
  return FALSE;
}

gboolean
car_sqlite_follow_model (CarServiceStore *store, CarCoreModel *model, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);

  if (!need_collections (store, vertices, error) || !need_collections (store, edges, error))
    return FALSE;
  g_clear_pointer (&self->collections, g_hash_table_unref);

  return make_indices (self, model, error);
}

gboolean
car_sqlite_store_find_source (CarSqliteStore *self, const char *key, gint64 *source, GError **error)
{
  CarServiceRow *row;

  if (!car_service_store_find (CAR_SERVICE_STORE (self), &row, error, "SELECT id FROM source WHERE key = ?",
                               "s", key))
    return FALSE;
  *source = row != NULL ? car_service_row_get_integer (row, 0) : 0;
  if (row != NULL)
    car_service_row_end (row);

  return TRUE;
}

gint64
car_sqlite_store_need_source (CarSqliteStore *self, const char *key, GError **error)
{
  gint64 source;

  if (!car_sqlite_store_find_source (self, key, &source, error))
    return 0;
  if (source != 0)
    return source;

  return car_service_store_run (CAR_SERVICE_STORE (self), error, "INSERT INTO source (key) VALUES (?)", "s",
                                key)
             ? sqlite3_last_insert_rowid (self->db)
             : 0;
}
