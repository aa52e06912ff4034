/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/base/car-error.h>
#include <libcar/client/car-call-private.h>
#include <libcar/staging/car-record-private.h>

#include <libsoup/soup.h>
#include <string.h>

/* Also the import schema, with its extensions, and the answers of queries must fit. */
#define MAX_ANSWER (64 * 1024 * 1024)

void
car_call_init (CarCall *self, CarCallVersion version, const char *method, const char *path)
{
  *self = (CarCall){
    .method = method,
    .version = version,
    .path = g_string_new (path),
    .query = g_string_new (NULL),
  };
}

void
car_call_clear (CarCall *self)
{
  if (self->path)
    g_string_free (self->path, TRUE);
  if (self->query)
    g_string_free (self->query, TRUE);
  if (self->json)
    g_string_free (self->json, TRUE);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->problem, g_free);
}

static void
check_text (CarCall *self, const char *text)
{
  if (self->problem || g_utf8_validate (text, -1, NULL))
    return;

  g_autofree char *shown = car_text_to_printable (text, -1);
  self->problem = g_strdup_printf ("“%s” is not UTF-8", shown);
}

gboolean
car_call_is_segment (const char *text)
{
  return *text != '\0' && !g_str_equal (text, ".") && !g_str_equal (text, "..");
}

void
car_call_add_segment (CarCall *self, const char *segment)
{
  check_text (self, segment);
  if (!self->problem && !car_call_is_segment (segment))
    self->problem = g_strdup_printf ("“%s” cannot be a name or an id in a URL: choose another", segment);

  g_string_append_c (self->path, '/');
  g_string_append_uri_escaped (self->path, segment, NULL, FALSE);
}

void
car_call_add_query (CarCall *self, const char *name, const char *value)
{
  check_text (self, value);
  g_string_append_printf (self->query, "%c%s=", self->query->len ? '&' : '?', name);
  g_string_append_uri_escaped (self->query, value, NULL, FALSE);
}

void
car_call_add_query_item (CarCall *self, const char *item)
{
  check_text (self, item);
  if (!self->problem && *item == '\0')
    self->problem = g_strdup ("an id is empty");

  if (!g_str_has_suffix (self->query->str, "="))
    g_string_append_c (self->query, ',');
  g_string_append_uri_escaped (self->query, item, NULL, FALSE);
}

void
car_call_add_json_member (CarCall *self, const char *name, const char *json, gssize length)
{
  if (self->json)
    g_string_append_c (self->json, ',');
  else
    self->json = g_string_new ("{");
  car_json_append_string (self->json, name, -1);
  g_string_append_c (self->json, ':');
  g_string_append_len (self->json, json, length);
}

void
car_call_add_member (CarCall *self, const char *name, const char *value)
{
  check_text (self, value);
  if (self->problem)
    return;

  g_autoptr (GString) json = g_string_new (NULL);
  car_json_append_string (json, value, -1);
  car_call_add_json_member (self, name, json->str, (gssize) json->len);
}

char *
car_call_write_object (JsonObject *object, GError **error)
{
  g_autoptr (CarRecord) record = car_record_new ();
  gsize length;

  car_record_set_members (record, object);
  if (!car_record_peek (record, &length, error))
    {
      g_prefix_error_literal (error, "cannot be sent: ");
      return NULL;
    }
  return car_record_to_json (record);
}

static const char *
get_base (const CarCall *self, const CarCaller *caller)
{
  return self->version == CAR_CALL_V3 ? caller->base_v3 : caller->base;
}

gsize
car_call_get_length (const CarCall *self, const CarCaller *caller)
{
  return strlen (get_base (self, caller)) + 1 + self->path->len + self->query->len;
}

