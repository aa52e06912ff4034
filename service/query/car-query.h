/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include <service/model/car-core-model.h>

G_BEGIN_DECLS

/* GraphQL over the store's tables (POST query), as the published schema has it (protocol.md, "Queries").
 *
 * `request_json` is `{"query": "…", "variables": {…}, "operationName": "…"}`. The answer is
 * `{"data":{…}}`; where the request itself is wrong (not JSON, not GraphQL, an unknown field, …) it is, as
 * Hasura answers with status 200,
 * `{"errors":[{"message":"…","extensions":{"path":"$.selectionSet.asset","code":"validation-failed"}}]}`.
 * NULL, with an error of G_IO_ERROR, only where the database failed: _CANCELLED where it was interrupted. How long that
 * takes is for the caller to bound, by sqlite3_progress_handler() or sqlite3_interrupt().
 *
 * What may be asked is told by introspection (__schema), and made in car-query-schema.c and car-query-types.c. Beyond
 * the published schema: COLLECTION_aggregate and those of relations, with count, max, min, sum and avg; _regex, _nregex,
 * _iregex and _niregex; and members that the import schema has and the published GraphQL schema has not.
 *
 * A relation in `where` means "at least one that …". What is missing is null, as in SQL: it is neither equal nor
 * unequal.
 *
 * `timepoint_ms`: the moment that is seen, as epoch milliseconds; -1 for now.
 *
 * `db` is read only, all in one transaction of the caller's or, where none is open, of its own
 * (SAVEPOINT). Nothing else may use `db` meanwhile; a connection of one's own is best, in WAL mode it sees
 * whole jobs. The tables and their indices are those of service/store/car-service-tables.c. */

/* Gives a connection the functions that queries and indices call. Once, before anything else is done with it. */
gboolean car_query_add_functions (sqlite3 *db, GError **error);

/* Makes and drops indices, so that there is one for each property that the model wants to be found by. In a transaction of
 * the caller's. */
gboolean car_query_make_indices (sqlite3 *db, CarCoreModel *model, GError **error);

/* A statement that finds a row of the property's collection with the same value: ?1 is the body of an object, ?2 the row
 * that is the object itself, or 0, ?3 its source and ?4 its generation. The source's rows of older generations do not
 * count. NULL where queries do not see the property. */
char *car_query_write_unique_check (CarCoreModel *model, const char *collection, const char *property);

/* What a mutation asks for: a tag to be put on a vertex. */
typedef struct
{
  const char *collection; /* of the vertex */
  const char *source;
  const char *vertex_id;
  const char *tag_id;
  const char *external_id; /* or NULL */
  const char *properties;  /* JSON, or NULL */
  gint64 reported_at;
} CarQueryTagging;

/* Carries mutations out. `tag` answers the row of the tagging, or 0 with `problem` where the request is wrong, or with
 * an error where the database failed. */
typedef struct
{
  gint64 (*tag) (gpointer data, const CarQueryTagging *tagging, char **problem, GError **error);
  gpointer data;
} CarQueryWriter;

/* Whether the request is a mutation, as far as it can be read. */
gboolean car_query_is_mutation (const char *request_json, gsize length);

/* `writer`: NULL where mutations are refused. A mutation is carried out as a whole or, where the answer tells of a problem,
 * not at all; it runs in a transaction of the caller's. */
GBytes *car_query_run (sqlite3 *db,
                       CarCoreModel *model,
                       const char *request_json,
                       gsize length,
                       gint64 timepoint_ms,
                       const CarQueryWriter *writer,
                       GError **error);

G_END_DECLS
