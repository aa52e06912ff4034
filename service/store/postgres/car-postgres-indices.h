/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/postgres/car-postgres-store.h"

G_BEGIN_DECLS

/* Makes the indices that the model wants, and takes those away that it does not want any more, in a transaction of the caller's.
 * CAR_SERVICE_ERROR 422 where it wants more than there can be. */
gboolean car_postgres_make_indices (CarPostgresStore *store, CarCoreModel *model, GError **error);

G_END_DECLS
