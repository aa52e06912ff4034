/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/postgres/car-postgres-graph.h"

/* An edge whose ends are there. */
typedef struct
{
  const CarServiceEdge *edge;
  gint64 from;
  gint64 to;
  CarPostgresVersion found;
} Known;

static guint
known_hash (gconstpointer data)
{
  const Known *self = data;

  return g_int64_hash (&self->from) ^ (g_int64_hash (&self->to) * 31) ^ g_str_hash (self->edge->external_id);
}

static gboolean
known_equal (gconstpointer first, gconstpointer second)
{
  const Known *a = first;
  const Known *b = second;

  return a->from == b->from && a->to == b->to && strcmp (a->edge->external_id, b->edge->external_id) == 0;
}

/* The numbers of the vertices that edges begin or end in, in the order of the edges. */
static GArray *
find_ends (CarPostgresPut *put, guint first, guint n, gboolean from, GError **error)
{
  const char *collection = from ? put->part->from : put->part->to;
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autoptr (GArray) chosen = g_array_sized_new (FALSE, FALSE, sizeof (guint), n);

  for (guint i = first; i < first + n; i++)
    {
      const CarServiceEdge *edge = &g_array_index (put->part->objects, CarServiceEdge, i);
      const char *key = from ? edge->from_key : edge->to_key;
      gpointer place;

      if (!g_hash_table_lookup_extended (places, key, NULL, &place))
        {
          place = GUINT_TO_POINTER (keys->len);
          g_hash_table_insert (places, (gpointer) key, place);
          g_ptr_array_add (keys, (gpointer) key);
        }
      const guint at = GPOINTER_TO_UINT (place);
      g_array_append_val (chosen, at);
    }

  g_autoptr (GArray) ids = car_postgres_find_vertices_of_keys (
      put->store, put->source, car_postgres_get_collection (put->store, collection), keys, error);
  if (ids == NULL)
    return NULL;

  GArray *ends = g_array_sized_new (FALSE, FALSE, sizeof (gint64), n);
  for (guint i = 0; i < n; i++)
    g_array_append_val (ends, g_array_index (ids, gint64, g_array_index (chosen, guint, i)));

  return ends;
}

/* An edge to nowhere could never be seen. Its vertices come before it. One that ends has ended with its vertices. */
static gboolean
can_be_kept (CarPostgresPut *put, const Known *known)
{
  g_autofree char *reason = NULL;

  if (known->from == 0 || known->to == 0)
    reason = g_strdup_printf ("its %s end is nowhere: the source has no such %s",
                              known->from == 0 ? "first" : "second",
                              known->from == 0 ? put->part->from : put->part->to);
  else if (strlen (known->edge->external_id) > CAR_POSTGRES_MAX_NAME)
    reason = g_strdup ("its external_id is longer than the " G_STRINGIFY (
        CAR_POSTGRES_MAX_NAME) " bytes that PostgreSQL finds again");
  if (reason == NULL)
    return TRUE;

  if (known->edge->active)
    car_service_page_note_left_out (put->page, put->part, known->edge->index, reason);
  return FALSE;
}

/* The edges that can be kept, of those of one name the last. */
static GArray *
list_known (CarPostgresPut *put, guint first, guint n, GError **error)
{
  g_autoptr (GArray) from = find_ends (put, first, n, TRUE, error);
  g_autoptr (GArray) to = from != NULL ? find_ends (put, first, n, FALSE, error) : NULL;
  if (to == NULL)
    return NULL;

  GArray *list = g_array_sized_new (FALSE, TRUE, sizeof (Known), n);
  g_autoptr (GHashTable) places = g_hash_table_new (known_hash, known_equal);
  for (guint i = 0; i < n; i++)
    {
      const Known known = { .edge = &g_array_index (put->part->objects, CarServiceEdge, first + i),
                            .from = g_array_index (from, gint64, i),
                            .to = g_array_index (to, gint64, i) };
      if (!can_be_kept (put, &known))
        continue;

      Known *before = g_hash_table_lookup (places, &known);
      if (before != NULL)
        {
          before->edge = known.edge;
          continue;
        }
      g_array_append_val (list, known); /* which has room for all: nothing moves */
      g_hash_table_add (places, &g_array_index (list, Known, list->len - 1));
    }

  return list;
}

