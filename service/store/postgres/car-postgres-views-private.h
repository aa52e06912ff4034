/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/postgres/car-postgres-private.h"
#include "service/store/postgres/car-postgres-views.h"

/* Pieces of SQL that the views share. `v` is the alias of a table, or of a selection, of vertices with their columns; `c` and
 * `s` are those of the collection and source of the same vertex. */

#define CAR_POSTGRES_COLLECTION(name) "(SELECT id FROM collection WHERE name = " name ")"
#define CAR_POSTGRES_SOURCE(key) "(SELECT id FROM source WHERE key = " key ")"
#define CAR_POSTGRES_NAMES " JOIN collection c ON c.id = v.collection JOIN source s ON s.id = v.source "

#define CAR_POSTGRES_ID "s.key || '/' || v.key"
#define CAR_POSTGRES_CONNECTING_ID "coalesce (v.connecting_id, " CAR_POSTGRES_ID ")"

/* Of what holds: the last full import of its source brought it too. */
#define CAR_POSTGRES_REPORTED_AT "greatest (v.reported_at, s.reported_at)"

/* The vertices of the collection, a parameter, and of the id, another one: behind FROM, and what else they have to fit. */
#define CAR_POSTGRES_OF_ID(table, collection, id)                                                            \
  "source s JOIN " table " v ON v.source = s.id AND v.collection = " CAR_POSTGRES_COLLECTION (               \
      collection) " AND v.key = substr (" id ", length (s.key) + 2) WHERE starts_with (" id                  \
                  ", s.key || '/')"

/* What people call a vertex, at most so many characters of it. */
#define CAR_POSTGRES_LABEL                                                                                   \
  "left (CASE WHEN c.name = 'ipaddress' THEN car_address (v.key)"                                            \
  " WHEN c.name IN ('hostname', 'macaddress') THEN v.key"                                                    \
  " ELSE coalesce (nullif (car_member (v.body, 'name'), ''), nullif (car_member (v.body, 'fullname'), ''),"  \
  "  nullif (car_member (v.body, 'username'), ''),"                                                          \
  "  car_member (v.body, 'port_number') || coalesce ('/' || car_member (v.body, 'protocol'), ''),"           \
  "  v.key) END COLLATE \"C\", 300)"
