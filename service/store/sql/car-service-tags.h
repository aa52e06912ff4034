/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-page.h"
#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Tags on vertices. Once a store knows the number of the vertex, all of them are written alike. */

/* car_service_store_put_tagging(), for the vertex of this number. */
gboolean car_service_tags_put (CarServiceStore *store,
                               const CarServiceTagging *tagging,
                               gint64 vertex,
                               gint64 now,
                               gint64 *id,
                               GError **error);

/* The tags that a page puts on the vertex, which has this number, and those that it takes off. */
gboolean car_service_tags_put_all (CarServiceStore *store,
                                   const CarServiceReport *report,
                                   const CarServicePart *part,
                                   const CarServiceVertex *vertex,
                                   gint64 id,
                                   GError **error);

/* Names of the tags that the vertex has at the moment, by name. */
CarServiceRow *car_service_tags_list (CarServiceStore *store,
                                      const char *collection,
                                      const char *id,
                                      gint64 at,
                                      GError **error);

G_END_DECLS
