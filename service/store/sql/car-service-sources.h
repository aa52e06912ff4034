/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The records of sources, and of the reports that brought their objects. */

/* All, by key. Columns: key, name, description, product_link, properties, model_state_id. */
CarServiceRow *car_service_sources_list (CarServiceStore *store, GError **error);

/* The same columns of one; *row is NULL where it is not known. */
gboolean
car_service_sources_find (CarServiceStore *store, const char *key, CarServiceRow **row, GError **error);

/* What is NULL stays as it was. A source that is not known yet is made: its save point must not be lost. */
gboolean car_service_sources_patch (CarServiceStore *store,
                                    const char *key,
                                    const char *name,
                                    const char *description,
                                    const char *save_point,
                                    GError **error);

/* The record as a page brings it; what the page does not say stays as it was. */
gboolean car_service_sources_put (CarServiceStore *store, const CarServicePage *page, GError **error);

/* Notes when the first page of a report comes. A page without one is none. */
gboolean car_service_sources_note_report (CarServiceStore *store,
                                          const CarServicePage *page,
                                          gint64 now,
                                          GError **error);

/* A full import of the source of this number has ended: all that holds was in its report, if it had one. */
gboolean car_service_sources_note_end (CarServiceStore *store, gint64 source, GError **error);

/* How many objects hold, of one source or (NULL) of all. Columns: source, collection, count; none is 0. */
CarServiceRow *car_service_sources_list_counts (CarServiceStore *store, const char *source, GError **error);

/* One row: when the oldest of what is known began, or NULL; when the last change was. */
CarServiceRow *car_service_sources_get_span (CarServiceStore *store, GError **error);

/* The last first. Columns: key, when its first page came, its own time. */
CarServiceRow *
car_service_sources_list_reports (CarServiceStore *store, const char *source, gint64 limit, GError **error);

G_END_DECLS
