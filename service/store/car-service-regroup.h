/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <service/store/car-service-store.h>

G_BEGIN_DECLS

/* Which users are one person. Accounts of one name are one account; its users are one, unless it is shared: one of those
 * accounts has more than one user. (The rule of the public service's README, "Unified users and accounts"; it leaves
 * open whether one shared account of a name tells of the others. Here it does: "root" joins nobody once one host shows it
 * shared.)
 *
 * Triggers note in the table `regroup` what changed (car-service-tables.c). To be called before a transaction that
 * writes is committed: gives the users that this touches their connecting_id anew. */
gboolean car_service_regroup_users (CarServiceStore *store, GError **error);

G_END_DECLS
