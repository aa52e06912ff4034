/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-tables.h"

/* A vertex or an edge has a row for each version that it had; t2 = 9223372036854775807 in the one that holds. `seen` is
 * the generation of the source (counted up when a full import begins) that last sent it. node_id is SOURCE/KEY;
 * connecting_id is the same for all sources' hostname, ipaddress or macaddress of one name. An edge's from_id and
 * to_id are the node_ids of its ends. */
const char *const car_service_tables =
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE source (id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, name TEXT, description TEXT,"
    "  product_link TEXT, properties TEXT, model_state_id TEXT NOT NULL DEFAULT '', body TEXT,"
    "  generation INTEGER NOT NULL DEFAULT 0);"

    /* Full imports, as car-service-sessions.c has them. */
    "CREATE TABLE session (id INTEGER PRIMARY KEY, source TEXT NOT NULL, report TEXT,"
    "  end_job INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX session_source ON session (source, report);"

    "CREATE TABLE vertex (id INTEGER PRIMARY KEY, collection TEXT NOT NULL, source TEXT NOT NULL,"
    "  key TEXT NOT NULL, node_id TEXT NOT NULL, connecting_id TEXT NOT NULL, body TEXT NOT NULL,"
    "  t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,"
    "  reported_at INTEGER, seen INTEGER NOT NULL);"
    "CREATE INDEX vertex_key ON vertex (collection, key);"
    "CREATE INDEX vertex_node ON vertex (node_id, collection);"
    "CREATE INDEX vertex_connecting ON vertex (connecting_id, collection);"
    "CREATE INDEX vertex_open ON vertex (source) WHERE t2 = 9223372036854775807;"
    "CREATE INDEX vertex_closed ON vertex (t2) WHERE t2 <> 9223372036854775807;"

    "CREATE TABLE edge (id INTEGER PRIMARY KEY, collection TEXT NOT NULL, source TEXT NOT NULL,"
    "  from_collection TEXT NOT NULL, from_key TEXT NOT NULL, from_id TEXT NOT NULL,"
    "  to_collection TEXT NOT NULL, to_key TEXT NOT NULL, to_id TEXT NOT NULL,"
    "  external_id TEXT NOT NULL DEFAULT '', active INTEGER NOT NULL, body TEXT NOT NULL,"
    "  t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,"
    "  reported_at INTEGER, seen INTEGER NOT NULL);"
    "CREATE INDEX edge_from ON edge (from_id, collection, to_id);"
    "CREATE INDEX edge_to ON edge (to_id, collection);"
    "CREATE INDEX edge_collection ON edge (collection);"
    "CREATE INDEX edge_open ON edge (source) WHERE t2 = 9223372036854775807;"
    "CREATE INDEX edge_closed ON edge (t2) WHERE t2 <> 9223372036854775807;"

    "CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);"
    "CREATE TABLE vertex_tag (collection TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL,"
    "  tag INTEGER NOT NULL REFERENCES tag (id), t1 INTEGER NOT NULL, t2 INTEGER NOT NULL);"
    "CREATE INDEX vertex_tag_vertex ON vertex_tag (collection, key, source);"
    "CREATE INDEX vertex_tag_tag ON vertex_tag (tag);"

    /* AUTOINCREMENT: a job's id is never given again, not even after old jobs were forgotten. */
    "CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, source TEXT, status TEXT "
    "NOT NULL,"
    "  error TEXT, status_code INTEGER, warnings TEXT, body BLOB, created_at INTEGER NOT NULL);"
    "CREATE INDEX job_waiting ON job (id, source) WHERE status = 'RUNNING';"

    "CREATE TABLE extension (key TEXT PRIMARY KEY, owner TEXT, version TEXT NOT NULL, body TEXT NOT NULL);";
