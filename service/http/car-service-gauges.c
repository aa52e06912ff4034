/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-calls.h"
#include "service/http/car-service-metrics.h"
#include "service/store/sql/car-service-job-status.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sources.h"

/* GET /metrics: what the database holds, behind what the server counted. */

static void
append_gauge (GString *out, const char *name, const char *unit, const char *help, double value)
{
  car_service_metrics_begin (out, name, "gauge", unit, help);
  g_string_append_printf (out, "%s ", name);
  car_service_metrics_append_number (out, value);
  g_string_append_c (out, '\n');
}

static gboolean
append_queue (CarServiceStore *store, GString *out, GError **error)
{
  g_autofree char *trouble = car_service_store_dup_trouble (store);
  gint64 waiting, oldest;

  if (!car_service_jobs_get_queue (store, &waiting, &oldest, error))
    return FALSE;
  append_gauge (out, "car_service_writable", NULL, "1, or 0 if the database cannot be written.",
                trouble == NULL ? 1 : 0);
  append_gauge (out, "car_service_queue_jobs", NULL, "Jobs that wait or run.", (double) waiting);
  append_gauge (out, "car_service_queue_age_seconds", "seconds", "How long the first of them has waited.",
                (double) oldest / 1000.0);

  return TRUE;
}

static gboolean
append_jobs (CarServiceStore *store, GString *out, GError **error)
{
  CarServiceJobCounts counts;

  if (!car_service_job_status_count (store, &counts, error))
    return FALSE;

  car_service_metrics_begin (out, "car_service_jobs_posted", "counter", NULL, "Jobs that were ever posted.");
  g_string_append_printf (out, "car_service_jobs_posted_total %" G_GINT64_FORMAT "\n", counts.posted);
  append_gauge (out, "car_service_jobs_complete", NULL, "Jobs of the last days that are complete.",
                (double) counts.complete);
  append_gauge (out, "car_service_jobs_failed", NULL, "Jobs of the last days that failed.",
                (double) counts.failed);

  return TRUE;
}

/* What a label may hold: a quote, a backslash and the end of a line are escaped. */
static void
append_label (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, "%s=\"", name);
  for (const char *c = value; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (out, "\\n");
    else
      g_string_append_printf (out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
  g_string_append_c (out, '"');
}

static gboolean
append_objects (CarServiceStore *store, GString *out, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_sources_list_counts (store, NULL, &problem);

  car_service_metrics_begin (out, "car_service_objects", "gauge", NULL, "Objects that hold now.");
  while (rows != NULL && car_service_row_next (rows, &problem))
    {
      g_string_append (out, "car_service_objects{");
      append_label (out, "source", car_service_row_get_text (rows, 0));
      g_string_append_c (out, ',');
      append_label (out, "collection", car_service_row_get_text (rows, 1));
      g_string_append_printf (out, "} %" G_GINT64_FORMAT "\n", car_service_row_get_integer (rows, 2));
    }

  return car_service_rows_ended (&problem, error);
}

static gboolean
append_size (CarServiceStore *store, GString *out, GError **error)
{
  CarServicePages pages;

  if (!car_service_store_read_pages (store, &pages, error))
    return FALSE;
  append_gauge (out, "car_service_database_bytes", "bytes", "Size of the database.",
                (double) (pages.all * pages.size));
  append_gauge (out, "car_service_database_free_bytes", "bytes", "Of these, what is free to be used again.",
                (double) (pages.free * pages.size));

  return TRUE;
}

gboolean
car_service_call_get_metrics (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  g_autoptr (GString) out = g_string_new (request->counted);

  if (!append_queue (store, out, error) || !append_jobs (store, out, error) ||
      !append_objects (store, out, error) || !append_size (store, out, error))
    return FALSE;
  g_string_append (out, "# EOF\n");
  request->content_type = CAR_SERVICE_METRICS_TYPE;
  car_service_request_answer (request, g_steal_pointer (&out));

  return TRUE;
}
