/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libcar/client/car-client.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/staging/car-record.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

#define CAR_TYPE_DATA_HANDLER (car_data_handler_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (CarDataHandler, car_data_handler, CAR, DATA_HANDLER, GObject)

/**
 * CarDataHandlerFunc:
 * @collection: a collection
 * @read: how many objects of it were added
 * @invalid: how many of those were left out because they break the import schema
 * @duplicates: how many of those were left out because they had been added before
 * @sent: how many are in the CAR service
 * @user_data: the data given with the function
 *
 * Called for each collection by [method@DataHandler.foreach_collection].
 */
typedef void (*CarDataHandlerFunc) (const char *collection,
                                    guint64 read,
                                    guint64 invalid,
                                    guint64 duplicates,
                                    guint64 sent,
                                    gpointer user_data);

CAR_AVAILABLE_IN_1_0
CarDataHandler *car_data_handler_new (CarClient *client,
                                      CarImportSchema *schema,
                                      const char *source,
                                      const char *directory,
                                      guint page_size,
                                      GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_vertex (CarDataHandler *self,
                                      const char *collection,
                                      JsonObject *object,
                                      GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_vertex_json (CarDataHandler *self,
                                           const char *collection,
                                           const char *json,
                                           gssize length,
                                           GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_vertex_record (CarDataHandler *self,
                                             const char *collection,
                                             const CarRecord *record,
                                             GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_vertices_json (CarDataHandler *self,
                                             const char *collection,
                                             const char *json,
                                             gssize length,
                                             GError **error);

CAR_AVAILABLE_IN_1_0
gboolean
car_data_handler_add_edge (CarDataHandler *self, const char *collection, JsonObject *object, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_edge_json (CarDataHandler *self,
                                         const char *collection,
                                         const char *json,
                                         gssize length,
                                         GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_edge_record (CarDataHandler *self,
                                           const char *collection,
                                           const CarRecord *record,
                                           GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_add_edges_json (CarDataHandler *self,
                                          const char *collection,
                                          const char *json,
                                          gssize length,
                                          GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_send_vertices (CarDataHandler *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_send_edges (CarDataHandler *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_data_handler_delete_vertices (CarDataHandler *self,
                                           const char *collection,
                                           const char *const *keys,
                                           GCancellable *cancellable,
                                           GError **error);

CAR_AVAILABLE_IN_1_0
const char *car_data_handler_get_source (CarDataHandler *self);

CAR_AVAILABLE_IN_1_0
const char *car_data_handler_get_report_key (CarDataHandler *self);

CAR_AVAILABLE_IN_1_0
const char *car_data_handler_get_directory (CarDataHandler *self);

CAR_AVAILABLE_IN_1_0
void car_data_handler_foreach_collection (CarDataHandler *self, CarDataHandlerFunc func, gpointer user_data);

G_END_DECLS
