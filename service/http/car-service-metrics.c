/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/http/car-service-metrics.h"

/* https://github.com/OpenObservability/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md */

/* Seconds: a status is read within one of the first, a query may take all of a minute. */
static const struct
{
  double seconds;
  const char *label; /* in the one spelling that OpenMetrics has for it */
} bounds[] = {
  { 0.001, "0.001" }, { 0.005, "0.005" }, { 0.025, "0.025" }, { 0.1, "0.1" },
  { 0.5, "0.5" },     { 2.5, "2.5" },     { 10, "10.0" },     { 60, "60.0" },
};

#define MAX_STATUS 599

typedef struct
{
  guint64 within[G_N_ELEMENTS (bounds)];
  guint64 count;
  double seconds;
  guint64 of_status[MAX_STATUS + 1];
} Calls;

struct _CarServiceMetrics
{
  GTree *calls; /* Calls by name */
  guint64 received;
  guint64 sent;
};

static int
compare_names (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return g_strcmp0 (a, b);
}

CarServiceMetrics *
car_service_metrics_new (void)
{
  CarServiceMetrics *self = g_new0 (CarServiceMetrics, 1);

  self->calls = g_tree_new_full (compare_names, NULL, NULL, g_free);
  return self;
}

void
car_service_metrics_free (CarServiceMetrics *self)
{
  g_tree_unref (self->calls);
  g_free (self);
}

void
car_service_metrics_count (CarServiceMetrics *self,
                           const char *call,
                           guint status,
                           double seconds,
                           gsize received,
                           gsize sent)
{
  Calls *calls = g_tree_lookup (self->calls, call);

  if (calls == NULL)
    {
      calls = g_new0 (Calls, 1);
      g_tree_insert (self->calls, (gpointer) call, calls);
    }
  calls->count++;
  calls->seconds += seconds;
  calls->of_status[MIN (status, MAX_STATUS)]++;
  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    if (seconds <= bounds[i].seconds)
      calls->within[i]++;
  self->received += received;
  self->sent += sent;
}

void
car_service_metrics_append_number (GString *out, double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (text, sizeof text, "%.15g", number));
}

void
car_service_metrics_begin (GString *out,
                           const char *name,
                           const char *type,
                           const char *unit,
                           const char *help)
{
  g_string_append_printf (out, "# TYPE %s %s\n", name, type);
  if (unit != NULL)
    g_string_append_printf (out, "# UNIT %s %s\n", name, unit);
  g_string_append_printf (out, "# HELP %s %s\n", name, help);
}

static gboolean
append_statuses (gpointer name, gpointer value, gpointer out)
{
  const Calls *calls = value;

  for (guint i = 0; i <= MAX_STATUS; i++)
    if (calls->of_status[i] > 0)
      g_string_append_printf (out,
                              "car_service_requests_total{call=\"%s\",code=\"%u\"} %" G_GUINT64_FORMAT "\n",
                              (const char *) name, i, calls->of_status[i]);

  return FALSE;
}

#define DURATION "car_service_request_duration_seconds"

static gboolean
append_durations (gpointer name, gpointer value, gpointer user_data)
{
  GString *out = user_data;
  const Calls *calls = value;
  const char *call = name;

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    g_string_append_printf (out, DURATION "_bucket{call=\"%s\",le=\"%s\"} %" G_GUINT64_FORMAT "\n", call,
                            bounds[i].label, calls->within[i]);
  g_string_append_printf (out, DURATION "_bucket{call=\"%s\",le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", call,
                          calls->count);
  g_string_append_printf (out, DURATION "_sum{call=\"%s\"} ", call);
  car_service_metrics_append_number (out, calls->seconds);
  g_string_append_printf (out, "\n" DURATION "_count{call=\"%s\"} %" G_GUINT64_FORMAT "\n", call,
                          calls->count);

  return FALSE;
}

static void
append_bytes (GString *out, const char *name, const char *help, guint64 n_bytes)
{
  car_service_metrics_begin (out, name, "counter", "bytes", help);
  g_string_append_printf (out, "%s_total %" G_GUINT64_FORMAT "\n", name, n_bytes);
}

char *
car_service_metrics_to_text (CarServiceMetrics *self)
{
  GString *out = g_string_new (NULL);

  car_service_metrics_begin (out, "car_service_requests", "counter", NULL,
                             "Requests answered, by call and status.");
  g_tree_foreach (self->calls, append_statuses, out);
  car_service_metrics_begin (out, DURATION, "histogram", "seconds",
                             "From the head of a request to the end of its answer, by call.");
  g_tree_foreach (self->calls, append_durations, out);
  append_bytes (out, "car_service_received_bytes", "Of the bodies of requests.", self->received);
  append_bytes (out, "car_service_sent_bytes", "Of the bodies of answers.", self->sent);

  return g_string_free (out, FALSE);
}
