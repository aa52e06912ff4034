/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-copy.h"
#include "service/store/sqlite/car-sqlite-views-private.h"

#define OUT_OF_VERTICES(table, t2)                                                                           \
  "SELECT v.id, s.key, c.name, " CAR_SQLITE_KEY ", nullif (" CAR_SQLITE_CONNECTING_ID ", v.node_id),"        \
  " v.body, v.reported_at, v.t1, " t2 " FROM " table " v JOIN source s ON s.id = v.source"                   \
  " JOIN collection c ON c.id = v.collection"
#define OUT_OF_EDGES(table, t2)                                                                              \
  "SELECT e.id, s.key, c.name, e.from_vertex, e.to_vertex, e.external_id, e.body, e.reported_at, e.t1, " t2  \
  " FROM " table " e JOIN source s ON s.id = e.source JOIN collection c ON c.id = e.collection"
#define OPEN "9223372036854775807"

/* Numbers of one table are others in another. ?2 is the source, ?3 the collection, ?4 the key. */
#define STORED_CONNECTING_ID                                                                                 \
  "nullif (coalesce (?5, ?2 || '/' || ?4),"                                                                  \
  " iif (?3 IN " CAR_SQLITE_CONNECTED_BY_KEY ", ?4, ?2 || '/' || ?4))"
#define INTO_VERTICES(table, t2, value)                                                                      \
  "INSERT INTO " table " (id, source, collection, key_at, node_id, connecting_id, body, reported_at, t1" t2  \
  ") VALUES (?1, (SELECT id FROM source WHERE key = ?2), (SELECT id FROM collection WHERE name = ?3),"       \
  " length (?2) + 2, ?2 || '/' || ?4, " STORED_CONNECTING_ID ", ?6, ?7, ?8" value ")"
#define INTO_EDGES(table, t2, value)                                                                         \
  "INSERT INTO " table                                                                                       \
  " (id, source, collection, from_vertex, to_vertex, external_id, body, reported_at, t1" t2                  \
  ") VALUES (?1, (SELECT id FROM source WHERE key = ?2), (SELECT id FROM collection WHERE name = ?3),"       \
  " ?4, ?5, ?6, ?7, ?8, ?9" value ")"

static const struct
{
  const char *read;
  const char *write;
  const char *types;
} kinds[] = {
  [CAR_SERVICE_COPY_VERTICES] = { OUT_OF_VERTICES ("vertex", OPEN) " ORDER BY v.id",
                                  INTO_VERTICES ("vertex", "", ""), "=isssssii" },
  [CAR_SERVICE_COPY_EDGES] = { OUT_OF_EDGES ("edge", OPEN) " ORDER BY e.id", INTO_EDGES ("edge", "", ""),
                               "=issiissii" },
  [CAR_SERVICE_COPY_OLD_VERTICES] = { OUT_OF_VERTICES ("vertex_history", "v.t2") " ORDER BY v.t2",
                                      INTO_VERTICES ("vertex_history", ", t2", ", ?9"), "=isssssiii" },
  [CAR_SERVICE_COPY_OLD_EDGES] = { OUT_OF_EDGES ("edge_history", "e.t2") " ORDER BY e.t2",
                                   INTO_EDGES ("edge_history", ", t2", ", ?10"), "=issiissiii" },
  [CAR_SERVICE_COPY_BROUGHT] = { "SELECT s.key, " CAR_SQLITE_SEEN_TO_TEXT
                                 " (seen.vertices), " CAR_SQLITE_SEEN_TO_TEXT
                                 " (seen.edges) FROM seen JOIN source s ON s.id = seen.source",
                                 "INSERT INTO seen (source, vertices, edges) VALUES ((SELECT id FROM source "
                                 "WHERE key = ?),"
                                 " " CAR_SQLITE_SEEN_OF_TEXT " (?), " CAR_SQLITE_SEEN_OF_TEXT " (?))",
                                 "=sss" },
};

CarServiceRow *
car_sqlite_copy_out (CarServiceStore *store, CarServiceCopyKind kind, GError **error)
{
  return car_sqlite_seen_add_functions (CAR_SQLITE_STORE (store), error)
             ? car_service_store_select (store, error, kinds[kind].read, "")
             : NULL;
}

gboolean
car_sqlite_copy_in (CarServiceStore *store,
                    CarServiceCopyKind kind,
                    CarServiceRow *rows,
                    gint64 *n,
                    GError **error)
{
  return car_sqlite_seen_add_functions (CAR_SQLITE_STORE (store), error) &&
         car_service_store_run_for_all (store, rows, n, error, kinds[kind].write, kinds[kind].types);
}

gboolean
car_sqlite_end_copy (CarServiceStore *store, GError **error)
{
  return car_service_store_run (
      store, error,
      "INSERT INTO held (collection, source, n) SELECT collection, source, count (*)"
      " FROM (SELECT collection, source FROM vertex UNION ALL"
      "  SELECT collection, source FROM edge) GROUP BY 1, 2",
      "");
}
