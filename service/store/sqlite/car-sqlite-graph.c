/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-graph.h"
#include "service/store/sqlite/car-sqlite-known.h"

gboolean
car_sqlite_take_version (CarSqliteStore *store,
                         sqlite3_stmt *statement,
                         const CarJsonSpan *body,
                         CarSqliteVersion *found,
                         GError **error)
{
  int code = sqlite3_step (statement);

  *found = (CarSqliteVersion){ 0 };
  if (code == SQLITE_ROW)
    {
      found->id = sqlite3_column_int64 (statement, 0);
      found->t1 = sqlite3_column_int64 (statement, 1);
      /* As a blob: nothing puts a NUL behind it. */
      const char *held = sqlite3_column_blob (statement, 2);
      found->alike = car_service_body_is_alike (held, (gsize) sqlite3_column_bytes (statement, 2), body);
    }
  else if (code != SQLITE_DONE)
    car_sqlite_store_set_error (store, error);
  sqlite3_reset (statement);

  return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* The next ids: an id is never given again, as history has it. */
static gboolean
read_next_ids (CarSqliteStore *store, GError **error)
{
  sqlite3_stmt *row = car_sqlite_store_prepare (store,
                                                "SELECT max (coalesce ((SELECT max (id) FROM vertex), 0),"
                                                "  coalesce ((SELECT max (id) FROM vertex_history), 0), "
                                                "coalesce ((SELECT max (vertex) FROM moment), 0)) + 1,"
                                                " max (coalesce ((SELECT max (id) FROM edge), 0),"
                                                "  coalesce ((SELECT max (id) FROM edge_history), 0), "
                                                "coalesce ((SELECT max (edge) FROM moment), 0)) + 1",
                                                error);

  if (row == NULL)
    return FALSE;
  if (sqlite3_step (row) != SQLITE_ROW)
    {
      car_sqlite_store_set_error (store, error);
      sqlite3_reset (row);
      return FALSE;
    }
  store->next_vertex = sqlite3_column_int64 (row, 0);
  store->next_edge = sqlite3_column_int64 (row, 1);
  sqlite3_reset (row);

  return TRUE;
}

/* Notes the first ids that this transaction gives. */
static gboolean
note_moment (CarSqliteStore *store, gint64 now, GError **error)
{
  return car_service_store_run (
      CAR_SERVICE_STORE (store), error,
      "INSERT INTO moment (t1, vertex, edge) VALUES (?, ?, ?) ON CONFLICT (t1) DO NOTHING", "iii", now,
      store->next_vertex, store->next_edge);
}

gboolean
car_sqlite_count (CarSqliteStore *store, int collection, gint64 source, gint64 difference, GError **error)
{
  CarServiceStore *parent = CAR_SERVICE_STORE (store);

  if (difference == 0)
    return TRUE;
  if (!car_service_store_run (parent, error,
                              "UPDATE OR FAIL held SET n = n + ? WHERE collection = ? AND source = ?", "iii",
                              difference, (gint64) collection, source))
    return FALSE;

  return car_service_store_get_changes (parent) > 0 ||
         car_service_store_run (parent, error, "INSERT INTO held (collection, source, n) VALUES (?, ?, ?)",
                                "iii", (gint64) collection, source, difference);
}

/* So many objects ahead, what one needs is brought near. */
#define AHEAD 8

static gboolean
put_edges (CarSqlitePut *put, GError **error)
{
  const GArray *edges = put->part->objects;

  put->from = car_sqlite_store_get_collection (put->store, put->part->from);
  put->to = car_sqlite_store_get_collection (put->store, put->part->to);
  for (guint i = 0; i < edges->len; i++)
    {
      if (i + AHEAD < edges->len)
        car_sqlite_expect_edge (put, &g_array_index (edges, CarServiceEdge, i + AHEAD));
      if (!car_service_store_may_go_on (CAR_SERVICE_STORE (put->store), error) ||
          !car_sqlite_put_edge (put, &g_array_index (edges, CarServiceEdge, i), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
put_vertices (CarSqlitePut *put, GError **error)
{
  const GArray *vertices = put->part->objects;

  for (guint i = 0; i < vertices->len; i++)
    {
      if (i + AHEAD < vertices->len)
        car_sqlite_expect_vertex (put, put->collection,
                                  g_array_index (vertices, CarServiceVertex, i + AHEAD).key);
      if (!car_service_store_may_go_on (CAR_SERVICE_STORE (put->store), error) ||
          !car_sqlite_put_vertex (put, &g_array_index (vertices, CarServiceVertex, i), error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
put_part (CarSqlitePut *put, GError **error)
{
  put->collection = car_sqlite_store_get_collection (put->store, put->part->collection);
  put->n_new = 0;

  return (put->part->from != NULL ? put_edges (put, error) : put_vertices (put, error)) &&
         car_sqlite_count (put->store, put->collection, put->source, put->n_new, error);
}

static gboolean
put_parts (CarSqlitePut *put, GError **error)
{
  for (guint i = 0; i < put->page->parts->len; i++)
    {
      put->part = put->page->parts->pdata[i];
      if (!put_part (put, error))
        return FALSE;
    }

  return put->session == NULL || car_sqlite_session_write (put->session, put->store, error);
}

gboolean
car_sqlite_put_page (CarServiceStore *store,
                     const CarServiceReport *report,
                     CarServicePage *page,
                     GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  g_autoptr (GString) node_id = g_string_new (report->source);
  CarSqlitePut put = { .store = self,
                       .report = report,
                       .page = page,
                       .node_id = node_id,
                       .key_at = g_utf8_strlen (report->source, -1) + 2 };

  if (self->known == NULL)
    self->known = car_sqlite_known_new ();
  if (self->next_vertex == 0 && !read_next_ids (self, error))
    return FALSE;
  put.source = car_sqlite_store_need_source (self, report->source, error);
  if (put.source == 0 || !note_moment (self, report->now, error))
    return FALSE;
  put.session = car_sqlite_seen_get (self, put.source, error);
  if (put.session == NULL)
    return FALSE;
  if (!car_sqlite_session_is_open (put.session))
    put.session = NULL;
  g_string_append_c (node_id, '/');
  put.after_source = node_id->len;

  return put_parts (&put, error);
}

gboolean
car_sqlite_begin_full_import (CarServiceStore *store, const char *source, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  const gint64 number = car_sqlite_store_need_source (self, source, error);

  return number != 0 && car_sqlite_seen_begin (self, number, error);
}

gboolean
car_sqlite_clear (CarServiceStore *store, GError **error)
{
  CarSqliteStore *self = CAR_SQLITE_STORE (store);
  gint64 now;

  /* The moments stay: they know which ids were given. */
  g_clear_pointer (&self->known, car_sqlite_known_free);
  g_clear_pointer (&self->seen, car_sqlite_seen_free);
  return (self->next_vertex != 0 || read_next_ids (self, error)) &&
         car_service_store_tick (store, &now, error) && note_moment (self, now, error) &&
         car_sqlite_store_run_script (
             self,
             "DELETE FROM tagging; DELETE FROM tag; DELETE FROM edge;"
             "DELETE FROM edge_history; DELETE FROM vertex; DELETE FROM vertex_history;"
             "DELETE FROM held; DELETE FROM seen; DELETE FROM session;"
             "DELETE FROM report; DELETE FROM source",
             error);
}