/* protocol.md, "Failures". */
static gboolean
is_recoverable (guint status)
{
  switch (status)
    {
    case 302:
    case 400:
    case 401:
    case 403:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
is_worth_a_retry (guint status)
{
  return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

static const char *
get_advice (guint status)
{
  switch (status)
    {
    case 302:
    case 401:
      return "check the service's key and password, or its token";
    case 403:
      return "check what the service's key or token may do";
    case 404:
    case 405:
      return "check the service's URL";
    case 413:
      return "make the pages smaller";
    case 408:
    case 429:
      return "run again later, it goes on where it was";
    default:
      return status >= 500 ? "run again later; if it stays so, ask those who run the service" : NULL;
    }
}

/* A service may repeat what it was told: in its message, or in a page that is shown as one. */
static char *
hide_secrets (const CarCaller *caller, const char *text)
{
  g_autoptr (GString) out = g_string_new (text);

  for (guint i = 0; caller->secrets[i]; i++)
    g_string_replace (out, caller->secrets[i], "***", 0);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

void
car_call_set_failure (const CarCaller *caller, guint status, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *shown = hide_secrets (caller, message);
  if (is_recoverable (status))
    g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT, shown);
  else
    g_set_error_literal (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT, shown);
}

void
car_call_set_unexpected (const CarCall *self, GError **error, const char *what)
{
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "%s %s: the service's answer is not what it should be: %s; check that its URL is the one of a "
               "CAR service",
               self->method, self->path->str, what);
}

static char *
describe_errors (GBytes *body)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  CarJsonSpan value;

  return car_json_read_text (text, length, &value, NULL) ? car_answer_describe_errors (&value) : NULL;
}

static void
set_status_error (CarCall *self, const CarCaller *caller, const CarHttpAnswer *answer, GError **error)
{
  g_autofree char *said = describe_errors (answer->body);
  const char *phrase = soup_status_get_phrase (answer->status);
  const char *advice = get_advice (answer->status);

  car_call_set_failure (caller, answer->status, error, "%s %s: HTTP %u (%s)%s%s%s%s", self->method,
                        self->path->str, answer->status, phrase, said ? ": " : "", said ? said : "",
                        advice ? "; " : "", advice ? advice : "");
}

static char *
describe_cause (const CarCaller *caller, const GError *cause)
{
  g_autofree char *said = car_text_to_printable (cause->message, -1);

  return hide_secrets (caller, said);
}

static void
set_transport_error (CarCall *self,
                     const CarCaller *caller,
                     const GError *cause,
                     guint attempts,
                     GError **error)
{
  g_autofree char *shown = describe_cause (caller, cause);
  const char *advice = cause->domain == G_TLS_ERROR
                           ? "check the service's URL and the certificates this machine trusts"
                           : "check the service's URL and the network";

  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "%s %s: no answer from %s after %u attempt(s): %s; %s", self->method, self->path->str,
               get_base (self, caller), attempts, shown, advice);
}

/* A certificate that is not trusted, or an answer without end, will be so the next time. */
static gboolean
is_error_worth_a_retry (const GError *error)
{
  return error->domain != G_TLS_ERROR && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);
}

