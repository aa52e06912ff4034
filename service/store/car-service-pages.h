/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The pages that the database's file has. */

/* How many one transaction gives back: whoever writes waits for it. */
#define CAR_SERVICE_PAGES_AT_ONCE 1000

typedef struct
{
  gint64 all;
  gint64 free;
  gint64 size; /* of each, in bytes */
} CarServicePages;

gboolean car_service_pages_read (CarServiceStore *store, CarServicePages *pages, GError **error);

/* Gives some of the free ones back to the disk, in a transaction of the caller's. *more: there are others. */
gboolean car_service_pages_give_back (CarServiceStore *store, gboolean *more, GError **error);

G_END_DECLS
