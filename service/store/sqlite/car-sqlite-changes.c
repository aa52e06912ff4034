/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-views-private.h"

/* What is otherwise at one moment (?2) than it was at an earlier one (?1), of one source (?3) or all (NULL).
 *
 * What came is found by its id, as the table `moment` tells which were given in between; what changed or was closed is in the
 * history, by its end. An object that was closed and came again has another id, but the same name: it changed. */

#define OF_SOURCE " AND (?3 IS NULL OR v.source = " CAR_SQLITE_SOURCE ("?3") ")"

/* The first id that was given behind the moment. `ids` is a column of `moment`: "vertex" or "edge". */
#define FIRST_ID(ids, at) "(SELECT " ids " FROM moment WHERE t1 > " at " ORDER BY t1 LIMIT 1)"
#define BEFORE_NEXT(ids) "v.id < coalesce (" FIRST_ID (ids, "?2") ", " CAR_SQLITE_OPEN ") AND v.t1 <= ?2"
#define HELD_AT_END " AND v.t2 > ?2"
#define ENDED "v.t2 > ?1 AND v.t2 <= ?2 AND v.t1 <= ?1" OF_SOURCE

/* `n` holds, or held, at the moment. The signs keep SQLite from looking by time. Of now, no history is looked at. */
#define N_HOLDS(at) "+n.t1 <= " at
#define N_HELD(at) "+n.t1 <= " at " AND +n.t2 > " at " AND " at " <> " CAR_SQLITE_NOW

#define SAME_VERTEX "n.collection = v.collection AND n.node_id = v.node_id AND n.source = v.source AND "

/* clang-format off */
/* The id that the vertex of this id, or another one of its name, had at the moment; NULL: none held. */
#define NAMESAKE(new, old, id)                                                                               \
  "(SELECT n.id FROM " old " o CROSS JOIN " new " n ON n.collection = o.collection"                          \
  "  AND n.node_id = o.node_id AND n.source = o.source WHERE o.id = " id " AND "
#define ID_AT(id, at)                                                                                        \
  "coalesce ((SELECT n.id FROM vertex n WHERE n.id = " id " AND " N_HOLDS (at) "), "                         \
  NAMESAKE ("vertex_history", "vertex", id) N_HELD (at) " LIMIT 1), "                                        \
  NAMESAKE ("vertex", "vertex_history", id) N_HOLDS (at) " LIMIT 1), "                                       \
  NAMESAKE ("vertex_history", "vertex_history", id) N_HELD (at) " LIMIT 1))"
#define SAME_EDGE(at)                                                                                        \
  "n.collection = v.collection AND n.source = v.source AND n.external_id = v.external_id"                    \
  " AND n.from_vertex = " ID_AT ("v.from_vertex", at) " AND n.to_vertex = " ID_AT ("v.to_vertex", at) " AND "

/* What the expression makes of version `n` that holds at the end: of the same id, or (`again`) of the same name. */
#define AT_END_OF_VERTEX(expression, again)                                                                  \
  "(SELECT " expression " FROM vertex n WHERE n.id = v.id AND " N_HOLDS ("?2") "),"                          \
  " (SELECT " expression " FROM vertex_history n WHERE n.id = v.id AND " N_HELD ("?2") "),"                  \
  " (SELECT " again " FROM vertex n WHERE " SAME_VERTEX N_HOLDS ("?2") "),"                                  \
  " (SELECT " again " FROM vertex_history n WHERE " SAME_VERTEX N_HELD ("?2") ")"
#define AT_END_OF_EDGE(expression, again)                                                                    \
  "(SELECT " expression " FROM edge n WHERE n.id = v.id AND " N_HOLDS ("?2") "),"                            \
  " (SELECT " expression " FROM edge_history n WHERE n.from_vertex = v.from_vertex"                          \
  "  AND n.collection = v.collection AND n.to_vertex = v.to_vertex AND n.id = v.id AND " N_HELD ("?2") "),"  \
  " (SELECT " again " FROM edge n WHERE " SAME_EDGE ("?2") N_HOLDS ("?2") "),"                               \
  " (SELECT " again " FROM edge_history n WHERE " SAME_EDGE ("?2") N_HELD ("?2") ")"
/* clang-format on */

/* A page of a phase: what lies behind row ?5 of time ?4, ?6 lines of it. What came is in the order of ids, and what ended in
 * that of its end. */
#define NEXT_IDS(ids) " AND v.id >= max (" FIRST_ID (ids, "?1") ", ?5 + 1)"
#define IN_ORDER_OF_IDS " ORDER BY v.id LIMIT ?6)"
#define NEXT_ENDS " AND v.t2 >= ?4 AND (v.t2 > ?4 OR v.rowid > ?5) ORDER BY v.t2, v.rowid LIMIT ?6"

#define NEW_VERTEX(table)                                                                                    \
  "SELECT * FROM (SELECT v.t1 AS at, v.id, v.collection, v.source, v.key_at, v.node_id, v.body"              \
  " FROM " table " v WHERE " BEFORE_NEXT ("vertex") NEXT_IDS ("vertex") OF_SOURCE                            \
      " AND NOT EXISTS (SELECT 1 FROM vertex_history n WHERE " SAME_VERTEX N_HELD ("?1") ")"
