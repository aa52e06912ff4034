/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-tables.h"

/* Counting a million rows when they are asked for takes a second. */
#define KEEP_COUNT(table)                                                                                    \
  "CREATE TRIGGER " table "_counted AFTER INSERT ON " table " WHEN new.t2 = 9223372036854775807 BEGIN"       \
  "  INSERT INTO held VALUES (new.collection, new.source, 1) ON CONFLICT DO UPDATE SET n = n + 1; END;"      \
  "CREATE TRIGGER " table "_uncounted AFTER UPDATE OF t2 ON " table                                          \
  " WHEN old.t2 = 9223372036854775807 AND new.t2 <> old.t2 BEGIN"                                            \
  "  UPDATE held SET n = n - 1 WHERE collection = new.collection AND source = new.source; END;"

/* A vertex or an edge has a row for each version that it had; t2 = 9223372036854775807 in the one that holds. `seen` is
 * the generation of the source (counted up when a full import begins) that last sent it. Keys,
 * node_id and connecting_id: car-service-keys.h. An edge's from_id and to_id are the node_ids of its ends, a tagging's
 * vertex_id and tag_id those of what it joins. A tag is its source's, and stays. */
const char *const car_service_tables =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE source (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, name TEXT, description TEXT,"
    "  product_link TEXT, properties TEXT, model_state_id TEXT NOT NULL DEFAULT '', body TEXT,"
    "  generation INTEGER NOT NULL DEFAULT 0);"

    /* Full imports, as car-service-sessions.c has them. */
    "CREATE TABLE session (id INTEGER PRIMARY KEY, source TEXT NOT NULL, report TEXT,"
    "  end_job INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX session_source ON session (source, report);"

    /* When the first page of a report came: what its run did begins there. */
    "CREATE TABLE report (id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL,"
    "  begun_at INTEGER NOT NULL, reported_at INTEGER NOT NULL, UNIQUE (source, key));"

    "CREATE TABLE vertex (id INTEGER PRIMARY KEY, collection TEXT NOT NULL, source TEXT NOT NULL,"
    "  key TEXT NOT NULL, node_id TEXT NOT NULL, connecting_id TEXT NOT NULL, body TEXT NOT NULL,"
    "  t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, reported_at INTEGER NOT NULL, seen INTEGER NOT NULL);"
    "CREATE INDEX vertex_key ON vertex (collection, key);"
    "CREATE INDEX vertex_node ON vertex (collection, node_id);"
    "CREATE INDEX vertex_connecting ON vertex (connecting_id, collection);"
    /* Also the order of a list that asks for none. */
    "CREATE INDEX vertex_source ON vertex (collection, t2, source);"
    "CREATE INDEX vertex_begun ON vertex (t1, source, collection);"
    "CREATE INDEX vertex_closed ON vertex (t2) WHERE t2 <> 9223372036854775807;"
    /* A search looks at all names that hold: they stand here side by side. */
    "CREATE INDEX vertex_name ON vertex (car_member (body, 'name')) WHERE t2 = 9223372036854775807;"

    "CREATE TABLE edge (id INTEGER PRIMARY KEY, collection TEXT NOT NULL, source TEXT NOT NULL,"
    "  from_collection TEXT NOT NULL, from_key TEXT NOT NULL, from_id TEXT NOT NULL,"
    "  to_collection TEXT NOT NULL, to_key TEXT NOT NULL, to_id TEXT NOT NULL,"
    "  external_id TEXT NOT NULL DEFAULT '', body TEXT NOT NULL,"
    "  t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, reported_at INTEGER NOT NULL, seen INTEGER NOT NULL);"
    "CREATE INDEX edge_from ON edge (from_id, collection, to_id);"
    "CREATE INDEX edge_to ON edge (to_id, collection);"
    "CREATE INDEX edge_source ON edge (collection, t2, source);"
    "CREATE INDEX edge_begun ON edge (t1, source, collection);"
    "CREATE INDEX edge_closed ON edge (t2) WHERE t2 <> 9223372036854775807;"

    /* How many of a collection a source has now, as KEEP_COUNT keeps it. */
    "CREATE TABLE held (collection TEXT NOT NULL, source TEXT NOT NULL, n INTEGER NOT NULL,"
    "  PRIMARY KEY (collection, source)) WITHOUT ROWID;"

    "CREATE TABLE tag (id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, node_id TEXT NOT "
    "NULL,"
    "  t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, reported_at INTEGER NOT NULL, UNIQUE (source, name));"
    "CREATE INDEX tag_name ON tag (name);"
    "CREATE TABLE tagging (id INTEGER PRIMARY KEY, collection TEXT NOT NULL, source TEXT NOT NULL,"
    "  vertex_id TEXT NOT NULL, vertex_key TEXT NOT NULL, tag INTEGER NOT NULL REFERENCES tag (id),"
    "  tag_id TEXT NOT NULL, external_id TEXT, properties TEXT, t1 INTEGER NOT NULL, t2 INTEGER NOT NULL,"
    "  reported_at INTEGER NOT NULL);"
    "CREATE INDEX tagging_vertex ON tagging (vertex_id, collection, tag);"
    "CREATE INDEX tagging_tag ON tagging (tag);"

    /* What car-service-regroup.c has to look at before the transaction ends. */
    "CREATE TABLE regroup (kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, value)) WITHOUT ROWID;"
    "CREATE TRIGGER user_linked AFTER INSERT ON edge WHEN new.collection = 'user_account' BEGIN"
    "  INSERT OR IGNORE INTO regroup VALUES ('user', new.from_id), ('account', new.to_id); END;"
    "CREATE TRIGGER user_unlinked AFTER UPDATE OF t2 ON edge WHEN new.collection = 'user_account' BEGIN"
    "  INSERT OR IGNORE INTO regroup VALUES ('user', new.from_id), ('account', new.to_id); END;"
    "CREATE TRIGGER user_put AFTER INSERT ON vertex WHEN new.collection = 'user' BEGIN"
    "  INSERT OR IGNORE INTO regroup VALUES ('user', new.node_id); END;"
    "CREATE TRIGGER account_put AFTER INSERT ON vertex WHEN new.collection = 'account' BEGIN"
    "  INSERT OR IGNORE INTO regroup VALUES ('name', new.connecting_id); END;"
    "CREATE TRIGGER account_closed AFTER UPDATE OF t2, connecting_id ON vertex WHEN new.collection = "
    "'account' BEGIN"
    "  INSERT OR IGNORE INTO regroup VALUES ('name', old.connecting_id), ('name', new.connecting_id); END;"

    /* AUTOINCREMENT: a job's id is never given again, not even after old jobs were forgotten. */
    "CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT, status TEXT "
    "NOT NULL,"
    "  error TEXT, status_code INTEGER, warnings TEXT, body BLOB, created_at INTEGER NOT NULL);"
    "CREATE INDEX job_waiting ON job (id, source) WHERE status = 'RUNNING';"

    "CREATE TABLE extension (key TEXT PRIMARY KEY, owner TEXT, version TEXT NOT NULL, body TEXT NOT NULL);"

    /* How selective the indices are, roughly: rows, and rows of one value of the first column, of the first two … (sqlite_stat1
     * in https://www.sqlite.org/fileformat.html). Without it, SQLite takes a collection for as small as a name, and looks at
     * all of it. What ANALYZE would find in a new database is nothing; the form of the data does not change. */
    "ANALYZE;"
    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES"
    "  ('vertex', 'vertex_key', '1000000 100000 3'), ('vertex', 'vertex_node', '1000000 100000 3'),"
    "  ('vertex', 'vertex_connecting', '1000000 5 5'),"
    "  ('vertex', 'vertex_source', '1000000 100000 50000 10000'),"
    "  ('vertex', 'vertex_begun', '1000000 1000 1000 300'), ('vertex', 'vertex_name', '500000 3'),"
    "  ('edge', 'edge_from', '1000000 10 5 2'), ('edge', 'edge_to', '1000000 10 5'),"
    "  ('edge', 'edge_source', '1000000 100000 50000 10000'),"
    "  ('edge', 'edge_begun', '1000000 1000 1000 300'),"
    "  ('tagging', 'tagging_vertex', '100000 3 3 2'), ('tagging', 'tagging_tag', '100000 1000');"
    "ANALYZE sqlite_schema;" KEEP_COUNT ("vertex") KEEP_COUNT ("edge");
