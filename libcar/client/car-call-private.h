/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>

#include <libcar/client/car-answer-private.h>
#include <libcar/client/car-client.h>
#include <libcar/client/car-http-private.h>
#include <libcar/client/car-limits-private.h>
#include <libcar/client/car-outage-private.h>
#include <libcar/log/car-redaction-private.h>

G_BEGIN_DECLS

/* What every call of a client shares. All but `limits` is NULL until the client is ready. */
typedef struct
{
  CarLoop *loop;
  CarHttp *http;
  char *base;              /* without a slash at its end */
  char *base_v3;           /* protocol.md, "Base URL": /v2 at the end replaced by /v3 */
  CarRedaction *redaction; /* of what is never shown, whoever says it */
  CarClientLimits limits;
  CarOutage outage; /* the loop's thread's alone */
  char *report;     /* whose the full imports are; NULL: it is not said */
  char *timepoint;  /* of which queries ask; NULL: now */
} CarCaller;

/* What the answer to a call that succeeded is. An object with `errors` is a failure, whatever its status. */
typedef enum
{
  CAR_ANSWER_OBJECT, /* which the next step reads */
  CAR_ANSWER_DONE,   /* {"result":"OK"}: what nobody says was not done */
  CAR_ANSWER_ANY,    /* any JSON value, or nothing */
} CarAnswerKind;

/* How long answers can be, in bytes: most say a few words of one thing; queries and schemas bring much. */
#define CAR_ANSWER_SHORT (1024 * 1024)
#define CAR_ANSWER_SCHEMA (4 * 1024 * 1024)
#define CAR_ANSWER_STATUS (4 * 1024 * 1024)
#define CAR_ANSWER_JOB (256 * 1024) /* of an import that is asked about, besides CAR_ANSWER_STATUS */
#define CAR_ANSWER_LONG (64 * 1024 * 1024)

/* One call of protocol.md: what is asked, and how its answer is read. Names and ids are percent-encoded on their way in;
 * one that cannot be said in a URL is remembered, and the call is then not made. */
typedef struct
{
  const char *method;
  CarApiVersion version;
  GString *path;
  GString *query;
  GString *json; /* the body, while its members are added */
  GBytes *body;
  GUri *uri; /* once the call is complete */
  guint
      tolerated; /* a status that is no failure of this call, besides success; 0: none; CAR_CLIENT_ANY_STATUS: all */
  CarAnswerKind answer;
  gsize max_answer; /* bytes: CAR_ANSWER_SHORT, unless the call says more */
  gboolean
      may_be_refused; /* 400, 409, 413 and 422 blame what the connector sends, which another run would send again */
  gboolean ends; /* it ends something, so that 404 says “done” where an attempt before may have been heard */
  gboolean names_report; /* the service is told whose full import it is about */
  char *problem;
} CarCall;

typedef struct
{
  guint status;
  GBytes *body;
  CarJsonSpan value; /* in body; CAR_JSON_INVALID where it is empty, and with the tolerated status */
} CarAnswer;

void car_call_init (CarCall *self, CarApiVersion version, const char *method, const char *path);
void car_call_clear (CarCall *self);
void car_call_add_segment (CarCall *self, const char *segment);

/* Whether it can be one segment of a path: an empty one, or one of dots (however they are written), would make it another
 * call (RFC 3986, 6.2.2.3). */
gboolean car_call_is_segment (const char *text);
void car_call_add_query (CarCall *self, const char *name, const char *value);

/* Adds the items from `next` on to the last query value, with commas between: as many as a URL holds, but at least one.
 * Returns where the rest begins. */
guint car_call_add_query_items (CarCall *self,
                                const CarCaller *caller,
                                const char *const *items,
                                guint n_items,
                                guint next);
void car_call_add_member (CarCall *self, const char *name, const char *value);
void car_call_add_json_member (CarCall *self, const char *name, const char *json, gssize length);

/* A name that stands for itself in a path and in GraphQL; `what` says what it names. */
gboolean car_call_check_name (const char *what, const char *name, GError **error);

/* The object as JSON text. Sets CAR_SCHEMA_ERROR_INVALID_JSON for what JSON cannot hold. */
char *car_call_write_object (JsonObject *object, GError **error);

/* A copy of JSON text that must be an object. Sets CAR_SCHEMA_ERROR_INVALID_JSON. */
char *car_call_dup_object (const char *json, GError **error);

/* Ends the making of the call. Sets CAR_APP_ERROR_GENERAL: an argument is one that no call can have. */
gboolean car_call_complete (CarCall *self, const CarCaller *caller, GError **error);

/* Sets CAR_RECOVERABLE_FAILURE or CAR_UNRECOVERABLE_FAILURE for an answer that is no success, or not what it should be;
 * CAR_APP_ERROR_INVALID_PARAMETER where the call may be refused and is. */
gboolean car_call_read_answer (const CarCall *self,
                               const CarCaller *caller,
                               const CarHttpAnswer *http,
                               CarAnswer *answer,
                               GError **error);

/* The failure of a call that has no answer after so many attempts: recoverable. */
void car_call_set_no_answer (const CarCall *self,
                             const CarCaller *caller,
                             const GError *cause,
                             guint attempts,
                             GError **error);

/* For an answer that is JSON, but not what it should be: recoverable. */
void car_call_set_unexpected (const CarCall *self, const char *what, GError **error);

/* Sets the failure of a call or a job: of the class that the status stands for (0: unknown, unrecoverable). */
void car_call_set_failure (guint status, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* What the answer says of its failure, fit for a message; NULL where it does not. */
char *car_call_describe_errors (const CarCaller *caller, const CarJsonSpan *answer);

void car_answer_clear (CarAnswer *self);

/* The text without secrets: the client's own, and those that the log knows. */
char *car_caller_hide_secrets (const CarCaller *self, const char *text);

/* A text from outside, fit for a message: printable, and without secrets. */
char *car_caller_to_shown (const CarCaller *self, const char *text);

/* Sets CAR_APP_ERROR_GENERAL where the client was made without a successful g_initable_init(). */
gboolean car_caller_check_ready (const CarCaller *self, GError **error);
void car_caller_clear (CarCaller *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarCall, car_call_clear)

G_END_DECLS
