/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-views-private.h"

/* Objects by what names them, or by their members. */

/* clang-format off */
/* $2: [[ATTRIBUTE, VALUE], …]. */
static const char fitting[] =
    "SELECT s.key, " CAR_POSTGRES_ID ", v.body FROM vertex v JOIN source s ON s.id = v.source"
    " WHERE v.collection = " CAR_POSTGRES_COLLECTION ("$1")
    " AND NOT EXISTS (SELECT FROM json_array_elements (car_json ($2::json)) w (pair)"
    "  WHERE NOT coalesce (CASE pair ->> 0"
    "   WHEN 'source' THEN s.key = pair ->> 1"
    "   WHEN '_id' THEN " CAR_POSTGRES_ID " = pair ->> 1"
    "   WHEN 'id' THEN " CAR_POSTGRES_ID " = pair ->> 1"
    "   ELSE (pair ->> 0 IN ('_key', 'external_id') AND v.key = pair ->> 1)"
    "    OR coalesce (car_json (v.body) ->> (pair ->> 0) = pair ->> 1, false)"
    "    OR (car_json (v.body) -> (pair ->> 0))::text = pair ->> 1"
    "    OR CASE (car_json (v.body) -> (pair ->> 0))::text WHEN 'true' THEN '1' WHEN 'false' THEN '0' END"
    "     = pair ->> 1 END, false))"
    " ORDER BY s.key, v.key LIMIT $3";
/* clang-format on */

CarServiceRow *
car_postgres_find_vertices (CarServiceStore *store,
                            const char *collection,
                            const char *conditions,
                            gint64 limit,
                            GError **error)
{
  return car_service_store_select (store, error, fitting, "ssi", collection, conditions, limit);
}

/* $1: the collection, $2: the source, $3: the key, $4: whether it may be an id, $5: how many. */
/* clang-format off */
#define NAMED                                                                                                \
  "SELECT s.key, " CAR_POSTGRES_ID ", v.body, " CAR_POSTGRES_REPORTED_AT " FROM source s JOIN vertex v"      \
  " ON v.source = s.id AND v.collection = " CAR_POSTGRES_COLLECTION ("$1") " AND v.key = "
#define ITS_SOURCE "($2 IS NULL OR s.key = $2)"
/* clang-format on */

CarServiceRow *
car_postgres_find_named (CarServiceStore *store,
                         const char *collection,
                         const char *source,
                         const char *key,
                         gboolean by_id,
                         gint64 limit,
                         GError **error)
{
  return car_service_store_select (
      store, error,
      NAMED "$3 WHERE " ITS_SOURCE " UNION ALL " NAMED
            "substr ($3, length (s.key) + 2) WHERE $4 <> 0 AND starts_with ($3, s.key || '/') AND " ITS_SOURCE
            " LIMIT $5",
      "sssii", collection, source, key, (gint64) by_id, limit);
}

/* $1: the collection, $2: the source, $3 and $4: the keys of the ends. */
/* clang-format off */
#define NAMED_SO(table, end, key)                                                                            \
  "SELECT v.id FROM collection k JOIN " table " v ON v.source = " CAR_POSTGRES_SOURCE ("$2")                 \
  " AND v.collection = k." end " AND v.key = " key " WHERE k.name = $1"
#define END(end, key) NAMED_SO ("vertex", end, key) " UNION " NAMED_SO ("vertex_history", end, key)
#define ENDS                                                                                                 \
  "WITH begins (id) AS MATERIALIZED (" END ("from_collection", "$3") "),"                                    \
  " finishes (id) AS MATERIALIZED (" END ("to_collection", "$4") ") "
#define BETWEEN                                                                                              \
  " JOIN begins ON begins.id = v.from_vertex JOIN finishes ON finishes.id = v.to_vertex"                     \
  " WHERE v.source = " CAR_POSTGRES_SOURCE ("$2") " AND v.collection = " CAR_POSTGRES_COLLECTION ("$1")

static const char held[] =
    ENDS "SELECT v.external_id, v.body, v.reported_at FROM edge_history v"
    BETWEEN " ORDER BY v.t2 DESC LIMIT 1";
static const char holding[] =
    ENDS "SELECT v.external_id, v.body, " CAR_POSTGRES_REPORTED_AT
    " FROM edge v JOIN source s ON s.id = v.source" BETWEEN " ORDER BY v.external_id";
/* clang-format on */

CarServiceRow *
car_postgres_find_edges (CarServiceStore *store,
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
