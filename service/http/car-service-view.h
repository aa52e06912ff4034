/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* What the calls of the page (docs/page.md) share. Contracts of other services have none of these calls. */

#define CAR_SERVICE_VIEW_OPEN "9223372036854775807"

/* A moment that sees what holds now. */
#define CAR_SERVICE_VIEW_NOW (G_MAXINT64 - 1)

/* In SQL: what people call the vertex of this alias of the table, at most so many characters of it. */
#define CAR_SERVICE_VIEW_LABEL(v)                                                                            \
  "substr (CASE WHEN " v ".collection = 'ipaddress' THEN car_address (" v ".key)"                            \
  " WHEN " v ".collection IN ('hostname', 'macaddress') THEN " v ".key"                                      \
  " ELSE coalesce (nullif (car_member (" v ".body, 'name'), ''), nullif (car_member (" v                     \
  ".body, 'fullname'), ''),"                                                                                 \
  "  nullif (car_member (" v ".body, 'username'), ''), car_member (" v                                       \
  ".body, 'port_number') || coalesce ('/' || car_member (" v ".body, 'protocol'), ''), " v                   \
  ".key) END, 1, 300)"

/* Begins an item of an array or list of members: a comma where it is not the first, and the brace. */
void car_service_view_begin_item (GString *out);

/* "collection", "id", "source" and "label" of a row that has them in these four columns. */
void car_service_view_append_vertex (GString *out, sqlite3_stmt *row, int column);

G_END_DECLS
