/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car.h>

#include "service/store/car-service-error.h"

/* The names are turned into strings as they stand: clang-format would put spaces into them. */
/* clang-format off */
G_DEFINE_QUARK (car-service-error-quark, car_service_error)
/* clang-format on */

guint
car_service_error_get_status (const GError *error)
{
  if (error->domain == CAR_SERVICE_ERROR)
    return (guint) error->code;

  return error->domain == CAR_SCHEMA_ERROR ? 422 : 500;
}
