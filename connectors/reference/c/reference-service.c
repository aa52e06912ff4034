/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-service.h"

#define ROWS_A_QUERY 10000
#define NAMES_A_QUERY 500

/* ---- sets of edges ---- */

static guint
pair_hash (gconstpointer pair)
{
  const ReferencePair *p = pair;

  return g_str_hash (p->from) * 31 + g_str_hash (p->to);
}

static gboolean
pair_equal (gconstpointer a, gconstpointer b)
{
  const ReferencePair *p = a, *q = b;

  return g_str_equal (p->from, q->from) && g_str_equal (p->to, q->to);
}

static void
pair_free (gpointer pair)
{
  ReferencePair *p = pair;

  g_free (p->from);
  g_free (p->to);
  g_free (p);
}

ReferencePairs *
reference_pairs_new (void)
{
  return g_hash_table_new_full (pair_hash, pair_equal, pair_free, NULL);
}

static ReferencePair *
pair_new (const char *from, const char *to)
{
  ReferencePair *pair = g_new (ReferencePair, 1);

  pair->from = g_strdup (from);
  pair->to = g_strdup (to);
  return pair;
}

void
reference_pairs_add (ReferencePairs *self, const char *from, const char *to)
{
  g_hash_table_add (self, pair_new (from, to));
}

/* ---- questions ---- */

/* The rows that the service answers with, under the name “rows”. */
static JsonArray *
ask (CarImport *import, const char *query, JsonObject *variables, GCancellable *cancellable, GError **error)
{
  json_object_set_string_member (variables, "source",
                                 car_data_handler_get_source (car_import_get_data_handler (import)));

  g_autoptr (JsonNode) answer =
      car_client_query (car_import_get_client (import), query, variables, cancellable, error);
  if (!answer)
    return NULL;

  JsonNode *rows = json_object_get_member (json_node_get_object (answer), "rows");
  if (!rows) /* the service found nothing */
    return json_array_new ();
  if (JSON_NODE_HOLDS_ARRAY (rows))
    return json_node_dup_array (rows);

  g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                       "the CAR service answered a query with no list");
  return NULL;
}

/* The text of a row's member; NULL with an error. */
static const char *
get_text (JsonArray *rows, guint i, const char *member, GError **error)
{
  JsonNode *row = json_array_get_element (rows, i);
  const char *text =
      JSON_NODE_HOLDS_OBJECT (row)
          ? json_object_get_string_member_with_default (json_node_get_object (row), member, NULL)
          : NULL;

  if (!text)
    g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                 "the CAR service answered a query without “%s”", member);
  return text;
}

/* A page of edges. Returns: how many; -1 with an error. */
static gint
get_page_of_edges (CarImport *import,
                   const char *query,
                   JsonObject *variables,
                   ReferencePairs *pairs,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (JsonArray) rows = ask (import, query, variables, cancellable, error);
  if (!rows)
    return -1;

  guint length = json_array_get_length (rows);
  for (guint i = 0; i < length; i++)
    {
      const char *from = get_text (rows, i, "_from_external_id", error);
      const char *to = from ? get_text (rows, i, "_to_external_id", error) : NULL;
      if (!to)
        return -1;
      reference_pairs_add (pairs, from, to);
    }
  return (gint) length;
}

static gboolean
get_pages_of_edges (CarImport *import,
                    const char *query,
                    JsonArray *ids,
                    ReferencePairs *pairs,
                    GCancellable *cancellable,
                    GError **error)
{
  gint length = ROWS_A_QUERY;

  for (gint64 offset = 0; length == ROWS_A_QUERY; offset += ROWS_A_QUERY)
    {
      g_autoptr (JsonObject) variables = json_object_new ();

      json_object_set_int_member (variables, "offset", offset);
      if (ids)
        json_object_set_array_member (variables, "ids", json_array_ref (ids));
      length = get_page_of_edges (import, query, variables, pairs, cancellable, error);
    }
  return length >= 0;
}

gboolean
reference_service_get_edges (CarImport *import,
                             ReferenceEdgeKind kind,
                             ReferenceEnd end,
                             ReferencePks *names,
                             ReferencePairs *pairs,
                             GCancellable *cancellable,
                             GError **error)
{
  const char *end_id = end == REFERENCE_FROM ? "from_id" : end == REFERENCE_TO ? "to_id" : NULL;
  g_autofree char *which = end_id ? g_strdup_printf (", %s: {_in: $ids}", end_id) : g_strdup ("");
  g_autofree char *order = end_id ? g_strdup_printf ("{%s: asc}, ", end_id) : g_strdup ("");
  g_autofree char *query = g_strdup_printf (
      "query ($source: String!, $offset: Int!%s) {"
      " rows: %s(where: {source: {_eq: $source}, active: {_eq: true}%s}, order_by: [%s{id: asc}],"
      " limit: %d, offset: $offset) { _from_external_id _to_external_id } }",
      end_id ? ", $ids: [String!]!" : "", reference_edge_get_collection (kind), which, order, ROWS_A_QUERY);

  if (!end_id)
    return get_pages_of_edges (import, query, NULL, pairs, cancellable, error);

  const char *source = car_data_handler_get_source (car_import_get_data_handler (import));
  guint n_names;
  g_autofree gpointer *all = g_hash_table_get_keys_as_array (names, &n_names);

  for (guint i = 0; i < n_names; i += NAMES_A_QUERY)
    {
      g_autoptr (JsonArray) ids = json_array_new ();

      for (guint j = i; j < MIN (i + NAMES_A_QUERY, n_names); j++)
        {
          g_autofree char *id = g_strconcat (source, "/", all[j], NULL);
          json_array_add_string_element (ids, id);
        }
      if (!get_pages_of_edges (import, query, ids, pairs, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

ReferencePks *
reference_service_get_names (CarImport *import,
                             const char *collection,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (ReferencePks) names = reference_pks_new ();
  g_autofree char *query = g_strdup_printf ("query ($source: String!, $offset: Int!) { rows: %s(where: "
                                            "{source: {_eq: $source}}, order_by: {_key: asc},"
                                            " limit: %d, offset: $offset) { _key } }",
                                            collection, ROWS_A_QUERY);
  guint length = ROWS_A_QUERY;

  for (gint64 offset = 0; length == ROWS_A_QUERY; offset += ROWS_A_QUERY)
    {
      g_autoptr (JsonObject) variables = json_object_new ();
      json_object_set_int_member (variables, "offset", offset);

      g_autoptr (JsonArray) rows = ask (import, query, variables, cancellable, error);
      if (!rows)
        return NULL;
      length = json_array_get_length (rows);
      for (guint i = 0; i < length; i++)
        {
          const char *name = get_text (rows, i, "_key", error);
          if (!name)
            return NULL;
          g_hash_table_add (names, g_strdup (name));
        }
    }
  return g_steal_pointer (&names);
}
