/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>
#include <service/model/car-core-model.h>

G_BEGIN_DECLS

/* What names a vertex, and what tells that two name the same thing (protocol.md, "Queries" and "What a CAR service
 * keeps"). */

/* The key that a text stands for: of an ipaddress REGION/ADDRESS, of all others the text itself. `region` may be NULL. */
char *car_service_key_new (const char *collection, const char *text, const char *region);

/* The key that an edge's end stands for (protocol.md, "The envelope"): COLLECTION/KEY, or the bare key, which may hold
 * slashes as well. CAR_SERVICE_ERROR 422 where it names another collection. `member` is for the message. */
char *car_service_key_new_of_end (CarCoreModel *model,
                                  const char *collection,
                                  const char *text,
                                  const char *member,
                                  GError **error);

/* SOURCE/KEY. */
char *car_service_node_id_new (const char *source, const char *key);

/* The same for all that are one thing: hostnames by their name, addresses by theirs, accounts by the member name. What
 * says it of itself (ipregion) is believed; everything else is alone. `body` is the object. */
char *car_service_connecting_id_new (const char *collection,
                                     const char *key,
                                     const char *node_id,
                                     const CarJsonSpan *body);

G_END_DECLS