gboolean
car_call_wait (guint milliseconds, GCancellable *cancellable, GError **error)
{
  const gint64 end = g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;
  GPollFD fd;
  const gboolean pollable = g_cancellable_make_pollfd (cancellable, &fd);
  gint64 left;

  while (!g_cancellable_is_cancelled (cancellable) && (left = end - g_get_monotonic_time ()) > 0)
    g_poll (&fd, pollable ? 1 : 0, (int) MIN (left / G_TIME_SPAN_MILLISECOND + 1, G_MAXINT));

  if (pollable)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* Doubled with each retry, with some chance, so that many connectors do not come back together. */
static guint
get_retry_delay (const CarClientLimits *limits, guint attempt, gint64 retry_after)
{
  if (retry_after >= 0)
    return (guint) MIN (retry_after, limits->max_retry_delay);

  const guint64 delay =
      MIN ((guint64) limits->first_retry_delay << MIN (attempt, 16), limits->max_retry_delay);
  return (guint) (delay / 2 + (guint64) (g_random_double () * (double) (delay - delay / 2)));
}

static gboolean
exchange_once (CarCall *self,
               CarCaller *caller,
               const CarHttpRequest *request,
               CarHttpAnswer *answer,
               GCancellable *cancellable,
               GError **error)
{
  const gint64 begin = g_get_monotonic_time ();
  GError *cause = NULL;
  const gboolean answered = car_http_exchange (caller->http, request, answer, cancellable, &cause);
  const gint64 took = (g_get_monotonic_time () - begin) / G_TIME_SPAN_MILLISECOND;

  if (answered)
    g_debug ("%s %s: HTTP %u after %" G_GINT64_FORMAT " ms, %" G_GSIZE_FORMAT " bytes sent, %" G_GSIZE_FORMAT
             " received",
             self->method, self->path->str, answer->status, took,
             self->body ? g_bytes_get_size (self->body) : 0, g_bytes_get_size (answer->body));
  else
    {
      g_debug ("%s %s: no answer after %" G_GINT64_FORMAT " ms", self->method, self->path->str, took);
      g_propagate_error (error, cause);
    }
  return answered;
}

/* @cause is NULL where there was an answer. */
static void
tell_of_retry (CarCall *self, const CarCaller *caller, const GError *cause, guint status, guint delay)
{
  g_autofree char *why = cause ? describe_cause (caller, cause) : g_strdup_printf ("HTTP %u", status);

  g_message ("%s %s: %s; trying again in %.1f s", self->method, self->path->str, why, delay / 1000.0);
}

/* TRUE with an answer of any status. PATCH and POST are retried too: saying them twice does no harm. */
static gboolean
exchange (CarCall *self,
          CarCaller *caller,
          const CarHttpRequest *request,
          CarHttpAnswer *answer,
          GCancellable *cancellable,
          GError **error)
{
  const CarClientLimits *limits = &caller->limits;

  for (guint attempt = 0;; attempt++)
    {
      g_autoptr (GError) cause = NULL;
      const gboolean answered = exchange_once (self, caller, request, answer, cancellable, &cause);
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      const gboolean retry = answered ? is_worth_a_retry (answer->status) : is_error_worth_a_retry (cause);
      if (!retry || attempt == limits->max_retries)
        {
          if (!answered && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
            car_call_set_unexpected (self, error, cause->message);
          else if (!answered)
            set_transport_error (self, caller, cause, attempt + 1, error);
          return answered;
        }

      const guint delay = get_retry_delay (limits, attempt, answered ? answer->retry_after : -1);
      tell_of_retry (self, caller, cause, answer->status, delay);
      car_http_answer_clear (answer);
      if (!car_call_wait (delay, cancellable, error))
        return FALSE;
    }
}

static gboolean
check_success (CarCall *self, const CarHttpAnswer *http, CarAnswer *answer, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (http->body, &length);
  CarJsonSpan value = { .type = CAR_JSON_INVALID };

  if (length > 0 || answer)
    {
      g_autoptr (GError) cause = NULL;
      if (!car_json_read_text (text, length, &value, &cause))
        {
          car_call_set_unexpected (self, error, cause->message);
          return FALSE;
        }
    }
  if (!answer)
    return TRUE;

  if (value.type != CAR_JSON_OBJECT)
    {
      car_call_set_unexpected (self, error, "it is no JSON object");
      return FALSE;
    }
  *answer = (CarAnswer){ .status = http->status, .body = g_bytes_ref (http->body), .value = value };
  return TRUE;
}

static void
finish_body (CarCall *self)
{
  if (!self->json)
    return;

  g_string_append_c (self->json, '}');
  self->body = g_string_free_to_bytes (g_steal_pointer (&self->json));
}

gboolean
car_call_run (CarCall *self, CarCaller *caller, CarAnswer *answer, GCancellable *cancellable, GError **error)
{
  if (self->problem)
    {
      g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, self->problem);
      return FALSE;
    }
  finish_body (self);

  g_autofree char *url = g_strconcat (get_base (self, caller), "/", self->path->str, self->query->str, NULL);
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, error);
  if (!uri)
    return FALSE;

  const CarHttpRequest request = {
    .method = self->method,
    .uri = uri,
    .body = self->body,
    .timeout = caller->limits.call_timeout,
    .max_answer = MAX_ANSWER,
  };
  g_auto (CarHttpAnswer) http = { 0 };
  if (!exchange (self, caller, &request, &http, cancellable, error))
    return FALSE;

  if (http.status == 200 || http.status == 201 ||
      (http.status == 204 && g_str_equal (self->method, "DELETE")))
    return check_success (self, &http, answer, error);
  if (self->tolerated == 0 || http.status != self->tolerated)
    {
      set_status_error (self, caller, &http, error);
      return FALSE;
    }
  if (answer)
    *answer = (CarAnswer){ .status = http.status };
  return TRUE;
}

void
car_answer_clear (CarAnswer *self)
{
  g_clear_pointer (&self->body, g_bytes_unref);
}

void
car_caller_clear (CarCaller *self)
{
  for (guint i = 0; self->secrets && self->secrets[i]; i++)
    explicit_bzero (self->secrets[i], strlen (self->secrets[i]));
  g_clear_pointer (&self->secrets, g_strfreev);
  g_clear_pointer (&self->http, car_http_free);
  g_clear_pointer (&self->base, g_free);
  g_clear_pointer (&self->base_v3, g_free);
}
