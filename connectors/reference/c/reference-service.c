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

/* Values stand in the queries as literals, which GraphQL writes as JSON does: a literal fits a column of any type, a
 * variable only one of its own. */
static void
append_literal (GString *query, const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);
  g_autofree char *literal = json_to_string (node, FALSE);

  g_string_append (query, literal);
}

static const char *
get_source (CarImport *import)
{
  return car_data_handler_get_source (car_import_get_data_handler (import));
}

/* What a vertex is called within its source: an id is SOURCE/NAME, and of an address SOURCE/REGION/NAME. No
 * address here has a region of its own, so its region is 0. NULL with an error. */
static const char *
get_name (CarImport *import, const char *collection, const char *id, GError **error)
{
  g_autofree char *prefix =
      g_strconcat (get_source (import), g_str_equal (collection, "ipaddress") ? "/0/" : "/", NULL);

  if (g_str_has_prefix (id, prefix))
    return id + strlen (prefix);
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "the CAR service answered a query with the id “%s”, not one of this source's", id);
  return NULL;
}

/* A query for the ids of rows of this source: one or two of each. */
typedef struct
{
  CarImport *import;
  const char *collection;
  const char *members[2]; /* that hold the ids; the second may be NULL */
  const char *of[2];      /* the collections that the ids are of */
  const char *condition;
} Question;

/* The rows that the service answers with, under the name “rows”. */
static JsonArray *
ask (const Question *self, gint64 offset, GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) query = g_string_new (NULL);

  g_string_append_printf (query, "{ rows: %s(where: {_and: [{source: {_eq: ", self->collection);
  append_literal (query, get_source (self->import));
  g_string_append_printf (query, "}}%s]}, order_by: [{%s: asc}", self->condition, self->members[0]);
  if (self->members[1] != NULL)
    g_string_append_printf (query, ", {%s: asc}", self->members[1]);
  g_string_append_printf (query, "], limit: %d, offset: %" G_GINT64_FORMAT ") { %s %s } }", ROWS_A_QUERY,
                          offset, self->members[0], self->members[1] != NULL ? self->members[1] : "");

  g_autoptr (JsonNode) answer =
      car_client_query (car_import_get_client (self->import), query->str, NULL, cancellable, error);
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

/* The name that one of a row's ids stands for; NULL with an error. */
static const char *
get_name_of_row (const Question *self, JsonNode *row, guint i, GError **error)
{
  const char *id =
      JSON_NODE_HOLDS_OBJECT (row)
          ? json_object_get_string_member_with_default (json_node_get_object (row), self->members[i], NULL)
          : NULL;

  if (id)
    return get_name (self->import, self->of[i], id, error);
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "the CAR service answered a query without “%s”", self->members[i]);
  return NULL;
}

/* Adds the names of all rows, page by page; the second of a pair is empty where the rows have one. */
static gboolean
get_pairs (const Question *self, ReferencePairs *pairs, GCancellable *cancellable, GError **error)
{
  guint length = ROWS_A_QUERY;

  for (gint64 offset = 0; length == ROWS_A_QUERY; offset += ROWS_A_QUERY)
    {
      g_autoptr (JsonArray) rows = ask (self, offset, cancellable, error);
      gboolean new = FALSE;

      if (!rows)
        return FALSE;
      length = json_array_get_length (rows);
      for (guint i = 0; i < length; i++)
        {
          JsonNode *row = json_array_get_element (rows, i);
          const char *first = get_name_of_row (self, row, 0, error);
          const char *second = !first ? NULL : self->members[1] ? get_name_of_row (self, row, 1, error) : "";

          if (!second)
            return FALSE;
          new |= g_hash_table_add (pairs, pair_new (first, second));
        }
      if (length == ROWS_A_QUERY && !new)
        {
          g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                               "the CAR service answered a query with the same page again");
          return FALSE;
        }
    }
  return TRUE;
}

/* The edges of NAMES_A_QUERY vertices at once. */
static gboolean
get_edges_of_some (Question *question,
                   const char *collection,
                   ReferencePks *pks,
                   ReferencePairs *pairs,
                   GCancellable *cancellable,
                   GError **error)
{
  guint n_pks;
  g_autofree gpointer *all = g_hash_table_get_keys_as_array (pks, &n_pks);

  for (guint i = 0; i < n_pks; i += NAMES_A_QUERY)
    {
      g_autoptr (GString) condition = g_string_new (NULL);

      g_string_append_printf (condition, ", {%s_id: {_in: [", collection);
      for (guint j = i; j < MIN (i + NAMES_A_QUERY, n_pks); j++)
        {
          g_autofree char *id = g_strconcat (get_source (question->import), "/", all[j], NULL);

          if (j > i)
            g_string_append (condition, ", ");
          append_literal (condition, id);
        }
      g_string_append (condition, "]}}");
      question->condition = condition->str;
      if (!get_pairs (question, pairs, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
reference_service_get_edges (CarImport *import,
                             ReferenceEdgeKind kind,
                             const char *collection,
                             ReferencePks *pks,
                             ReferencePairs *pairs,
                             GCancellable *cancellable,
                             GError **error)
{
  const char *edge = reference_edge_get_collection (kind);
  g_auto (GStrv) ends = g_strsplit (edge, "_", 2);
  g_autofree char *from_id = g_strconcat (ends[0], "_id", NULL);
  g_autofree char *to_id = g_strconcat (ends[1], "_id", NULL);
  Question question = { import, edge, { from_id, to_id }, { ends[0], ends[1] }, "" };

  if (collection)
    return get_edges_of_some (&question, collection, pks, pairs, cancellable, error);
  return get_pairs (&question, pairs, cancellable, error);
}

ReferencePks *
reference_service_get_names (CarImport *import,
                             const char *collection,
                             GCancellable *cancellable,
                             GError **error)
{
  const Question question = { import, collection, { "id", NULL }, { collection, NULL }, "" };
  g_autoptr (ReferencePairs) pairs = reference_pairs_new ();
  g_autoptr (ReferencePks) names = reference_pks_new ();
  GHashTableIter iter;
  gpointer pair;

  if (!get_pairs (&question, pairs, cancellable, error))
    return NULL;
  g_hash_table_iter_init (&iter, pairs);
  while (g_hash_table_iter_next (&iter, &pair, NULL))
    g_hash_table_add (names, g_strdup (((ReferencePair *) pair)->from));
  return g_steal_pointer (&names);
}
