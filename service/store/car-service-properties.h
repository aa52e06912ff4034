/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-json.h"
#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* What the model says of the properties of one collection besides their types: defaults, and which are unique
 * (protocol.md, "Schema extension"). */
typedef struct _CarServiceProperties CarServiceProperties;

CarServiceProperties *car_service_properties_new (CarCoreModel *model, const char *collection);
void car_service_properties_free (CarServiceProperties *self);

/* Adds the defaults of the members that the object does not have, and answers whether there were any. The object points into
 * `self` then. */
gboolean car_service_properties_fill (const CarServiceProperties *self, CarServiceObject *object);

/* CAR_SERVICE_ERROR 422 where another object has a value that must be unique. `row` is that of the object itself, or 0. An
 * object of the same source that the full import under way (`generation`) has not sent yet does not count: the end closes
 * it, or the check leaves it out when it comes. In an incremental import (`generation` is 0) all count. */
gboolean car_service_properties_check (const CarServiceProperties *self,
                                       CarServiceStore *store,
                                       const CarJsonSpan *body,
                                       gint64 row,
                                       const char *source,
                                       gint64 generation,
                                       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceProperties, car_service_properties_free)

G_END_DECLS
