/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Copies the database, as it is at one moment, into a new file that only its owner can read. Others may read and write meanwhile.
 * A file that is there is refused. Where it fails, nothing is left. */
gboolean car_service_backup_write (CarServiceStore *store, const char *path, GError **error);

/* What is wrong with the database, for people; empty: nothing is. */
GPtrArray *car_service_backup_check (CarServiceStore *store, GError **error);

G_END_DECLS
