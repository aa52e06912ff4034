/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-views-private.h"

/* Objects by what names them, or by their members. */

/* clang-format off */
/* ?2: [[ATTRIBUTE, VALUE], …]. */
static const char fitting[] =
    "SELECT s.key, v.node_id, v.body FROM vertex v JOIN source s ON s.id = v.source"
    " WHERE v.collection = " CAR_SQLITE_COLLECTION ("?1")
    " AND NOT EXISTS (SELECT 1 FROM json_each (?2) AS wanted WHERE NOT CASE wanted.value ->> 0"
    "  WHEN 'source' THEN s.key = wanted.value ->> 1"
    "  WHEN '_id' THEN v.node_id = wanted.value ->> 1"
    "  WHEN 'id' THEN v.node_id = wanted.value ->> 1"
    "  ELSE (wanted.value ->> 0 IN ('_key', 'external_id') AND " CAR_SQLITE_KEY " = wanted.value ->> 1)"
    "   OR EXISTS (SELECT 1 FROM json_each (v.body) AS member WHERE member.key = wanted.value ->> 0"
    "    AND (CAST (member.value AS TEXT) = wanted.value ->> 1"
    "     OR v.body -> member.fullkey = wanted.value ->> 1)) END)"
    " ORDER BY s.key, v.node_id LIMIT ?3";
/* clang-format on */

CarServiceRow *
car_sqlite_find_vertices (CarServiceStore *store,
                          const char *collection,
                          const char *conditions,
                          gint64 limit,
                          GError **error)
{
  return car_service_store_select (store, error, fitting, "ssi", collection, conditions, limit);
}

/* ?1: the collection, ?2: the source, ?3: the key, ?4: whether it may be an id, ?5: how many. */
/* clang-format off */
#define NAMED                                                                                                \
  "SELECT s.key, v.node_id, v.body, " CAR_SQLITE_REPORTED_AT " FROM source s CROSS JOIN vertex v"            \
  " ON v.collection = " CAR_SQLITE_COLLECTION ("?1") " AND v.source = s.id AND v.node_id = "
#define ITS_SOURCE "(?2 IS NULL OR s.key = ?2)"
/* clang-format on */

CarServiceRow *
car_sqlite_find_named (CarServiceStore *store,
                       const char *collection,
                       const char *source,
                       const char *key,
                       gboolean by_id,
                       gint64 limit,
                       GError **error)
{
  return car_service_store_select (store, error,
                                   NAMED "s.key || '/' || ?3 WHERE " ITS_SOURCE " UNION ALL " NAMED
                                         "?3 WHERE ?4 AND " ITS_SOURCE " LIMIT ?5",
                                   "sssii", collection, source, key, (gint64) by_id, limit);
}

/* The edge's name has those of its ends' collections in it. ?1: the collection, ?2: the source, ?3 and ?4: the keys. */
/* clang-format off */
#define NAMED_SO(end, key)                                                                                   \
  " v ON v.collection = ends." end " AND v.node_id = ?2 || '/' || " key                                      \
  " AND v.source = " CAR_SQLITE_SOURCE ("?2")
#define END(end, key)                                                                                        \
  "SELECT v.id FROM ends CROSS JOIN vertex" NAMED_SO (end, key)                                              \
  " UNION SELECT v.id FROM ends CROSS JOIN vertex_history" NAMED_SO (end, key)
#define ENDS                                                                                                 \
  "WITH ends (first, last) AS MATERIALIZED (SELECT a.id, b.id FROM collection a JOIN collection b"           \
  "  ON b.name = substr (?1, length (a.name) + 2)"                                                           \
  "  WHERE substr (?1, 1, length (a.name) + 1) = a.name || '_'),"                                            \
  " begins (id) AS MATERIALIZED (" END ("first", "?3") "),"                                                  \
  " finishes (id) AS MATERIALIZED (" END ("last", "?4") ") "
#define BETWEEN                                                                                              \
  " WHERE v.collection = " CAR_SQLITE_COLLECTION ("?1") " AND v.source = " CAR_SQLITE_SOURCE ("?2")          \
  " AND v.from_vertex IN (SELECT id FROM begins) AND v.to_vertex IN (SELECT id FROM finishes)"

static const char held[] =
    ENDS "SELECT v.external_id, v.body, v.reported_at FROM edge_history v INDEXED BY edge_history_from"
    BETWEEN " ORDER BY v.t2 DESC LIMIT 1";
static const char holding[] =
    ENDS "SELECT v.external_id, v.body, " CAR_SQLITE_REPORTED_AT
    " FROM edge v INDEXED BY edge_from JOIN source s ON s.id = v.source" BETWEEN " ORDER BY v.external_id";
/* clang-format on */

CarServiceRow *
car_sqlite_find_edges (CarServiceStore *store,
                       const char *collection,
                       const char *source,
                       const char *from,
                       const char *to,
                       gboolean closed,
                       GError **error)
{
  return car_service_store_select (store, error, closed ? held : holding, "ssss", collection, source, from,
                                   to);
}
