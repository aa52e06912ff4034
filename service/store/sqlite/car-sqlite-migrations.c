/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-migrations.h"
#include "service/store/sqlite/car-sqlite-tables.h"

#define OPEN "9223372036854775807"

/* Version 7 had one table of vertices and one of edges, a row a version, with texts where numbers are now. */

/* Of the old tables only what the copying needs an index for keeps one: vertex_begun and edge_begun. */
static const char *const put_old_aside[] = {
  "SELECT 'DROP TRIGGER \"' || name || '\"' FROM sqlite_schema WHERE type = 'trigger'",
  "SELECT 'DROP INDEX \"' || name || '\"' FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
  " AND name NOT IN ('vertex_begun', 'edge_begun')",
  "SELECT 'ALTER TABLE \"' || name || '\" RENAME TO \"old_' || name || '\"' FROM sqlite_schema"
  " WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
};

/* A version that was closed gets the id of the one that holds, if one does, so that the two are one object. An edge that holds
 * while an end of it does not is closed now. */
static const char from_7[] =
    "INSERT INTO setting SELECT name, value FROM old_setting;"
    "INSERT INTO session SELECT id, source, report, end_job FROM old_session;"
    "INSERT INTO report SELECT id, source, key, begun_at, reported_at FROM old_report;"
    "INSERT INTO extension SELECT key, owner, version, body FROM old_extension;"
    "INSERT INTO job SELECT id, kind, source, status, error, status_code, warnings, body, created_at FROM "
    "old_job;"
    "UPDATE sqlite_sequence SET seq = max (seq, (SELECT coalesce (max (seq), 0) FROM sqlite_sequence"
    "  WHERE name = 'old_job')) WHERE name = 'job';"
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'job', seq FROM sqlite_sequence WHERE name = 'old_job'"
    "  AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'job');"

    "INSERT INTO collection (name) SELECT collection FROM old_vertex UNION SELECT collection FROM old_edge"
    "  UNION SELECT collection FROM old_tagging UNION SELECT from_collection FROM old_edge"
    "  UNION SELECT to_collection FROM old_edge;"
    "INSERT INTO source (id, key, name, description, product_link, properties, model_state_id, body)"
    "  SELECT id, key, name, description, product_link, properties, model_state_id, body FROM old_source;"
    "INSERT INTO source (key) SELECT source FROM old_vertex UNION SELECT source FROM old_edge"
    "  ON CONFLICT (key) DO NOTHING;"

    "CREATE TABLE old_name (collection INTEGER, node_id TEXT, source INTEGER, id INTEGER, holds INTEGER,"
    "  PRIMARY KEY (collection, node_id, source)) WITHOUT ROWID;"
    "INSERT INTO old_name SELECT collection.id, v.node_id, source.id,"
    "  coalesce (max (CASE WHEN v.t2 = " OPEN " THEN v.id END), min (v.id)), max (v.t2 = " OPEN ")"
    "  FROM old_vertex v JOIN collection ON collection.name = v.collection JOIN source ON source.key = "
    "v.source"
    "  GROUP BY 1, 2, 3;"
    "INSERT INTO vertex (id, collection, source, key_at, node_id, connecting_id, body, reported_at, t1)"
    "  SELECT v.id, collection.id, source.id, length (v.source) + 2, v.node_id, nullif (v.connecting_id, "
    "v.node_id),"
    "  v.body, v.reported_at, v.t1 FROM old_vertex v JOIN collection ON collection.name = v.collection"
    "  JOIN source ON source.key = v.source WHERE v.t2 = " OPEN ";"
    "INSERT INTO vertex_history (id, collection, source, key_at, node_id, connecting_id, body, reported_at, "
    "t1, t2)"
    "  SELECT n.id, n.collection, n.source, length (v.source) + 2, v.node_id, nullif (v.connecting_id, "
    "v.node_id),"
    "  v.body, v.reported_at, v.t1, v.t2 FROM old_vertex v JOIN collection ON collection.name = v.collection"
    "  JOIN source ON source.key = v.source JOIN old_name n ON n.collection = collection.id"
    "  AND n.node_id = v.node_id AND n.source = source.id WHERE v.t2 <> " OPEN ";"

    "CREATE TABLE old_end (id INTEGER PRIMARY KEY, collection INTEGER, source INTEGER, from_vertex INTEGER,"
    "  to_vertex INTEGER, t2 INTEGER);"
    "INSERT INTO old_end SELECT e.id, collection.id, source.id, f.id, t.id,"
    "  CASE WHEN e.t2 = " OPEN " AND (NOT f.holds OR NOT t.holds)"
    "   THEN CAST (strftime ('%s', 'now') AS INTEGER) * 1000 ELSE e.t2 END"
    "  FROM old_edge e JOIN collection ON collection.name = e.collection JOIN source ON source.key = e.source"
    "  JOIN collection fc ON fc.name = e.from_collection JOIN collection tc ON tc.name = e.to_collection"
    "  JOIN old_name f ON f.collection = fc.id AND f.node_id = e.from_id AND f.source = source.id"
    "  JOIN old_name t ON t.collection = tc.id AND t.node_id = e.to_id AND t.source = source.id;"
    "INSERT INTO edge (id, collection, source, from_vertex, to_vertex, external_id, body, reported_at, t1)"
    "  SELECT e.id, o.collection, o.source, o.from_vertex, o.to_vertex, e.external_id, e.body, "
    "e.reported_at, e.t1"
    "  FROM old_end o JOIN old_edge e ON e.id = o.id WHERE o.t2 = " OPEN ";"
    "INSERT INTO edge_history (id, collection, source, from_vertex, to_vertex, external_id, body, "
    "reported_at, t1, t2)"
    "  SELECT coalesce ((SELECT c.id FROM edge c WHERE c.collection = o.collection AND c.source = o.source"
    "   AND c.from_vertex = o.from_vertex AND c.to_vertex = o.to_vertex AND c.external_id = e.external_id), "
    "e.id),"
    "  o.collection, o.source, o.from_vertex, o.to_vertex, e.external_id, e.body, e.reported_at, e.t1, o.t2"
    "  FROM old_end o JOIN old_edge e ON e.id = o.id WHERE o.t2 <> " OPEN ";"

    "INSERT INTO tag (id, source, name, node_id, t1, t2, reported_at)"
    "  SELECT id, source, name, node_id, t1, t2, reported_at FROM old_tag;"
    "INSERT INTO tagging (id, collection, source, vertex, vertex_id, tag, tag_id, external_id, properties, "
    "t1, t2,"
    "  reported_at) SELECT g.id, n.collection, g.source, n.id, g.vertex_id, g.tag, g.tag_id, g.external_id,"
    "  g.properties, g.t1, g.t2, g.reported_at FROM old_tagging g JOIN collection ON collection.name = "
    "g.collection"
    "  JOIN old_name n ON n.collection = collection.id AND n.node_id = g.vertex_id"
    "  JOIN source ON source.id = n.source AND source.key || '/' || g.vertex_key = g.vertex_id;"

    "INSERT INTO held (collection, source, n) SELECT collection, source, count (*) FROM"
    "  (SELECT collection, source FROM vertex UNION ALL SELECT collection, source FROM edge) GROUP BY 1, 2;"
    "INSERT INTO moment (t1, vertex, edge) SELECT t1,"
    "  coalesce ((SELECT min (id) FROM old_vertex WHERE t1 ="
    "   (SELECT min (v.t1) FROM old_vertex v WHERE v.t1 >= m.t1)),"
    "   (SELECT coalesce (max (id), 0) + 1 FROM old_vertex)),"
    "  coalesce ((SELECT min (id) FROM old_edge WHERE t1 = (SELECT min (e.t1) FROM old_edge e WHERE e.t1 >= "
    "m.t1)),"
    "   (SELECT coalesce (max (id), 0) + 1 FROM old_edge))"
    "  FROM (SELECT DISTINCT t1 FROM old_vertex UNION SELECT DISTINCT t1 FROM old_edge) m;";

