/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-collection-summary.h>
#include <libcar/staging/car-stage-private.h>

G_BEGIN_DECLS

CarCollectionSummary *car_collection_summary_new (const CarCollectionCounts *counts);

G_END_DECLS
