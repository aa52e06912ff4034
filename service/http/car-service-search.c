/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-calls.h"
#include "service/http/car-service-view.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

/* Finds what a person types: a name, an address, a CVE, an external_id, or a part of one. */

#define MIN_LENGTH 2
#define MAX_LENGTH 500
#define DEFAULT_FOUND 100
#define MAX_FOUND 1000

static char *
need_text (CarServiceRequest *request, GError **error)
{
  g_autofree char *text = car_service_request_need_parameter (request, "text", error);
  if (text == NULL)
    return NULL;

  g_strstrip (text);
  glong length = g_utf8_strlen (text, -1);
  if (length >= MIN_LENGTH && length <= MAX_LENGTH)
    return g_steal_pointer (&text);

  g_set_error (error, CAR_SERVICE_ERROR, 400, "The parameter text has %d to %d characters", MIN_LENGTH,
               MAX_LENGTH);
  return NULL;
}

gboolean
car_service_call_search (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *text = need_text (request, error);
  gint64 limit = DEFAULT_FOUND;
  gint64 n = 0;

  if (text == NULL || !car_service_request_read_number (request, "limit", MAX_FOUND, &limit, error))
    return FALSE;

  g_autoptr (GError) problem = NULL;
  g_autoptr (GString) out = g_string_new ("{\"found\":[");
  CarServiceRow *rows = car_service_store_search (store, text, limit + 1, &problem);

  while (rows != NULL && car_service_row_next (rows, &problem) && n++ < limit)
    {
      car_service_view_begin_item (out);
      car_service_view_append_vertex (out, rows, 0);
      car_service_json_string (out, "connecting_id", car_service_row_get_text (rows, 4));
      car_service_json_integer (out, "reported_at", car_service_row_get_integer (rows, 5));
      g_string_append_c (out, '}');
    }
  if (!car_service_rows_ended (&problem, error))
    return FALSE;
  if (rows != NULL)
    car_service_row_end (rows);
  g_string_append (out, "],\"more\":");
  g_string_append (out, n > limit ? "true}" : "false}");
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}
