/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* SQL that all databases take. Parameters are ? (each the next) or ?1, ?2 …
 *
 * Statements are prepared once: `sql` must be a literal, or interned. `types` has a letter for each argument that follows:
 *   s: a string, or NULL
 *   i: a gint64
 *   j: a const CarJsonSpan *, or NULL (its text as it stands)
 *   b: a GBytes * (a blob)
 * Behind "=" the letters s and i stand for the columns of a CarServiceRow *, the one argument, which may be another store's.
 * The arguments must live until the statement ends.
 *
 * _run() runs it; _select() hands it out for car_service_row_next(). */
gboolean
car_service_store_run (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);
CarServiceRow *
car_service_store_select (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);

/* _run() for each of the rows, which stay the caller's to end; `types` begins with "=". *n becomes how many they were. */
gboolean car_service_store_run_for_all (CarServiceStore *self,
                                        CarServiceRow *rows,
                                        gint64 *n,
                                        GError **error,
                                        const char *sql,
                                        const char *types);

/* _select() and the first row; NULL, with an error or without one (no row). For what always has a row. */
CarServiceRow *
car_service_store_get (CarServiceStore *self, GError **error, const char *sql, const char *types, ...);

/* The same for what may have none: FALSE is an error, and *row is NULL where there is none. */
gboolean car_service_store_find (CarServiceStore *self,
                                 CarServiceRow **row,
                                 GError **error,
                                 const char *sql,
                                 const char *types,
                                 ...);

/* Whether the statement finds a row. */
gboolean car_service_store_has (CarServiceStore *self,
                                gboolean *has,
                                GError **error,
                                const char *sql,
                                const char *types,
                                ...);

/* How many rows the last _run() changed. */
gint64 car_service_store_get_changes (CarServiceStore *self);

G_END_DECLS
