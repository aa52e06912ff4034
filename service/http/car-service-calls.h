/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/http/car-service-request.h"
#include "service/store/car-service-worker.h"

G_BEGIN_DECLS

typedef gboolean (*CarServiceHandler) (CarServiceStore *store, CarServiceRequest *request, GError **error);

/* A call of protocol.md, by a name for people; calls that are made in two ways have one. In `path` "*" stands for one segment, "**" for one or more. */
typedef struct
{
  const char *name;
  const char *method;
  const char *version;
  const char *path;
  CarServiceAccess access;
  CarServiceHandler handler;
} CarServiceRoute;

const CarServiceRoute *car_service_calls_list (guint *n_routes);

/* CAR_SERVICE_ERROR 404 or 405 where there is none. */
const CarServiceRoute *car_service_calls_find (const CarServiceRequest *request, GError **error);

/* The methods of the request's path, as the header Allow has them; NULL: nothing is there. */
char *car_service_calls_dup_allowed (const CarServiceRequest *request);

/* CAR_SERVICE_ERROR 403 where the token, which may be NULL, may not make this call. */
gboolean car_service_calls_check (CarServiceHandler handler,
                                  CarServiceAccess access,
                                  const CarServiceToken *token,
                                  GError **error);

/* The source whose jobs a call in order waits for; NULL: all jobs. */
char *car_service_calls_dup_source (const CarServiceRequest *request);

/* What the service itself, jobs, objects and schemas are asked for, in files of their own. */
gboolean car_service_call_get_health (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_get_health_of_all (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_metrics (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_retention (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_post_retention (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_get_clear_token (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_clear (CarServiceStore *store, CarServiceRequest *request, GError **error);

gboolean car_service_call_get_job_status (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_statuses (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_get_import_status (CarServiceStore *store, CarServiceRequest *request, GError **error);

gboolean
car_service_call_delete_vertices (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_patch_object (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_find_vertices (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_neighbours (CarServiceStore *store, CarServiceRequest *request, GError **error);

gboolean car_service_call_query (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_get_import_schema (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_get_extension_schema (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_list_extensions (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_extension (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_post_extension (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_delete_extension (CarServiceStore *store, CarServiceRequest *request, GError **error);

/* What the page asks besides (docs/page.md). */
gboolean car_service_call_get_overview (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_list_jobs (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_search (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_object (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean
car_service_call_list_neighbours (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_get_changes (CarServiceStore *store, CarServiceRequest *request, GError **error);
gboolean car_service_call_count_changes (CarServiceStore *store, CarServiceRequest *request, GError **error);

G_END_DECLS
