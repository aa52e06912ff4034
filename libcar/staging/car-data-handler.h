/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libcar/base/car-version.h>
#include <libcar/client/car-client.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/staging/car-collection-summary.h>
#include <libcar/staging/car-record.h>
#include <libcar/staging/car-violation.h>

G_BEGIN_DECLS

#define CAR_TYPE_DATA_HANDLER (car_data_handler_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (CarDataHandler, car_data_handler, CAR, DATA_HANDLER, GObject)

/**
 * CarProgressPhase:
 * @CAR_PROGRESS_PHASE_READING_VERTICES: vertices are added; counted in vertices
 * @CAR_PROGRESS_PHASE_READING_EDGES: edges are added; counted in edges
 * @CAR_PROGRESS_PHASE_SENDING_VERTICES: vertices are sent; counted in pages
 * @CAR_PROGRESS_PHASE_SENDING_EDGES: edges are sent; counted in pages
 *
 * What [signal@DataHandler::progress] tells of.
 */
typedef enum
{
  CAR_PROGRESS_PHASE_READING_VERTICES,
  CAR_PROGRESS_PHASE_READING_EDGES,
  CAR_PROGRESS_PHASE_SENDING_VERTICES,
  CAR_PROGRESS_PHASE_SENDING_EDGES,
} CarProgressPhase;

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
const char *car_data_handler_get_kept_directory (CarDataHandler *self);

CAR_AVAILABLE_IN_1_0
GPtrArray *car_data_handler_list_summaries (CarDataHandler *self);

CAR_AVAILABLE_IN_1_0
char *car_data_handler_dup_objects_json (CarDataHandler *self, const char *collection, GError **error);

CAR_AVAILABLE_IN_1_0
char **car_data_handler_list_deleted_keys (CarDataHandler *self, const char *collection);

G_END_DECLS
