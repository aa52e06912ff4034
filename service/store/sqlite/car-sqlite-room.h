/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* What the database takes, and how it becomes less, for car-service-store.h, which says what each of these is. */

/* Pages of the file that one transaction gives back: whoever writes waits for it. */
#define CAR_SQLITE_PAGES_AT_ONCE 1000

gboolean
car_sqlite_forget (CarServiceStore *store, gint64 before, gint64 n, gint64 *forgotten, GError **error);
gboolean car_sqlite_read_pages (CarServiceStore *store, CarServicePages *pages, GError **error);
gboolean car_sqlite_give_back (CarServiceStore *store, gboolean *more, GError **error);
CarServiceRow *car_sqlite_list_usage (CarServiceStore *store, GError **error);

G_END_DECLS
