/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-views-private.h"

/* Where what somebody types is found. */

/* All of it is found in indices, which hold names and ids side by side; of the objects only those found are read. ?1: the
 * text, ?2: how many of each way. */
#define SPELLINGS " IN (?1, lower (?1), upper (?1))"
#define ESCAPED "replace (replace (replace (?1, '\\', '\\\\'), '%', '\\%'), '_', '\\_')"
#define HOLDS_IT " LIKE '%' || " ESCAPED " || '%' ESCAPE '\\'"
#define BEGINS_SO " LIKE " ESCAPED " || '%' ESCAPE '\\'"
/* The index holds none that is NULL. */
#define NAME "car_member (body, 'name') IS NOT NULL AND car_member (body, 'name')"

#define FOUND(where) "SELECT id FROM (SELECT id FROM vertex " where " LIMIT ?2)"

/* As a key of each source, and as an id. */
#define KEYED                                                                                                \
  "SELECT id FROM (SELECT v.id FROM held h CROSS JOIN source s ON s.id = h.source CROSS JOIN vertex v"       \
  " ON v.collection = h.collection AND v.node_id IN (s.key || '/' || ?1, s.key || '/' || lower (?1),"        \
  "  s.key || '/' || upper (?1), s.key || '/0/' || ?1, ?1)"                                                  \
  " AND v.source = h.source WHERE h.n > 0 LIMIT ?2)"

/* The index has no key of its own. What only the source is called is not found. */
#define IN_KEYS                                                                                              \
  "AS v INDEXED BY vertex_node WHERE v.node_id" HOLDS_IT                                                     \
  " AND substr (v.node_id, length ((SELECT key FROM source WHERE id = v.source)) + 2)" HOLDS_IT

/* clang-format off */
static const char search[] =
    "WITH found (id) AS ("
    FOUND ("WHERE connecting_id" SPELLINGS) " UNION "
    FOUND ("INDEXED BY vertex_name WHERE " NAME SPELLINGS) " UNION "
    KEYED " UNION "
    FOUND ("INDEXED BY vertex_name WHERE " NAME HOLDS_IT) " UNION "
    FOUND (IN_KEYS)
    ") SELECT c.name, v.node_id, s.key, " CAR_SQLITE_LABEL " AS label, " CAR_SQLITE_CONNECTING_ID ", "
    CAR_SQLITE_REPORTED_AT " FROM found JOIN vertex v ON v.id = found.id" CAR_SQLITE_NAMES
    "ORDER BY CASE WHEN label" SPELLINGS " OR " CAR_SQLITE_KEY " = ?1 THEN 0"
    " WHEN label" BEGINS_SO " THEN 1 ELSE 2 END, label, v.node_id LIMIT ?2";
/* clang-format on */

CarServiceRow *
car_sqlite_search (CarServiceStore *store, const char *text, gint64 limit, GError **error)
{
  return car_service_store_select (store, error, search, "si", text, limit);
}
