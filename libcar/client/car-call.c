/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-call-private.h>
#include <libcar/client/car-retry-private.h>
#include <libcar/json/car-json-writer-private.h>
#include <libcar/log/car-log-private.h>

/* What proxies and servers take for granted that a URL is not longer than. */
#define MAX_URL 2000

void
car_call_init (CarCall *self, CarApiVersion version, const char *method, const char *path)
{
  *self = (CarCall){
    .method = method,
    .version = version,
    .path = g_string_new (path),
    .query = g_string_new (NULL),
    .max_answer = CAR_ANSWER_SHORT,
  };
}

void
car_call_clear (CarCall *self)
{
  if (self->path != NULL)
    g_string_free (self->path, TRUE);
  if (self->query != NULL)
    g_string_free (self->query, TRUE);
  if (self->json != NULL)
    g_string_free (self->json, TRUE);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_clear_pointer (&self->problem, g_free);
}

static void
check_text (CarCall *self, const char *text)
{
  if (self->problem != NULL || g_utf8_validate (text, -1, NULL))
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
  if (self->problem == NULL && !car_call_is_segment (segment))
    self->problem = g_strdup_printf ("“%s” cannot be a name or an id in a URL: choose another", segment);

  if (self->path->len > 0)
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

static const char *
get_base (const CarCall *self, const CarCaller *caller)
{
  return self->version == CAR_API_VERSION_V3 ? caller->base_v3 : caller->base;
}

static void
add_query_item (CarCall *self, const char *item)
{
  check_text (self, item);
  if (self->problem == NULL && *item == '\0')
    self->problem = g_strdup ("an id is empty");

  if (!g_str_has_suffix (self->query->str, "="))
    g_string_append_c (self->query, ',');
  g_string_append_uri_escaped (self->query, item, NULL, FALSE);
}

guint
car_call_add_query_items (CarCall *self,
                          const CarCaller *caller,
                          const char *const *items,
                          guint n_items,
                          guint next)
{
  const gsize others = strlen (get_base (self, caller)) + strlen ("/") + self->path->len;
  const guint first = next;

  for (; next < n_items; next++)
    {
      const gsize before = self->query->len;
      add_query_item (self, items[next]);
      if (next > first && others + self->query->len >= MAX_URL)
        {
          g_string_truncate (self->query, before);
          break;
        }
    }
  return next;
}

void
car_call_add_json_member (CarCall *self, const char *name, const char *json, gssize length)
{
  if (self->json != NULL)
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
  if (self->problem != NULL)
    return;

  g_autoptr (GString) json = g_string_new (NULL);
  car_json_append_string (json, value, -1);
  car_call_add_json_member (self, name, json->str, (gssize) json->len);
}

char *
car_call_write_object (JsonObject *object, GError **error)
{
  char *text = car_json_object_to_text (object, error);

  if (text == NULL)
    g_prefix_error_literal (error, "cannot be sent: ");
  return text;
}

char *
car_call_dup_object (const char *json, GError **error)
{
  const gsize length = strlen (json);
  CarJsonSpan value;
  if (!car_json_read_text (json, length, &value, error))
    return NULL;
  if (value.type == CAR_JSON_OBJECT)
    return g_strndup (json, length);

  g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON,
                       "a JSON object is wanted, not another value");
  return NULL;
}

gboolean
car_call_check_name (const char *what, const char *name, GError **error)
{
  if (car_text_is_name (name))
    return TRUE;

  g_autofree char *shown = car_text_to_printable (name, -1);
  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
               "“%s” is no name of %s: a name has letters, digits and _ (128 at most, no digit first)", shown,
               what);
  return FALSE;
}

static const char *
get_advice (guint status)
{
  switch (status)
    {
    case 302:
    case 401:
      return _ ("check the service's key and password, or its token");
    case 403:
      return _ ("check what the service's key or token may do");
    case 404:
    case 405:
      return _ ("check the service's URL");
    case 413:
      return _ ("make the pages smaller");
    case 408:
    case 429:
      return _ ("run again later, it goes on where it was");
    default:
      return status >= 500 ? _ ("run again later; if it stays so, ask those who run the service") : NULL;
    }
}

