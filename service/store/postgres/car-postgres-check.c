/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-views-private.h"

/* What must be so whatever was written. That a page of the disk is whole PostgreSQL checks itself, with data_checksums. */
typedef struct
{
  const char *sql; /* finds one row: how many are wrong */
  const char *what;
} Rule;

static const Rule rules[] = {
  { "SELECT count (*) FROM edge e WHERE NOT EXISTS (SELECT FROM vertex v WHERE v.source = e.source AND v.id "
    "= e.from_vertex)",
    "edges begin nowhere" },
  { "SELECT count (*) FROM edge e WHERE NOT EXISTS (SELECT FROM vertex v WHERE v.source = e.source AND v.id "
    "= e.to_vertex)",
    "edges end nowhere" },
  { "SELECT count (*) FROM (SELECT source, collection, count (*) AS n FROM (SELECT source, collection FROM "
    "vertex"
    " UNION ALL SELECT source, collection FROM edge) o GROUP BY 1, 2) o FULL JOIN (SELECT * FROM held WHERE "
    "n <> 0) h"
    " ON h.source = o.source AND h.collection = o.collection WHERE h.n IS DISTINCT FROM o.n",
    "kept counts are not what is there" },
  { "SELECT count (*) FROM vertex_history WHERE t1 >= t2", "versions of vertices end before they begin" },
  { "SELECT count (*) FROM edge_history WHERE t1 >= t2", "versions of edges end before they begin" },
  { "SELECT count (*) FROM vertex v WHERE NOT EXISTS (SELECT FROM source s WHERE s.id = v.source)",
    "vertices are of no source" },
};

static gboolean
check_rule (CarServiceStore *store, const Rule *rule, GPtrArray *found, GError **error)
{
  CarServiceRow *row = car_service_store_get (store, error, rule->sql, "");
  if (row == NULL)
    return FALSE;

  const gint64 n = car_service_row_get_integer (row, 0);
  car_service_row_end (row);
  if (n > 0)
    g_ptr_array_add (found, g_strdup_printf ("%" G_GINT64_FORMAT " %s", n, rule->what));

  return TRUE;
}

GPtrArray *
car_postgres_check (CarServiceStore *store, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (!check_rule (store, &rules[i], found, error))
      return NULL;

  return g_steal_pointer (&found);
}
