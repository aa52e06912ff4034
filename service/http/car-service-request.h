/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

#include "service/store/sql/car-service-tokens.h"

G_BEGIN_DECLS

#define CAR_SERVICE_METRICS_PATH "/metrics"

/* A call as it came, with all that is percent-encoded taken apart before it is decoded, and its answer. */
typedef struct
{
  char *method;
  char *version;     /* "v2" or "v3" */
  GPtrArray *path;   /* what follows the version */
  GPtrArray *names;  /* of the query's parameters */
  GPtrArray *values; /* as they came: still encoded */
  GBytes *body;
  char *timepoint;        /* the header x-hasura-car-timepoint; may be NULL */
  char *report;           /* the header x-car-report; may be NULL */
  CarServiceToken *token; /* who makes the call; NULL: the service's owner */
  char *counted;          /* for /metrics: what the server counted; NULL */
  gboolean wants_json;    /* the header accept asks for application/json alone: one value, and no lines */

  gboolean may_write;  /* what handles it runs where the graph may be changed */
  gboolean must_write; /* the handler found that it has to: it is called again there */
  guint status;
  GBytes *answer;           /* NULL: none */
  const char *content_type; /* of the answer; NULL: application/json */
} CarServiceRequest;

/* `raw_path` and `raw_query` as they stand in the request line; the query may be NULL. CAR_SERVICE_ERROR 400 where they
 * are not the percent-encoding of UTF-8 without NULs, 404 where the path is not one of the service. */
CarServiceRequest *
car_service_request_new (const char *method, const char *raw_path, const char *raw_query, GError **error);
void car_service_request_free (CarServiceRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceRequest, car_service_request_free)

const char *car_service_request_get_path (const CarServiceRequest *self, guint i);

/* The value of parameter `i`, decoded. */
char *car_service_request_dup_value (const CarServiceRequest *self, guint i);

/* The parameter, decoded; NULL where there is none, or it is wrong. */
char *car_service_request_dup_parameter (const CarServiceRequest *self, const char *name);

/* The same, and CAR_SERVICE_ERROR 400 where it is missing or empty. */
char *car_service_request_need_parameter (const CarServiceRequest *self, const char *name, GError **error);

/* The parameter's items, which are split before they are decoded: an item may hold an encoded comma. NULL where it is
 * missing or wrong. */
GPtrArray *car_service_request_dup_list (const CarServiceRequest *self, const char *name, GError **error);

/* The parameter as a whole number up to `max`, which is the greatest one that is asked for; `number` stays as it is where
 * there is none. CAR_SERVICE_ERROR 400 where it is something else. */
gboolean car_service_request_read_number (const CarServiceRequest *self,
                                          const char *name,
                                          gint64 max,
                                          gint64 *number,
                                          GError **error);

/* Milliseconds since the epoch of a moment in ISO 8601, UTC. Nothing is older than the epoch, so a moment before it is as
 * good as the epoch itself. `name`, of the parameter or header, is for the message of CAR_SERVICE_ERROR 400. */
gboolean car_service_moment_parse (const char *text, const char *name, gint64 *moment, GError **error);

/* The moment that a call sees, of the header x-hasura-car-timepoint; `moment` stays as it is where there is none. */
gboolean car_service_request_read_timepoint (const CarServiceRequest *self, gint64 *moment, GError **error);

/* Takes the text, which is the answer; with status 200 unless another one was set before. */
void car_service_request_answer (CarServiceRequest *self, GString *text);

/* What is published for a change that is done at once. */
void car_service_request_answer_ok (CarServiceRequest *self);

G_END_DECLS
