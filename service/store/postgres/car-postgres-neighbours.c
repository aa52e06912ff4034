/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-views-private.h"

/* What is at the other ends of a vertex's edges. $1 is its collection, $2 its id, $3 the moment.
 *
 * Edges that begin in a vertex are found by their collection and source first: the collection knows those of its ends. Those that
 * end in it are found by the vertex. */

/* clang-format off */
#define HERE                                                                                                 \
  "WITH here (id, source, collection) AS MATERIALIZED (SELECT v.id, v.source, v.collection FROM "            \
  CAR_POSTGRES_OF_ID ("vertex_ever", "$1", "$2") " AND v.t1 <= $3 AND v.t2 > $3)"

#define HOLDS " AND e.t1 <= $3 AND e.t2 > $3"

#define KINDS(end, other, is_out)                                                                            \
  "SELECT k.name, o.name, " is_out "::bigint, count (*) FROM here"                                           \
  " JOIN collection k ON k." end "_collection = here.collection JOIN collection o ON o.id = k." other "_collection" \
  " JOIN edge_ever e ON e.source = here.source AND e.collection = k.id AND e." end "_vertex = here.id" HOLDS \
  " GROUP BY k.name, o.name"

static const char kinds[] =
    HERE " " KINDS ("from", "to", "1") " UNION ALL " KINDS ("to", "from", "0") " ORDER BY 3 DESC, 1";

/* `end` is here, `other` there. $4: the collection of the edges, $5: how many, $6: behind how many. */
#define NEIGHBOURS(end, other)                                                                               \
  HERE ", found (source, vertex, id, body) AS MATERIALIZED ("                                                \
  "SELECT e.source, e." other ", e.id, e.body FROM here JOIN edge_ever e"                                    \
  " ON e.source = here.source AND e.collection = " CAR_POSTGRES_COLLECTION ("$4")                            \
  " AND e." end " = here.id" HOLDS " ORDER BY 2, 3 LIMIT $5 OFFSET $6)"                                      \
  " SELECT c.name, " CAR_POSTGRES_ID ", s.key, " CAR_POSTGRES_LABEL ", f.body"                               \
  " FROM found f JOIN vertex_ever v ON v.source = f.source AND v.id = f.vertex AND v.t1 <= $3 AND v.t2 > $3" \
  CAR_POSTGRES_NAMES "ORDER BY f.vertex, f.id"
/* clang-format on */

CarServiceRow *
car_postgres_list_kinds (CarServiceStore *store,
                         const char *collection,
                         const char *id,
                         gint64 at,
                         GError **error)
{
  return car_service_store_select (store, error, kinds, "ssi", collection, id, at);
}

CarServiceRow *
car_postgres_list_neighbours (CarServiceStore *store,
                              const char *collection,
                              const char *id,
                              gint64 at,
                              const char *edge,
                              gboolean out,
                              gint64 limit,
                              gint64 offset,
                              GError **error)
{
  return car_service_store_select (
      store, error, out ? NEIGHBOURS ("from_vertex", "to_vertex") : NEIGHBOURS ("to_vertex", "from_vertex"),
      "ssisii", collection, id, at, edge, limit, offset);
}

/* $1 and $2 as above, $3: how many. */
/* clang-format off */
#define OF_HERE                                                                                              \
  "WITH here (id, source, collection) AS MATERIALIZED (SELECT v.id, v.source, v.collection FROM "            \
  CAR_POSTGRES_OF_ID ("vertex", "$1", "$2") ") "
/* clang-format on */

CarServiceRow *
car_postgres_list_related (CarServiceStore *store,
                           const char *collection,
                           const char *id,
                           gboolean out,
                           gint64 limit,
                           GError **error)
{
  return car_service_store_select (
      store, error,
      out ? OF_HERE
          "SELECT k.name, c.name, s.key, " CAR_POSTGRES_ID ", $2, " CAR_POSTGRES_ID ", v.body FROM here"
          " JOIN collection k ON k.from_collection = here.collection"
          " JOIN edge e ON e.source = here.source AND e.collection = k.id AND e.from_vertex = here.id"
          " JOIN vertex v ON v.source = e.source AND v.id = e.to_vertex" CAR_POSTGRES_NAMES "LIMIT $3"
          : OF_HERE
          "SELECT k.name, c.name, s.key, " CAR_POSTGRES_ID ", " CAR_POSTGRES_ID ", $2, v.body FROM here"
          " JOIN edge e ON e.source = here.source AND e.to_vertex = here.id"
          " JOIN collection k ON k.id = e.collection"
          " JOIN vertex v ON v.source = e.source AND v.id = e.from_vertex" CAR_POSTGRES_NAMES "LIMIT $3",
      "ssi", collection, id, limit);
}