/* A service may repeat what it was told: in its message, in a job's id, or in a page that is shown as one. */
char *
car_caller_hide_secrets (const CarCaller *self, const char *text)
{
  g_autofree char *without_own = car_redaction_hide (self->redaction, text);

  return car_log_without_secrets (without_own);
}

/* Secrets first: of a text that is shortened, a part of one could be left. */
char *
car_caller_to_shown (const CarCaller *self, const char *text)
{
  g_autofree char *hidden = car_caller_hide_secrets (self, text);

  return car_text_to_printable (hidden, -1);
}

char *
car_call_describe_errors (const CarCaller *caller, const CarJsonSpan *answer)
{
  g_autofree char *said = car_answer_dup_errors (answer);

  return said != NULL ? car_caller_to_shown (caller, said) : NULL;
}

void
car_call_set_failure (guint status, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  if (car_retry_is_recoverable (status))
    g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT, message);
  else
    g_set_error_literal (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT, message);
}

void
car_call_set_unexpected (const CarCall *self, const char *what, GError **error)
{
  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      /* Translators: a call ("POST imports"), and what is wrong with the answer, in English. */
      _ ("%s %s: the service's answer is not what it should be: %s; check that its URL is the one of a "
         "CAR service"),
      self->method, self->path->str, what);
}

static char *
describe_errors (const CarCaller *caller, GBytes *body)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  CarJsonSpan value;

  return car_json_read_text (text, length, &value, NULL) ? car_call_describe_errors (caller, &value) : NULL;
}

static void
set_status_error (const CarCall *self, const CarCaller *caller, const CarHttpAnswer *answer, GError **error)
{
  g_autofree char *said = describe_errors (caller, answer->body);
  const char *phrase = soup_status_get_phrase (answer->status);
  const char *advice = get_advice (answer->status);

  car_call_set_failure (answer->status, error, "%s %s: HTTP %u (%s)%s%s%s%s", self->method, self->path->str,
                        answer->status, phrase, said != NULL ? ": " : "", said != NULL ? said : "",
                        advice != NULL ? "; " : "", advice != NULL ? advice : "");
}

void
car_call_set_no_answer (const CarCall *self,
                        const CarCaller *caller,
                        const GError *cause,
                        guint attempts,
                        GError **error)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    {
      car_call_set_unexpected (self, cause->message, error);
      return;
    }

  g_autofree char *shown = car_caller_to_shown (caller, cause->message);
  const char *advice = cause->domain == G_TLS_ERROR
                           ? _ ("check the service's URL and the certificates this machine trusts")
                           : _ ("check the service's URL and the network");
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               /* Translators: a call ("POST imports"), a URL, a number, what went wrong, and what to do. */
               ngettext ("%s %s: no answer from %s after %u attempt: %s; %s",
                         "%s %s: no answer from %s after %u attempts: %s; %s", attempts),
               self->method, self->path->str, get_base (self, caller), attempts, shown, advice);
}

static gboolean
set_unexpected (const CarCall *self, const char *what, GError **error)
{
  car_call_set_unexpected (self, what, error);
  return FALSE;
}

/* Some services say with status 200 that they failed. */
static gboolean
check_errors (const CarCall *self, const CarCaller *caller, const CarJsonSpan *value, GError **error)
{
  const CarJsonSpan errors = car_json_span_get_member (value, "errors");
  if (errors.type == CAR_JSON_INVALID || errors.type == CAR_JSON_NULL)
    return TRUE;

  g_autofree char *said = car_call_describe_errors (caller, value);
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               _ ("%s %s: the service refuses: %s"), self->method, self->path->str,
               said != NULL ? said : _ ("it does not say why"));
  return FALSE;
}

