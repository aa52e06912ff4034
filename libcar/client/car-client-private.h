/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-call-private.h>
#include <libcar/client/car-client.h>

G_BEGIN_DECLS

CarCaller *car_client_get_caller (CarClient *self);

/* Begins and ends full imports as those of this report, by its key. The published calls do not say whose they are, so two
 * runs of one source at once could end each other's. car-service reads the header that says it; others leave it unread. Not
 * while a call is under way. */
void car_client_set_report (CarClient *self, const char *key);

/* From now on queries ask of this moment (protocol.md, "Queries"; ISO 8601, UTC); NULL: of now. Not while a call is under way. */
void car_client_set_timepoint (CarClient *self, const char *moment);

/* For tests, which wait milliseconds where the properties have seconds. Not while a call is under way. */
void car_client_set_limits (CarClient *self, const CarClientLimits *limits);
void car_client_get_limits (CarClient *self, CarClientLimits *limits);

/* car_client_import_bytes_async() for the uploader, which splits what is too large (HTTP 413): then finish answers NULL
 * with *too_large TRUE and no error. */
void car_client_post_page_async (CarClient *self,
                                 GBytes *envelope,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
char *
car_client_post_page_finish (CarClient *self, GAsyncResult *result, gboolean *too_large, GError **error);

/* One look at the first of the import jobs, as many as one call can ask for. Takes `ids`, an array of strings that it
 * frees; finish gives it back without those that are done, with what these left out (element-type CarImportWarning). A job that
 * failed, or that the service does not know, is a failure. */
void car_client_look_at_imports_async (CarClient *self,
                                       GPtrArray *ids,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
GPtrArray *car_client_look_at_imports_finish (CarClient *self,
                                              GAsyncResult *result,
                                              GPtrArray **warnings,
                                              GError **error);

/* Whether each can name a vertex to delete. All are checked before the first call, so that nothing is deleted where one is
 * wrong. */
gboolean car_client_check_keys (const char *collection, const char *const *keys, GError **error);

G_END_DECLS
