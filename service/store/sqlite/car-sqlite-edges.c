/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-graph.h"
#include "service/store/sqlite/car-sqlite-regroup.h"
#include "service/store/sqlite/car-sqlite-statements.h"

/* The ends of an edge, by their numbers; 0: the source has no such vertex. */
typedef struct
{
  gint64 from;
  gint64 to;
} Ends;

/* Memory that was not used lately is far: what this edge needs is on its way while the ones before it are written. */
void
car_sqlite_expect_edge (CarSqlitePut *put, const CarServiceEdge *edge)
{
  car_sqlite_expect_vertex (put, put->from, edge->from_key);
  car_sqlite_expect_vertex (put, put->to, edge->to_key);
}

static gboolean
find_ends (CarSqlitePut *put, const CarServiceEdge *edge, Ends *ends, GError **error)
{
  return car_sqlite_find_end (put, put->from, edge->from_key, &ends->from, error) &&
         car_sqlite_find_end (put, put->to, edge->to_key, &ends->to, error);
}

/* An edge to nowhere could never be seen. Its vertices come before it. One that ends has ended with its vertices. */
static gboolean
have_ends (CarSqlitePut *put, const CarServiceEdge *edge, const Ends *ends)
{
  if (ends->from != 0 && ends->to != 0)
    return TRUE;

  if (edge->active)
    {
      g_autofree char *reason = g_strdup_printf ("its %s end is nowhere: the source has no such %s",
                                                 ends->from == 0 ? "first" : "second",
                                                 ends->from == 0 ? put->part->from : put->part->to);
      car_service_page_note_left_out (put->page, put->part, edge->index, reason);
    }
  return FALSE;
}

static void
bind_name (CarSqlitePut *put, const CarServiceEdge *edge, const Ends *ends, sqlite3_stmt *statement, int at)
{
  sqlite3_bind_int (statement, at, put->collection);
  sqlite3_bind_int64 (statement, at + 1, put->source);
  sqlite3_bind_int64 (statement, at + 2, ends->from);
  sqlite3_bind_int64 (statement, at + 3, ends->to);
  sqlite3_bind_text (statement, at + 4, edge->external_id, -1, SQLITE_STATIC);
}

static gboolean
find (CarSqlitePut *put,
      const CarServiceEdge *edge,
      const Ends *ends,
      CarSqliteVersion *found,
      GError **error)
{
  sqlite3_stmt *statement =
      car_sqlite_store_prepare (put->store,
                                "SELECT id, t1, body FROM edge INDEXED BY edge_from WHERE collection = ?"
                                " AND source = ? AND from_vertex = ? AND to_vertex = ? AND external_id = ?",
                                error);

  if (statement == NULL)
    return FALSE;
  bind_name (put, edge, ends, statement, 1);

  return car_sqlite_take_version (put->store, statement, &edge->body, found, error);
}

static void
note_seen (CarSqlitePut *put, gint64 id)
{
  if (put->session != NULL)
    car_sqlite_session_add (put->session, CAR_SQLITE_EDGE, id);
}

/* *inserted: there was none of this name. */
static gboolean
insert (CarSqlitePut *put, const CarServiceEdge *edge, const Ends *ends, gboolean *inserted, GError **error)
{
  CarSqliteStore *store = put->store;
  sqlite3_stmt *statement = car_sqlite_store_prepare (
      store,
      "INSERT INTO edge (id, collection, source, from_vertex, to_vertex, external_id, body, reported_at, t1)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, store->next_edge);
  bind_name (put, edge, ends, statement, 2);
  car_sqlite_bind_span (statement, 7, &edge->body);
  sqlite3_bind_int64 (statement, 8, put->report->reported_at);
  sqlite3_bind_int64 (statement, 9, put->report->now);
  if (!car_sqlite_store_execute (store, statement, error))
    return FALSE;

  *inserted = sqlite3_changes64 (store->db) > 0;
  if (*inserted)
    {
      note_seen (put, store->next_edge);
      store->next_edge++;
      put->n_new++;
      car_sqlite_regroup_note_edge (store, put->part->collection, ends->from, ends->to);
    }
  return TRUE;
}

static gboolean
put_found (CarSqlitePut *put, const CarServiceEdge *edge, const CarSqliteVersion *found, GError **error)
{
  CarServiceStore *store = CAR_SERVICE_STORE (put->store);

  note_seen (put, found->id);
  if (!found->alike)
    return car_sqlite_keep_version (put->store, CAR_SQLITE_EDGE, found->id, put->report->now, error) &&
           car_service_store_run (store, error,
                                  "UPDATE edge SET body = ?, reported_at = ?, t1 = ? WHERE id = ?", "jiii",
                                  &edge->body, put->report->reported_at, put->report->now, found->id);

  return put->report->is_full ||
         car_service_store_run (store, error, "UPDATE edge SET reported_at = ? WHERE id = ?", "ii",
                                put->report->reported_at, found->id);
}

gboolean
car_sqlite_put_edge (CarSqlitePut *put, const CarServiceEdge *edge, GError **error)
{
  const gboolean checked = car_service_properties_get_unique (put->part->properties)->len > 0;
  CarSqliteVersion found;
  gboolean fine = FALSE;
  Ends ends;

  if (!find_ends (put, edge, &ends, error))
    return FALSE;
  if (!have_ends (put, edge, &ends))
    return TRUE;
  if (put->expect_new && !checked && edge->active)
    {
      if (!insert (put, edge, &ends, &fine, error))
        return FALSE;
      if (fine)
        return TRUE;
    }
  if (!find (put, edge, &ends, &found, error))
    return FALSE;
  if (!edge->active)
    return found.id == 0 || car_sqlite_close_edge (put->store, found.id, put->report->now, error);
  put->expect_new = found.id == 0;
  if (checked &&
      !car_sqlite_check_unique (put, CAR_SQLITE_EDGE, edge->index, &edge->body, &found, &fine, error))
    return FALSE;
  if (checked && !fine)
    return TRUE;

  return found.id == 0 ? insert (put, edge, &ends, &fine, error) : put_found (put, edge, &found, error);
}
