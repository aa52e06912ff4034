/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/postgres/car-postgres-private.h"

G_BEGIN_DECLS

/* Objects from and to another store (car-service-store.h). */

CarServiceRow *car_postgres_copy_out (CarServiceStore *store, CarServiceCopyKind kind, GError **error);
gboolean car_postgres_copy_in (CarServiceStore *store,
                               CarServiceCopyKind kind,
                               CarServiceRow *rows,
                               gint64 *n,
                               GError **error);
gboolean car_postgres_end_copy_of_all (CarServiceStore *store, GError **error);

G_END_DECLS
