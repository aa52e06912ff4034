/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a call or a job fails with: the code is the HTTP status. */
#define CAR_SERVICE_ERROR (car_service_error_quark ())

GQuark car_service_error_quark (void);

/* The HTTP status that an error means: its own, 422 where an object breaks a rule of the schema, else 500. */
guint car_service_error_get_status (const GError *error);

G_END_DECLS