/* Sources whose last full import has not ended. */
#define IS_OPEN(source)                                                                                      \
  " EXISTS (SELECT 1 FROM old_session x WHERE x.id = (SELECT max (id) FROM old_session WHERE source "        \
  "= " source                                                                                                \
  ".key) AND (x.end_job = 0 OR EXISTS (SELECT 1 FROM old_job WHERE id = x.end_job AND status = 'RUNNING')))"

/* What a full import under way has brought already. */
static const char *const seen_in_7[] = {
  [CAR_SQLITE_VERTEX] =
      "SELECT s.id, v.id FROM old_source s JOIN old_vertex v ON v.source = s.key"
      " AND v.seen = s.generation AND v.t2 = " OPEN " WHERE" IS_OPEN ("s") " ORDER BY s.id, v.id",
  [CAR_SQLITE_EDGE] =
      "SELECT s.id, e.id FROM old_source s JOIN old_edge e ON e.source = s.key"
      " AND e.seen = s.generation AND e.t2 = " OPEN " WHERE" IS_OPEN ("s") " ORDER BY s.id, e.id",
};

/* The first column of all rows. */
static GPtrArray *
list_texts (CarSqliteStore *store, const char *sql, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (CAR_SERVICE_STORE (store), &problem, sql, "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    g_ptr_array_add (texts, g_strdup (car_service_row_get_text (rows, 0)));

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&texts) : NULL;
}

