/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-keys.h"
#include "service/store/sqlite/car-sqlite-graph.h"
#include "service/store/sqlite/car-sqlite-known.h"
#include "service/store/sqlite/car-sqlite-regroup.h"

/* What ends: versions go into history, and a vertex takes its edges with it.
 *
 * OR FAIL: a statement that may have to be taken back alone keeps what it changes in a list, which SQLite walks through from its
 * beginning at the end of every such statement. Here a failure takes all back. */

#define KEEP_VERTEX                                                                                          \
  "INSERT OR FAIL INTO vertex_history (id, collection, source, key_at, node_id, connecting_id, body, "       \
  "reported_at, "                                                                                            \
  "t1, t2)"                                                                                                  \
  " SELECT id, collection, source, key_at, node_id, connecting_id, body, reported_at, t1, ?2 FROM vertex"    \
  " WHERE id = ?1 AND t1 < ?2"
#define KEEP_EDGE                                                                                            \
  "INSERT OR FAIL INTO edge_history (id, collection, source, from_vertex, to_vertex, external_id, body, "    \
  "reported_at, t1, t2)"                                                                                     \
  " SELECT id, collection, source, from_vertex, to_vertex, external_id, body, reported_at, t1, ?2 FROM edge" \
  " WHERE id = ?1 AND t1 < ?2"

gboolean
car_sqlite_keep_version (CarSqliteStore *store, CarSqliteKind kind, gint64 id, gint64 now, GError **error)
{
  return car_service_store_run (CAR_SERVICE_STORE (store), error,
                                kind == CAR_SQLITE_VERTEX ? KEEP_VERTEX : KEEP_EDGE, "ii", id, now);
}

/* The numbers that a statement of one column finds. NULL with an error. */
static GArray *
list_ids (CarSqliteStore *store, CarServiceRow *rows, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GError) problem = NULL;

  if (rows == NULL)
    return NULL;
  while (car_service_row_next (rows, &problem))
    {
      const gint64 id = car_service_row_get_integer (rows, 0);
      g_array_append_val (ids, id);
    }

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&ids) : NULL;
}

/* What an object is told by, before it goes. */
typedef struct
{
  gint64 collection;
  gint64 source;
  char *text; /* of a vertex: its node_id; of an edge NULL */
  gint64 from;
  gint64 to;
  gboolean there;
} Object;

static gboolean
find_edge (CarSqliteStore *store, gint64 id, Object *edge, GError **error)
{
  CarServiceRow *row;

  if (!car_service_store_find (CAR_SERVICE_STORE (store), &row, error,
                               "SELECT collection, source, from_vertex, to_vertex FROM edge WHERE id = ?",
                               "i", id))
    return FALSE;
  edge->there = row != NULL;
  if (row == NULL)
    return TRUE;
  edge->collection = car_service_row_get_integer (row, 0);
  edge->source = car_service_row_get_integer (row, 1);
  edge->from = car_service_row_get_integer (row, 2);
  edge->to = car_service_row_get_integer (row, 3);
  car_service_row_end (row);

  return TRUE;
}

gboolean
car_sqlite_close_edge (CarSqliteStore *store, gint64 id, gint64 now, GError **error)
{
  Object edge = { 0 };

  if (!find_edge (store, id, &edge, error))
    return FALSE;
  if (!edge.there)
    return TRUE;

  if (edge.collection == car_sqlite_store_get_collection (store, "user_account"))
    car_sqlite_regroup_note_edge (store, "user_account", edge.from, edge.to);
  return car_sqlite_keep_version (store, CAR_SQLITE_EDGE, id, now, error) &&
         car_service_store_run (CAR_SERVICE_STORE (store), error, "DELETE FROM edge WHERE id = ?", "i", id) &&
         car_sqlite_count (store, (int) edge.collection, edge.source, -1, error);
}

static gboolean
close_edges_of (CarSqliteStore *store, gint64 vertex, gint64 source, gint64 now, GError **error)
{
  g_autoptr (GArray) ids = list_ids (
      store,
      car_service_store_select (CAR_SERVICE_STORE (store), error,
                                "SELECT id FROM edge INDEXED BY edge_from WHERE collection IN"
                                " (SELECT collection FROM held WHERE source = ?2 AND n > 0) AND source = ?2"
                                " AND from_vertex = ?1 UNION SELECT id FROM edge INDEXED BY edge_to"
                                " WHERE to_vertex = ?1",
                                "ii", vertex, source),
      error);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (!car_sqlite_close_edge (store, g_array_index (ids, gint64, i), now, error))
      return FALSE;

  return ids != NULL;
}

static gboolean
find_vertex (CarSqliteStore *store, gint64 id, Object *vertex, GError **error)
{
  CarServiceRow *row;

  if (!car_service_store_find (CAR_SERVICE_STORE (store), &row, error,
                               "SELECT collection, source, node_id FROM vertex WHERE id = ?", "i", id))
    return FALSE;
  vertex->there = row != NULL;
  if (row == NULL)
    return TRUE;
  vertex->collection = car_service_row_get_integer (row, 0);
  vertex->source = car_service_row_get_integer (row, 1);
  vertex->text = g_strdup (car_service_row_get_text (row, 2));
  car_service_row_end (row);

  return TRUE;
}

