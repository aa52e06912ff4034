/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The schema extensions stored. Columns of a row: key, owner, version, body. */

/* By key. */
CarServiceRow *car_service_extensions_list (CarServiceStore *store, GError **error);

/* *row is NULL where there is none. */
gboolean
car_service_extensions_find (CarServiceStore *store, const char *key, CarServiceRow **row, GError **error);

/* In the place of the one of this key, where there is one. `owner` may be NULL; the body is JSON. */
gboolean car_service_extensions_put (CarServiceStore *store,
                                     const char *key,
                                     const char *owner,
                                     const char *version,
                                     const char *body,
                                     GError **error);

/* *found is FALSE where there was none. */
gboolean
car_service_extensions_delete (CarServiceStore *store, const char *key, gboolean *found, GError **error);

/* The core model with all extensions stored, each after those that it needs.
 *
 * `changed` is the key of an extension that was just stored or deleted; NULL: none was. Where no model comes of what is
 * stored now: CAR_SERVICE_ERROR 422 where it is that extension that is wrong, 409 where it is another one, which builds on
 * what is gone, and 500 where none was changed. */
CarCoreModel *car_service_extensions_make_model (CarServiceStore *store, const char *changed, GError **error);

G_END_DECLS
