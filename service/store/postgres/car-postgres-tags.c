/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-keys.h"
#include "service/store/postgres/car-postgres-graph.h"

/* The number in the first column of the row, which ends; 0: there is no row. */
static gint64
take_id (CarServiceRow *row)
{
  gint64 id = 0;

  if (row != NULL)
    {
      id = car_service_row_get_integer (row, 0);
      car_service_row_end (row);
    }
  return id;
}

static gboolean
check_name (const char *name, GError **error)
{
  if (strlen (name) <= CAR_POSTGRES_MAX_NAME)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 422, "A tag's name is longer than %d bytes: give a shorter one",
               CAR_POSTGRES_MAX_NAME);
  return FALSE;
}

static gboolean
need_tag (CarServiceStore *store, const CarServiceTagging *tagging, gint64 now, gint64 *tag, GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (tagging->tag_source, tagging->tag_name);
  CarServiceRow *row;

  if (!check_name (tagging->tag_name, error) ||
      !car_service_store_run (
          store, error,
          "INSERT INTO tag (source, name, node_id, t1, t2, reported_at)"
          " VALUES (?, ?, ?, ?, " CAR_POSTGRES_OPEN ", ?) ON CONFLICT (source, name) DO NOTHING",
          "sssii", tagging->tag_source, tagging->tag_name, node_id, now, tagging->reported_at) ||
      !car_service_store_find (store, &row, error, "SELECT id FROM tag WHERE source = ? AND name = ?", "ss",
                               tagging->tag_source, tagging->tag_name))
    return FALSE;
  *tag = take_id (row);

  return TRUE;
}

/* The tagging that holds; *id is 0 where there is none. */
static gboolean
find_tagging (CarServiceStore *store,
              const CarServiceTagging *tagging,
              gint64 vertex,
              gint64 tag,
              gint64 *id,
              GError **error)
{
  CarServiceRow *row;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT id FROM tagging WHERE vertex = ? AND tag = ? AND source = ? AND t2 = " CAR_POSTGRES_OPEN,
          "iis", vertex, tag, tagging->source))
    return FALSE;
  *id = take_id (row);

  return TRUE;
}

static gboolean
put (CarPostgresStore *self,
     const CarServiceTagging *tagging,
     gint64 vertex,
     gint64 now,
     gint64 *id,
     GError **error)
{
  CarServiceStore *store = CAR_SERVICE_STORE (self);
  g_autofree char *vertex_id = car_service_node_id_new (tagging->vertex_source, tagging->vertex_key);
  g_autofree char *tag_id = car_service_node_id_new (tagging->tag_source, tagging->tag_name);
  CarServiceRow *row;
  gint64 tag;

  if (!need_tag (store, tagging, now, &tag, error) || !find_tagging (store, tagging, vertex, tag, id, error))
    return FALSE;
  if (*id != 0)
    return TRUE;
  if (!car_service_store_find (
          store, &row, error,
          "INSERT INTO tagging (collection, source, vertex, vertex_id, tag, tag_id, external_id, properties,"
          "  t1, t2, reported_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, " CAR_POSTGRES_OPEN ", ?) RETURNING id",
          "isisisssii", car_postgres_get_collection (self, tagging->collection), tagging->source, vertex,
          vertex_id, tag, tag_id, tagging->external_id, tagging->properties, now, tagging->reported_at))
    return FALSE;
  *id = take_id (row);

  return TRUE;
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

  if (!car_postgres_find_source (self, tagging->vertex_source, &source, error) ||
      !car_service_store_find (
          store, &row, error, "SELECT id FROM vertex WHERE source = ? AND collection = ? AND key = ?", "iis",
          source, car_postgres_get_collection (self, tagging->collection), tagging->vertex_key))
    return FALSE;

  const gint64 vertex = take_id (row);
  *id = 0;
  return vertex == 0 || put (self, tagging, vertex, now, id, error);
}

static gboolean
add (CarPostgresPut *page, const CarServiceVertex *vertex, gint64 id, const char *name, GError **error)
{
  const char *source = page->report->source;
  const CarServiceTagging tagging = {
    .collection = page->part->collection,
    .source = source,
    .vertex_source = source,
    .vertex_key = vertex->key,
    .tag_source = source,
    .tag_name = name,
    .reported_at = page->report->reported_at,
  };
  gint64 ignored;

  return put (page->store, &tagging, id, page->report->now, &ignored, error);
}

static gboolean
take_away (CarPostgresPut *page, const CarServiceVertex *vertex, gint64 id, const char *name, GError **error)
{
  (void) vertex;
  return car_service_store_run (CAR_SERVICE_STORE (page->store), error,
                                "UPDATE tagging SET t2 = ? WHERE vertex = ? AND t2 = " CAR_POSTGRES_OPEN
                                " AND tag = (SELECT id FROM tag WHERE source = ? AND name = ?)",
                                "iiss", page->report->now, id, page->report->source, name);
}

typedef gboolean (*ForTag) (CarPostgresPut *page,
                            const CarServiceVertex *vertex,
                            gint64 id,
                            const char *name,
                            GError **error);

static gboolean
for_each (CarPostgresPut *page,
          const CarServiceVertex *vertex,
          gint64 id,
          char **names,
          ForTag call,
          GError **error)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    if (!car_service_store_may_go_on (CAR_SERVICE_STORE (page->store), error) ||
        !call (page, vertex, id, names[i], error))
      return FALSE;

  return TRUE;
}

gboolean
car_postgres_put_tags (CarPostgresPut *page, const CarServiceVertex *vertex, gint64 id, GError **error)
{
  return for_each (page, vertex, id, vertex->tag, add, error) &&
         for_each (page, vertex, id, vertex->untag, take_away, error);
}
