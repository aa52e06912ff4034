/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sqlite/car-sqlite-tables.h"

/* What holds now is in `vertex` and `edge`: one row an object, which keeps its id from version to version. What held once is in
 * `vertex_history` and `edge_history`, by the same ids; the end of a version, t2, is the beginning of the next. An object that was
 * closed and comes again gets a new id. An edge ends in vertices of its own source, by their ids, and is closed with them: what
 * holds never ends in what does not.
 *
 * node_id is SOURCE/KEY, and key_at where KEY begins in it, as substr() counts. connecting_id is as
 * car-sqlite-connecting.h says. Collections and sources are numbers, by their tables.
 *
 * `moment` has, for each transaction that brought new objects, the first ids that it gave: what was added between two moments is
 * found by id. `seen` has, for each page of a full import, the ids of all that it brought, changed or not, as
 * car-sqlite-seen.c writes them: the end of the import closes the others. */

#define COLUMNS_OF_VERTEX                                                                                    \
  "collection INTEGER NOT NULL, source INTEGER NOT NULL, key_at INTEGER NOT NULL, node_id TEXT NOT NULL,"    \
  "  connecting_id TEXT, body TEXT NOT NULL, reported_at INTEGER NOT NULL, t1 INTEGER NOT NULL"
#define COLUMNS_OF_EDGE                                                                                      \
  "collection INTEGER NOT NULL, source INTEGER NOT NULL, from_vertex INTEGER NOT NULL,"                      \
  "  to_vertex INTEGER NOT NULL, external_id TEXT NOT NULL, body TEXT NOT NULL,"                             \
  "  reported_at INTEGER NOT NULL, t1 INTEGER NOT NULL"

