/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/run/car-import.h>

G_BEGIN_DECLS

/* FALSE, with an error that names the method, where there is nothing to hand objects to. */
gboolean car_import_check_ready (CarImport *self, const char *method, GError **error);

G_END_DECLS
