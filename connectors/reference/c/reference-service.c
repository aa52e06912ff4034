/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-service.h"

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
  const char *members[3]; /* that hold the ids; the second may be NULL, and the last is */
  const char *of[2];      /* the collections that the ids are of */
} Question;

static void
add_condition (JsonBuilder *where, const char *member, const char *operator)
{
  json_builder_set_member_name (where, member);
  json_builder_begin_object (where);
  json_builder_set_member_name (where, operator);
}

/* All rows of this source; or those of them where the member is one of the ids, an array that may be NULL. */
static char *
make_condition (const Question *self, const char *member, const GPtrArray *ids)
{
  g_autoptr (JsonBuilder) where = json_builder_new ();

  json_builder_begin_object (where);
  add_condition (where, "source", "_eq");
  json_builder_add_string_value (where, get_source (self->import));
  json_builder_end_object (where);
  if (ids != NULL)
    {
      add_condition (where, member, "_in");
      json_builder_begin_array (where);
      for (guint i = 0; i < ids->len; i++)
        json_builder_add_string_value (where, ids->pdata[i]);
      json_builder_end_array (where);
      json_builder_end_object (where);
    }
  json_builder_end_object (where);

  g_autoptr (JsonNode) root = json_builder_get_root (where);
  return json_to_string (root, FALSE);
}

/* The name that one of a row's ids stands for; NULL with an error. */
static const char *
get_name_of_row (const Question *self, JsonObject *row, guint i, GError **error)
{
  const char *id = json_object_get_string_member_with_default (row, self->members[i], NULL);

  if (id)
    return get_name (self->import, self->of[i], id, error);
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "the CAR service answered a query without “%s”", self->members[i]);
  return NULL;
}

/* Adds the names of a page's rows; the second of a pair is empty where the rows have one. */
static gboolean
add_pairs (const Question *self, JsonArray *rows, ReferencePairs *pairs, GError **error)
{
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      const char *first = get_name_of_row (self, row, 0, error);
      const char *second = !first ? NULL : self->members[1] ? get_name_of_row (self, row, 1, error) : "";

      if (!second)
        return FALSE;
      reference_pairs_add (pairs, first, second);
    }
  return TRUE;
}

static gboolean
get_pairs (const Question *self,
           const char *where,
           ReferencePairs *pairs,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (CarListing) listing =
      car_listing_new (car_import_get_client (self->import), self->collection, self->members, where);
  g_autoptr (GError) failure = NULL;

  for (;;)
    {
      g_autoptr (JsonArray) rows = car_listing_next (listing, cancellable, &failure);

      if (rows && add_pairs (self, rows, pairs, &failure))
        continue;
      if (!failure)
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
}

static gboolean
get_all (const Question *self, ReferencePairs *pairs, GCancellable *cancellable, GError **error)
{
  g_autofree char *where = make_condition (self, NULL, NULL);

  return get_pairs (self, where, pairs, cancellable, error);
}

/* The edges of NAMES_A_QUERY vertices at once. */
static gboolean
get_edges_of_some (const Question *self,
                   const char *member,
                   ReferencePks *pks,
                   ReferencePairs *pairs,
                   GCancellable *cancellable,
                   GError **error)
{
  guint n_pks;
  g_autofree gpointer *all = g_hash_table_get_keys_as_array (pks, &n_pks);

  for (guint i = 0; i < n_pks; i += NAMES_A_QUERY)
    {
      g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

      for (guint j = i; j < MIN (i + NAMES_A_QUERY, n_pks); j++)
        g_ptr_array_add (ids, g_strconcat (get_source (self->import), "/", all[j], NULL));

      g_autofree char *where = make_condition (self, member, ids);
      if (!get_pairs (self, where, pairs, cancellable, error))
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
  const Question question = { import, edge, { from_id, to_id, NULL }, { ends[0], ends[1] } };

  if (!collection)
    return get_all (&question, pairs, cancellable, error);

  g_autofree char *member = g_strconcat (collection, "_id", NULL);
  return get_edges_of_some (&question, member, pks, pairs, cancellable, error);
}

ReferencePks *
reference_service_get_names (CarImport *import,
                             const char *collection,
                             GCancellable *cancellable,
                             GError **error)
{
  const Question question = { import, collection, { "id", NULL, NULL }, { collection, NULL } };
  g_autoptr (ReferencePairs) pairs = reference_pairs_new ();
  g_autoptr (ReferencePks) names = reference_pks_new ();
  GHashTableIter iter;
  gpointer pair;

  if (!get_all (&question, pairs, cancellable, error))
    return NULL;
  g_hash_table_iter_init (&iter, pairs);
  while (g_hash_table_iter_next (&iter, &pair, NULL))
    g_hash_table_add (names, g_strdup (((ReferencePair *) pair)->from));
  return g_steal_pointer (&names);
}
