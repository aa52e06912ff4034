/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-pages.h"

G_BEGIN_DECLS

/* What takes the room of a database. */

typedef struct
{
  gint64 n;
  gint64 bytes; /* of their bodies */
} CarServiceAmount;

typedef struct
{
  char *source;
  char *collection;
  CarServiceAmount now;     /* what holds */
  CarServiceAmount history; /* versions that held once */
} CarServiceUse;

/* Of all vertices and edges, by source and collection; g_ptr_array_unref() frees it. All is of one moment. */
GPtrArray *car_service_usage_read (CarServiceStore *store, CarServicePages *pages, GError **error);

G_END_DECLS