static gboolean
run_listed (CarSqliteStore *store, const char *sql, GError **error)
{
  g_autoptr (GPtrArray) statements = list_texts (store, sql, error);

  for (guint i = 0; statements != NULL && i < statements->len; i++)
    if (!car_sqlite_store_run_script (store, statements->pdata[i], error))
      return FALSE;

  return statements != NULL;
}

static gboolean
note_seen (CarSqliteStore *store, CarSqliteKind kind, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarSqliteSession *session = NULL;
  gint64 source = 0;
  CarServiceRow *rows = car_service_store_select (CAR_SERVICE_STORE (store), &problem, seen_in_7[kind], "");

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      if (session != NULL && source != car_service_row_get_integer (rows, 0) &&
          !car_sqlite_session_write (session, store, error))
        return FALSE;
      source = car_service_row_get_integer (rows, 0);
      session = car_sqlite_seen_get (store, source, error);
      if (session == NULL)
        return FALSE;
      car_sqlite_session_add (session, kind, car_service_row_get_integer (rows, 1));
    }

  return car_service_rows_ended (&problem, error) &&
         (session == NULL || car_sqlite_session_write (session, store, error));
}

static gboolean
migrate_from_7 (CarSqliteStore *store, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (put_old_aside); i++)
    if (!run_listed (store, put_old_aside[i], error))
      return FALSE;

  return car_sqlite_store_run_script (store, car_sqlite_tables, error) &&
         car_sqlite_store_run_script (store, from_7, error) &&
         car_sqlite_store_run_script (store,
                                      "INSERT INTO seen (source, vertices, edges)"
                                      " SELECT s.id, x'', x'' FROM old_source s WHERE" IS_OPEN ("s"),
                                      error) &&
         note_seen (store, CAR_SQLITE_VERTEX, error) && note_seen (store, CAR_SQLITE_EDGE, error) &&
         run_listed (store,
                     "SELECT 'INSERT INTO token SELECT name, digest, read_only, sources, made_at, used_at"
                     " FROM old_token' FROM sqlite_schema WHERE name = 'old_token'",
                     error) &&
         run_listed (store,
                     "SELECT 'DROP TABLE \"' || name || '\"' FROM sqlite_schema WHERE type = 'table'"
                     " AND name LIKE 'old~_%' ESCAPE '~'",
                     error);
}

gboolean
car_sqlite_migrate (CarSqliteStore *store, gint64 version, GError **error)
{
  g_return_val_if_fail (version == CAR_SQLITE_MIGRATIONS_OLDEST, FALSE);

  return migrate_from_7 (store, error);
}
