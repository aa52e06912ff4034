/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* How long history is kept: what held once and does not any more. What holds now is never forgotten. */

/* Versions that one transaction forgets: whoever writes waits for it. */
#define CAR_SERVICE_RETENTION_AT_ONCE 1000

typedef enum
{
  CAR_SERVICE_RETENTION_FOREVER,
  CAR_SERVICE_RETENTION_TIME,       /* value: days since it was closed */
  CAR_SERVICE_RETENTION_DISK_USAGE, /* value: bytes of the database */
} CarServiceRetentionKind;

typedef struct
{
  CarServiceRetentionKind kind;
  double value;
} CarServiceRetention;

/* What --keep-history says: days ("90"), or bytes with a unit ("500MB", "2GiB"). G_OPTION_ERROR where it says neither. */
gboolean car_service_retention_parse (const char *text, CarServiceRetention *policy, GError **error);

gboolean car_service_retention_get (CarServiceStore *store, CarServiceRetention *policy, GError **error);

/* It is carried out when the call is done, in the background. */
gboolean
car_service_retention_set (CarServiceStore *store, const CarServiceRetention *policy, GError **error);

/* One small step, in a transaction of the caller's: forgets the oldest part of what is kept too long or, where nothing is, gives
 * room that nothing uses back to the file system. *more: another call has to do. */
gboolean car_service_retention_apply (CarServiceStore *store, gboolean *more, GError **error);

G_END_DECLS
