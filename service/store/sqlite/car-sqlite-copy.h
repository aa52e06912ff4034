/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sqlite/car-sqlite-store-private.h"

G_BEGIN_DECLS

/* Objects from and to another store (car-service-store.h). */

CarServiceRow *car_sqlite_copy_out (CarServiceStore *store, CarServiceCopyKind kind, GError **error);
gboolean car_sqlite_copy_in (CarServiceStore *store,
                             CarServiceCopyKind kind,
                             CarServiceRow *rows,
                             gint64 *n,
                             GError **error);
gboolean car_sqlite_end_copy (CarServiceStore *store, GError **error);

G_END_DECLS