const char *const car_sqlite_tables =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE collection (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);"

    /* reported_at: the time of the report of the last full import that ended: what holds was there then. */
    "CREATE TABLE source (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, name TEXT, description TEXT,"
    "  product_link TEXT, properties TEXT, model_state_id TEXT NOT NULL DEFAULT '', body TEXT,"
    "  reported_at INTEGER NOT NULL DEFAULT 0);"

    /* Full imports, as car-service-sessions.c has them. */
    "CREATE TABLE session (id INTEGER PRIMARY KEY, source TEXT NOT NULL, report TEXT,"
    "  end_job INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX session_source ON session (source, report);"

    /* When the first page of a report came: what its run did begins there. */
    "CREATE TABLE report (id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL,"
    "  begun_at INTEGER NOT NULL, reported_at INTEGER NOT NULL, UNIQUE (source, key));"

    "CREATE TABLE vertex (id INTEGER PRIMARY KEY, " COLUMNS_OF_VERTEX ");"
    /* Also the order of a list that asks for none. */
    "CREATE UNIQUE INDEX vertex_node ON vertex (collection, node_id, source);"
    "CREATE INDEX vertex_connecting ON vertex (connecting_id) WHERE connecting_id IS NOT NULL;"
    /* A search looks at all names: they stand here side by side. */
    "CREATE INDEX vertex_name ON vertex (car_member (body, 'name')) WHERE car_member (body, 'name') IS NOT "
    "NULL;"
    "CREATE TABLE vertex_history (id INTEGER NOT NULL, " COLUMNS_OF_VERTEX ", t2 INTEGER NOT NULL);"
    "CREATE INDEX vertex_history_id ON vertex_history (id);"
    "CREATE INDEX vertex_history_node ON vertex_history (collection, node_id);"
    "CREATE INDEX vertex_history_connecting ON vertex_history (connecting_id) WHERE connecting_id IS NOT "
    "NULL;"
    "CREATE INDEX vertex_history_closed ON vertex_history (t2);"

    "CREATE TABLE edge (id INTEGER PRIMARY KEY, " COLUMNS_OF_EDGE ");"
    "CREATE UNIQUE INDEX edge_from ON edge (collection, source, from_vertex, to_vertex, external_id);"
    "CREATE INDEX edge_to ON edge (to_vertex, collection);"
    "CREATE TABLE edge_history (id INTEGER NOT NULL, " COLUMNS_OF_EDGE ", t2 INTEGER NOT NULL);"
    "CREATE INDEX edge_history_id ON edge_history (id);"
    "CREATE INDEX edge_history_from ON edge_history (from_vertex, collection, to_vertex);"
    "CREATE INDEX edge_history_to ON edge_history (to_vertex, collection);"
    "CREATE INDEX edge_history_closed ON edge_history (t2);"

    /* All that ever held, for what is asked of an earlier moment. */
    "CREATE VIEW vertex_ever AS SELECT id, collection, source, key_at, node_id, connecting_id, body, "
    "reported_at, t1,"
    "  CAST (9223372036854775807 AS INTEGER) AS t2 FROM vertex UNION ALL SELECT id, collection, source, "
    "key_at, node_id, "
    "connecting_id,"
    "  body, reported_at, t1, t2 FROM vertex_history;"
    "CREATE VIEW edge_ever AS SELECT id, collection, source, from_vertex, to_vertex, external_id, body, "
    "reported_at, t1,"
    "  CAST (9223372036854775807 AS INTEGER) AS t2 FROM edge UNION ALL SELECT id, collection, source, "
    "from_vertex, to_vertex, "
    "external_id,"
    "  body, reported_at, t1, t2 FROM edge_history;"

    "CREATE TABLE moment (t1 INTEGER PRIMARY KEY, vertex INTEGER NOT NULL, edge INTEGER NOT NULL);"
    "CREATE TABLE seen (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, vertices BLOB NOT NULL, edges BLOB "
    "NOT NULL);"
    "CREATE INDEX seen_source ON seen (source);"

    /* How many of a collection a source has now. */
    "CREATE TABLE held (collection INTEGER NOT NULL, source INTEGER NOT NULL, n INTEGER NOT NULL,"
    "  PRIMARY KEY (collection, source)) WITHOUT ROWID;"

    /* A tag is its source's, and stays. Of these there are few: their versions are in one table, t2 = 9223372036854775807 in
     * those that hold. */
    "CREATE TABLE tag (id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, node_id TEXT NOT "
    "NULL,"
    "  t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, reported_at INTEGER NOT NULL, UNIQUE (source, name));"
    "CREATE INDEX tag_name ON tag (name);"
    "CREATE TABLE tagging (id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, source TEXT NOT NULL,"
    "  vertex INTEGER NOT NULL, vertex_id TEXT NOT NULL, tag INTEGER NOT NULL REFERENCES tag (id),"
    "  tag_id TEXT NOT NULL, external_id TEXT, properties TEXT, t1 INTEGER NOT NULL, t2 INTEGER NOT NULL,"
    "  reported_at INTEGER NOT NULL);"
    "CREATE INDEX tagging_vertex ON tagging (vertex, tag);"
    "CREATE INDEX tagging_node ON tagging (vertex_id, collection);"
    "CREATE INDEX tagging_tag ON tagging (tag);"
    "CREATE INDEX tagging_closed ON tagging (t2) WHERE t2 <> 9223372036854775807;"

    /* AUTOINCREMENT: a job's id is never given again, not even after old jobs were forgotten. */
    "CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT, status TEXT "
    "NOT NULL,"
    "  error TEXT, status_code INTEGER, warnings TEXT, body BLOB, created_at INTEGER NOT NULL);"
    "CREATE INDEX job_waiting ON job (id, source) WHERE status = 'RUNNING';"

    "CREATE TABLE extension (key TEXT PRIMARY KEY, owner TEXT, version TEXT NOT NULL, body TEXT NOT NULL);"

    /* The sources are lines; '' is all sources. */
    "CREATE TABLE token (name TEXT PRIMARY KEY, digest TEXT NOT NULL, read_only INTEGER NOT NULL,"
    "  sources TEXT NOT NULL, made_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0);"

    /* How selective the indices are, roughly: rows, and rows of one value of the first column, of the first two … (sqlite_stat1
     * in https://www.sqlite.org/fileformat.html). Without it, SQLite takes a collection for as small as a name, and looks at
     * all of it. What ANALYZE would find in a new database is nothing; the form of the data does not change. The tables have
     * more rows than 2^20, which is what SQLite takes a selection for: before it joins more rows than a table is said to have, it
     * reads all of the table for a Bloom filter. */
    "ANALYZE;"
    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES"
    "  ('vertex', 'vertex_node', '10000000 100000 1 1'), ('vertex', 'vertex_connecting', '10000000 3'),"
    "  ('vertex', 'vertex_name', '500000 3'),"
    "  ('vertex_history', 'vertex_history_id', '10000000 5'), ('vertex_history', 'vertex_history_node', "
    "'10000000 100000 5'),"
    "  ('vertex_history', 'vertex_history_connecting', '10000000 5'), ('vertex_history', "
    "'vertex_history_closed', '10000000 1000'),"
    "  ('edge', 'edge_from', '10000000 100000 50000 5 1 1'), ('edge', 'edge_to', '10000000 10 5'),"
    "  ('edge_history', 'edge_history_id', '10000000 5'), ('edge_history', 'edge_history_from', '10000000 10 "
    "5 "
    "2'), ('edge_history', 'edge_history_to', '10000000 "
    "10 5'),"
    "  ('edge_history', 'edge_history_closed', '10000000 1000'),"
    "  ('tagging', 'tagging_vertex', '100000 3 1'), ('tagging', 'tagging_node', '100000 3 3'), ('tagging', "
    "'tagging_tag', '100000 1000');"
    "ANALYZE sqlite_schema;";
