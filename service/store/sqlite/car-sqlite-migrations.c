/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-connecting.h"
#include "service/store/sqlite/car-sqlite-migrations.h"
#include "service/store/sqlite/car-sqlite-tables.h"

#define OPEN "9223372036854775807"

/* Version 7 had one table of vertices and one of edges, a row a version, with texts where numbers are now. */

static const char *const put_old_aside[] = {
  "SELECT 'DROP TRIGGER \"' || name || '\"' FROM sqlite_schema WHERE type = 'trigger'",
  "SELECT 'DROP INDEX \"' || name || '\"' FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
  ("SELECT 'ALTER TABLE \"' || name || '\" RENAME TO \"old_' || name || '\"' FROM sqlite_schema"
   " WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"),
};

/* clang-format off */
static const char copy_the_rest[] =
    "INSERT INTO setting SELECT name, value FROM old_setting;"
    "INSERT INTO session SELECT id, source, report, end_job FROM old_session;"
    "INSERT INTO report SELECT id, source, key, begun_at, reported_at FROM old_report;"
    "INSERT INTO extension SELECT key, owner, version, body FROM old_extension;"
    "INSERT INTO job SELECT id, kind, source, status, error, status_code, warnings, body, created_at FROM old_job;"
    /* The ids of jobs that were forgotten are not given again. */
    "DELETE FROM sqlite_sequence WHERE name = 'job';"
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'job', seq FROM sqlite_sequence WHERE name = 'old_job';"
    "INSERT INTO collection (name) SELECT collection FROM old_vertex UNION SELECT collection FROM old_edge"
    "  UNION SELECT collection FROM old_tagging UNION SELECT from_collection FROM old_edge"
    "  UNION SELECT to_collection FROM old_edge;"
    "INSERT INTO source (id, key, name, description, product_link, properties, model_state_id, body)"
    "  SELECT id, key, name, description, product_link, properties, model_state_id, body FROM old_source;"
    "INSERT OR IGNORE INTO source (key) SELECT source FROM old_vertex UNION SELECT source FROM old_edge;";

/* Versions that follow each other without a gap are one object. Its id is that of the first row, so that ids are still in the
 * order of time. */
#define VERSIONS_OF_NAME "(PARTITION BY v.collection, v.source, v.node_id ORDER BY v.t1, v.id)"
static const char copy_vertices[] =
    "CREATE TABLE old_version (row INTEGER PRIMARY KEY, id INTEGER, collection INTEGER, source INTEGER);"
    "INSERT INTO old_version SELECT v.id, max (iif (v.comes, v.id, NULL)) OVER " VERSIONS_OF_NAME ","
    "  collection.id, source.id FROM (SELECT v.id, v.collection, v.source, v.node_id, v.t1,"
    "   v.t1 IS NOT lag (v.t2) OVER " VERSIONS_OF_NAME " AS comes FROM old_vertex v) v"
    "  JOIN collection ON collection.name = v.collection JOIN source ON source.key = v.source;"
    "INSERT INTO vertex (id, collection, source, key_at, node_id, connecting_id, body, reported_at, t1)"
    "  SELECT n.id, n.collection, n.source, length (v.source) + 2, v.node_id, nullif (v.connecting_id, v.node_id),"
    "  v.body, v.reported_at, v.t1 FROM old_version n JOIN old_vertex v ON v.id = n.row WHERE v.t2 = " OPEN ";"
    "INSERT INTO vertex_history (id, collection, source, key_at, node_id, connecting_id, body, reported_at, t1, t2)"
    "  SELECT n.id, n.collection, n.source, length (v.source) + 2, v.node_id, nullif (v.connecting_id, v.node_id),"
    "  v.body, v.reported_at, v.t1, v.t2 FROM old_version n JOIN old_vertex v ON v.id = n.row"
    "  WHERE v.t2 <> " OPEN ";"

    /* When each of them held. Of the first one, earlier versions may have been forgotten. */
    "CREATE TABLE old_life (collection INTEGER, node_id TEXT, source INTEGER, id INTEGER, t1 INTEGER, t2 INTEGER,"
    "  PRIMARY KEY (collection, node_id, source, id)) WITHOUT ROWID;"
    "INSERT INTO old_life SELECT collection, node_id, source, id, iif (lag (id) OVER"
    "  (PARTITION BY collection, node_id, source ORDER BY id) IS NULL, 0, t1), t2 FROM"
    "  (SELECT n.collection, v.node_id, n.source, n.id, min (v.t1) AS t1, max (v.t2) AS t2"
    "   FROM old_version n JOIN old_vertex v ON v.id = n.row GROUP BY n.id);";

