/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-keys.h"
#include "service/store/sql/car-service-tags.h"
#include "service/store/sqlite/car-sqlite-connecting.h"
#include "service/store/sqlite/car-sqlite-graph.h"
#include "service/store/sqlite/car-sqlite-known.h"
#include "service/store/sqlite/car-sqlite-regroup.h"
#include "service/store/sqlite/car-sqlite-statements.h"

static void
set_node_id (CarSqlitePut *put, const char *key)
{
  g_string_truncate (put->node_id, put->after_source);
  g_string_append (put->node_id, key);
}

static void
note_seen (CarSqlitePut *put, gint64 id)
{
  if (put->session != NULL)
    car_sqlite_session_add (put->session, CAR_SQLITE_VERTEX, id);
}

static int
bind_node_id (sqlite3_stmt *statement, int at, const GString *node_id)
{
  return sqlite3_bind_text (statement, at, node_id->str, (int) node_id->len, SQLITE_STATIC);
}

/* 0: there is none. */
static gboolean
read_id (CarSqlitePut *put, int collection, gint64 *id, GError **error)
{
  CarSqliteStore *store = put->store;
  sqlite3_stmt *statement = car_sqlite_store_prepare (
      store,
      "SELECT id FROM vertex INDEXED BY vertex_node WHERE collection = ? AND node_id = ? AND source = ?",
      error);

  *id = 0;
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, collection);
  bind_node_id (statement, 2, put->node_id);
  sqlite3_bind_int64 (statement, 3, put->source);

  const int code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *id = sqlite3_column_int64 (statement, 0);
  else if (code != SQLITE_DONE)
    car_sqlite_store_set_error (store, error);
  sqlite3_reset (statement);

  return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* One that was met lately is known by its number, which an index of texts takes longer to tell. */
static gboolean
find_id (CarSqlitePut *put, int collection, gint64 *id, GError **error)
{
  CarSqliteKnown *known = put->store->known;
  const GString *name = put->node_id;

  *id = car_sqlite_known_get (known, collection, put->source, name->str, name->len);
  if (*id != 0)
    return TRUE;
  if (!read_id (put, collection, id, error))
    return FALSE;
  if (*id != 0)
    car_sqlite_known_add (known, collection, put->source, name->str, name->len, *id);

  return TRUE;
}