static gboolean
find (CarPostgresPut *put, GArray *list, GError **error)
{
  g_autoptr (GArray) from = g_array_sized_new (FALSE, FALSE, sizeof (gint64), list->len);
  g_autoptr (GArray) to = g_array_sized_new (FALSE, FALSE, sizeof (gint64), list->len);
  g_autoptr (GPtrArray) external_ids = g_ptr_array_sized_new (list->len);
  g_autoptr (GError) problem = NULL;

  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      g_array_append_val (from, known->from);
      g_array_append_val (to, known->to);
      g_ptr_array_add (external_ids, (gpointer) known->edge->external_id);
    }

  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (put->store), &problem,
      "SELECT i.n, e.id, e.t1, e.body FROM unnest ($1, $2, $3) WITH ORDINALITY i (from_vertex, to_vertex, "
      "name, n)"
      " CROSS JOIN LATERAL (SELECT id, t1, body FROM edge WHERE source = $4 AND collection = $5"
      "  AND from_vertex = i.from_vertex AND to_vertex = i.to_vertex AND external_id = i.name COLLATE \"C\""
      "  OFFSET 0) e",
      "IISii", from, to, external_ids, put->source, put->collection);
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      Known *known = &g_array_index (list, Known, car_service_row_get_integer (rows, 0) - 1);

      known->found = (CarPostgresVersion){
        .id = car_service_row_get_integer (rows, 1),
        .t1 = car_service_row_get_integer (rows, 2),
        .alike = car_postgres_is_alike (rows, 3, &known->edge->body),
      };
    }

  return car_service_rows_ended (&problem, error);
}

static void
copy_row (CarPostgresCopy *copy, CarPostgresPut *put, const Known *known)
{
  car_postgres_copy_begin_row (copy, 9);
  car_postgres_copy_add_int8 (copy, known->found.id);
  car_postgres_copy_add_int8 (copy, put->report->now);
  car_postgres_copy_add_int8 (copy, put->report->reported_at);
  car_postgres_copy_add_int8 (copy, known->from);
  car_postgres_copy_add_int8 (copy, known->to);
  car_postgres_copy_add_int4 (copy, (gint32) put->source);
  car_postgres_copy_add_int2 (copy, (gint16) put->collection);
  car_postgres_copy_add_string (copy, known->edge->external_id);
  car_postgres_copy_add_bytes (copy, known->edge->body.text, known->edge->body.length);
}

static gboolean
insert_new (CarPostgresPut *put, GArray *list, guint n_new, GError **error)
{
  CarPostgresCopy copy;
  gint64 id;

  if (!car_postgres_take_ids (put->store, &put->store->edge_ids, n_new, &id, error) ||
      !car_postgres_begin_copy (
          put->store, &copy,
          "COPY edge (id, t1, reported_at, from_vertex, to_vertex, source, collection, external_id, body)"
          " FROM STDIN WITH (FORMAT binary)",
          error))
    return FALSE;
  for (guint i = 0; i < list->len; i++)
    {
      Known *known = &g_array_index (list, Known, i);

      if (known->found.id != 0 || !known->edge->active)
        continue;
      known->found.id = id++;
      known->found.alike = TRUE;
      copy_row (&copy, put, known);
      car_postgres_regroup_note_edge (put->store, put->part->collection, known->from, known->to);
    }

  return car_postgres_end_copy (put->store, &copy, error) &&
         car_postgres_count (put->store, put->source, put->collection, n_new, error);
}

