/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-graph.h"

#define OPEN "9223372036854775807"

/* SQLite, which keeps no statistics here, would take the index of all that a source has open for the best one. So the
 * statements that are run for each object say which one is. */

/* The version that holds, as far as writing needs it. */
typedef struct
{
  gint64 id; /* 0: there is none */
  gint64 t1;
  gint64 created_at;
  gboolean alike;
} Version;

static gboolean
is_text (sqlite3_stmt *row, int column, const CarJsonSpan *text)
{
  return (gsize) sqlite3_column_bytes (row, column) == text->length &&
         memcmp (sqlite3_column_text (row, column), text->text, text->length) == 0;
}

/* The same for all sources where the name itself is what it names; letters count as alike only where they do in DNS
 * names and in hardware addresses (and in the hexadecimal digits of IPv6). */
static char *
make_connecting_id (const char *collection, const char *key, const char *node_id)
{
  if (strcmp (collection, "hostname") != 0 && strcmp (collection, "ipaddress") != 0 &&
      strcmp (collection, "macaddress") != 0)
    return g_strdup (node_id);

  g_autofree char *name = g_ascii_strdown (key, -1);
  return g_strconcat (collection, "/", name, NULL);
}

static char *
make_node_id (const char *source, const char *key)
{
  return g_strconcat (source, "/", key, NULL);
}

/* From a row of id, t1, created_at, body, and whether its other columns are alike; NULL: there is none, or the problem. */
static gboolean
take_version (sqlite3_stmt *row, const CarJsonSpan *body, Version *found, GError *problem, GError **error)
{
  *found = (Version){ 0 };
  if (problem != NULL)
    {
      g_propagate_error (error, problem);
      return FALSE;
    }
  if (row == NULL)
    return TRUE;

  found->id = sqlite3_column_int64 (row, 0);
  found->t1 = sqlite3_column_int64 (row, 1);
  found->created_at = sqlite3_column_int64 (row, 2);
  found->alike = is_text (row, 3, body) && sqlite3_column_int (row, 4) != 0;
  sqlite3_reset (row);

  return TRUE;
}

static gboolean
find_vertex (CarServiceStore *store,
             const char *source,
             const CarServiceVertex *vertex,
             Version *found,
             GError **error)
{
  GError *problem = NULL;
  sqlite3_stmt *row =
      car_service_store_get (store, &problem,
                             "SELECT id, t1, created_at, body, TRUE FROM vertex INDEXED BY vertex_key"
                             " WHERE collection = ? AND key = ? AND source = ? AND t2 = " OPEN,
                             "sss", vertex->collection, vertex->key, source);

  return take_version (row, &vertex->body, found, problem, error);
}

