/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-views-private.h"

/* What is otherwise at one moment ($2) than it was at an earlier one ($1), of one source ($3) or all (NULL).
 *
 * What came is found by its id, as the table `moment` tells which were given in between; what changed or was closed is in the
 * history, by its end. An object that was closed and came again has another id, but the same name: it changed. An object has one
 * version at most that ends at a time: time and id tell a line of the history. */

#define OF_SOURCE " AND ($3 IS NULL OR v.source = " CAR_POSTGRES_SOURCE ("$3") ")"

/* The first id that was given behind the moment. `ids` is a column of `moment`: "vertex" or "edge". */
#define FIRST_ID(ids, at) "(SELECT " ids " FROM moment WHERE t1 > " at " ORDER BY t1 LIMIT 1)"
#define BEFORE_NEXT(ids) "v.id < coalesce (" FIRST_ID (ids, "$2") ", " CAR_POSTGRES_OPEN ") AND v.t1 <= $2"
#define HELD_AT_END " AND v.t2 > $2"
#define ENDED "v.t2 > $1 AND v.t2 <= $2 AND v.t1 <= $1" OF_SOURCE

/* `n` holds, or held, at the moment. */
#define N_HELD(at) "n.t1 <= " at " AND n.t2 > " at

#define SAME_VERTEX "n.source = v.source AND n.collection = v.collection AND n.key = v.key AND "

/* clang-format off */
/* The id that the vertex of this id, or another one of its name, had at the moment; NULL: none held. */
#define ID_AT(id, at)                                                                                        \
  "(SELECT n.id FROM vertex_ever o JOIN vertex_ever n ON n.source = o.source AND n.collection = o.collection"  \
  "  AND n.key = o.key WHERE o.source = v.source AND o.id = " id " AND " N_HELD (at) " LIMIT 1)"
#define SAME_EDGE(at)                                                                                        \
  "n.source = v.source AND n.collection = v.collection AND n.external_id = v.external_id"                    \
  " AND n.from_vertex = " ID_AT ("v.from_vertex", at) " AND n.to_vertex = " ID_AT ("v.to_vertex", at) " AND "

/* What the expression makes of version `n` that holds at the end: of the same id, or (`again`) of the same name. */
#define AT_END(table, same, expression, again)                                                               \
  "(SELECT " expression " FROM " table " n WHERE n.source = v.source AND n.id = v.id AND " N_HELD ("$2") " LIMIT 1),"  \
  " (SELECT " again " FROM " table " n WHERE " same N_HELD ("$2") " LIMIT 1)"
#define AT_END_OF_VERTEX(expression, again) AT_END ("vertex_ever", SAME_VERTEX, expression, again)
#define AT_END_OF_EDGE(expression, again) AT_END ("edge_ever", SAME_EDGE ("$2"), expression, again)

/* A page of a phase: what lies behind row $5 of time $4, $6 lines of it. What came is in the order of ids, and what ended in
 * that of its end. */
#define NEXT_ENDS " AND v.t2 >= $4 AND (v.t2 > $4 OR v.id > $5) ORDER BY v.t2, v.id LIMIT $6"

/* Ids are in the order of an index behind their source. */
#define CAME_OF(table, ids, columns, same)                                                                   \
  "SELECT v.* FROM source s CROSS JOIN LATERAL (SELECT v.t1 AS at, v.id, v.collection, v.source, " columns ", v.body"  \
  " FROM " table "_ever v WHERE v.source = s.id AND " BEFORE_NEXT (ids)                                      \
  " AND v.id >= greatest (" FIRST_ID (ids, "$1") ", $5 + 1) AND " FIRST_ID (ids, "$1") " IS NOT NULL" HELD_AT_END       \
  " AND NOT EXISTS (SELECT FROM " table "_history n WHERE " same N_HELD ("$1") ")"                           \
  " ORDER BY v.id LIMIT $6) v WHERE $3 IS NULL OR s.key = $3 ORDER BY v.id LIMIT $6"

/* The id of the vertex, whether it holds or was closed. */
#define END(vertex)                                                                                          \
  "s.key || '/' || (SELECT n.key FROM vertex_ever n WHERE n.source = v.source AND n.id = v." vertex " LIMIT 1), "
#define ENDS END ("from_vertex") END ("to_vertex")

