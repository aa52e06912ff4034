/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-http.h"

#include <libsoup/soup.h>
#include <string.h>

#define TIMEOUT_SECONDS 60 /* without a byte */
#define MAX_TRIES 4
#define FIRST_WAIT_MS 250
#define MAX_WAIT_MS 30000
#define STATUS_TOO_MANY_REQUESTS 429 /* RFC 6585; libsoup has no name for it */
#define MAX_REDIRECTS 5
#define MAX_SIZE (G_GUINT64_CONSTANT (1) << 30)
#define MAX_DEPTH 32 /* json-glib goes as deep as the text does */

struct _ReferenceHttp
{
  SoupSession *session;
  char *url;
  GUri *origin;
  char *authorization;
};

static gboolean
refuse_setting (const char *problem, GError **error)
{
  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER, problem);
  return FALSE;
}

static gboolean
check_settings (GUri *uri, const char *username, GError **error)
{
  if (uri == NULL || !g_uri_get_host (uri) || !*g_uri_get_host (uri) ||
      (!g_str_equal (g_uri_get_scheme (uri), "http") && !g_str_equal (g_uri_get_scheme (uri), "https")))
    return refuse_setting (
        "-server (CONFIGURATION_AUTH_URL) is no address such as https://assets.example.com", error);
  if (g_uri_get_userinfo (uri) || g_uri_get_query (uri) || g_uri_get_fragment (uri))
    return refuse_setting ("-server (CONFIGURATION_AUTH_URL) may hold a host, a port and a path only", error);
  /* RFC 7617, section 2: what stands before the first colon is the user. */
  if (strchr (username, ':'))
    return refuse_setting ("-username (CONFIGURATION_AUTH_USERNAME) may hold no colon", error);
  return TRUE;
}

ReferenceHttp *
reference_http_new (const char *url, const char *username, const char *password, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  if (!check_settings (uri, username, error))
    return NULL;

  ReferenceHttp *self = g_new0 (ReferenceHttp, 1);
  self->session = soup_session_new_with_options ("timeout", TIMEOUT_SECONDS, "user-agent",
                                                 "car-connector-reference ", NULL);
  self->url = g_strdup (url);
  if (g_str_has_suffix (self->url, "/"))
    self->url[strlen (self->url) - 1] = '\0';
  self->origin = g_steal_pointer (&uri);

  g_autofree char *credentials = g_strconcat (username, ":", password, NULL);
  g_autofree char *encoded = g_base64_encode ((const guchar *) credentials, strlen (credentials));
  self->authorization = g_strconcat ("Basic ", encoded, NULL);
  return self;
}

void
reference_http_free (ReferenceHttp *self)
{
  g_object_unref (self->session);
  g_free (self->url);
  g_uri_unref (self->origin);
  g_free (self->authorization);
  g_free (self);
}

static gboolean
fail (CarDatasourceFailure code, GUri *uri, const char *problem, GError **error)
{
  g_autofree char *shown = g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY);

  g_set_error (error, CAR_DATASOURCE_FAILURE, code, "the asset server, at %s: %s", shown, problem);
  return FALSE;
}

/* ---- one request ---- */

static GBytes *
read_body (GInputStream *stream, GUri *uri, GCancellable *cancellable, GError **error)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  guint8 buffer[64 * 1024];
  gssize length;

  while ((length = g_input_stream_read (stream, buffer, sizeof buffer, cancellable, error)) > 0)
    {
      if (body->len + (guint64) length > MAX_SIZE)
        {
          fail (CAR_DATASOURCE_FAILURE_DATA_PROCESSING, uri, "its answer is larger than 1 GiB", error);
          return NULL;
        }
      g_byte_array_append (body, buffer, (guint) length);
    }
  return length < 0 ? NULL : g_byte_array_free_to_bytes (g_steal_pointer (&body));
}

/* The password is not for another server, nor for the same one without TLS. */
static gboolean
is_same_origin (GUri *a, GUri *b)
{
  return g_str_equal (g_uri_get_scheme (a), g_uri_get_scheme (b)) &&
         g_uri_get_port (a) == g_uri_get_port (b) &&
         g_ascii_strcasecmp (g_uri_get_host (a), g_uri_get_host (b)) == 0;
}

