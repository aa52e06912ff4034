/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-sql.h"
#include "service/store/postgres/car-postgres-views-private.h"

/* Where what somebody types is found. */

/* $1: the text, $2: how many of each way. */
#define SPELLINGS " IN ($1, lower ($1), upper ($1))"
#define ESCAPED "replace (replace (replace ($1, '\\', '\\\\'), '%', '\\%'), '_', '\\_')"
#define HOLDS_IT " ILIKE '%' || " ESCAPED " || '%'"
#define BEGINS_SO " ILIKE " ESCAPED " || '%'"
#define NAME "(car_member (body, 'name')) COLLATE \"C\""
/* What the index has of it. */
#define BEGINNING "left (" NAME ", " CAR_POSTGRES_INDEXED ")"

#define FOUND(where) "SELECT source, id FROM (SELECT source, id FROM vertex WHERE " where " LIMIT $2) f"

/* As a key of each source, and as an id. */
#define KEYED                                                                                                \
  "SELECT source, id FROM (SELECT v.source, v.id FROM held h JOIN source s ON s.id = h.source JOIN vertex v" \
  " ON v.source = h.source AND v.collection = h.collection"                                                  \
  "  AND v.key = ANY (ARRAY[$1, '0/' || $1, CASE WHEN starts_with ($1, s.key || '/')"                        \
  "   THEN substr ($1, length (s.key) + 2) END]) WHERE h.n > 0 LIMIT $2) f"

/* clang-format off */
static const char search[] =
    "WITH found (source, id) AS ("
    FOUND ("connecting_id" SPELLINGS) " UNION "
    FOUND (BEGINNING SPELLINGS " AND " NAME SPELLINGS) " UNION "
    KEYED " UNION "
    FOUND ("car_member (body, 'name') IS NOT NULL AND " NAME HOLDS_IT) " UNION "
    FOUND ("key" HOLDS_IT)
    ") SELECT c.name, " CAR_POSTGRES_ID ", s.key, l.label, " CAR_POSTGRES_CONNECTING_ID ", "
    CAR_POSTGRES_REPORTED_AT " FROM found JOIN vertex v ON v.source = found.source AND v.id = found.id"
    CAR_POSTGRES_NAMES "CROSS JOIN LATERAL (SELECT " CAR_POSTGRES_LABEL " AS label) l"
    " ORDER BY CASE WHEN l.label" SPELLINGS " OR v.key = $1 THEN 0"
    " WHEN l.label" BEGINS_SO " THEN 1 ELSE 2 END, l.label, " CAR_POSTGRES_ID " LIMIT $2";
/* clang-format on */

CarServiceRow *
car_postgres_search (CarServiceStore *store, const char *text, gint64 limit, GError **error)
{
  return car_service_store_select (store, error, search, "si", text, limit);
}
