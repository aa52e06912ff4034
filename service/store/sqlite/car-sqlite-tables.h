/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "CARS": what tells our files from others' (PRAGMA application_id), and the version of the tables in them. */
#define CAR_SQLITE_TABLES_APPLICATION_ID 0x43415253
#define CAR_SQLITE_TABLES_VERSION 9

/* The statements that make an empty database ours. */
extern const char *const car_sqlite_tables;

G_END_DECLS
