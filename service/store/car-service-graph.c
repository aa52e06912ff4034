/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-hash-private.h>

#include "service/store/car-service-graph.h"
#include "service/store/car-service-keys.h"

#define OPEN "9223372036854775807"

/* SQLite, which keeps no statistics here, would take the index of all that a source has open for the best one. So the
 * statements that are run for each object say which one is. */

/* The version that holds, as far as writing needs it. */
typedef struct
{
  gint64 id; /* 0: there is none */
  gint64 t1;
  gint64 seen;
  gboolean alike;
} Version;

/* Values are compared, and not their spelling: a connector that writes members in another order, or 1.0 for 1, changes nothing.
 * Nearly all are spelt as before, which costs less to see. */
static gboolean
is_alike (sqlite3_stmt *row, int column, const CarJsonSpan *body)
{
  const CarJsonSpan held = {
    .text = (const char *) sqlite3_column_text (row, column),
    .length = (gsize) sqlite3_column_bytes (row, column),
    .type = CAR_JSON_OBJECT,
  };

  return (held.length == body->length && memcmp (held.text, body->text, body->length) == 0) ||
         car_json_hash_equal (car_json_hash_value (&held), car_json_hash_value (body));
}

/* From a row of id, t1, body and seen, if any. */
static void
take_version (sqlite3_stmt *row, const CarJsonSpan *body, Version *found)
{
  *found = (Version){ 0 };
  if (row == NULL)
    return;

  found->id = sqlite3_column_int64 (row, 0);
  found->t1 = sqlite3_column_int64 (row, 1);
  found->alike = is_alike (row, 2, body);
  found->seen = sqlite3_column_int64 (row, 3);
  sqlite3_reset (row);
}

/* What has not changed since this generation saw it was checked then. What is as it was in an older one was not: another
 * object may have its values meanwhile. */
static gboolean
check_unique (CarServiceStore *store,
              const CarServiceReport *report,
              const Version *found,
              const CarServiceProperties *properties,
              const CarJsonSpan *body,
              GError **error)
{
  return (found->alike && found->seen >= report->generation) ||
         car_service_properties_check (properties, store, body, found->id, report->source,
                                       report->is_full ? report->generation : 0, error);
}

static gboolean
find_vertex (CarServiceStore *store,
             const char *source,
             const CarServiceVertex *vertex,
             Version *found,
             GError **error)
{
  sqlite3_stmt *row;

  if (!car_service_store_find (store, &row, error,
                               "SELECT id, t1, body, seen FROM vertex INDEXED BY vertex_key"
                               " WHERE collection = ? AND key = ? AND source = ? AND t2 = " OPEN,
                               "sss", vertex->collection, vertex->key, source))
    return FALSE;
  take_version (row, &vertex->body, found);

  return TRUE;
}

gboolean
car_service_graph_has_vertex (CarServiceStore *store,
                              const char *source,
                              const char *collection,
                              const char *key,
                              gboolean *found,
                              GError **error)
{
  sqlite3_stmt *row;

  if (!car_service_store_find (store, &row, error,
                               "SELECT 1 FROM vertex INDEXED BY vertex_key"
                               " WHERE collection = ? AND key = ? AND source = ? AND t2 = " OPEN,
                               "sss", collection, key, source))
    return FALSE;
  *found = row != NULL;
  if (row != NULL)
    sqlite3_reset (row);

  return TRUE;
}

static gboolean
insert_vertex (CarServiceStore *store,
               const CarServiceReport *report,
               const CarServiceVertex *vertex,
               const char *node_id,
               const char *connecting_id,
               GError **error)
{
  return car_service_store_run (
      store, error,
      "INSERT INTO vertex (collection, source, key, node_id, connecting_id, body, t1, t2, reported_at, seen)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, " OPEN ", ?, ?)",
      "sssssjiii", vertex->collection, report->source, vertex->key, node_id, connecting_id, &vertex->body,
      report->now, report->reported_at, report->generation);
}

gboolean
car_service_graph_put_vertex (CarServiceStore *store,
                              const CarServiceReport *report,
                              const CarServiceVertex *vertex,
                              GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (report->source, vertex->key);
  g_autofree char *connecting_id = NULL;
  Version found;

  if (!find_vertex (store, report->source, vertex, &found, error))
    return FALSE;
  if (!check_unique (store, report, &found, vertex->properties, &vertex->body, error))
    return FALSE;
  if (found.alike)
    return car_service_store_run (store, error, "UPDATE vertex SET seen = ?, reported_at = ? WHERE id = ?",
                                  "iii", report->generation, report->reported_at, found.id);
  connecting_id = car_service_connecting_id_new (vertex->collection, vertex->key, node_id, &vertex->body);
  if (found.id == 0)
    return insert_vertex (store, report, vertex, node_id, connecting_id, error);
  /* Sent twice in one job: nobody could have seen the first. */
  if (found.t1 == report->now)
    return car_service_store_run (
        store, error, "UPDATE vertex SET body = ?, connecting_id = ?, seen = ?, reported_at = ? WHERE id = ?",
        "jsiii", &vertex->body, connecting_id, report->generation, report->reported_at, found.id);

  return car_service_store_run (store, error, "UPDATE vertex SET t2 = ? WHERE id = ?", "ii", report->now,
                                found.id) &&
         insert_vertex (store, report, vertex, node_id, connecting_id, error);
}

