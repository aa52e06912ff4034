/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-data-handler.h>
#include <libcar/staging/car-stage-private.h>

G_BEGIN_DECLS

/* For the full import's sequence only (protocol.md, "A full import, in order"). */
gboolean car_data_handler_send_report (CarDataHandler *self, GCancellable *cancellable, GError **error);
gboolean car_data_handler_is_empty (CarDataHandler *self, CarBundlePart part);

/* What is staged. */
CarBundle *car_data_handler_get_bundle (CarDataHandler *self);

typedef void (*CarCountsFunc) (const CarCollectionCounts *counts, gpointer user_data);

/* For the summary: of each collection that something was added to or deleted from. */
void car_data_handler_foreach_counts (CarDataHandler *self, CarCountsFunc func, gpointer user_data);

/* The signal "progress" (const char *what, guint64 done, guint64 total) is for the line on a terminal: `what` is a
 * short phrase ("reading vertices"), total is 0 where it is not known. It comes about ten times a second at most. */

G_END_DECLS
