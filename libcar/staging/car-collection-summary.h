/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <glib-object.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

typedef struct _CarCollectionSummary CarCollectionSummary;

#define CAR_TYPE_COLLECTION_SUMMARY (car_collection_summary_get_type ())

CAR_AVAILABLE_IN_1_0
GType car_collection_summary_get_type (void);

CAR_AVAILABLE_IN_1_0
CarCollectionSummary *car_collection_summary_ref (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
void car_collection_summary_unref (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
const char *car_collection_summary_get_collection (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
gboolean car_collection_summary_get_is_edges (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_read (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_left_out (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_duplicates (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_conflicts (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_dangling (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_sent (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_deleted (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
guint64 car_collection_summary_get_n_closed (CarCollectionSummary *self);

CAR_AVAILABLE_IN_1_0
GPtrArray *car_collection_summary_list_violations (CarCollectionSummary *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarCollectionSummary, car_collection_summary_unref)

G_END_DECLS
