/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-keys.h"
#include "service/store/sql/car-service-sql.h"
#include "service/store/sql/car-service-tags.h"

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
check_name (const char *name, GError **error)
{
  if (strlen (name) <= CAR_SERVICE_MAX_TAG)
    return TRUE;

  g_set_error (error, CAR_SERVICE_ERROR, 422, "A tag's name is longer than %d bytes: give a shorter one",
               CAR_SERVICE_MAX_TAG);
  return FALSE;
}

static gboolean
need_tag (CarServiceStore *store, const CarServiceTagging *tagging, gint64 now, gint64 *tag, GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (tagging->tag_source, tagging->tag_name);
  CarServiceRow *row;

  if (!check_name (tagging->tag_name, error) ||
      !car_service_store_run (store, error,
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

gboolean
car_service_tags_put (CarServiceStore *store,
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

static gboolean
add (CarServiceStore *store,
     const CarServiceReport *report,
     const CarServicePart *part,
     const CarServiceVertex *vertex,
     gint64 id,
     const char *name,
     GError **error)
{
  const CarServiceTagging tagging = {
    .collection = part->collection,
    .source = report->source,
    .vertex_source = report->source,
    .vertex_key = vertex->key,
    .tag_source = report->source,
    .tag_name = name,
    .reported_at = report->reported_at,
  };
  gint64 ignored;

  return car_service_tags_put (store, &tagging, id, report->now, &ignored, error);
}

static gboolean
take_away (CarServiceStore *store,
           const CarServiceReport *report,
           gint64 id,
           const char *name,
           GError **error)
{
  return car_service_store_run (store, error,
                                "UPDATE tagging SET t2 = ? WHERE vertex = ? AND t2 = " OPEN
                                " AND tag = (SELECT id FROM tag WHERE source = ? AND name = ?)",
                                "iiss", report->now, id, report->source, name);
}

gboolean
car_service_tags_put_all (CarServiceStore *store,
                          const CarServiceReport *report,
                          const CarServicePart *part,
                          const CarServiceVertex *vertex,
                          gint64 id,
                          GError **error)
{
  for (guint i = 0; vertex->tag != NULL && vertex->tag[i] != NULL; i++)
    if (!car_service_store_may_go_on (store, error) ||
        !add (store, report, part, vertex, id, vertex->tag[i], error))
      return FALSE;
  for (guint i = 0; vertex->untag != NULL && vertex->untag[i] != NULL; i++)
    if (!car_service_store_may_go_on (store, error) ||
        !take_away (store, report, id, vertex->untag[i], error))
      return FALSE;

  return TRUE;
}

CarServiceRow *
car_service_tags_list (CarServiceStore *store,
                       const char *collection,
                       const char *id,
                       gint64 at,
                       GError **error)
{
  return car_service_store_select (
      store, error,
      "SELECT tag.name FROM tagging JOIN tag ON tag.id = tagging.tag WHERE tagging.vertex_id = ?2"
      " AND tagging.collection = (SELECT id FROM collection WHERE name = ?1)"
      " AND tagging.t1 <= ?3 AND tagging.t2 > ?3 ORDER BY 1",
      "ssi", collection, id, at);
}
