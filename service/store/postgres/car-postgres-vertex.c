/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-views-private.h"

/* One vertex: what it was at all times, and where else it is known. $1 is its collection, $2 its id. */

CarServiceRow *
car_postgres_get_vertex (CarServiceStore *store,
                         const char *collection,
                         const char *id,
                         gint64 at,
                         GError **error)
{
  return car_service_store_select (
      store, error,
      "SELECT c.name, " CAR_POSTGRES_ID ", s.key, " CAR_POSTGRES_LABEL ", " CAR_POSTGRES_CONNECTING_ID
      ", v.t1 <= $3 AND v.t2 > $3 AS held FROM collection c, " CAR_POSTGRES_OF_ID (
          "vertex_ever", "$1", "$2") " AND c.id = v.collection ORDER BY held DESC, v.t1 DESC LIMIT 1",
      "ssi", collection, id, at);
}

CarServiceRow *
car_postgres_list_versions (CarServiceStore *store,
                            const char *collection,
                            const char *id,
                            gint64 limit,
                            GError **error)
{
  return car_service_store_select (store, error,
                                   "SELECT v.t1, v.t2, CASE v.t2 WHEN " CAR_POSTGRES_OPEN
                                   " THEN " CAR_POSTGRES_REPORTED_AT
                                   " ELSE v.reported_at END, v.body FROM " CAR_POSTGRES_OF_ID (
                                       "vertex_ever", "$1", "$2") " ORDER BY v.t1 DESC LIMIT $3",
                                   "ssi", collection, id, limit);
}

/* A vertex whose connecting_id is NULL is its id. $4 is the connecting_id that all of them have, $3 the moment. */
#define AT_MOMENT " AND v.t1 <= $3 AND v.t2 > $3"

CarServiceRow *
car_postgres_list_instances (CarServiceStore *store,
                             const char *collection,
                             const char *id,
                             const char *connecting_id,
                             gint64 at,
                             gint64 limit,
                             GError **error)
{
  return car_service_store_select (
      store, error,
      "SELECT c.name, " CAR_POSTGRES_ID ", s.key, " CAR_POSTGRES_LABEL " FROM ("
      "SELECT v.* FROM vertex_ever v WHERE v.connecting_id = $4 AND v.collection = " CAR_POSTGRES_COLLECTION (
          "$1") AT_MOMENT
      " UNION ALL SELECT v.* FROM " CAR_POSTGRES_OF_ID (
          "vertex_ever", "$1", "$4") " AND v.connecting_id IS NULL" AT_MOMENT ") v" CAR_POSTGRES_NAMES
                                     "WHERE " CAR_POSTGRES_ID " <> $2 LIMIT $5",
      "ssisi", collection, id, at, connecting_id, limit);
}