/* An edge held without its ends: it is cut to the time in which both did. */
#define VERSIONS_OF_EDGE                                                                                     \
  "(PARTITION BY p.collection, p.source, p.from_vertex, p.to_vertex, p.external_id ORDER BY p.id)"
static const char copy_edges[] =
    "CREATE TABLE old_piece (id INTEGER PRIMARY KEY, row INTEGER, collection INTEGER, source INTEGER,"
    "  from_vertex INTEGER, to_vertex INTEGER, external_id TEXT, t1 INTEGER, t2 INTEGER);"
    "INSERT INTO old_piece (row, collection, source, from_vertex, to_vertex, external_id, t1, t2)"
    "  SELECT e.id, collection.id, source.id, f.id, t.id, e.external_id, max (e.t1, f.t1, t.t1) AS begins,"
    "  min (e.t2, f.t2, t.t2) AS ends"
    "  FROM old_edge e JOIN collection ON collection.name = e.collection JOIN source ON source.key = e.source"
    "  JOIN collection fc ON fc.name = e.from_collection JOIN collection tc ON tc.name = e.to_collection"
    "  JOIN old_life f ON f.collection = fc.id AND f.node_id = e.from_id AND f.source = source.id"
    "  JOIN old_life t ON t.collection = tc.id AND t.node_id = e.to_id AND t.source = source.id"
    "  WHERE begins < ends ORDER BY begins, e.id;"
    "CREATE TABLE old_line (piece INTEGER PRIMARY KEY, id INTEGER);"
    "INSERT INTO old_line SELECT p.id, max (iif (p.comes, p.id, NULL)) OVER " VERSIONS_OF_EDGE
    "  FROM (SELECT p.*, p.t1 IS NOT lag (p.t2) OVER " VERSIONS_OF_EDGE " AS comes FROM old_piece p) p;"
    "INSERT INTO edge (id, collection, source, from_vertex, to_vertex, external_id, body, reported_at, t1)"
    "  SELECT l.id, p.collection, p.source, p.from_vertex, p.to_vertex, p.external_id, e.body, e.reported_at, p.t1"
    "  FROM old_piece p JOIN old_line l ON l.piece = p.id JOIN old_edge e ON e.id = p.row WHERE p.t2 = " OPEN ";"
    "INSERT INTO edge_history (id, collection, source, from_vertex, to_vertex, external_id, body, reported_at, t1, t2)"
    "  SELECT l.id, p.collection, p.source, p.from_vertex, p.to_vertex, p.external_id, e.body, e.reported_at, p.t1,"
    "  p.t2 FROM old_piece p JOIN old_line l ON l.piece = p.id JOIN old_edge e ON e.id = p.row"
    "  WHERE p.t2 <> " OPEN ";";

static const char copy_tags[] =
    "INSERT INTO tag (id, source, name, node_id, t1, t2, reported_at)"
    "  SELECT id, source, name, node_id, t1, t2, reported_at FROM old_tag;"
    "INSERT INTO tagging (id, collection, source, vertex, vertex_id, tag, tag_id, external_id, properties, t1, t2,"
    "  reported_at) SELECT g.id, l.collection, g.source, l.id, g.vertex_id, g.tag, g.tag_id, g.external_id,"
    "  g.properties, g.t1, min (g.t2, l.t2), g.reported_at FROM old_tagging g"
    "  JOIN collection ON collection.name = g.collection"
    "  JOIN source ON source.key || '/' || g.vertex_key = g.vertex_id"
    "  JOIN old_life l ON l.collection = collection.id AND l.node_id = g.vertex_id AND l.source = source.id"
    "  AND l.t1 <= g.t1 AND l.t2 > g.t1;";

