/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-keys.h"
#include "service/store/postgres/car-postgres-graph.h"
#include "service/store/sql/car-service-tags.h"

/* Vertices of one collection that are written together. */
typedef struct
{
  GPtrArray *vertices; /* CarServiceVertex; of those of one key the last */
  GPtrArray *keys;
  GArray *found; /* CarPostgresVersion */
} Batch;

static void
batch_clear (Batch *self)
{
  g_clear_pointer (&self->vertices, g_ptr_array_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_clear_pointer (&self->found, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

/* Of each key of `i` the vertex. OFFSET 0 keeps the order: PostgreSQL would else read all of a table that it takes for small. */
#define OF_KEY(columns)                                                                                      \
  " CROSS JOIN LATERAL (SELECT " columns " FROM vertex WHERE source = $2 AND collection = $3"                \
  "  AND key = i.key COLLATE \"C\" OFFSET 0) v"

static CarPostgresVersion *
get_found (const Batch *batch, guint i)
{
  return &g_array_index (batch->found, CarPostgresVersion, i);
}

static gboolean
fits_index (CarPostgresPut *put, const CarServiceVertex *vertex)
{
  if (strlen (vertex->key) <= CAR_POSTGRES_MAX_NAME)
    return TRUE;

  car_service_page_note_left_out (put->page, put->part, vertex->index,
                                  "its name is longer than the " G_STRINGIFY (
                                      CAR_POSTGRES_MAX_NAME) " bytes that PostgreSQL finds again");
  return FALSE;
}

static void
fill (Batch *batch, CarPostgresPut *put, guint first, guint n)
{
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);

  batch->vertices = g_ptr_array_new ();
  batch->keys = g_ptr_array_new ();
  for (guint i = first; i < first + n; i++)
    {
      CarServiceVertex *vertex = &g_array_index (put->part->objects, CarServiceVertex, i);
      gpointer place;

      if (!fits_index (put, vertex))
        continue;
      if (g_hash_table_lookup_extended (places, vertex->key, NULL, &place))
        {
          batch->vertices->pdata[GPOINTER_TO_UINT (place)] = vertex;
          continue;
        }
      g_hash_table_insert (places, (gpointer) vertex->key, GUINT_TO_POINTER (batch->keys->len));
      g_ptr_array_add (batch->keys, (gpointer) vertex->key);
      g_ptr_array_add (batch->vertices, vertex);
    }
  batch->found = g_array_sized_new (FALSE, TRUE, sizeof (CarPostgresVersion), batch->keys->len);
  g_array_set_size (batch->found, batch->keys->len);
}

static gboolean
find (Batch *batch, CarPostgresPut *put, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_select (
      CAR_SERVICE_STORE (put->store), &problem,
      "SELECT i.n, v.id, v.t1, v.body FROM unnest ($1) WITH ORDINALITY i (key, n)" OF_KEY ("id, t1, body"),
      "Sii", batch->keys, put->source, put->collection);

  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      const guint at = (guint) car_service_row_get_integer (rows, 0) - 1;
      const CarServiceVertex *vertex = batch->vertices->pdata[at];

      *get_found (batch, at) = (CarPostgresVersion){
        .id = car_service_row_get_integer (rows, 1),
        .t1 = car_service_row_get_integer (rows, 2),
        .alike = car_postgres_is_alike (rows, 3, &vertex->body),
      };
    }

  return car_service_rows_ended (&problem, error);
}

/* NULL: it is SOURCE/KEY. */
static char *
make_connecting_id (CarPostgresPut *put, const CarServiceVertex *vertex)
{
  g_autofree char *node_id = car_service_node_id_new (put->report->source, vertex->key);
  char *id = car_service_connecting_id_new (put->part->collection, vertex->key, node_id, &vertex->body);

  /* One that no index holds joins nothing. */
  if (strcmp (id, node_id) == 0 || strlen (id) > CAR_POSTGRES_MAX_NAME)
    g_clear_pointer (&id, g_free);
  return id;
}

static void
copy_row (CarPostgresCopy *copy, CarPostgresPut *put, const CarServiceVertex *vertex, gint64 id)
{
  g_autofree char *connecting_id = make_connecting_id (put, vertex);

  car_postgres_copy_begin_row (copy, 8);
  car_postgres_copy_add_int8 (copy, id);
  car_postgres_copy_add_int8 (copy, put->report->now);
  car_postgres_copy_add_int8 (copy, put->report->reported_at);
  car_postgres_copy_add_int4 (copy, (gint32) put->source);
  car_postgres_copy_add_int2 (copy, (gint16) put->collection);
  car_postgres_copy_add_string (copy, vertex->key);
  car_postgres_copy_add_string (copy, connecting_id);
  car_postgres_copy_add_bytes (copy, vertex->body.text, vertex->body.length);
}

static gboolean
insert_new (Batch *batch, CarPostgresPut *put, guint n_new, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  CarPostgresCopy copy;
  gint64 id;

  if (!car_postgres_take_ids (put->store, &put->store->vertex_ids, n_new, &id, error) ||
      !car_postgres_begin_copy (
          put->store, &copy,
          "COPY vertex (id, t1, reported_at, source, collection, key, connecting_id, body)"
          " FROM STDIN WITH (FORMAT binary)",
          error))
    return FALSE;
  for (guint i = 0; i < batch->vertices->len; i++)
    {
      CarPostgresVersion *found = get_found (batch, i);

      if (found->id != 0)
        continue;
      copy_row (&copy, put, batch->vertices->pdata[i], id);
      g_array_append_val (ids, id);
      found->id = id++;
      found->alike = TRUE;
    }

  return car_postgres_end_copy (put->store, &copy, error) &&
         car_postgres_count (put->store, put->source, put->collection, n_new, error) &&
         car_postgres_regroup_note_collection (put->store, put->part->collection, put->source, ids, error);
}

/* What began in this transaction was never seen. */
static gboolean
write_changed (CarPostgresPut *put,
               const GArray *ids,
               const GArray *bodies,
               const GPtrArray *connecting_ids,
               GError **error)
{
  CarServiceStore *store = CAR_SERVICE_STORE (put->store);

  return car_service_store_run (
             store, error,
             "INSERT INTO vertex_history (id, t1, reported_at, source, collection, key, connecting_id, body, "
             "t2)"
             " SELECT v.id, v.t1, v.reported_at, v.source, v.collection, v.key, v.connecting_id, v.body, $3"
             " FROM unnest ($1) i (id)"
             " CROSS JOIN LATERAL (SELECT * FROM vertex WHERE source = $2 AND id = i.id OFFSET 0) v WHERE "
             "v.t1 < $3",
             "Iii", ids, put->source, put->report->now) &&
         car_service_store_run (
             store, error,
             "UPDATE vertex v SET body = i.body::json, connecting_id = i.connecting_id, t1 = $5, reported_at "
             "= $6"
             " FROM unnest ($1, $2, $3) i (id, body, connecting_id) WHERE v.source = $4 AND v.id = i.id",
             "IJSiii", ids, bodies, connecting_ids, put->source, put->report->now, put->report->reported_at);
}

static gboolean
change (Batch *batch, CarPostgresPut *put, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) bodies = g_array_new (FALSE, FALSE, sizeof (CarJsonSpan));
  g_autoptr (GPtrArray) connecting_ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < batch->vertices->len; i++)
    {
      const CarServiceVertex *vertex = batch->vertices->pdata[i];

      if (get_found (batch, i)->alike)
        continue;
      g_array_append_val (ids, get_found (batch, i)->id);
      g_array_append_val (bodies, vertex->body);
      g_ptr_array_add (connecting_ids, make_connecting_id (put, vertex));
    }
  if (ids->len == 0)
    return TRUE;

  return car_postgres_need_parts (put->store, put->report->now, error) &&
         car_postgres_regroup_note_collection (put->store, put->part->collection, put->source, ids, error) &&
         write_changed (put, ids, bodies, connecting_ids, error) &&
         car_postgres_take_room (put, bodies, error) &&
         car_postgres_regroup_note_collection (put->store, put->part->collection, put->source, ids, error);
}

