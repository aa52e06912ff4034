/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/postgres/car-postgres-graph.h"
#include "service/store/sql/car-service-sources.h"

/* What ends: versions go into history, and a vertex takes its edges with it. */

/* Adds the numbers that are found. */
static gboolean
add_ids (CarServiceRow *rows, GArray *ids, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (rows == NULL)
    return FALSE;
  while (car_service_row_next (rows, &problem))
    {
      const gint64 id = car_service_row_get_integer (rows, 0);
      g_array_append_val (ids, id);
    }

  return car_service_rows_ended (&problem, error);
}

/* From rows of a collection and how many of it went. */
static gboolean
count_gone (CarPostgresStore *self, CarServiceRow *rows, gint64 source, GError **error)
{
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GError) problem = NULL;

  while (rows != NULL && car_service_row_next (rows, &problem))
    for (int column = 0; column < 2; column++)
      {
        const gint64 number = car_service_row_get_integer (rows, column);
        g_array_append_val (counts, number);
      }
  for (guint i = 0; problem == NULL && i < counts->len; i += 2)
    car_postgres_count (self, source, g_array_index (counts, gint64, i),
                        -g_array_index (counts, gint64, i + 1), &problem);

  return car_service_rows_ended (&problem, error);
}

static gboolean
note_users (CarPostgresStore *self, gint64 source, const GArray *ids, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (self), &problem,
      "SELECT e.from_vertex, e.to_vertex FROM unnest ($1) i (id) JOIN edge e ON e.source = $2 AND e.id = i.id"
      " WHERE e.collection = $3",
      "Iii", ids, source, car_postgres_get_collection (self, "user_account"));

  while (rows != NULL && car_service_row_next (rows, &problem))
    car_postgres_regroup_note_edge (self, "user_account", car_service_row_get_integer (rows, 0),
                                    car_service_row_get_integer (rows, 1));

  return car_service_rows_ended (&problem, error);
}

gboolean
car_postgres_close_edges (CarPostgresStore *self,
                          gint64 source,
                          const GArray *ids,
                          gint64 now,
                          GError **error)
{
  if (ids->len == 0)
    return TRUE;
  if (!car_postgres_need_parts (self, now, error) || !note_users (self, source, ids, error))
    return FALSE;

  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (self), error,
      "WITH gone AS (DELETE FROM edge e USING unnest ($1) i (id) WHERE e.source = $2 AND e.id = i.id "
      "RETURNING e.*),"
      " kept AS (INSERT INTO edge_history (id, t1, reported_at, from_vertex, to_vertex, source, collection,"
      "   external_id, body, t2) SELECT id, t1, reported_at, from_vertex, to_vertex, source, collection,"
      "   external_id, body, $3 FROM gone WHERE t1 < $3)"
      " SELECT collection, count (*) FROM gone GROUP BY collection",
      "Iii", ids, source, now);
  return rows != NULL && count_gone (self, rows, source, error);
}

/* Edges from a vertex are found by their collections, which the vertex's own tells. */
static gboolean
close_edges_of (CarPostgresStore *self, gint64 source, const GArray *vertices, gint64 now, GError **error)
{
  g_autoptr (GArray) edges = g_array_new (FALSE, FALSE, sizeof (gint64));

  return add_ids (car_service_store_select (
                      CAR_SERVICE_STORE (self), error,
                      "SELECT e.id FROM unnest ($1) i (id) JOIN vertex v ON v.source = $2 AND v.id = i.id"
                      " JOIN collection c ON c.from_collection = v.collection"
                      " JOIN edge e ON e.source = $2 AND e.collection = c.id AND e.from_vertex = v.id"
                      " UNION SELECT e.id FROM unnest ($1) i (id)"
                      " JOIN edge e ON e.source = $2 AND e.to_vertex = i.id",
                      "Ii", vertices, source),
                  edges, error) &&
         car_postgres_close_edges (self, source, edges, now, error);
}