static const char count_and_note_moments[] =
    "INSERT INTO held (collection, source, n) SELECT collection, source, count (*) FROM"
    "  (SELECT collection, source FROM vertex UNION ALL SELECT collection, source FROM edge) GROUP BY 1, 2;"
    "INSERT INTO moment (t1, vertex, edge) SELECT t1,"
    "  coalesce (min (vertex) OVER later, (SELECT coalesce (max (id), 0) + 1 FROM old_vertex)),"
    "  coalesce (min (edge) OVER later, (SELECT coalesce (max (id), 0) + 1 FROM old_piece))"
    "  FROM (SELECT t1, min (vertex) AS vertex, min (edge) AS edge FROM (SELECT t1, id AS vertex, NULL AS edge"
    "   FROM old_vertex UNION ALL SELECT t1, NULL, id FROM old_piece) GROUP BY t1)"
    "  WINDOW later AS (ORDER BY t1 DESC);";

/* Only what runs after tables are there knows whether this one was. */
static const char copy_tokens[] =
    "SELECT 'INSERT INTO token SELECT name, digest, read_only, sources, made_at, used_at FROM old_token'"
    " FROM sqlite_schema WHERE name = 'old_token'";

static const char drop_old[] =
    "SELECT 'DROP TABLE \"' || name || '\"' FROM sqlite_schema WHERE type = 'table'"
    " AND name LIKE 'old~_%' ESCAPE '~'";

/* What a full import under way has brought already: the last session of its source has not ended well. */
#define SOURCES_UNDER_WAY                                                                                    \
  "(SELECT o.id, o.key, o.generation FROM old_source o JOIN old_session s ON s.id ="                         \
  " (SELECT max (id) FROM old_session WHERE source = o.key) AND (s.end_job = 0"                              \
  " OR s.end_job IN (SELECT id FROM old_job WHERE status <> 'COMPLETE')))"
static const char note_under_way[] =
    "INSERT INTO seen (source, vertices, edges) SELECT s.id, x'', x'' FROM " SOURCES_UNDER_WAY " s";
static const char *const seen_in_7[] = {
  [CAR_SQLITE_VERTEX] =
      "SELECT s.id, n.id FROM " SOURCES_UNDER_WAY " s JOIN old_version n ON n.source = s.id"
      " JOIN old_vertex v ON v.id = n.row AND v.seen = s.generation AND v.t2 = " OPEN " ORDER BY 1, 2",
  [CAR_SQLITE_EDGE] =
      "SELECT s.id, l.id FROM " SOURCES_UNDER_WAY " s JOIN old_piece p ON p.source = s.id AND p.t2 = " OPEN
      " JOIN old_line l ON l.piece = p.id JOIN old_edge e ON e.id = p.row AND e.seen = s.generation ORDER BY 1, 2",
};

/* Up to version 8, connecting_id was NULL where it is the node_id, in all collections. */
#define CONNECT_BY_KEY(table)                                                                                \
  "UPDATE " table " SET connecting_id = nullif (coalesce (connecting_id, node_id), substr (node_id, key_at))" \
  "  WHERE collection IN (SELECT id FROM collection WHERE name IN " CAR_SQLITE_CONNECTED_BY_KEY ");"
static const char connect_by_key[] = CONNECT_BY_KEY ("vertex") CONNECT_BY_KEY ("vertex_history");
/* clang-format on */

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
  const char *const scripts[] = {
    car_sqlite_tables, copy_the_rest, copy_vertices, copy_edges, copy_tags, count_and_note_moments,
  };

  for (guint i = 0; i < G_N_ELEMENTS (put_old_aside); i++)
    if (!run_listed (store, put_old_aside[i], error))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    if (!car_sqlite_store_run_script (store, scripts[i], error))
      return FALSE;

  return run_listed (store, copy_tokens, error) &&
         car_sqlite_store_run_script (store, note_under_way, error) &&
         note_seen (store, CAR_SQLITE_VERTEX, error) && note_seen (store, CAR_SQLITE_EDGE, error) &&
         run_listed (store, drop_old, error);
}

gboolean
car_sqlite_migrate (CarSqliteStore *store, gint64 version, GError **error)
{
  return (version > 7 || migrate_from_7 (store, error)) &&
         car_sqlite_store_run_script (store, connect_by_key, error);
}
