/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-usage.h"

static void
use_free (gpointer data)
{
  CarServiceUse *use = data;

  g_free (use->source);
  g_free (use->collection);
  g_free (use);
}

static guint
use_hash (gconstpointer data)
{
  const CarServiceUse *use = data;

  return g_str_hash (use->source) ^ g_str_hash (use->collection);
}

static gboolean
use_equal (gconstpointer a, gconstpointer b)
{
  const CarServiceUse *first = a;
  const CarServiceUse *second = b;

  return g_str_equal (first->source, second->source) && g_str_equal (first->collection, second->collection);
}

static int
compare_uses (gconstpointer a, gconstpointer b)
{
  const CarServiceUse *first = *(const CarServiceUse *const *) a;
  const CarServiceUse *second = *(const CarServiceUse *const *) b;
  int order = strcmp (first->source, second->source);

  return order != 0 ? order : strcmp (first->collection, second->collection);
}

static void
add_row (GPtrArray *uses, GHashTable *known, sqlite3_stmt *row)
{
  CarServiceUse key = { .source = (char *) car_service_store_get_text (row, 0),
                        .collection = (char *) car_service_store_get_text (row, 1) };
  CarServiceUse *use = g_hash_table_lookup (known, &key);

  if (use == NULL)
    {
      use = g_new0 (CarServiceUse, 1);
      use->source = g_strdup (key.source);
      use->collection = g_strdup (key.collection);
      g_hash_table_add (known, use);
      g_ptr_array_add (uses, use);
    }

  CarServiceAmount *amount =
      sqlite3_column_int64 (row, 2) == CAR_SERVICE_STORE_OPEN ? &use->now : &use->history;
  amount->n++;
  amount->bytes += sqlite3_column_bytes (row, 3);
}

/* SQLite would sort the rows to group them, with their bodies, in memory. */
static gboolean
add_rows (CarServiceStore *store, GPtrArray *uses, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new (use_hash, use_equal);
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *rows = car_service_store_select (store, &problem,
                                                 "SELECT source, collection, t2, body FROM vertex"
                                                 " UNION ALL SELECT source, collection, t2, body FROM edge",
                                                 "");

  while (rows != NULL && car_service_store_next (store, rows, &problem))
    add_row (uses, known, rows);

  return car_service_store_ended (&problem, error);
}

GPtrArray *
car_service_usage_read (CarServiceStore *store, CarServicePages *pages, GError **error)
{
  g_autoptr (GPtrArray) uses = g_ptr_array_new_with_free_func (use_free);

  if (!car_service_store_run (store, error, "BEGIN", ""))
    return NULL;
  gboolean read = car_service_pages_read (store, pages, error) && add_rows (store, uses, error);
  car_service_store_rollback (store);
  g_ptr_array_sort (uses, compare_uses);

  return read ? g_steal_pointer (&uses) : NULL;
}
