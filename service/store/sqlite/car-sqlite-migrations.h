/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sqlite/car-sqlite-store-private.h"

G_BEGIN_DECLS

/* The oldest tables that can be brought up to date. */
#define CAR_SQLITE_MIGRATIONS_OLDEST 7

/* Brings tables of this version up to date, in a transaction of the caller's. */
gboolean car_sqlite_migrate (CarSqliteStore *store, gint64 version, GError **error);

G_END_DECLS
