/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-indices.h"
#include "service/store/postgres/car-postgres-private.h"

/* The numbers that collections have, with the collections of their ends. */

static gboolean
need_collections (CarServiceStore *store, char **names, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  for (guint i = 0; names[i] != NULL; i++)
    g_ptr_array_add (list, names[i]);

  return car_service_store_run (
      store, error,
      "INSERT INTO collection (name) SELECT i.name FROM unnest ($1) WITH ORDINALITY i (name, n)"
      " WHERE NOT EXISTS (SELECT FROM collection c WHERE c.name = i.name COLLATE \"C\")"
      " ORDER BY i.n",
      "S", list);
}

static gboolean
note_ends (CarServiceStore *store, CarCoreModel *model, char **edges, GError **error)
{
  for (guint i = 0; edges[i] != NULL; i++)
    {
      const char *from, *to;

      car_core_model_get_edge_ends (model, edges[i], &from, &to);
      if (!car_service_store_run (store, error,
                                  "UPDATE collection SET from_collection = f.id, to_collection = t.id"
                                  " FROM collection f, collection t"
                                  " WHERE collection.name = ?1 AND f.name = ?2 AND t.name = ?3"
                                  "  AND collection.from_collection IS NULL",
                                  "sss", edges[i], from, to))
        return FALSE;
    }

  return TRUE;
}

gboolean
car_postgres_follow_model (CarServiceStore *store, CarCoreModel *model, GError **error)
{
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);

  return need_collections (store, vertices, error) && need_collections (store, edges, error) &&
         note_ends (store, model, edges, error) &&
         car_postgres_make_indices (CAR_POSTGRES_STORE (store), model, error);
}