static gboolean
find_edge (CarServiceStore *store,
           const CarServiceReport *report,
           const CarServiceEdge *edge,
           const char *from_id,
           const char *to_id,
           Version *found,
           GError **error)
{
  sqlite3_stmt *row;

  if (!car_service_store_find (
          store, &row, error,
          "SELECT id, t1, body, seen FROM edge INDEXED BY edge_from WHERE from_id = ?"
          " AND collection = ? AND to_id = ? AND source = ? AND external_id = ? AND t2 = " OPEN,
          "sssss", from_id, edge->collection, to_id, report->source, edge->external_id))
    return FALSE;
  take_version (row, &edge->body, found);

  return TRUE;
}

static gboolean
insert_edge (CarServiceStore *store,
             const CarServiceReport *report,
             const CarServiceEdge *edge,
             const char *from_id,
             const char *to_id,
             GError **error)
{
  return car_service_store_run (store, error,
                                "INSERT INTO edge (collection, source, from_collection, from_key, from_id, "
                                "to_collection, to_key, to_id,"
                                "  external_id, body, t1, t2, reported_at, seen)"
                                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " OPEN ", ?, ?)",
                                "sssssssssjiii", edge->collection, report->source, edge->from_collection,
                                edge->from_key, from_id, edge->to_collection, edge->to_key, to_id,
                                edge->external_id, &edge->body, report->now, report->reported_at,
                                report->generation);
}

static gboolean
close_edge (CarServiceStore *store, const Version *version, gint64 now, GError **error)
{
  return car_service_store_run (store, error, "UPDATE edge SET t2 = ? WHERE id = ?", "ii", now, version->id);
}

gboolean
car_service_graph_put_edge (CarServiceStore *store,
                            const CarServiceReport *report,
                            const CarServiceEdge *edge,
                            GError **error)
{
  g_autofree char *from_id = car_service_node_id_new (report->source, edge->from_key);
  g_autofree char *to_id = car_service_node_id_new (report->source, edge->to_key);
  Version found;

  if (!find_edge (store, report, edge, from_id, to_id, &found, error))
    return FALSE;
  if (!edge->active)
    return found.id == 0 || close_edge (store, &found, report->now, error);
  if (!check_unique (store, report, &found, edge->properties, &edge->body, error))
    return FALSE;
  if (found.alike)
    return car_service_store_run (store, error, "UPDATE edge SET seen = ?, reported_at = ? WHERE id = ?",
                                  "iii", report->generation, report->reported_at, found.id);
  if (found.id == 0)
    return insert_edge (store, report, edge, from_id, to_id, error);
  if (found.t1 == report->now)
    return car_service_store_run (store, error,
                                  "UPDATE edge SET body = ?, seen = ?, reported_at = ? WHERE id = ?", "jiii",
                                  &edge->body, report->generation, report->reported_at, found.id);

  return close_edge (store, &found, report->now, error) &&
         insert_edge (store, report, edge, from_id, to_id, error);
}

/* 0: there is none. */
static gint64
take_id (sqlite3_stmt *row)
{
  if (row == NULL)
    return 0;

  gint64 id = sqlite3_column_int64 (row, 0);
  sqlite3_reset (row);

  return id;
}

static gboolean
need_tag (CarServiceStore *store, const CarServiceTagging *tagging, gint64 now, gint64 *tag, GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (tagging->tag_source, tagging->tag_name);
  sqlite3_stmt *row;

  if (!car_service_store_run (store, error,
                              "INSERT OR IGNORE INTO tag (source, name, node_id, t1, t2, reported_at)"
                              " VALUES (?, ?, ?, ?, " OPEN ", ?)",
                              "sssii", tagging->tag_source, tagging->tag_name, node_id, now,
                              tagging->reported_at) ||
      !car_service_store_find (store, &row, error, "SELECT id FROM tag WHERE source = ? AND name = ?", "ss",
                               tagging->tag_source, tagging->tag_name))
    return FALSE;
  *tag = take_id (row);

  return TRUE;
}