/* What began in this transaction was never seen. */
static gboolean
write_changed (CarPostgresPut *put, const GArray *ids, const GArray *bodies, GError **error)
{
  CarServiceStore *store = CAR_SERVICE_STORE (put->store);

  return car_service_store_run (
             store, error,
             "INSERT INTO edge_history (id, t1, reported_at, from_vertex, to_vertex, source, collection,"
             "  external_id, body, t2)"
             " SELECT e.id, e.t1, e.reported_at, e.from_vertex, e.to_vertex, e.source, e.collection,"
             "  e.external_id, e.body, $3"
             " FROM unnest ($1) i (id)"
             " CROSS JOIN LATERAL (SELECT * FROM edge WHERE source = $2 AND id = i.id OFFSET 0) e WHERE e.t1 "
             "< $3",
             "Iii", ids, put->source, put->report->now) &&
         car_service_store_run (store, error,
                                "UPDATE edge e SET body = i.body::json, t1 = $4, reported_at = $5"
                                " FROM unnest ($1, $2) i (id, body) WHERE e.source = $3 AND e.id = i.id",
                                "IJiii", ids, bodies, put->source, put->report->now,
                                put->report->reported_at);
}

static gboolean
change (CarPostgresPut *put, const GArray *list, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) bodies = g_array_new (FALSE, FALSE, sizeof (CarJsonSpan));

  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      if (!known->edge->active || known->found.alike)
        continue;
      g_array_append_val (ids, known->found.id);
      g_array_append_val (bodies, known->edge->body);
    }

  return ids->len == 0 ||
         (car_postgres_need_parts (put->store, put->report->now, error) &&
          write_changed (put, ids, bodies, error) && car_postgres_take_room (put, bodies, error));
}

static gboolean
close_inactive (CarPostgresPut *put, const GArray *list, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      if (!known->edge->active && known->found.id != 0)
        g_array_append_val (ids, known->found.id);
    }

  return car_postgres_close_edges (put->store, put->source, ids, put->report->now, error);
}

/* What is as it was, and was reported again. The end of a full import says it of all at once. */
static gboolean
note_reported (CarPostgresPut *put, const GArray *list, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      if (!known->edge->active)
        continue;
      if (put->seen_edges != NULL)
        g_array_append_val (put->seen_edges, known->found.id);
      if (!put->report->is_full && known->found.t1 != 0 && known->found.alike)
        g_array_append_val (ids, known->found.id);
    }

  return ids->len == 0 ||
         car_service_store_run (CAR_SERVICE_STORE (put->store), error,
                                "UPDATE edge e SET reported_at = $3 FROM unnest ($1) i (id)"
                                " WHERE e.source = $2 AND e.id = i.id AND e.reported_at <> $3",
                                "Iii", ids, put->source, put->report->reported_at);
}

/* Of a batch of one: leaves out what is not unique. */
static gboolean
check (CarPostgresPut *put, GArray *list, GError **error)
{
  const Known *known = &g_array_index (list, Known, 0);
  gboolean unique;

  if (!known->edge->active || car_service_properties_get_unique (put->part->properties)->len == 0)
    return TRUE;
  if (!car_postgres_check_unique (put, known->edge->index, &known->edge->body, &known->found, &unique, error))
    return FALSE;
  if (!unique)
    g_array_set_size (list, 0);

  return TRUE;
}

gboolean
car_postgres_put_edges (CarPostgresPut *put, guint first, guint n, GError **error)
{
  g_autoptr (GArray) list = list_known (put, first, n, error);
  guint n_new = 0;

  if (list == NULL)
    return FALSE;
  if (list->len == 0)
    return TRUE;
  if (!find (put, list, error) || !check (put, list, error))
    return FALSE;
  for (guint i = 0; i < list->len; i++)
    {
      const Known *known = &g_array_index (list, Known, i);

      n_new += known->found.id == 0 && known->edge->active;
    }

  return (n_new == 0 || insert_new (put, list, n_new, error)) && change (put, list, error) &&
         close_inactive (put, list, error) && note_reported (put, list, error);
}
