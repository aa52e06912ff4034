/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* A page is a whole envelope: `{"source":{…},"report":{…},"COLLECTION":[{…},…],…}`. A page that was staged and is none any
 * more was changed by somebody: CAR_RECOVERABLE_FAILURE. */

/* Two pages with half of the objects each, for one that the service finds too large. FALSE without an error: it holds a
 * single object. */
gboolean car_page_split (GBytes *page, GBytes **first, GBytes **second, GError **error);

/* The object of such a page, which it stands in, and its collection. */
gboolean car_page_read_single_object (GBytes *page, char **collection, CarJsonSpan *object, GError **error);

/* Whether an object of a collection stays. */
typedef gboolean (*CarPageKeeps) (const char *collection, const CarJsonSpan *object, gpointer user_data);

/* The page with the objects that stay: the page itself where all do, and *kept NULL where none does. */
gboolean
car_page_filter (GBytes *page, CarPageKeeps keeps, gpointer user_data, GBytes **kept, GError **error);

/* FALSE: that was enough. */
typedef gboolean (*CarPageVisit) (const CarJsonSpan *object, gpointer user_data);

/* Visits the objects of a collection. FALSE with an error, or without one where the visitor has had enough. */
gboolean car_page_foreach_object (GBytes *page,
                                  const char *collection,
                                  CarPageVisit visit,
                                  gpointer user_data,
                                  GError **error);

G_END_DECLS
