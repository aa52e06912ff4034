/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-views-private.h"

/* One vertex: what it was at all times, and where else it is known. ?1 is its collection, ?2 its id. */
#define EVER(t2, table)                                                                                      \
  "SELECT collection, source, key_at, node_id, connecting_id, body, reported_at, t1, " t2                    \
  " AS t2 FROM " table " WHERE collection = " CAR_SQLITE_COLLECTION ("?1") " AND node_id = ?2"
#define VERSIONS "(" EVER (CAR_SQLITE_OPEN, "vertex") " UNION ALL " EVER ("t2", "vertex_history") ") v"

CarServiceRow *
car_sqlite_get_vertex (CarServiceStore *store,
                       const char *collection,
                       const char *id,
                       gint64 at,
                       GError **error)
{
  return car_service_store_select (store, error,
                                   "SELECT c.name, v.node_id, s.key, " CAR_SQLITE_LABEL
                                   ", " CAR_SQLITE_CONNECTING_ID
                                   ", v.t1 <= ?3 AND v.t2 > ?3 AS held FROM " VERSIONS CAR_SQLITE_NAMES
                                   "ORDER BY held DESC, v.t1 DESC LIMIT 1",
                                   "ssi", collection, id, at);
}

CarServiceRow *
car_sqlite_list_versions (CarServiceStore *store,
                          const char *collection,
                          const char *id,
                          gint64 limit,
                          GError **error)
{
  return car_service_store_select (store, error,
                                   "SELECT v.t1, v.t2, CASE v.t2 WHEN " CAR_SQLITE_OPEN
                                   " THEN " CAR_SQLITE_REPORTED_AT
                                   " ELSE v.reported_at END, v.body FROM " VERSIONS
                                   " JOIN source s ON s.id = v.source ORDER BY v.t1 DESC LIMIT ?3",
                                   "ssi", collection, id, limit);
}

/* ?4 is the connecting_id that all of them have, ?3 the moment. */
#define INSTANCE "SELECT collection, source, key_at, node_id, body FROM "
#define OTHER " AND collection = " CAR_SQLITE_COLLECTION ("?1") " AND node_id <> ?2 AND t1 <= ?3"
#define CONNECTED " WHERE connecting_id = ?4" OTHER
#define ITSELF                                                                                               \
  " WHERE connecting_id IS NULL AND (node_id, source) IN (SELECT iif (?1 IN " CAR_SQLITE_CONNECTED_BY_KEY    \
  ", key || '/', '') || ?4, id FROM source)" OTHER

CarServiceRow *
car_sqlite_list_instances (CarServiceStore *store,
                           const char *collection,
                           const char *id,
                           const char *connecting_id,
                           gint64 at,
                           gint64 limit,
                           GError **error)
{
  return car_service_store_select (
      store, error,
      "SELECT c.name, v.node_id, s.key, " CAR_SQLITE_LABEL " FROM (" INSTANCE "vertex" CONNECTED
      " UNION ALL " INSTANCE "vertex" ITSELF " UNION ALL " INSTANCE "vertex_history" CONNECTED
      " AND t2 > ?3 UNION ALL " INSTANCE "vertex_history" ITSELF " AND t2 > ?3 LIMIT ?5) v" CAR_SQLITE_NAMES,
      "ssisi", collection, id, at, connecting_id, limit);
}
