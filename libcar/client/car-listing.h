/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <libcar/client/car-client.h>

G_BEGIN_DECLS

#define CAR_TYPE_LISTING (car_listing_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (CarListing, car_listing, CAR, LISTING, GObject)

CAR_AVAILABLE_IN_1_0
CarListing *car_listing_new (CarClient *client,
                             const char *collection,
                             const char *const *fields,
                             const char *where_json);

CAR_AVAILABLE_IN_1_0
guint car_listing_get_page_size (CarListing *self);

CAR_AVAILABLE_IN_1_0
void car_listing_set_page_size (CarListing *self, guint page_size);

CAR_AVAILABLE_IN_1_0
char *car_listing_next_json (CarListing *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_listing_next_json_async (CarListing *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

CAR_AVAILABLE_IN_1_0
char *car_listing_next_json_finish (CarListing *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
JsonArray *car_listing_next (CarListing *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_listing_next_async (CarListing *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

CAR_AVAILABLE_IN_1_0
JsonArray *car_listing_next_finish (CarListing *self, GAsyncResult *result, GError **error);

G_END_DECLS
