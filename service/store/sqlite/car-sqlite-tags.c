/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/car-service-keys.h"
#include "service/store/sqlite/car-sqlite-graph.h"

#define OPEN "9223372036854775807"

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
need_tag (CarServiceStore *store, const CarServiceTagging *tagging, gint64 now, gint64 *tag, GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (tagging->tag_source, tagging->tag_name);
  CarServiceRow *row;

  if (!car_service_store_run (store, error,
                              "INSERT INTO tag (source, name, node_id, t1, t2, reported_at)"
                              " VALUES (?, ?, ?, ?, " OPEN ", ?) ON CONFLICT (source, name) DO NOTHING",
                              "sssii", tagging->tag_source, tagging->tag_name, node_id, now,
                              tagging->reported_at) ||
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
          "SELECT id FROM tagging WHERE vertex = ? AND tag = ? AND source = ? AND t2 = " OPEN, "iis", vertex,
          tag, tagging->source))
    return FALSE;
  *id = take_id (row);

  return TRUE;
}

static gboolean
put (CarServiceStore *store,
     const CarServiceTagging *tagging,
     gint64 vertex,
     gint64 now,
     gint64 *id,
     GError **error)
{
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
          "  t1, t2, reported_at) VALUES ((SELECT id FROM collection WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?,"
          "  " OPEN ", ?) RETURNING id",
          "ssisisssii", tagging->collection, tagging->source, vertex, vertex_id, tag, tag_id,
          tagging->external_id, tagging->properties, now, tagging->reported_at))
    return FALSE;
  *id = take_id (row);

  return TRUE;
}

gboolean
car_sqlite_put_tagging (CarServiceStore *store,
                        const CarServiceTagging *tagging,
                        gint64 now,
                        gint64 *id,
                        GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (tagging->vertex_source, tagging->vertex_key);
  CarServiceRow *row;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT id FROM vertex WHERE collection = (SELECT id FROM collection WHERE name = ?)"
          " AND node_id = ? AND source = (SELECT id FROM source WHERE key = ?)",
          "sss", tagging->collection, node_id, tagging->vertex_source))
    return FALSE;

  const gint64 vertex = take_id (row);
  *id = 0;
  return vertex == 0 || put (store, tagging, vertex, now, id, error);
}

static gboolean
add (CarSqlitePut *page, const CarServiceVertex *vertex, gint64 id, const char *name, GError **error)
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

  return put (CAR_SERVICE_STORE (page->store), &tagging, id, page->report->now, &ignored, error);
}

static gboolean
take_away (CarSqlitePut *page, const CarServiceVertex *vertex, gint64 id, const char *name, GError **error)
{
  return car_service_store_run (CAR_SERVICE_STORE (page->store), error,
                                "UPDATE tagging SET t2 = ? WHERE vertex = ? AND t2 = " OPEN
                                " AND tag = (SELECT id FROM tag WHERE source = ? AND name = ?)",
                                "iiss", page->report->now, id, page->report->source, name);
}

typedef gboolean (*ForTag) (CarSqlitePut *page,
                            const CarServiceVertex *vertex,
                            gint64 id,
                            const char *name,
                            GError **error);

static gboolean
for_each (CarSqlitePut *page,
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
car_sqlite_put_tags (CarSqlitePut *page, const CarServiceVertex *vertex, gint64 id, GError **error)
{
  return for_each (page, vertex, id, vertex->tag, add, error) &&
         for_each (page, vertex, id, vertex->untag, take_away, error);
}
