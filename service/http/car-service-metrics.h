/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the service counts of its calls since it began: how many, with which status, how long they took, and what they
 * brought and took away. It belongs to one thread. What the database holds is counted when it is asked for
 * (car-service-gauges.c). */
typedef struct _CarServiceMetrics CarServiceMetrics;

#define CAR_SERVICE_METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

CarServiceMetrics *car_service_metrics_new (void);
void car_service_metrics_free (CarServiceMetrics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceMetrics, car_service_metrics_free)

/* `call` is a literal: the name of a route. */
void car_service_metrics_count (CarServiceMetrics *self,
                                const char *call,
                                guint status,
                                double seconds,
                                gsize received,
                                gsize sent);

/* As OpenMetrics, without its end. */
char *car_service_metrics_to_text (CarServiceMetrics *self);

/* Appends the lines that come before the samples of a metric; `unit` may be NULL. */
void car_service_metrics_begin (GString *out,
                                const char *name,
                                const char *type,
                                const char *unit,
                                const char *help);

/* Appends a number as it is written anywhere. */
void car_service_metrics_append_number (GString *out, double number);

G_END_DECLS