static gboolean
check_object (const CarCall *self, const CarCaller *caller, const CarJsonSpan *value, GError **error)
{
  if (value->type != CAR_JSON_OBJECT)
    return set_unexpected (self, "it is no JSON object", error);
  if (!check_errors (self, caller, value, error))
    return FALSE;
  if (self->answer != CAR_ANSWER_DONE)
    return TRUE;

  const CarJsonSpan result = car_json_span_get_member (value, "result");
  return (result.type == CAR_JSON_STRING && car_json_span_equals (&result, "OK")) ||
         set_unexpected (self, "“result” is not “OK”", error);
}

static gboolean
read_success (const CarCall *self,
              const CarCaller *caller,
              const CarHttpAnswer *http,
              CarAnswer *answer,
              GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (http->body, &length);
  CarJsonSpan value = { .type = CAR_JSON_INVALID };
  g_autoptr (GError) cause = NULL;

  answer->status = http->status;
  if ((length > 0 || self->answer != CAR_ANSWER_ANY) && !car_json_read_text (text, length, &value, &cause))
    return set_unexpected (self, cause->message, error);
  if (self->answer != CAR_ANSWER_ANY && !check_object (self, caller, &value, error))
    return FALSE;

  *answer = (CarAnswer){ .status = http->status, .body = g_bytes_ref (http->body), .value = value };
  return TRUE;
}

static gboolean
is_refusal (guint status)
{
  return status == SOUP_STATUS_BAD_REQUEST || status == SOUP_STATUS_CONFLICT ||
         status == SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE || status == SOUP_STATUS_UNPROCESSABLE_ENTITY;
}

gboolean
car_call_read_answer (const CarCall *self,
                      const CarCaller *caller,
                      const CarHttpAnswer *http,
                      CarAnswer *answer,
                      GError **error)
{
  if (self->tolerated == CAR_CLIENT_ANY_STATUS)
    {
      *answer = (CarAnswer){ .status = http->status, .body = g_bytes_ref (http->body) };
      return TRUE;
    }
  if (http->status == 200 || http->status == 201 ||
      (http->status == 204 && g_str_equal (self->method, "DELETE")))
    return read_success (self, caller, http, answer, error);

  answer->status = http->status;
  if (http->status == self->tolerated)
    return TRUE;

  GError *cause = NULL;
  set_status_error (self, caller, http, &cause);
  if (self->may_be_refused && is_refusal (http->status))
    {
      cause->domain = CAR_APP_ERROR;
      cause->code = CAR_APP_ERROR_INVALID_PARAMETER;
    }
  g_propagate_error (error, cause);
  return FALSE;
}

gboolean
car_call_complete (CarCall *self, const CarCaller *caller, GError **error)
{
  if (self->problem != NULL)
    {
      g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, self->problem);
      return FALSE;
    }
  if (self->json != NULL)
    {
      g_string_append_c (self->json, '}');
      self->body = g_string_free_to_bytes (g_steal_pointer (&self->json));
    }

  g_autofree char *url = g_strconcat (get_base (self, caller), "/", self->path->str, self->query->str, NULL);
  self->uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, error);
  return self->uri != NULL;
}

void
car_answer_clear (CarAnswer *self)
{
  g_clear_pointer (&self->body, g_bytes_unref);
  *self = (CarAnswer){ .status = 0 };
}

gboolean
car_caller_check_ready (const CarCaller *self, GError **error)
{
  if (self->http != NULL)
    return TRUE;

  g_set_error_literal (
      error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
      "the client is not ready: make it with car_client_new(), or give it its properties and call "
      "g_initable_init()");
  return FALSE;
}

void
car_caller_clear (CarCaller *self)
{
  g_clear_pointer (&self->http, car_http_free);
  g_clear_pointer (&self->loop, car_loop_free);
  g_clear_pointer (&self->redaction, car_redaction_free);
  g_clear_pointer (&self->base, g_free);
  g_clear_pointer (&self->base_v3, g_free);
  g_clear_pointer (&self->report, g_free);
  g_clear_pointer (&self->timepoint, g_free);
}
