/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include <service/model/car-core-model.h>
#include <service/query/car-query-plan.h>

G_BEGIN_DECLS

/* GraphQL over a store (POST query), as the published schema has it (protocol.md, "Queries").
 *
 * `request_json` is `{"query": "…", "variables": {…}, "operationName": "…"}`. The answer is
 * `{"data":{…}}`; where the request itself is wrong (not JSON, not GraphQL, an unknown field, …) it is, as
 * Hasura answers with status 200,
 * `{"errors":[{"message":"…","extensions":{"path":"$.selectionSet.asset","code":"validation-failed"}}]}`.
 *
 * What may be asked is told by introspection (__schema), and made in car-query-schema.c and car-query-types.c. Beyond
 * the published schema: COLLECTION_aggregate and those of relations, with count, max, min, sum and avg; _regex, _nregex,
 * _iregex and _niregex; and members that the import schema has and the published GraphQL schema has not.
 *
 * A relation in `where` means "at least one that …". What is missing is null, as in SQL: it is neither equal nor
 * unequal. */

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

/* Carries mutations out, in a transaction of the caller's. All fail with an error where the store does.
 *
 * `begin` marks what there is, and `end` either keeps what was done since or, unless `keep`, undoes it. `end` is called once after
 * each `begin` that did not fail.
 *
 * `tag` answers the row of the tagging, or 0 with `problem` where the request is wrong. */
typedef struct
{
  gboolean (*begin) (gpointer data, GError **error);
  gint64 (*tag) (gpointer data, const CarQueryTagging *tagging, char **problem, GError **error);
  gboolean (*end) (gpointer data, gboolean keep, GError **error);
  gpointer data;
} CarQueryWriter;

/* A store's part: appends the object of the plan's fields to `out`, as one state of the store has it, or sets an error. One of
 * CAR_QUERY_ERROR is told whoever asks. What was appended before an error does not count. */
typedef gboolean (*CarQueryAnswer) (gpointer store, const CarQueryPlan *plan, GString *out, GError **error);

/* Whether the request is a mutation, as far as it can be read. */
gboolean car_query_is_mutation (const char *request_json, gsize length);

/* `timepoint_ms`: the moment that is seen, as epoch milliseconds; -1 for now. `writer`: NULL where mutations are refused; otherwise
 * what is written is kept as a whole or, where the answer tells of a problem, not at all. NULL only with an error of the
 * store's. */
GBytes *car_query_run (CarCoreModel *model,
                       const char *request_json,
                       gsize length,
                       gint64 timepoint_ms,
                       const CarQueryWriter *writer,
                       CarQueryAnswer answer,
                       gpointer store,
                       GError **error);

G_END_DECLS
