/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>

#include "service/http/car-service-calls.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-retention.h"
#include "service/store/sql/car-service-jobs.h"

/* What concerns all that is kept: how the service fares, how long history is kept, and to delete everything. */

#define TOKEN_MS (60 * 1000)

static const char *const policy_names[] = {
  [CAR_SERVICE_RETENTION_TIME] = "Time",
  [CAR_SERVICE_RETENTION_DISK_USAGE] = "DiskUsage",
};

/* Whatever is asked of the database: that it answers is what counts. */
static gboolean
read_something (CarServiceStore *store, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *graph = car_service_store_get_setting (store, "graph_name", &problem);

  return car_service_rows_ended (&problem, error);
}

gboolean
car_service_call_get_health (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  if (!read_something (store, error))
    return FALSE;
  car_service_request_answer (request, g_string_new ("{\"message\":\"ok\"}"));

  return TRUE;
}

static void
append_part (GString *out, const char *name, guint status, const char *message)
{
  car_service_json_name (out, name);
  g_string_append_c (out, '{');
  car_service_json_integer (out, "status", status);
  car_service_json_string (out, "message", message);
}

/* Whether calls are to be sent here now: 503 where nothing can be written. A long queue is no reason: it is worked off. */
gboolean
car_service_call_get_health_of_all (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *trouble = car_service_store_dup_trouble (store);
  gint64 waiting, oldest;

  if (!car_service_jobs_get_queue (store, &waiting, &oldest, error))
    return FALSE;
  request->status = trouble == NULL ? 200 : 503;

  GString *out = g_string_new ("{");
  car_service_json_integer (out, "status", request->status);
  car_service_json_string (out, "message", trouble == NULL ? "ok" : "The database cannot be written");
  append_part (out, "database", request->status, trouble == NULL ? "OK" : trouble);
  g_string_append_c (out, '}');
  append_part (out, "queue", 200, "OK");
  car_service_json_integer (out, "waiting", waiting);
  car_service_json_integer (out, "oldest_ms", oldest);
  g_string_append (out, "}}");
  car_service_request_answer (request, out);

  return TRUE;
}

gboolean
car_service_call_get_retention (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  CarServiceRetention policy;
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (!car_service_retention_get (store, &policy, error))
    return FALSE;
  if (policy.kind == CAR_SERVICE_RETENTION_FOREVER)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 404, "There is no policy: history is kept for ever");
      return FALSE;
    }

  GString *out = g_string_new ("{");
  car_service_json_string (out, "policy_name", policy_names[policy.kind]);
  car_service_json_name (out, "policy_value");
  g_string_append (out, g_ascii_dtostr (number, sizeof number, policy.value));
  g_string_append_c (out, '}');
  car_service_request_answer (request, out);

  return TRUE;
}

static gboolean
read_policy (GBytes *body, CarServiceRetention *policy, GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  gboolean wrong = FALSE;

  if (!car_service_object_parse (&members, body, "The policy", error))
    return FALSE;

  g_autofree char *name = car_service_object_dup_string (&members, "policy_name", &wrong);
  const CarJsonSpan *value = car_service_object_get (&members, "policy_value");
  for (guint i = CAR_SERVICE_RETENTION_TIME; i < G_N_ELEMENTS (policy_names); i++)
    if (g_strcmp0 (name, policy_names[i]) == 0)
      policy->kind = i;
  if (value != NULL && value->type == CAR_JSON_NUMBER)
    {
      g_autofree char *text = g_strndup (value->text, value->length);
      policy->value = g_ascii_strtod (text, NULL);
    }
  if (!wrong && policy->kind != CAR_SERVICE_RETENTION_FOREVER && value != NULL &&
      value->type == CAR_JSON_NUMBER && policy->value >= 0 && isfinite (policy->value))
    return TRUE;

  g_set_error (
      error, CAR_SERVICE_ERROR, 400,
      "A policy needs \"policy_name\", which is Time (days) or DiskUsage (bytes), and \"policy_value\", "
      "a number that is not negative");
  return FALSE;
}

gboolean
car_service_call_post_retention (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  CarServiceRetention policy = { 0 };

  if (!read_policy (request->body, &policy, error) || !car_service_retention_set (store, &policy, error))
    return FALSE;
  car_service_request_answer_ok (request);

  return TRUE;
}

/* The token is the time at which it was made. It keeps nobody out, but a single call made by mistake deletes nothing. */
gboolean
car_service_call_get_clear_token (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *token = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / 1000);

  if (!car_service_store_set_setting (store, "clear_token", token, error))
    return FALSE;
  car_service_request_answer (request, g_string_new (token));

  return TRUE;
}

gboolean
car_service_call_clear (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autofree char *token = car_service_request_need_parameter (request, "token", error);
  g_autoptr (GError) problem = NULL;

  if (token == NULL)
    return FALSE;

  g_autofree char *given = car_service_store_get_setting (store, "clear_token", &problem);
  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }

  gint64 age = given != NULL ? g_get_real_time () / 1000 - g_ascii_strtoll (given, NULL, 10) : 0;
  if (g_strcmp0 (token, given) != 0 || age < 0 || age > TOKEN_MS)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 403,
                   "The token is not the last one of GET clearDbToken, or it is older than a minute");
      return FALSE;
    }
  if (!car_service_store_set_setting (store, "clear_token", "", error) ||
      !car_service_store_clear (store, error))
    return FALSE;
  car_service_request_answer_ok (request);

  return TRUE;
}
