/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/sql/car-service-sql.h"
#include "service/store/sqlite/car-sqlite-connecting.h"
#include "service/store/sqlite/car-sqlite-views.h"

/* Pieces of SQL that the views share. `v` is the alias of a table, or of a selection, of vertices with their columns; `c` and
 * `s` are those of the collection and source of the same vertex. */

#define CAR_SQLITE_OPEN "9223372036854775807"
#define CAR_SQLITE_NOW "9223372036854775806"

#define CAR_SQLITE_COLLECTION(name) "(SELECT id FROM collection WHERE name = " name ")"
#define CAR_SQLITE_SOURCE(key) "(SELECT id FROM source WHERE key = " key ")"
#define CAR_SQLITE_NAMES " JOIN collection c ON c.id = v.collection JOIN source s ON s.id = v.source "

#define CAR_SQLITE_KEY "substr (v.node_id, v.key_at)"
#define CAR_SQLITE_CONNECTING_ID                                                                             \
  "coalesce (v.connecting_id, CASE WHEN c.name IN " CAR_SQLITE_CONNECTED_BY_KEY " THEN " CAR_SQLITE_KEY      \
  " ELSE v.node_id END)"

/* Of what holds: the last full import of its source brought it too. */
#define CAR_SQLITE_REPORTED_AT "max (v.reported_at, s.reported_at)"

/* What people call a vertex, at most so many characters of it. */
#define CAR_SQLITE_LABEL                                                                                     \
  "substr (CASE WHEN c.name = 'ipaddress' THEN car_address (" CAR_SQLITE_KEY ")"                             \
  " WHEN c.name IN ('hostname', 'macaddress') THEN " CAR_SQLITE_KEY                                          \
  " ELSE coalesce (nullif (car_member (v.body, 'name'), ''), nullif (car_member (v.body, 'fullname'), ''),"  \
  "  nullif (car_member (v.body, 'username'), ''),"                                                          \
  "  car_member (v.body, 'port_number') || coalesce ('/' || car_member (v.body, 'protocol'), ''),"           \
  "  " CAR_SQLITE_KEY ") END, 1, 300)"