gboolean
car_service_graph_put_tagging (CarServiceStore *store,
                               const CarServiceTagging *tagging,
                               gint64 now,
                               gint64 *id,
                               GError **error)
{
  g_autofree char *tag_id = car_service_node_id_new (tagging->tag_source, tagging->tag_name);
  gint64 tag = 0;
  sqlite3_stmt *row;

  if (!need_tag (store, tagging, now, &tag, error) ||
      !car_service_store_find (
          store, &row, error,
          "SELECT id FROM tagging INDEXED BY tagging_vertex WHERE vertex_id = ?"
          " AND collection = ? AND vertex_key = ? AND source = ? AND tag = ? AND t2 = " OPEN,
          "ssssi", tagging->vertex_id, tagging->collection, tagging->vertex_key, tagging->source, tag))
    return FALSE;
  *id = take_id (row);
  if (*id != 0)
    return TRUE;
  if (!car_service_store_run (store, error,
                              "INSERT INTO tagging (collection, source, vertex_id, vertex_key, tag, tag_id,"
                              "  external_id, properties, t1, t2, reported_at)"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, " OPEN ", ?)",
                              "ssssisssii", tagging->collection, tagging->source, tagging->vertex_id,
                              tagging->vertex_key, tag, tag_id, tagging->external_id, tagging->properties,
                              now, tagging->reported_at))
    return FALSE;
  *id = sqlite3_last_insert_rowid (car_service_store_get_database (store));

  return TRUE;
}

gboolean
car_service_graph_add_tag (CarServiceStore *store,
                           const CarServiceReport *report,
                           const CarServiceVertex *vertex,
                           const char *tag,
                           GError **error)
{
  g_autofree char *vertex_id = car_service_node_id_new (report->source, vertex->key);
  const CarServiceTagging tagging = {
    .collection = vertex->collection,
    .source = report->source,
    .vertex_id = vertex_id,
    .vertex_key = vertex->key,
    .tag_source = report->source,
    .tag_name = tag,
    .reported_at = report->reported_at,
  };
  gint64 id;

  return car_service_graph_put_tagging (store, &tagging, report->now, &id, error);
}

gboolean
car_service_graph_remove_tag (CarServiceStore *store,
                              const CarServiceReport *report,
                              const CarServiceVertex *vertex,
                              const char *tag,
                              GError **error)
{
  g_autofree char *vertex_id = car_service_node_id_new (report->source, vertex->key);

  return car_service_store_run (
      store, error,
      "UPDATE tagging INDEXED BY tagging_vertex SET t2 = ? WHERE vertex_id = ?"
      " AND collection = ? AND vertex_key = ?"
      " AND tag = (SELECT id FROM tag WHERE source = ? AND name = ?) AND t2 = " OPEN,
      "isssss", report->now, vertex_id, vertex->collection, vertex->key, report->source, tag);
}

gboolean
car_service_graph_delete_vertex (CarServiceStore *store,
                                 const char *source,
                                 const char *collection,
                                 const char *key,
                                 gint64 now,
                                 GError **error)
{
  g_autofree char *node_id = car_service_node_id_new (source, key);

  return car_service_store_run (
             store, error,
             "UPDATE vertex INDEXED BY vertex_key SET t2 = ? WHERE collection = ? AND key = ? AND source = ?"
             " AND t2 = " OPEN,
             "isss", now, collection, key, source) &&
         car_service_store_run (store, error,
                                "UPDATE tagging INDEXED BY tagging_vertex SET t2 = ? WHERE vertex_id = ?"
                                " AND collection = ? AND vertex_key = ? AND t2 = " OPEN,
                                "isss", now, node_id, collection, key) &&
         car_service_store_run (store, error,
                                "UPDATE edge INDEXED BY edge_from SET t2 = ? WHERE from_id = ? AND "
                                "from_collection = ? AND source = ?"
                                " AND t2 = " OPEN,
                                "isss", now, node_id, collection, source) &&
         car_service_store_run (
             store, error,
             "UPDATE edge INDEXED BY edge_to SET t2 = ? WHERE to_id = ? AND to_collection = ? AND source = ?"
             " AND t2 = " OPEN,
             "isss", now, node_id, collection, source);
}

/* Of the source: what holds, and was not sent in this generation. */
#define UNSEEN                                                                                               \
  " WHERE collection IN (SELECT collection FROM held WHERE source = ?2) AND source = ?2 AND t2 = " OPEN      \
  " AND seen <> ?3"

gboolean
car_service_graph_close_unseen (CarServiceStore *store,
                                const char *source,
                                gint64 generation,
                                gint64 now,
                                GError **error)
{
  return car_service_store_run (
             store, error,
             "UPDATE tagging SET t2 = ?1 WHERE t2 = " OPEN " AND (collection, vertex_id, vertex_key) IN"
             " (SELECT collection, node_id, key FROM vertex INDEXED BY vertex_source" UNSEEN ")",
             "isi", now, source, generation) &&
         car_service_store_run (store, error, "UPDATE vertex INDEXED BY vertex_source SET t2 = ?1" UNSEEN,
                                "isi", now, source, generation) &&
         car_service_store_run (store, error, "UPDATE edge INDEXED BY edge_source SET t2 = ?1" UNSEEN, "isi",
                                now, source, generation);
}
