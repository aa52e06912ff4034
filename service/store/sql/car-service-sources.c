/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sql/car-service-sources.h"
#include "service/store/sql/car-service-sql.h"

/* Runs that are remembered of a source. */
#define MAX_REPORTS 1000

#define RECORD "SELECT key, name, description, product_link, properties, model_state_id FROM source"

CarServiceRow *
car_service_sources_list (CarServiceStore *store, GError **error)
{
  return car_service_store_select (store, error, RECORD " ORDER BY key", "");
}

gboolean
car_service_sources_find (CarServiceStore *store, const char *key, CarServiceRow **row, GError **error)
{
  return car_service_store_find (store, row, error, RECORD " WHERE key = ?", "s", key);
}

gboolean
car_service_sources_patch (CarServiceStore *store,
                           const char *key,
                           const char *name,
                           const char *description,
                           const char *save_point,
                           GError **error)
{
  return car_service_store_run (
      store, error,
      "INSERT INTO source (key, name, description, model_state_id) VALUES (?1, ?2, ?3, coalesce (?4, ''))"
      " ON CONFLICT (key) DO UPDATE SET name = coalesce (excluded.name, source.name),"
      "  description = coalesce (excluded.description, source.description),"
      "  model_state_id = coalesce (?4, source.model_state_id)",
      "ssss", key, name, description, save_point);
}

gboolean
car_service_sources_put (CarServiceStore *store, const CarServicePage *page, GError **error)
{
  return car_service_store_run (
      store, error,
      "INSERT INTO source (key, name, description, product_link, properties, body) VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (key) DO UPDATE SET name = coalesce (excluded.name, source.name),"
      "  description = coalesce (excluded.description, source.description),"
      "  product_link = coalesce (excluded.product_link, source.product_link),"
      "  properties = coalesce (excluded.properties, source.properties), body = excluded.body",
      "ssssjj", page->source, page->name, page->description, page->product_link,
      page->properties.text != NULL ? &page->properties : NULL, &page->record);
}

gboolean
car_service_sources_note_report (CarServiceStore *store,
                                 const CarServicePage *page,
                                 gint64 now,
                                 GError **error)
{
  if (page->report == NULL)
    return TRUE;
  if (!car_service_store_run (store, error,
                              "INSERT INTO report (source, key, begun_at, reported_at) VALUES (?, ?, ?, ?)"
                              " ON CONFLICT (source, key) DO NOTHING",
                              "ssii", page->source, page->report, now, page->reported_at))
    return FALSE;

  return car_service_store_get_changes (store) == 0 ||
         car_service_store_run (store, error,
                                "DELETE FROM report WHERE source = ?1 AND id <= (SELECT id FROM report"
                                " WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                                "si", page->source, (gint64) MAX_REPORTS);
}

CarServiceRow *
car_service_sources_list_reports (CarServiceStore *store, const char *source, gint64 limit, GError **error)
{
  return car_service_store_select (
      store, error, "SELECT key, begun_at, reported_at FROM report WHERE source = ? ORDER BY id DESC LIMIT ?",
      "si", source, limit);
}

CarServiceRow *
car_service_sources_list_counts (CarServiceStore *store, const char *source, GError **error)
{
  return car_service_store_select (
      store, error,
      "SELECT s.key, c.name, v.n FROM held v JOIN collection c ON c.id = v.collection"
      " JOIN source s ON s.id = v.source WHERE v.n > 0 AND (?1 IS NULL OR s.key = ?1)"
      " ORDER BY s.key, c.name",
      "s", source);
}

/* The clock of the store is as late as the last change, also where that of the machine was set back. */
CarServiceRow *
car_service_sources_get_span (CarServiceStore *store, GError **error)
{
  return car_service_store_select (store, error,
                                   "SELECT (SELECT min (t1) FROM moment),"
                                   " (SELECT CAST (value AS bigint) FROM setting WHERE name = 'clock')",
                                   "");
}

gboolean
car_service_sources_note_end (CarServiceStore *store, gint64 source, GError **error)
{
  return car_service_store_run (
      store, error,
      "UPDATE source SET reported_at = coalesce ((SELECT report.reported_at FROM session"
      "  JOIN report ON report.source = session.source AND report.key = session.report"
      "  WHERE session.source = source.key ORDER BY session.id DESC LIMIT 1), reported_at)"
      " WHERE id = ?",
      "i", source);
}
