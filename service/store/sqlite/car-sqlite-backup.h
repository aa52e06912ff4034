/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Copies of the database, and whether it is sound, for car-service-store.h, which says what both of these are. */

gboolean car_sqlite_back_up (CarServiceStore *store, const char *path, GError **error);
GPtrArray *car_sqlite_check (CarServiceStore *store, GError **error);

G_END_DECLS