/* $4 is of no use where ids alone are the order, but a parameter all the same. */
#define IGNORING_TIME "WHERE $4::bigint IS NOT NULL "

static const char *const phases[CAR_SERVICE_CHANGES_N_PHASES] = {
  "SELECT v.at, v.id, c.name, s.key, " CAR_POSTGRES_ID ", NULL, NULL, v.body, " CAR_POSTGRES_LABEL
  " FROM (" CAME_OF ("vertex", "vertex", "v.key", SAME_VERTEX) ") v" CAR_POSTGRES_NAMES IGNORING_TIME "ORDER BY v.id",

  /* It is called as it is at the end, or was called last. */
  "SELECT v.at, v.id, c.name, s.key, " CAR_POSTGRES_ID ", NULL, v.before, v.after, " CAR_POSTGRES_LABEL
  " FROM (SELECT *, coalesce (after, before) AS body FROM ("
  "SELECT v.t2 AS at, v.id, v.collection, v.source, v.key, v.body AS before,"
  "  coalesce (" AT_END_OF_VERTEX ("n.body", "n.body") ") AS after FROM vertex_history v WHERE " ENDED NEXT_ENDS
  ") v) v" CAR_POSTGRES_NAMES "ORDER BY v.at, v.id",

  "SELECT v.at, v.id, c.name, s.key, " ENDS "NULL, v.body, NULL"
  " FROM (" CAME_OF ("edge", "edge", "v.from_vertex, v.to_vertex, v.external_id", SAME_EDGE ("$1")) ") v"
  CAR_POSTGRES_NAMES IGNORING_TIME "ORDER BY v.id",

  "SELECT v.at, v.id, c.name, s.key, " ENDS "v.body, v.after, NULL"
  " FROM (SELECT v.t2 AS at, v.id, v.collection, v.source, v.from_vertex, v.to_vertex, v.body,"
  "  coalesce (" AT_END_OF_EDGE ("n.body", "n.body") ") AS after FROM edge_history v WHERE " ENDED NEXT_ENDS
  ") v" CAR_POSTGRES_NAMES "ORDER BY v.at, v.id",
};
/* clang-format on */

CarServiceRow *
car_postgres_list_changes (CarServiceStore *store,
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
#define CAME(table, ids)                                                                                     \
  "SELECT v.collection, v.source, count (*) AS added, 0 AS changed, 0 AS closed"                             \
  " FROM source s JOIN " table " v ON v.source = s.id WHERE "                                                \
  BEFORE_NEXT (ids) " AND v.id >= " FIRST_ID (ids, "$1") OF_SOURCE HELD_AT_END                               \
  " GROUP BY v.collection, v.source UNION ALL "

/* What became of what ended: 0 and 1, it holds in the same or another value; 2 and 3, the same, but it came again; 4, it was
 * closed. */
#define DIFFERS "(n.body::text <> v.body::text)::int"
#define OUTCOME(table, at_end)                                                                               \
  "SELECT v.collection, v.source, coalesce (" at_end (DIFFERS, "2 + " DIFFERS) ", 4)"                        \
  " FROM " table " v WHERE " ENDED
#define N_OF(condition) "count (*) FILTER (WHERE " condition ")"

static const char counts[] =
    "WITH ended (collection, source, outcome) AS MATERIALIZED ("
    OUTCOME ("vertex_history", AT_END_OF_VERTEX) " UNION ALL " OUTCOME ("edge_history", AT_END_OF_EDGE)
    ") SELECT s.key, c.name, sum (v.added)::bigint, sum (v.changed)::bigint, sum (v.closed)::bigint FROM ("
    CAME ("vertex_ever", "vertex") CAME ("edge_ever", "edge")
    "SELECT collection, source, -" N_OF ("outcome IN (2, 3)") ", " N_OF ("outcome IN (1, 3)") ", "
    N_OF ("outcome = 4") " FROM ended GROUP BY collection, source) v" CAR_POSTGRES_NAMES "GROUP BY s.key, c.name"
    " HAVING sum (v.added) + sum (v.changed) + sum (v.closed) > 0 ORDER BY s.key, c.name";
/* clang-format on */

CarServiceRow *
car_postgres_count_changes (CarServiceStore *store, const CarServiceSpan *span, GError **error)
{
  return car_service_store_select (store, error, counts, "iis", span->from, span->to, span->source);
}
