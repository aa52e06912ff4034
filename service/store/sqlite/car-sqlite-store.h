/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The store in a file of SQLite's. */

CarServiceStore *car_sqlite_store_open (const char *path, GError **error);
CarServiceStore *car_sqlite_store_open_beside (const char *path, GError **error);

G_END_DECLS