/* What is as it was, and was reported again. The end of a full import says it of all at once. */
static gboolean
note_reported (Batch *batch, CarPostgresPut *put, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < batch->vertices->len; i++)
    {
      const gint64 id = get_found (batch, i)->id;

      if (put->seen_vertices != NULL)
        g_array_append_val (put->seen_vertices, id);
      if (!put->report->is_full && get_found (batch, i)->t1 != 0 && get_found (batch, i)->alike)
        g_array_append_val (ids, id);
    }

  return ids->len == 0 ||
         car_service_store_run (CAR_SERVICE_STORE (put->store), error,
                                "UPDATE vertex v SET reported_at = $3 FROM unnest ($1) i (id)"
                                " WHERE v.source = $2 AND v.id = i.id AND v.reported_at <> $3",
                                "Iii", ids, put->source, put->report->reported_at);
}

/* Of a batch of one: leaves out what is not unique. */
static gboolean
check (Batch *batch, CarPostgresPut *put, GError **error)
{
  const CarServiceVertex *vertex;
  gboolean unique;

  if (batch->vertices->len == 0 || car_service_properties_get_unique (put->part->properties)->len == 0)
    return TRUE;
  vertex = batch->vertices->pdata[0];
  if (!car_postgres_check_unique (put, vertex->index, &vertex->body, get_found (batch, 0), &unique, error))
    return FALSE;
  if (!unique)
    g_ptr_array_set_size (batch->vertices, 0);

  return TRUE;
}

