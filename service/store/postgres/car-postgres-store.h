/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The store in PostgreSQL, over libpq: where one machine is not enough. `database` is a URI as libpq takes it; what it does not say
 * comes from the environment (PGHOST, PGPASSWORD …) and ~/.pgpass. A password in it stands in no message. */

#define CAR_TYPE_POSTGRES_STORE (car_postgres_store_get_type ())
G_DECLARE_FINAL_TYPE (CarPostgresStore, car_postgres_store, CAR, POSTGRES_STORE, CarServiceStore)

/* Whether it is a URI of this kind of database. */
gboolean car_postgres_is_database (const char *database);

/* As car_service_store_open() and car_service_store_open_beside() say. */
CarServiceStore *car_postgres_store_open (const char *database, GError **error);
CarServiceStore *car_postgres_store_open_beside (const char *database, GError **error);

/* The database's name for people: the URI without its password. */
char *car_postgres_name_database (const char *database);

G_END_DECLS
