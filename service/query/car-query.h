/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include <service/model/car-core-model.h>

G_BEGIN_DECLS

/* GraphQL, in Hasura's dialect, over the store's tables (POST query).
 *
 * `request_json` is `{"query": "…", "variables": {…}, "operationName": "…"}`. The answer is
 * `{"data":{…}}`; where the request itself is wrong (not JSON, not GraphQL, an unknown field, …) it is, as
 * Hasura answers with status 200,
 * `{"errors":[{"message":"…","extensions":{"path":"$.selectionSet.asset","code":"validation-failed"}}]}`.
 * NULL, with an error of G_IO_ERROR, only where the database failed: _CANCELLED where it was interrupted. How long that
 * takes is for the caller to bound, by sqlite3_progress_handler() or sqlite3_interrupt().
 *
 * What may be asked: every vertex and edge collection, `source` and `tag`, each with where, limit, offset
 * and order_by, and each as COLLECTION_aggregate { aggregate { count } nodes { … } }. Of an object:
 *
 *   all properties of the model, external_id, id, source, reported_at, _t1, _t2 (ms; 9223372036854775807
 *   while it holds), _created_at, _modified_at; a missing name, external_id or host_name of what is named by
 *   its key is the key
 *   of a vertex: connecting_id, tags, instances (all that share its connecting_id, itself too), and every edge
 *   collection it is an end of, also with _aggregate
 *   of an edge: from_id, to_id, _from, _to, _from_external_id, _to_external_id, active, and its ends by their
 *   collections (of an edge from a collection to itself: the end that it goes to)
 *
 * Also in where, where a relation means "at least one that …". Operators: _eq, _neq, _gt, _gte, _lt, _lte,
 * _in, _nin, _like, _nlike, _ilike, _nilike, _is_null, _and, _or, _not. Variables, fragments, @include and
 * @skip work; there is no introspection, and only queries are taken. What is missing is null, as in SQL:
 * it is neither equal nor unequal.
 *
 * `timepoint_ms`: the moment that is seen, as epoch milliseconds; -1 for now.
 *
 * `db` is read only, all in one transaction of the caller's or, where none is open, of its own
 * (SAVEPOINT). Nothing else may use `db` meanwhile; a connection of one's own is best, in WAL mode it sees
 * whole jobs.
 *
 * The store keeps these columns, "open" meaning t2 = 9223372036854775807, and to answer in time these
 * indices:
 *
 *   source (id INTEGER PRIMARY KEY, key TEXT UNIQUE, name, description, product_link, properties, ...)
 *   vertex (id INTEGER PRIMARY KEY, collection, source, key, node_id, connecting_id, body, t1, t2, created_at,
 *           modified_at, reported_at, ...)
 *     vertex (collection, key), vertex (node_id, collection), vertex (connecting_id, collection)
 *   edge (id INTEGER PRIMARY KEY, collection, source, from_collection, from_key, from_id, to_collection,
 *         to_key, to_id, active, body, t1, t2, created_at, modified_at, reported_at, ...)
 *     edge (from_id, collection), edge (to_id, collection), edge (collection)
 *   tag (id INTEGER PRIMARY KEY, name TEXT UNIQUE)
 *   vertex_tag (collection, source, key, tag = tag.id, t1, t2)
 *     vertex_tag (collection, key, source), vertex_tag (tag)
 *
 * from_id and to_id are node_ids: SOURCE/KEY of the edge's end, in from_collection and to_collection. */
GBytes *car_query_run (sqlite3 *db,
                       CarCoreModel *model,
                       const char *request_json,
                       gsize length,
                       gint64 timepoint_ms,
                       GError **error);

G_END_DECLS
