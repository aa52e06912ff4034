/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sqlite/car-sqlite-store-private.h"

G_BEGIN_DECLS

/* A connection's statements, prepared once each, and their rows (car-service-sql.h). */

GHashTable *car_sqlite_statements_new (void);
void car_sqlite_statements_reset (CarSqliteStore *store);

CarServiceRow *car_sqlite_statements_select (CarServiceStore *store,
                                             const char *sql,
                                             const char *types,
                                             va_list *arguments,
                                             GError **error);

/* NULL, or a span without text, is NULL. */
int car_sqlite_bind_span (sqlite3_stmt *statement, int at, const CarJsonSpan *span);

G_END_DECLS