static gboolean
find (CarSqlitePut *put, const CarServiceVertex *vertex, CarSqliteVersion *found, GError **error)
{
  sqlite3_stmt *statement;
  gint64 id;

  *found = (CarSqliteVersion){ 0 };
  if (!find_id (put, put->collection, &id, error))
    return FALSE;
  if (id == 0)
    return TRUE;

  statement = car_sqlite_store_prepare (put->store, "SELECT id, t1, body FROM vertex WHERE id = ?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, id);

  return car_sqlite_take_version (put->store, statement, &vertex->body, found, error);
}

/* *stored: what the column has of it. */
static char *
make_connecting_id (CarSqlitePut *put, const CarServiceVertex *vertex, const char **stored)
{
  char *id =
      car_service_connecting_id_new (put->part->collection, vertex->key, put->node_id->str, &vertex->body);

  *stored = car_sqlite_get_stored_connecting_id (put->part->collection, vertex->key, put->node_id->str, id);
  return id;
}

/* *inserted: there was none of this name. */
static gboolean
insert (CarSqlitePut *put, const CarServiceVertex *vertex, gboolean *inserted, GError **error)
{
  CarSqliteStore *store = put->store;
  const char *stored;
  g_autofree char *connecting_id = make_connecting_id (put, vertex, &stored);
  sqlite3_stmt *statement = car_sqlite_store_prepare (
      store,
      "INSERT INTO vertex (id, collection, source, key_at, node_id, connecting_id, body, reported_at, t1)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, store->next_vertex);
  sqlite3_bind_int (statement, 2, put->collection);
  sqlite3_bind_int64 (statement, 3, put->source);
  sqlite3_bind_int64 (statement, 4, put->key_at);
  bind_node_id (statement, 5, put->node_id);
  sqlite3_bind_text (statement, 6, stored, -1, SQLITE_STATIC);
  car_sqlite_bind_span (statement, 7, &vertex->body);
  sqlite3_bind_int64 (statement, 8, put->report->reported_at);
  sqlite3_bind_int64 (statement, 9, put->report->now);
  if (!car_sqlite_store_execute (store, statement, error))
    return FALSE;

  *inserted = sqlite3_changes64 (store->db) > 0;
  if (*inserted)
    {
      car_sqlite_known_add (store->known, put->collection, put->source, put->node_id->str, put->node_id->len,
                            store->next_vertex);
      note_seen (put, store->next_vertex);
      car_sqlite_regroup_note_vertex (store, put->part->collection, store->next_vertex, connecting_id);
      store->next_vertex++;
      put->n_new++;
    }
  return TRUE;
}

static gboolean
update (CarSqlitePut *put, const CarServiceVertex *vertex, gint64 id, GError **error)
{
  const char *stored;
  g_autofree char *connecting_id = make_connecting_id (put, vertex, &stored);

  /* The name that it had before is noted by its old group. */
  car_sqlite_regroup_note_closed (put->store, put->part->collection, id);
  if (!car_service_store_run (
          CAR_SERVICE_STORE (put->store), error,
          "UPDATE vertex SET connecting_id = ?, body = ?, reported_at = ?, t1 = ? WHERE id = ?", "sjiii",
          stored, &vertex->body, put->report->reported_at, put->report->now, id))
    return FALSE;
  car_sqlite_regroup_note_vertex (put->store, put->part->collection, id, connecting_id);

  return TRUE;
}

static gboolean
put_found (CarSqlitePut *put, const CarServiceVertex *vertex, const CarSqliteVersion *found, GError **error)
{
  note_seen (put, found->id);
  if (!found->alike)
    return car_sqlite_keep_version (put->store, CAR_SQLITE_VERTEX, found->id, put->report->now, error) &&
           update (put, vertex, found->id, error);

  /* The end of a full import says it of all at once. */
  return put->report->is_full || car_service_store_run (CAR_SERVICE_STORE (put->store), error,
                                                        "UPDATE vertex SET reported_at = ? WHERE id = ?",
                                                        "ii", put->report->reported_at, found->id);
}

/* *id becomes 0 where it is left out. */
static gboolean
put_one (CarSqlitePut *put, const CarServiceVertex *vertex, gint64 *id, GError **error)
{
  CarSqliteStore *store = put->store;
  const gboolean checked = car_service_properties_get_unique (put->part->properties)->len > 0;
  CarSqliteVersion found;
  gboolean fine = FALSE;

  *id = store->next_vertex;
  if (put->expect_new && !checked)
    {
      if (!insert (put, vertex, &fine, error))
        return FALSE;
      if (fine)
        return TRUE;
    }
  if (!find (put, vertex, &found, error))
    return FALSE;
  put->expect_new = found.id == 0;
  if (checked &&
      !car_sqlite_check_unique (put, CAR_SQLITE_VERTEX, vertex->index, &vertex->body, &found, &fine, error))
    return FALSE;
  if (checked && !fine)
    {
      *id = 0;
      return TRUE;
    }
  if (found.id == 0)
    return insert (put, vertex, &fine, error);

  *id = found.id;
  return put_found (put, vertex, &found, error);
}

gboolean
car_sqlite_put_vertex (CarSqlitePut *put, const CarServiceVertex *vertex, GError **error)
{
  gint64 id;

  set_node_id (put, vertex->key);

  return put_one (put, vertex, &id, error) &&
         (id == 0 || car_service_tags_put_all (CAR_SERVICE_STORE (put->store), put->report, put->part, vertex,
                                               id, error));
}

void
car_sqlite_expect_vertex (CarSqlitePut *put, int collection, const char *key)
{
  set_node_id (put, key);
  car_sqlite_known_expect (put->store->known, collection, put->source, put->node_id->str, put->node_id->len);
}

gboolean
car_sqlite_find_end (CarSqlitePut *put, int collection, const char *key, gint64 *id, GError **error)
{
  set_node_id (put, key);

  return find_id (put, collection, id, error);
}

gboolean
car_sqlite_put_tagging (CarServiceStore *store,
                        const CarServiceTagging *tagging,
                        gint64 now,
                        gint64 *id,
                        GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (tagging->vertex_source, tagging->vertex_key);
  CarServiceRow *row;

  *id = 0;
  if (!car_service_store_find (
          store, &row, error,
          "SELECT id FROM vertex WHERE collection = (SELECT id FROM collection WHERE name = ?)"
          " AND node_id = ? AND source = (SELECT id FROM source WHERE key = ?)",
          "sss", tagging->collection, node_id, tagging->vertex_source))
    return FALSE;
  if (row == NULL)
    return TRUE;

  const gint64 vertex = car_service_row_get_integer (row, 0);
  car_service_row_end (row);
  return car_service_tags_put (store, tagging, vertex, now, id, error);
}
