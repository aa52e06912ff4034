/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/run/car-access-private.h>
#include <libcar/settings/car-arguments-private.h>

#include "carctl/carctl-moments.h"
#include "carctl/carctl.h"

/* A person waits: a service that is away is told at once. */
#define MAX_RETRIES "1"

static CarSettings *
read_settings (const CarctlCall *call, GError **error)
{
  g_autoptr (CarSettings) settings = car_settings_new ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  CarRequest request;

  g_strv_builder_add (builder, g_get_prgname ());
  g_strv_builder_addv (builder, (const char **) call->service);
  g_auto (GStrv) arguments = g_strv_builder_end (builder);

  car_settings_set_default (settings, "car-service-retries", MAX_RETRIES);
  if (!car_arguments_parse (settings, (int) g_strv_length (arguments), arguments, &request, error) ||
      !car_settings_load (settings, error))
    return NULL;

  return g_steal_pointer (&settings);
}

gboolean
carctl_set_moment (CarClient *client, const char *text, GError **error)
{
  g_autoptr (GDateTime) moment = text == NULL ? NULL : carctl_moment_parse (text);
  g_autofree char *written = moment == NULL ? NULL : g_date_time_format (moment, "%Y-%m-%dT%H:%M:%S.%f");

  if (text != NULL && moment == NULL)
    return car_failure_refuse (error, _ ("“%s” is no moment: write it as 2026-01-31T12:00:00Z"), text);
  car_client_set_timepoint (client, written);
  return TRUE;
}

/* A service that has no queries (HTTP 404) is to libcar one that has nothing of what a connector asks for. A person named it, and
 * wants to know; so does whoever reads an empty answer for the whole truth. */
static gboolean
check_emptiness (CarClient *client, const char *answer, GError **error)
{
  return !g_str_equal (answer, "{}") || car_client_check_health (client, NULL, error);
}

char *
carctl_ask_service (CarClient *client, const char *query, const char *variables_json, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *answer = car_client_query_json (client, query, variables_json, NULL, &problem);

  if (answer != NULL)
    return check_emptiness (client, answer, error) ? g_steal_pointer (&answer) : NULL;

  if (g_error_matches (problem, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON))
    car_failure_refuse (error, _ ("the query's variables are no JSON object: %s"), problem->message);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

CarClient *
carctl_open_service (const CarctlCall *call, GError **error)
{
  g_autoptr (CarSettings) settings = read_settings (call, error);
  g_autoptr (GStrvBuilder) problems = g_strv_builder_new ();
  CarAccess access;

  if (settings == NULL)
    return NULL;

  car_access_init (&access, settings, problems);
  access.max_outage = 0;
  g_autoptr (CarClient) client = car_settings_set_error (problems, error)
                                     ? car_access_open (&access, "carctl/" PACKAGE_VERSION, error)
                                     : NULL;
  return client != NULL && carctl_set_moment (client, call->at, error) ? g_steal_pointer (&client) : NULL;
}
