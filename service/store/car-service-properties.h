/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-json.h"
#include "service/model/car-core-model.h"

G_BEGIN_DECLS

/* What the model says of the properties of one collection besides their types: defaults, and which are unique
 * (protocol.md, "Schema extension"). */
typedef struct _CarServiceProperties CarServiceProperties;

CarServiceProperties *car_service_properties_new (CarCoreModel *model, const char *collection);
void car_service_properties_free (CarServiceProperties *self);

/* Adds the defaults of the members that the object does not have, and answers whether there were any. The object points into
 * `self` then. */
gboolean car_service_properties_fill (const CarServiceProperties *self, CarServiceObject *object);

/* The names of those that must be unique. */
const GPtrArray *car_service_properties_get_unique (const CarServiceProperties *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceProperties, car_service_properties_free)

G_END_DECLS
