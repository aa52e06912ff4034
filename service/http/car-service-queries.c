/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-calls.h"
#include "service/query/car-query.h"
#include "service/store/car-service-error.h"

/* Milliseconds since the epoch of the moment that a query sees; -1: now. Nothing is older than the epoch, so a moment
 * before it is as good as the epoch itself. */
static gboolean
read_timepoint (const CarServiceRequest *request, gint64 *timepoint, GError **error)
{
  *timepoint = -1;
  if (request->timepoint == NULL)
    return TRUE;

  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (request->timepoint, utc);
  if (moment == NULL)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400,
                   "x-hasura-car-timepoint is not a moment in ISO 8601, such as 2026-01-31T12:00:00.000Z");
      return FALSE;
    }
  *timepoint = MAX (g_date_time_to_unix (moment) * 1000 + g_date_time_get_microsecond (moment) / 1000, 0);

  return TRUE;
}

gboolean
car_service_call_query (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);
  CarCoreModel *model = car_service_store_get_model (store, error);
  g_autoptr (GError) problem = NULL;
  gint64 timepoint;

  if (model == NULL || !read_timepoint (request, &timepoint, error))
    return FALSE;

  request->answer = car_query_run (car_service_store_get_database (store), model, text != NULL ? text : "",
                                   length, timepoint, &problem);
  if (problem == NULL)
    return TRUE;

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    car_service_store_set_interrupted (store, error);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}