/* The tags of all objects, in their order. */
static gboolean
put_tags (Batch *batch, CarPostgresPut *put, guint first, guint n, GError **error)
{
  g_autoptr (GHashTable) ids = NULL;

  for (guint i = first; i < first + n; i++)
    {
      const CarServiceVertex *vertex = &g_array_index (put->part->objects, CarServiceVertex, i);
      const gint64 *id;

      if (vertex->tag == NULL && vertex->untag == NULL)
        continue;
      if (ids == NULL)
        {
          ids = g_hash_table_new (g_str_hash, g_str_equal);
          for (guint j = 0; j < batch->vertices->len; j++)
            g_hash_table_insert (ids, (gpointer) ((CarServiceVertex *) batch->vertices->pdata[j])->key,
                                 &get_found (batch, j)->id);
        }
      id = g_hash_table_lookup (ids, vertex->key);
      if (id != NULL && !car_service_tags_put_all (CAR_SERVICE_STORE (put->store), put->report, put->part,
                                                   vertex, *id, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
car_postgres_put_vertices (CarPostgresPut *put, guint first, guint n, GError **error)
{
  g_auto (Batch) batch = { NULL };
  guint n_new = 0;

  fill (&batch, put, first, n);
  if (batch.vertices->len == 0)
    return TRUE;
  if (!find (&batch, put, error) || !check (&batch, put, error))
    return FALSE;
  for (guint i = 0; i < batch.vertices->len; i++)
    n_new += get_found (&batch, i)->id == 0;

  return (n_new == 0 || insert_new (&batch, put, n_new, error)) && change (&batch, put, error) &&
         note_reported (&batch, put, error) && put_tags (&batch, put, first, n, error);
}

GArray *
car_postgres_find_vertices_of_keys (CarPostgresStore *self,
                                    gint64 source,
                                    gint64 collection,
                                    const GPtrArray *keys,
                                    GError **error)
{
  g_autoptr (GArray) ids = g_array_sized_new (FALSE, TRUE, sizeof (gint64), keys->len);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows =
      car_service_store_select (CAR_SERVICE_STORE (self), &problem,
                                "SELECT i.n, v.id FROM unnest ($1) WITH ORDINALITY i (key, n)" OF_KEY ("id"),
                                "Sii", keys, source, collection);

  g_array_set_size (ids, keys->len);
  while (rows != NULL && car_service_row_next (rows, &problem))
    g_array_index (ids, gint64, car_service_row_get_integer (rows, 0) - 1) =
        car_service_row_get_integer (rows, 1);

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&ids) : NULL;
}

gboolean
car_postgres_put_tagging (CarServiceStore *store,
                          const CarServiceTagging *tagging,
                          gint64 now,
                          gint64 *id,
                          GError **error)
{
  CarPostgresStore *self = CAR_POSTGRES_STORE (store);
  CarServiceRow *row;
  gint64 source;

  *id = 0;
  if (!car_postgres_find_source (self, tagging->vertex_source, &source, error) ||
      !car_service_store_find (
          store, &row, error, "SELECT id FROM vertex WHERE source = ? AND collection = ? AND key = ?", "iis",
          source, car_postgres_get_collection (self, tagging->collection), tagging->vertex_key))
    return FALSE;
  if (row == NULL)
    return TRUE;

  const gint64 vertex = car_service_row_get_integer (row, 0);
  car_service_row_end (row);
  return car_service_tags_put (store, tagging, vertex, now, id, error);
}