gboolean
car_service_graph_has_vertex (CarServiceStore *store,
                              const char *source,
                              const char *collection,
                              const char *key,
                              gboolean *found,
                              GError **error)
{
  g_autoptr (GError) problem = NULL;
  sqlite3_stmt *row =
      car_service_store_get (store, &problem,
                             "SELECT 1 FROM vertex INDEXED BY vertex_key"
                             " WHERE collection = ? AND key = ? AND source = ? AND t2 = " OPEN,
                             "sss", collection, key, source);

  *found = row != NULL;
  if (row != NULL)
    sqlite3_reset (row);
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
insert_vertex (CarServiceStore *store,
               const CarServiceReport *report,
               const CarServiceVertex *vertex,
               gint64 created_at,
               GError **error)
{
  g_autofree char *node_id = make_node_id (report->source, vertex->key);
  g_autofree char *connecting_id = make_connecting_id (vertex->collection, vertex->key, node_id);

  return car_service_store_run (
      store, error,
      "INSERT INTO vertex (collection, source, key, node_id, connecting_id, body, t1, t2,"
      "  created_at, modified_at, reported_at, seen)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, " OPEN ", ?8, ?7, ?9, ?10)",
      "sssssjiiii", vertex->collection, report->source, vertex->key, node_id, connecting_id, &vertex->body,
      report->now, created_at, report->reported_at, report->generation);
}

gboolean
car_service_graph_put_vertex (CarServiceStore *store,
                              const CarServiceReport *report,
                              const CarServiceVertex *vertex,
                              GError **error)
{
  Version found;

  if (!find_vertex (store, report->source, vertex, &found, error))
    return FALSE;
  if (found.id == 0)
    return insert_vertex (store, report, vertex, report->now, error);
  if (found.alike)
    return car_service_store_run (store, error, "UPDATE vertex SET seen = ?, reported_at = ? WHERE id = ?",
                                  "iii", report->generation, report->reported_at, found.id);
  /* Sent twice in one job: nobody could have seen the first. */
  if (found.t1 == report->now)
    return car_service_store_run (store, error,
                                  "UPDATE vertex SET body = ?, seen = ?, reported_at = ? WHERE id = ?",
                                  "jiii", &vertex->body, report->generation, report->reported_at, found.id);

  return car_service_store_run (store, error, "UPDATE vertex SET t2 = ? WHERE id = ?", "ii", report->now,
                                found.id) &&
         insert_vertex (store, report, vertex, found.created_at, error);
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
  GError *problem = NULL;
  sqlite3_stmt *row = car_service_store_get (
      store, &problem,
      "SELECT id, t1, created_at, body, active = ?6 FROM edge INDEXED BY edge_from WHERE from_id = ?1"
      " AND collection = ?2 AND to_id = ?3 AND source = ?4 AND external_id = ?5 AND t2 = " OPEN,
      "sssssi", from_id, edge->collection, to_id, report->source, edge->external_id, (gint64) edge->active);

  return take_version (row, &edge->body, found, problem, error);
}

static gboolean
insert_edge (CarServiceStore *store,
             const CarServiceReport *report,
             const CarServiceEdge *edge,
             const char *from_id,
             const char *to_id,
             gint64 created_at,
             GError **error)
{
  return car_service_store_run (
      store, error,
      "INSERT INTO edge (collection, source, from_collection, from_key, from_id, to_collection, to_key, "
      "to_id,"
      "  external_id, active, body, t1, t2, created_at, modified_at, reported_at, seen)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, " OPEN ", ?13, ?12, ?14, ?15)",
      "sssssssssijiiii", edge->collection, report->source, edge->from_collection, edge->from_key, from_id,
      edge->to_collection, edge->to_key, to_id, edge->external_id, (gint64) edge->active, &edge->body,
      report->now, created_at, report->reported_at, report->generation);
}

gboolean
car_service_graph_put_edge (CarServiceStore *store,
                            const CarServiceReport *report,
                            const CarServiceEdge *edge,
                            GError **error)
{
  g_autofree char *from_id = make_node_id (report->source, edge->from_key);
  g_autofree char *to_id = make_node_id (report->source, edge->to_key);
  Version found;

  if (!find_edge (store, report, edge, from_id, to_id, &found, error))
    return FALSE;
  if (found.id == 0)
    return insert_edge (store, report, edge, from_id, to_id, report->now, error);
  if (found.alike)
    return car_service_store_run (store, error, "UPDATE edge SET seen = ?, reported_at = ? WHERE id = ?",
                                  "iii", report->generation, report->reported_at, found.id);
  if (found.t1 == report->now)
    return car_service_store_run (
        store, error, "UPDATE edge SET body = ?, active = ?, seen = ?, reported_at = ? WHERE id = ?", "jiiii",
        &edge->body, (gint64) edge->active, report->generation, report->reported_at, found.id);

  return car_service_store_run (store, error, "UPDATE edge SET t2 = ? WHERE id = ?", "ii", report->now,
                                found.id) &&
         insert_edge (store, report, edge, from_id, to_id, found.created_at, error);
}

gboolean
car_service_graph_add_tag (CarServiceStore *store,
                           const CarServiceReport *report,
                           const CarServiceVertex *vertex,
                           const char *tag,
                           GError **error)
{
  return car_service_store_run (store, error, "INSERT OR IGNORE INTO tag (name) VALUES (?)", "s", tag) &&
         car_service_store_run (store, error,
                                "INSERT INTO vertex_tag (collection, source, key, tag, t1, t2)"
                                " SELECT ?1, ?2, ?3, id, ?4, " OPEN " FROM tag WHERE name = ?5"
                                " AND NOT EXISTS (SELECT 1 FROM vertex_tag WHERE collection = ?1 AND key = ?3"
                                "  AND source = ?2 AND tag = tag.id AND t2 = " OPEN ")",
                                "sssis", vertex->collection, report->source, vertex->key, report->now, tag);
}

gboolean
car_service_graph_remove_tag (CarServiceStore *store,
                              const CarServiceReport *report,
                              const CarServiceVertex *vertex,
                              const char *tag,
                              GError **error)
{
  return car_service_store_run (store, error,
                                "UPDATE vertex_tag INDEXED BY vertex_tag_vertex SET t2 = ? WHERE collection "
                                "= ? AND key = ? AND source = ?"
                                " AND tag = (SELECT id FROM tag WHERE name = ?) AND t2 = " OPEN,
                                "issss", report->now, vertex->collection, vertex->key, report->source, tag);
}

gboolean
car_service_graph_delete_vertex (CarServiceStore *store,
                                 const char *source,
                                 const char *collection,
                                 const char *key,
                                 gint64 now,
                                 GError **error)
{
  g_autofree char *node_id = make_node_id (source, key);

  return car_service_store_run (
             store, error,
             "UPDATE vertex INDEXED BY vertex_key SET t2 = ? WHERE collection = ? AND key = ? AND source = ?"
             " AND t2 = " OPEN,
             "isss", now, collection, key, source) &&
         car_service_store_run (store, error,
                                "UPDATE vertex_tag INDEXED BY vertex_tag_vertex SET t2 = ? WHERE collection "
                                "= ? AND key = ? AND source = ?"
                                " AND t2 = " OPEN,
                                "isss", now, collection, key, source) &&
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

gboolean
car_service_graph_close_unseen (CarServiceStore *store,
                                const char *source,
                                gint64 generation,
                                gint64 now,
                                GError **error)
{
  return car_service_store_run (
             store, error,
             "UPDATE vertex_tag SET t2 = ?1 WHERE t2 = " OPEN " AND (collection, key, source) IN"
             " (SELECT collection, key, source FROM vertex WHERE source = ?2 AND t2 = " OPEN
             "  AND seen <> ?3)",
             "isi", now, source, generation) &&
         car_service_store_run (store, error,
                                "UPDATE vertex SET t2 = ? WHERE source = ? AND t2 = " OPEN " AND seen <> ?",
                                "isi", now, source, generation) &&
         car_service_store_run (store, error,
                                "UPDATE edge SET t2 = ? WHERE source = ? AND t2 = " OPEN " AND seen <> ?",
                                "isi", now, source, generation);
}
