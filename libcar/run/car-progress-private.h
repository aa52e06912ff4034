/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-data-handler.h>

G_BEGIN_DECLS

/* The line on a terminal that tells how far a data handler is; none where nobody is watching. It goes when the data
 * handler or this does. */
typedef struct _CarProgress CarProgress;

CarProgress *car_progress_new (CarDataHandler *data_handler);
void car_progress_free (CarProgress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarProgress, car_progress_free)

G_END_DECLS