/* libsoup would follow redirects as well, with the header that is set here. */
static SoupMessage *
make_message (ReferenceHttp *self, GUri *uri)
{
  SoupMessage *message = soup_message_new_from_uri (SOUP_METHOD_GET, uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  soup_message_headers_append (headers, "Accept", "application/json");
  if (is_same_origin (uri, self->origin))
    soup_message_headers_append (headers, "Authorization", self->authorization);
  return message;
}

/* Where an answer leads on to. NULL: it is no redirect, or error is set. */
static GUri *
get_redirect (SoupMessage *message, GError **error)
{
  const char *location =
      soup_message_headers_get_one (soup_message_get_response_headers (message), "Location");
  GUri *uri = soup_message_get_uri (message);
  guint status = soup_message_get_status (message);

  if (status < 301 || status > 308 || (status > 303 && status < 307))
    return NULL;

  g_autoptr (GUri) target = location ? g_uri_parse_relative (uri, location, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  if (target && g_uri_get_host (target) && g_str_has_prefix (g_uri_get_scheme (target), "http"))
    return g_steal_pointer (&target);

  fail (CAR_DATASOURCE_FAILURE_UNKNOWN, uri, "it redirects, and does not say where to", error);
  return NULL;
}

/* Follows redirects. Returns: the last answer's body; its message in `last`. */
static GBytes *
send_request (ReferenceHttp *self, GUri *uri, SoupMessage **last, GCancellable *cancellable, GError **error)
{
  g_autoptr (GUri) at = g_uri_ref (uri);

  for (guint i = 0; i <= MAX_REDIRECTS; i++)
    {
      g_autoptr (SoupMessage) message = make_message (self, at);
      g_autoptr (GInputStream) stream = soup_session_send (self->session, message, cancellable, error);
      if (!stream)
        return NULL;

      g_autoptr (GError) problem = NULL;
      g_autoptr (GUri) next = get_redirect (message, &problem);
      if (!next && !problem)
        {
          *last = g_steal_pointer (&message);
          return read_body (stream, at, cancellable, error);
        }
      if (problem)
        {
          g_propagate_error (error, g_steal_pointer (&problem));
          return NULL;
        }
      g_uri_unref (at);
      at = g_steal_pointer (&next);
    }

  fail (CAR_DATASOURCE_FAILURE_UNKNOWN, uri, "it redirects again and again", error);
  return NULL;
}

/* ---- trying again ---- */

static gboolean
is_passing_status (guint status)
{
  return status == STATUS_TOO_MANY_REQUESTS || status == SOUP_STATUS_BAD_GATEWAY ||
         status == SOUP_STATUS_SERVICE_UNAVAILABLE || status == SOUP_STATUS_GATEWAY_TIMEOUT;
}

/* A certificate that is not trusted now is not trusted in a second either. */
static gboolean
is_passing_error (const GError *error)
{
  return error->domain != CAR_DATASOURCE_FAILURE && error->domain != G_TLS_ERROR &&
         !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && error->domain != G_RESOLVER_ERROR;
}

/* The server may say how long; in milliseconds. */
static guint
get_wait (SoupMessage *message, guint tries)
{
  const char *after =
      message ? soup_message_headers_get_one (soup_message_get_response_headers (message), "Retry-After")
              : NULL;
  guint64 seconds;

  if (after && g_ascii_string_to_unsigned (after, 10, 0, MAX_WAIT_MS / 1000, &seconds, NULL))
    return (guint) seconds * 1000;
  return MIN (FIRST_WAIT_MS << tries, MAX_WAIT_MS);
}

static gboolean
wait_for (guint milliseconds, GCancellable *cancellable, GError **error)
{
  GPollFD fd;

  if (g_cancellable_make_pollfd (cancellable, &fd))
    {
      g_poll (&fd, 1, (gint) milliseconds);
      g_cancellable_release_fd (cancellable);
    }
  else
    g_usleep (milliseconds * 1000UL);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static GBytes *
send_with_tries (ReferenceHttp *self,
                 GUri *uri,
                 SoupMessage **last,
                 GCancellable *cancellable,
                 GError **error)
{
  for (guint tries = 0;; tries++)
    {
      g_autoptr (GError) failure = NULL;
      g_autoptr (SoupMessage) message = NULL;
      g_autoptr (GBytes) body = send_request (self, uri, &message, cancellable, &failure);
      gboolean passing =
          body ? is_passing_status (soup_message_get_status (message)) : is_passing_error (failure);

      if (!passing || tries + 1 == MAX_TRIES)
        {
          *last = g_steal_pointer (&message);
          if (failure)
            g_propagate_error (error, g_steal_pointer (&failure));
          return g_steal_pointer (&body);
        }

      guint wait = get_wait (message, tries);
      g_message ("The asset server failed (%s); it is asked again in %.1f s",
                 failure ? failure->message : soup_message_get_reason_phrase (message), wait / 1000.0);
      if (!wait_for (wait, cancellable, error))
        return NULL;
    }
}

/* ---- what an answer means ---- */

static gboolean
check_status (SoupMessage *message, GError **error)
{
  GUri *uri = soup_message_get_uri (message);
  guint status = soup_message_get_status (message);

  switch (status)
    {
    case SOUP_STATUS_OK:
      return TRUE;
    case SOUP_STATUS_UNAUTHORIZED:
      return fail (
          CAR_DATASOURCE_FAILURE_AUTH, uri,
          "it does not take the user's name and password (HTTP status 401): check -username and -password",
          error);
    case SOUP_STATUS_FORBIDDEN:
      return fail (CAR_DATASOURCE_FAILURE_FORBIDDEN, uri,
                   "the user may not read this (HTTP status 403): give it the right to, or use another user",
                   error);
    case SOUP_STATUS_BAD_REQUEST:
    case SOUP_STATUS_NOT_FOUND:
      {
        g_autofree char *problem =
            g_strdup_printf ("it does not know what was asked for (HTTP status %u): check -server", status);
        return fail (CAR_DATASOURCE_FAILURE_INVALID_PARAMETER, uri, problem, error);
      }
    default:
      {
        g_autofree char *problem = g_strdup_printf ("it answered with HTTP status %u", status);
        return fail (CAR_DATASOURCE_FAILURE_UNKNOWN, uri, problem, error);
      }
    }
}

/* Whether a parser that calls itself for each level may read this. */
static gboolean
is_shallow (const char *text, gsize length)
{
  gboolean in_string = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < length; i++)
    if (in_string && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (in_string)
      continue;
    else if (text[i] == '[' || text[i] == '{')
      {
        if (++depth > MAX_DEPTH)
          return FALSE;
      }
    else if (text[i] == ']' || text[i] == '}')
      depth -= MIN (depth, 1);
  return TRUE;
}

static JsonNode *
parse (GBytes *body, GUri *uri, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize length;
  const char *text = g_bytes_get_data (body, &length);

  if (length > 0 && g_utf8_validate_len (text, length, NULL) && is_shallow (text, length) &&
      json_parser_load_from_data (parser, text, (gssize) length, NULL) && json_parser_get_root (parser))
    return json_parser_steal_root (parser);

  fail (CAR_DATASOURCE_FAILURE_DATA_PROCESSING, uri,
        "what it answered is no JSON: is -server the address of an asset server?", error);
  return NULL;
}

JsonNode *
reference_http_get (ReferenceHttp *self,
                    const char *path,
                    guint *status,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autofree char *text = g_strconcat (self->url, path, NULL);
  g_autoptr (GUri) uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, error);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GError) failure = NULL;

  if (!uri)
    return NULL;

  g_autoptr (GBytes) body = send_with_tries (self, uri, &message, cancellable, &failure);
  if (status)
    *status = message ? soup_message_get_status (message) : 0;
  if (body)
    return check_status (message, error) ? parse (body, soup_message_get_uri (message), error) : NULL;

  if (failure->domain == CAR_DATASOURCE_FAILURE ||
      g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    fail (CAR_DATASOURCE_FAILURE_CONNECT, uri, failure->message, error);
  return NULL;
}
