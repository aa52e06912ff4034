/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-answer-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-http-private.h>

G_BEGIN_DECLS

/* What every call of a client shares. */
typedef struct
{
  CarHttp *http;
  char *base;    /* without a slash at its end */
  char *base_v3; /* protocol.md, "Base URL": /v2 at the end replaced by /v3 */
  GStrv secrets; /* never shown, whoever says them */
  CarClientLimits limits;
} CarCaller;

typedef enum
{
  CAR_CALL_V2,
  CAR_CALL_V3,
} CarCallVersion;

/* One call of protocol.md: made step by step, then run. Names and ids are percent-encoded on their way in; one that
 * cannot be said is remembered, and the call then fails with CAR_APP_ERROR_INVALID_PARAMETER. */
typedef struct
{
  const char *method;
  CarCallVersion version;
  GString *path;
  GString *query;
  GString *json; /* the body, while its members are added */
  GBytes *body;
  guint tolerated; /* a status that is no failure of this call, besides success; 0: none */
  char *problem;
} CarCall;

typedef struct
{
  guint status;
  GBytes *body;
  CarJsonSpan value; /* in body; CAR_JSON_INVALID where it is empty, and with the tolerated status */
} CarAnswer;

void car_call_init (CarCall *self, CarCallVersion version, const char *method, const char *path);
void car_call_clear (CarCall *self);
void car_call_add_segment (CarCall *self, const char *segment);

/* Whether it can be one segment of a path: an empty one, or one of dots (however they are written), would make it another
 * call (RFC 3986, 6.2.2.3). */
gboolean car_call_is_segment (const char *text);
void car_call_add_query (CarCall *self, const char *name, const char *value);
void car_call_add_query_item (CarCall *self, const char *item); /* behind a comma, if it is not the first */
void car_call_add_member (CarCall *self, const char *name, const char *value);
void car_call_add_json_member (CarCall *self, const char *name, const char *json, gssize length);

/* The object as JSON text. Sets CAR_SCHEMA_ERROR_INVALID_JSON for what JSON cannot hold. */
char *car_call_write_object (JsonObject *object, GError **error);

/* The length of the call's URL. */
gsize car_call_get_length (const CarCall *self, const CarCaller *caller);

/* Runs the call, with retries. An answer that is asked for must be a JSON object; otherwise it may be empty too.
 *
 * Sets CAR_RECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE, CAR_APP_ERROR_INVALID_PARAMETER or G_IO_ERROR_CANCELLED. */
gboolean
car_call_run (CarCall *self, CarCaller *caller, CarAnswer *answer, GCancellable *cancellable, GError **error);

/* For an answer that is JSON, but not what it should be: recoverable. */
void car_call_set_unexpected (const CarCall *self, GError **error, const char *what);

/* Sets the failure of a call or a job: of the class that the status stands for (0: unknown, unrecoverable). */
void car_call_set_failure (const CarCaller *caller, guint status, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Waits, and says FALSE at once when it is cancelled. */
gboolean car_call_wait (guint milliseconds, GCancellable *cancellable, GError **error);

void car_answer_clear (CarAnswer *self);
void car_caller_clear (CarCaller *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarCall, car_call_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarAnswer, car_answer_clear)

G_END_DECLS