gboolean
car_postgres_close_vertices (CarPostgresStore *self,
                             gint64 source,
                             const GArray *ids,
                             gint64 now,
                             GError **error)
{
  CarServiceStore *store = CAR_SERVICE_STORE (self);

  if (ids->len == 0)
    return TRUE;
  if (!car_postgres_need_parts (self, now, error) ||
      !car_postgres_regroup_note_vertices (self, source, ids, error) ||
      !close_edges_of (self, source, ids, now, error) ||
      !car_service_store_run (store, error,
                              "UPDATE tagging t SET t2 = $2 FROM unnest ($1) i (id)"
                              " WHERE t.vertex = i.id AND t.t2 = " CAR_POSTGRES_OPEN,
                              "Ii", ids, now))
    return FALSE;

  CarServiceRow *rows =
      car_service_store_select (store, error,
                                "WITH gone AS (DELETE FROM vertex v USING unnest ($1) i (id) WHERE v.source "
                                "= $2 AND v.id = i.id RETURNING v.*),"
                                " kept AS (INSERT INTO vertex_history (id, t1, reported_at, source, "
                                "collection, key, connecting_id, body, t2)"
                                "   SELECT id, t1, reported_at, source, collection, key, connecting_id, "
                                "body, $3 FROM gone WHERE t1 < $3)"
                                " SELECT collection, count (*) FROM gone GROUP BY collection",
                                "Iii", ids, source, now);
  return rows != NULL && count_gone (self, rows, source, error);
}

gboolean
car_postgres_delete_vertex (CarServiceStore *store,
                            const char *source,
                            const char *collection,
                            const char *key,
                            gint64 now,
                            GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 number;

  return car_postgres_find_source (self, source, &number, error) &&
         add_ids (car_service_store_select (
                      store, error, "SELECT id FROM vertex WHERE source = ? AND collection = ? AND key = ?",
                      "iis", number, car_postgres_get_collection (self, collection), key),
                  ids, error) &&
         car_postgres_close_vertices (self, number, ids, now, error);
}

/* ---- The end of a full import ---- */

/* All of the source is compared with all that was brought: for once by tables, and not by keys. */
#define UNSEEN(table, ids)                                                                                   \
  "SELECT o.id FROM " table " o WHERE o.source = $1 AND NOT EXISTS (SELECT FROM"                             \
  " (SELECT unnest (" ids ") AS id FROM seen WHERE source = $1) s WHERE s.id = o.id)"

#define BY_TABLES                                                                                            \
  "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_bitmapscan = on;"         \
  "SET LOCAL work_mem = '64MB'"
#define BY_KEYS                                                                                              \
  "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_bitmapscan = off;"      \
  "RESET work_mem"

typedef gboolean (
    *CloseFunc) (CarPostgresStore *self, gint64 source, const GArray *ids, gint64 now, GError **error);

static gboolean
close_unseen (CarPostgresStore *self,
              const char *sql,
              CloseFunc call,
              gint64 source,
              gint64 now,
              GError **error)
{
  g_autoptr (GArray) unseen = g_array_new (FALSE, FALSE, sizeof (gint64));

  if (!car_postgres_execute (self, BY_TABLES, error) ||
      !add_ids (car_postgres_ask_once (self, error, sql, "i", source), unseen, error) ||
      !car_postgres_execute (self, BY_KEYS, error))
    return FALSE;
  for (guint first = 0; first < unseen->len; first += CAR_POSTGRES_BATCH)
    {
      g_autoptr (GArray) some = g_array_new (FALSE, FALSE, sizeof (gint64));

      g_array_append_vals (some, &g_array_index (unseen, gint64, first),
                           MIN (CAR_POSTGRES_BATCH, unseen->len - first));
      if (!car_service_store_may_go_on (CAR_SERVICE_STORE (self), error) ||
          !call (self, source, some, now, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
car_postgres_end_full_import (CarServiceStore *store, const char *source, gint64 now, GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  gint64 number;
  gboolean open;

  if (!car_postgres_find_source (self, source, &number, error))
    return FALSE;
  if (number == 0)
    return TRUE;
  if (!car_postgres_is_import_open (self, number, &open, error))
    return FALSE;
  /* Where none has begun, all would be closed. */
  if (!open)
    return TRUE;

  return close_unseen (self, UNSEEN ("vertex", "vertices"), car_postgres_close_vertices, number, now,
                       error) &&
         close_unseen (self, UNSEEN ("edge", "edges"), car_postgres_close_edges, number, now, error) &&
         car_service_sources_note_end (store, number, error) &&
         car_service_store_run (store, error, "DELETE FROM seen WHERE source = ?", "i", number);
}
