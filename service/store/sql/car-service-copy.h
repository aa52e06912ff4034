/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* How much was copied. */
typedef struct
{
  gint64 n[CAR_SERVICE_COPY_N_KINDS]; /* by CarServiceCopyKind */
} CarServiceCopied;

/* Copies all of a store into another one that is empty: objects that hold and history with their times, sources with their save
 * points, tags, tokens, extensions, settings, and what became of jobs. Nobody else may use either. CAR_SERVICE_ERROR 409, and nothing
 * is copied, where jobs wait in the first one or the second one is not empty. A full import that is under way does not close
 * anything at its end: what it has brought so far is not copied. */
gboolean
car_service_copy (CarServiceStore *from, CarServiceStore *to, CarServiceCopied *copied, GError **error);

G_END_DECLS
