/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-collection-summary.h>
#include <libcar/staging/car-stage-private.h>

G_BEGIN_DECLS

CarCollectionSummary *car_collection_summary_new (const CarCollectionCounts *counts);

/* How many objects the service holds of those that were sent: of edges, some may be one to it, and some end one. */
guint64 car_collection_summary_get_n_held (const CarCollectionSummary *self);

G_END_DECLS