#define NEW_EDGE(table)                                                                                      \
  "SELECT * FROM (SELECT v.t1 AS at, v.id, v.collection, v.source, v.from_vertex, v.to_vertex, v.body"       \
  " FROM " table " v WHERE " BEFORE_NEXT ("edge") NEXT_IDS ("edge") OF_SOURCE                                \
      " AND NOT EXISTS (SELECT 1 FROM edge_history n WHERE " SAME_EDGE ("?1") N_HELD ("?1") ")"

/* The id of the vertex, whether it holds or was closed. */
#define END(vertex)                                                                                          \
  "coalesce ((SELECT node_id FROM vertex WHERE id = v." vertex "),"                                          \
  " (SELECT node_id FROM vertex_history WHERE id = v." vertex " LIMIT 1)), "
#define ENDS END ("from_vertex") END ("to_vertex")

/* clang-format off */
static const char *const phases[CAR_SERVICE_CHANGES_N_PHASES] = {
  "SELECT v.at, v.id, c.name, s.key, v.node_id, NULL, NULL, v.body, " CAR_SQLITE_LABEL
  " FROM (" NEW_VERTEX ("vertex") IN_ORDER_OF_IDS
  " UNION ALL " NEW_VERTEX ("vertex_history") HELD_AT_END IN_ORDER_OF_IDS
  " ORDER BY 2 LIMIT ?6) v" CAR_SQLITE_NAMES "ORDER BY v.id",

  /* It is called as it is at the end, or was called last. */
  "SELECT v.at, v.row, c.name, s.key, v.node_id, NULL, v.before, v.after, " CAR_SQLITE_LABEL
  " FROM (SELECT *, coalesce (after, before) AS body FROM ("
  "SELECT v.t2 AS at, v.rowid AS row, v.collection, v.source, v.key_at, v.node_id, v.body AS before,"
  "  coalesce (" AT_END_OF_VERTEX ("n.body", "n.body") ") AS after FROM vertex_history v WHERE " ENDED NEXT_ENDS
  ")) v" CAR_SQLITE_NAMES "ORDER BY v.at, v.row",

  "SELECT v.at, v.id, c.name, s.key, " ENDS "NULL, v.body, NULL"
  " FROM (" NEW_EDGE ("edge") IN_ORDER_OF_IDS
  " UNION ALL " NEW_EDGE ("edge_history") HELD_AT_END IN_ORDER_OF_IDS
  " ORDER BY 2 LIMIT ?6) v" CAR_SQLITE_NAMES "ORDER BY v.id",

  "SELECT v.at, v.row, c.name, s.key, " ENDS "v.body, v.after, NULL"
  " FROM (SELECT v.t2 AS at, v.rowid AS row, v.collection, v.source, v.from_vertex, v.to_vertex, v.body,"
  "  coalesce (" AT_END_OF_EDGE ("n.body", "n.body") ") AS after FROM edge_history v WHERE " ENDED NEXT_ENDS
  ") v" CAR_SQLITE_NAMES "ORDER BY v.at, v.row",
};
/* clang-format on */

CarServiceRow *
car_sqlite_list_changes (CarServiceStore *store,
                         const CarServiceSpan *span,
                         const CarServicePlace *place,
                         gint64 limit,
                         GError **error)
{
  return car_service_store_select (store, error, phases[place->phase], "iisiii", span->from, span->to,
                                   span->source, place->time, place->row, limit);
}

/* clang-format off */
/* All that came is counted, also what came again: that is taken off where its end is counted. */
#define CAME(table, ids, end)                                                                                \
  "SELECT v.collection, v.source, count(*) AS added, 0 AS changed, 0 AS closed FROM " table " v WHERE "      \
  BEFORE_NEXT (ids) " AND v.id >= " FIRST_ID (ids, "?1") OF_SOURCE end                                       \
  " GROUP BY v.collection, v.source UNION ALL "

/* What became of what ended: 0 and 1, it holds in the same or another value; 2 and 3, the same, but it came again; 4, it was
 * closed. */
#define OUTCOME(table, at_end)                                                                               \
  "SELECT v.collection, v.source, coalesce (" at_end ("n.body <> v.body", "2 + (n.body <> v.body)") ", 4)"   \
  " FROM " table " v WHERE " ENDED

static const char counts[] =
    "WITH ended (collection, source, outcome) AS MATERIALIZED ("
    OUTCOME ("vertex_history", AT_END_OF_VERTEX) " UNION ALL " OUTCOME ("edge_history", AT_END_OF_EDGE)
    ") SELECT s.key, c.name, sum (v.added), sum (v.changed), sum (v.closed) FROM ("
    CAME ("vertex", "vertex", "") CAME ("vertex_history", "vertex", HELD_AT_END)
    CAME ("edge", "edge", "") CAME ("edge_history", "edge", HELD_AT_END)
    "SELECT collection, source, -sum (outcome IN (2, 3)), sum (outcome IN (1, 3)), sum (outcome = 4)"
    " FROM ended GROUP BY collection, source) v" CAR_SQLITE_NAMES "GROUP BY s.key, c.name"
    " HAVING sum (v.added) + sum (v.changed) + sum (v.closed) > 0 ORDER BY s.key, c.name";
/* clang-format on */

CarServiceRow *
car_sqlite_count_changes (CarServiceStore *store, const CarServiceSpan *span, GError **error)
{
  return car_service_store_select (store, error, counts, "iis", span->from, span->to, span->source);
}
