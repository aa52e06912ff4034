/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#if !defined(CAR_INSIDE) && !defined(CAR_COMPILATION)
#error "Only <libcar/car.h> can be included directly."
#endif

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/schema/car-schema-extension.h>
#include <libcar/base/car-version.h>

G_BEGIN_DECLS

/**
 * CarApiVersion:
 * @CAR_API_VERSION_V2: the API at the base URL
 * @CAR_API_VERSION_V3: the API at the base URL with `/v2` at its end replaced by `/v3`
 *
 * The versions of a CAR service's API.
 */
typedef enum
{
  CAR_API_VERSION_V2,
  CAR_API_VERSION_V3,
} CarApiVersion;

#define CAR_TYPE_CLIENT (car_client_get_type ())

CAR_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (CarClient, car_client, CAR, CLIENT, GObject)

CAR_AVAILABLE_IN_1_0
CarClient *car_client_new (const char *base_url, const char *key, const char *password, GError **error);

CAR_AVAILABLE_IN_1_0
CarClient *car_client_new_with_token (const char *base_url, const char *token, GError **error);

CAR_AVAILABLE_IN_1_0
const char *car_client_get_base_url (CarClient *self);

CAR_AVAILABLE_IN_1_0
gboolean car_client_check_health (CarClient *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_check_health_async (CarClient *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_check_health_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_prepare_database (CarClient *self,
                                      gboolean *set_up_now,
                                      GCancellable *cancellable,
                                      GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_prepare_database_async (CarClient *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_prepare_database_finish (CarClient *self,
                                             GAsyncResult *result,
                                             gboolean *set_up_now,
                                             GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_wait_for_job (CarClient *self, const char *id, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_wait_for_job_async (CarClient *self,
                                    const char *id,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_wait_for_job_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_wait_for_imports (CarClient *self,
                                      const char *const *ids,
                                      GCancellable *cancellable,
                                      GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_wait_for_imports_async (CarClient *self,
                                        const char *const *ids,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_wait_for_imports_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_ensure_schema_extension (CarClient *self,
                                             CarSchemaExtension *extension,
                                             GCancellable *cancellable,
                                             GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_ensure_schema_extension_async (CarClient *self,
                                               CarSchemaExtension *extension,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_ensure_schema_extension_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
CarImportSchema *car_client_get_import_schema (CarClient *self, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_get_import_schema_async (CarClient *self,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

CAR_AVAILABLE_IN_1_0
CarImportSchema *car_client_get_import_schema_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean
car_client_begin_full_import (CarClient *self, const char *source, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_begin_full_import_async (CarClient *self,
                                         const char *source,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_begin_full_import_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean
car_client_end_full_import (CarClient *self, const char *source, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_end_full_import_async (CarClient *self,
                                       const char *source,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_end_full_import_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_get_save_point (CarClient *self,
                                    const char *source,
                                    char **save_point,
                                    GCancellable *cancellable,
                                    GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_get_save_point_async (CarClient *self,
                                      const char *source,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean
car_client_get_save_point_finish (CarClient *self, GAsyncResult *result, char **save_point, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_set_save_point (CarClient *self,
                                    const char *source,
                                    const char *save_point,
                                    GCancellable *cancellable,
                                    GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_set_save_point_async (CarClient *self,
                                      const char *source,
                                      const char *save_point,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_set_save_point_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
char *car_client_import_bytes (CarClient *self, GBytes *envelope, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_import_bytes_async (CarClient *self,
                                    GBytes *envelope,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

CAR_AVAILABLE_IN_1_0
char *car_client_import_bytes_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
char *car_client_import_file (CarClient *self, GFile *file, GCancellable *cancellable, GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_import_file_async (CarClient *self,
                                   GFile *file,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

CAR_AVAILABLE_IN_1_0
char *car_client_import_file_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_delete_vertices (CarClient *self,
                                     const char *source,
                                     const char *collection,
                                     const char *const *keys,
                                     GCancellable *cancellable,
                                     GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_delete_vertices_async (CarClient *self,
                                       const char *source,
                                       const char *collection,
                                       const char *const *keys,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_delete_vertices_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_vertex_json (CarClient *self,
                                       const char *collection,
                                       const char *external_id,
                                       const char *changes_json,
                                       GCancellable *cancellable,
                                       GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_patch_vertex_json_async (CarClient *self,
                                         const char *collection,
                                         const char *external_id,
                                         const char *changes_json,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_vertex_json_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_vertex (CarClient *self,
                                  const char *collection,
                                  const char *external_id,
                                  JsonObject *changes,
                                  GCancellable *cancellable,
                                  GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_patch_vertex_async (CarClient *self,
                                    const char *collection,
                                    const char *external_id,
                                    JsonObject *changes,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_vertex_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_edge_json (CarClient *self,
                                     const char *collection,
                                     const char *source,
                                     const char *from,
                                     const char *to,
                                     const char *changes_json,
                                     GCancellable *cancellable,
                                     GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_patch_edge_json_async (CarClient *self,
                                       const char *collection,
                                       const char *source,
                                       const char *from,
                                       const char *to,
                                       const char *changes_json,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_edge_json_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_edge (CarClient *self,
                                const char *collection,
                                const char *source,
                                const char *from,
                                const char *to,
                                JsonObject *changes,
                                GCancellable *cancellable,
                                GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_patch_edge_async (CarClient *self,
                                  const char *collection,
                                  const char *source,
                                  const char *from,
                                  const char *to,
                                  JsonObject *changes,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

CAR_AVAILABLE_IN_1_0
gboolean car_client_patch_edge_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
char *car_client_query_json (CarClient *self,
                             const char *query,
                             const char *variables_json,
                             GCancellable *cancellable,
                             GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_query_json_async (CarClient *self,
                                  const char *query,
                                  const char *variables_json,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

CAR_AVAILABLE_IN_1_0
char *car_client_query_json_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
JsonNode *car_client_query (CarClient *self,
                            const char *query,
                            JsonObject *variables,
                            GCancellable *cancellable,
                            GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_query_async (CarClient *self,
                             const char *query,
                             JsonObject *variables,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

CAR_AVAILABLE_IN_1_0
JsonNode *car_client_query_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
char *car_client_search_collection_json (CarClient *self,
                                         const char *collection,
                                         const char *attribute,
                                         const char *value_json,
                                         const char *const *fields,
                                         GCancellable *cancellable,
                                         GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_search_collection_json_async (CarClient *self,
                                              const char *collection,
                                              const char *attribute,
                                              const char *value_json,
                                              const char *const *fields,
                                              GCancellable *cancellable,
                                              GAsyncReadyCallback callback,
                                              gpointer user_data);

CAR_AVAILABLE_IN_1_0
char *car_client_search_collection_json_finish (CarClient *self, GAsyncResult *result, GError **error);

CAR_AVAILABLE_IN_1_0
JsonArray *car_client_search_collection (CarClient *self,
                                         const char *collection,
                                         const char *attribute,
                                         const char *value,
                                         const char *const *fields,
                                         GCancellable *cancellable,
                                         GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_search_collection_async (CarClient *self,
                                         const char *collection,
                                         const char *attribute,
                                         const char *value,
                                         const char *const *fields,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

CAR_AVAILABLE_IN_1_0
JsonArray *car_client_search_collection_finish (CarClient *self, GAsyncResult *result, GError **error);

/**
 * CAR_CLIENT_ANY_STATUS:
 *
 * For [method@Client.call]: every status is an answer, and the answer is given as it came.
 */
#define CAR_CLIENT_ANY_STATUS 1000

CAR_AVAILABLE_IN_1_0
GBytes *car_client_call (CarClient *self,
                         CarApiVersion version,
                         const char *method,
                         const char *const *path,
                         const char *const *query,
                         GBytes *body,
                         guint tolerated,
                         guint *status,
                         GCancellable *cancellable,
                         GError **error);

CAR_AVAILABLE_IN_1_0
void car_client_call_async (CarClient *self,
                            CarApiVersion version,
                            const char *method,
                            const char *const *path,
                            const char *const *query,
                            GBytes *body,
                            guint tolerated,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

CAR_AVAILABLE_IN_1_0
GBytes *car_client_call_finish (CarClient *self, GAsyncResult *result, guint *status, GError **error);

G_END_DECLS