gboolean
car_sqlite_close_vertex (CarSqliteStore *store, gint64 id, gint64 now, GError **error)
{
  Object vertex = { 0 };

  if (!find_vertex (store, id, &vertex, error))
    return FALSE;
  if (!vertex.there)
    return TRUE;

  g_autofree char *node_id = vertex.text;
  if (store->known != NULL)
    car_sqlite_known_forget (store->known, (int) vertex.collection, vertex.source, node_id, strlen (node_id));
  for (guint i = 0; i < car_sqlite_regroup_n_collections; i++)
    if (vertex.collection == car_sqlite_store_get_collection (store, car_sqlite_regroup_collections[i]))
      car_sqlite_regroup_note_closed (store, car_sqlite_regroup_collections[i], id);

  return close_edges_of (store, id, vertex.source, now, error) &&
         car_service_store_run (
             CAR_SERVICE_STORE (store), error,
             "UPDATE OR FAIL tagging SET t2 = ?2 WHERE vertex = ?1 AND t2 = 9223372036854775807", "ii", id,
             now) &&
         car_sqlite_keep_version (store, CAR_SQLITE_VERTEX, id, now, error) &&
         car_service_store_run (CAR_SERVICE_STORE (store), error, "DELETE FROM vertex WHERE id = ?", "i",
                                id) &&
         car_sqlite_count (store, (int) vertex.collection, vertex.source, -1, error);
}

gboolean
car_sqlite_delete_vertex (CarServiceStore *store,
                          const char *source,
                          const char *collection,
                          const char *key,
                          gint64 now,
                          GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (source, key);
  CarServiceRow *row;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT id FROM vertex WHERE collection = (SELECT id FROM collection WHERE name = ?)"
          " AND node_id = ? AND source = (SELECT id FROM source WHERE key = ?)",
          "sss", collection, node_id, source))
    return FALSE;
  if (row == NULL)
    return TRUE;

  const gint64 id = car_service_row_get_integer (row, 0);
  car_service_row_end (row);
  return car_sqlite_close_vertex (CAR_SQLITE_STORE (store), id, now, error);
}

/* ---- The end of a full import ---- */

/* Of the source, whatever it sent. */
static const char *const all_of[] = {
  [CAR_SQLITE_VERTEX] =
      "SELECT v.id FROM held CROSS JOIN vertex v INDEXED BY vertex_node ON v.collection = held.collection"
      "  AND v.node_id > (SELECT key || '/' FROM source WHERE id = ?1)"
      "  AND v.node_id < (SELECT key || '0' FROM source WHERE id = ?1) AND v.source = ?1"
      " WHERE held.source = ?1 AND held.n > 0",
  [CAR_SQLITE_EDGE] =
      "SELECT e.id FROM held CROSS JOIN edge e INDEXED BY edge_from ON e.collection = held.collection"
      "  AND e.source = ?1 WHERE held.source = ?1 AND held.n > 0",
};

static GArray *
list_unseen (CarSqliteStore *store,
             const CarSqliteSession *session,
             CarSqliteKind kind,
             gint64 source,
             GError **error)
{
  g_autoptr (GArray) unseen = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (store), &problem, all_of[kind], "i", source);

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      const gint64 id = car_service_row_get_integer (rows, 0);

      if (!car_sqlite_session_has (session, kind, id))
        g_array_append_val (unseen, id);
    }

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&unseen) : NULL;
}

static gboolean
close_unseen (CarSqliteStore *store,
              const CarSqliteSession *session,
              CarSqliteKind kind,
              gint64 source,
              gint64 now,
              GError **error)
{
  g_autoptr (GArray) unseen = list_unseen (store, session, kind, source, error);

  for (guint i = 0; unseen != NULL && i < unseen->len; i++)
    {
      const gint64 id = g_array_index (unseen, gint64, i);

      if (kind == CAR_SQLITE_VERTEX ? !car_sqlite_close_vertex (store, id, now, error)
                                    : !car_sqlite_close_edge (store, id, now, error))
        return FALSE;
    }

  return unseen != NULL;
}

/* All that holds was in the report of this import, if it had one. */
static gboolean
note_report (CarServiceStore *store, gint64 source, GError **error)
{
  return car_service_store_run (
      store, error,
      "UPDATE source SET reported_at = coalesce ((SELECT report.reported_at FROM session"
      "  JOIN report ON report.source = session.source AND report.key = session.report"
      "  WHERE session.source = source.key ORDER BY session.id DESC LIMIT 1), reported_at)"
      " WHERE id = ?",
      "i", source);
}

gboolean
car_sqlite_end_full_import (CarServiceStore *store, const char *source, gint64 now, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  gint64 number;

  if (!car_sqlite_store_find_source (self, source, &number, error))
    return FALSE;
  if (number == 0)
    return TRUE;

  const CarSqliteSession *session = car_sqlite_seen_get (self, number, error);
  if (session == NULL)
    return FALSE;
  /* Where none has begun, all would be closed. */
  if (!car_sqlite_session_is_open (session))
    return TRUE;

  return close_unseen (self, session, CAR_SQLITE_VERTEX, number, now, error) &&
         close_unseen (self, session, CAR_SQLITE_EDGE, number, now, error) &&
         note_report (store, number, error) && car_sqlite_seen_drop (self, number, error);
}
