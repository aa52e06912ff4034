/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-views-private.h"

/* What is at the other ends of a vertex's edges. ?1 is its collection, ?2 its id, ?3 the moment.
 *
 * Edges that begin in a vertex are found by their collection and source first, as the names of those that may begin in it
 * begin with the vertex's collection. Those that end in it are found by the vertex. */

/* clang-format off */
#define HERE                                                                                                 \
  "WITH here (id, source) AS MATERIALIZED ("                                                                 \
  "SELECT id, source FROM vertex"                                                                            \
  " WHERE collection = " CAR_SQLITE_COLLECTION ("?1") " AND node_id = ?2 AND t1 <= ?3"                       \
  " UNION ALL SELECT id, source FROM vertex_history"                                                         \
  " WHERE collection = " CAR_SQLITE_COLLECTION ("?1") " AND node_id = ?2 AND t1 <= ?3 AND t2 > ?3)"

/* '`' is the sign behind '_'. */
#define MAY_BEGIN_HERE "k.name > ?1 || '_' AND k.name < ?1 || '`'"

/* What is asked of now is found in the index alone, and no history is looked at. */
#define HOLDS " AND (?3 = " CAR_SQLITE_NOW " OR e.t1 <= ?3)"
#define HELD " AND ?3 <> " CAR_SQLITE_NOW " AND e.t1 <= ?3 AND e.t2 > ?3"

/* `name` is the rest of the collection's: that of the other end. */
#define KINDS(name, is_out, edges, history)                                                                  \
  "SELECT c.name, " name ", " is_out ", sum (kind.n) FROM ("                                                 \
  "SELECT e.collection, count(*) AS n FROM here CROSS JOIN " edges HOLDS " GROUP BY e.collection"            \
  " UNION ALL SELECT e.collection, count(*) FROM here CROSS JOIN " history HELD " GROUP BY e.collection"     \
  ") kind JOIN collection c ON c.id = kind.collection GROUP BY c.name"

static const char kinds[] =
    HERE
    KINDS ("substr (c.name, length (?1) + 2)", "1",
           "collection k CROSS JOIN edge e WHERE " MAY_BEGIN_HERE
           " AND e.collection = k.id AND e.source = here.source AND e.from_vertex = here.id",
           "edge_history e WHERE e.from_vertex = here.id")
    " UNION ALL "
    KINDS ("substr (c.name, 1, length (c.name) - length (?1) - 1)", "0",
           "edge e WHERE e.to_vertex = here.id",
           "edge_history e WHERE e.to_vertex = here.id")
    " ORDER BY 3 DESC, 1";

/* `end` is here, `other` there. ?4: the collection of the edges, ?5: how many, ?6: behind how many. Bodies are read of those
 * alone that are wanted. */
#define NEIGHBOURS(end, other, is_of_source)                                                                 \
  HERE ", found (vertex, id, row, is_past) AS MATERIALIZED ("                                                \
  "SELECT e." other ", e.id, e.id, 0 FROM here CROSS JOIN edge e"                                            \
  " WHERE e.collection = " CAR_SQLITE_COLLECTION ("?4") is_of_source " AND e." end " = here.id" HOLDS        \
  " UNION ALL SELECT e." other ", e.id, e.rowid, 1 FROM here CROSS JOIN edge_history e"                      \
  " WHERE e.collection = " CAR_SQLITE_COLLECTION ("?4") " AND e." end " = here.id" HELD                      \
  " ORDER BY 1, 2 LIMIT ?5 OFFSET ?6)"                                                                       \
  " SELECT c.name, v.node_id, s.key, " CAR_SQLITE_LABEL ","                                                  \
  "  CASE v.is_past WHEN 0 THEN (SELECT body FROM edge WHERE id = v.row)"                                    \
  "  ELSE (SELECT body FROM edge_history WHERE rowid = v.row) END FROM ("                                    \
  "SELECT f.*, v.collection, v.source, v.key_at, v.node_id, v.body"                                          \
  " FROM found f CROSS JOIN vertex v ON v.id = f.vertex AND v.t1 <= ?3"                                      \
  " UNION ALL SELECT f.*, v.collection, v.source, v.key_at, v.node_id, v.body"                               \
  " FROM found f CROSS JOIN vertex_history v ON v.id = f.vertex AND v.t1 <= ?3 AND v.t2 > ?3"                \
  ") v" CAR_SQLITE_NAMES "ORDER BY v.vertex, v.id"
/* clang-format on */

CarServiceRow *
car_sqlite_list_kinds (CarServiceStore *store,
                       const char *collection,
                       const char *id,
                       gint64 at,
                       GError **error)
{
  return car_service_store_select (store, error, kinds, "ssi", collection, id, at);
}

CarServiceRow *
car_sqlite_list_neighbours (CarServiceStore *store,
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
      store, error,
      out ? NEIGHBOURS ("from_vertex", "to_vertex", " AND e.source = here.source")
          : NEIGHBOURS ("to_vertex", "from_vertex", ""),
      "ssisii", collection, id, at, edge, limit, offset);
}

/* ?1 and ?2 as above, ?3: how many. */
#define OF_HERE "here.collection = " CAR_SQLITE_COLLECTION ("?1") " AND here.node_id = ?2 LIMIT ?3"

CarServiceRow *
car_sqlite_list_related (CarServiceStore *store,
                         const char *collection,
                         const char *id,
                         gboolean out,
                         gint64 limit,
                         GError **error)
{
  return car_service_store_select (
      store, error,
      out ? "SELECT k.name, c.name, s.key, v.node_id, here.node_id, v.node_id, v.body FROM vertex here"
            " CROSS JOIN collection k CROSS JOIN edge e CROSS JOIN vertex v" CAR_SQLITE_NAMES
            "WHERE " MAY_BEGIN_HERE " AND e.collection = k.id AND e.source = here.source"
            " AND e.from_vertex = here.id AND v.id = e.to_vertex AND " OF_HERE
          : "SELECT k.name, c.name, s.key, v.node_id, v.node_id, here.node_id, v.body FROM vertex here"
            " CROSS JOIN edge e CROSS JOIN collection k CROSS JOIN vertex v" CAR_SQLITE_NAMES
            "WHERE e.to_vertex = here.id AND k.id = e.collection AND v.id = e.from_vertex"
            " AND " OF_HERE,
      "ssi", collection, id, limit);
}
