/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-data-handler-private.h>

G_BEGIN_DECLS

/* Sets CAR_APP_ERROR_CLOSING_REFUSED where more than this share of what was read so far breaks a rule and is left out, and at
 * least CAR_CLOSING_MIN_REFUSED objects. With `all_sent`, what the service left out counts too. A full import would close those
 * objects, and an incremental one would never bring them again. */
gboolean
car_left_out_check (CarDataHandler *data_handler, gboolean all_sent, guint max_percent, GError **error);

G_END_DECLS
