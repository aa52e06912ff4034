/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The core model with all extensions stored, each after those that it needs.
 *
 * `changed` is the key of an extension that was just stored or deleted; NULL: none was. Where no model comes of what is
 * stored now: CAR_SERVICE_ERROR 422 where it is that extension that is wrong, 409 where it is another one, which builds on
 * what is gone, and 500 where none was changed. */
CarCoreModel *car_service_extensions_make_model (CarServiceStore *store, const char *changed, GError **error);

G_END_DECLS
