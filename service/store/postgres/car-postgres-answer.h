/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* As car_service_store_answer() says. */
gboolean car_postgres_answer (CarServiceStore *store, const CarQueryPlan *plan, GString *out, GError **error);

G_END_DECLS
