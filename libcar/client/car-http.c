/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>
#include <inttypes.h>
#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-http-private.h>
#include <libcar/client/car-tls-private.h>

#define CHUNK (64 * 1024)

/* So many bytes must move while an exchange may idle. */
#define MIN_MOVEMENT 1024
#define MAX_CONNECTIONS 8

struct _CarHttp
{
  CarLoop *loop;
  SoupSession *session; /* the loop's thread's alone */
  char *authorization;
  char *user_agent;
  gboolean direct;
  GProxyResolver *proxy_resolver;
  GTlsDatabase *tls_database;
  GTlsCertificate *tls_certificate;
};

/* All of it happens in the loop's thread. */
typedef struct
{
  CarHttp *http;
  CarHttpCallback callback;
  gpointer user_data;
  guint idle_timeout;
  gsize max_answer;

  GCancellable *cancellable; /* who started the exchange stops it */
  gulong handler;
  GCancellable *stop; /* what libsoup heeds: cancelled for that, and for the reason in `ended` */
  GError *ended;

  GSource *watch; /* looks whether the exchange idles; NULL while it waits for a connection */
  gint64 moved;   /* when it moved last */
  gsize n_bytes;  /* that came or went since */
  SoupMessage *message;
  GInputStream *stream;
  GByteArray *body;
} Exchange;

static gint64
parse_retry_after (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_one (headers, "Retry-After");
  if (text == NULL)
    return -1;

  guint64 seconds;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &seconds, NULL))
    return (gint64) seconds * 1000;

  g_autoptr (GDateTime) date = soup_date_time_new_from_http_string (text);
  if (date == NULL)
    return -1;

  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  return MAX (g_date_time_difference (date, now) / 1000, 0);
}

/* GIO only says that the certificate is unacceptable. */
static void
add_certificate_problems (SoupMessage *message, GError *error)
{
  static const struct
  {
    GTlsCertificateFlags flag;
    const char *problem;
  } problems[] = {
    { G_TLS_CERTIFICATE_UNKNOWN_CA, N_ ("no authority that this machine trusts has signed it") },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, N_ ("it is for another host name") },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, N_ ("it is not valid yet") },
    { G_TLS_CERTIFICATE_EXPIRED, N_ ("it has expired") },
    { G_TLS_CERTIFICATE_REVOKED, N_ ("it was revoked") },
    { G_TLS_CERTIFICATE_INSECURE, N_ ("its algorithm is not secure") },
  };
  const GTlsCertificateFlags flags = soup_message_get_tls_peer_certificate_errors (message);
  g_autoptr (GString) said = g_string_new (error->message);
  const char *separator = ": ";

  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (flags & problems[i].flag)
      {
        g_string_append_printf (said, "%s%s", separator, _ (problems[i].problem));
        separator = ", ";
      }

  g_free (error->message);
  error->message = g_string_free (g_steal_pointer (&said), FALSE);
}

static void
exchange_free (Exchange *self)
{
  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
  /* Not g_cancellable_disconnect(), which waits for ever where the cancellable is being cancelled: both happen in this
   * thread alone. */
  g_signal_handler_disconnect (self->cancellable, self->handler);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->stop);
  g_clear_error (&self->ended);
  g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->stream);
  g_clear_object (&self->message);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_free (self);
}

/* Takes the error. */
static void
fail (Exchange *self, GError *cause)
{
  g_autoptr (GError) error = cause;
  if (self->ended != NULL && !g_cancellable_is_cancelled (self->cancellable))
    {
      g_clear_error (&error);
      error = g_steal_pointer (&self->ended);
    }
  if (error->domain == G_TLS_ERROR)
    add_certificate_problems (self->message, error);

  const CarHttpCallback callback = self->callback;
  gpointer user_data = self->user_data;
  exchange_free (self);
  callback (NULL, error, user_data);
}

static void
succeed (Exchange *self)
{
  g_autoptr (GBytes) body = g_byte_array_free_to_bytes (g_steal_pointer (&self->body));
  const CarHttpAnswer answer = {
    .status = soup_message_get_status (self->message),
    .retry_after = parse_retry_after (soup_message_get_response_headers (self->message)),
    .body = body,
  };

  const CarHttpCallback callback = self->callback;
  gpointer user_data = self->user_data;
  exchange_free (self);
  callback (&answer, NULL, user_data);
}

/* Takes the reason. Of several, the first stays. */
static void
end_early (Exchange *self, GError *reason)
{
  if (self->ended != NULL)
    {
      g_error_free (reason);
      return;
    }
  self->ended = reason;
  g_cancellable_cancel (self->stop);
}

/* The idle time-out. */

static gboolean on_watch (gpointer user_data);

static void
watch (Exchange *self, guint milliseconds)
{
  self->watch = g_timeout_source_new (milliseconds);
  g_source_set_callback (self->watch, on_watch, self, NULL);
  g_source_attach (self->watch, car_loop_get_context (self->http->loop));
}

static gboolean
on_watch (gpointer user_data)
{
  Exchange *self = user_data;
  const gint64 end = self->moved + self->idle_timeout * G_TIME_SPAN_MILLISECOND;
  const gint64 left = end - g_get_monotonic_time ();

  g_clear_pointer (&self->watch, g_source_unref);
  if (left > 0)
    watch (self, (guint) (left / G_TIME_SPAN_MILLISECOND) + 1);
  else
    end_early (self, g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _ ("nothing moved for %g seconds"),
                                  self->idle_timeout / 1000.0));
  return G_SOURCE_REMOVE;
}

/* An exchange that waits until one of the session's connections is free does not idle: it is watched from when it has
 * one. */
static void
note_movement (Exchange *self)
{
  self->moved = g_get_monotonic_time ();
  if (self->watch == NULL)
    watch (self, self->idle_timeout);
}

/* A byte now and then is no movement: an answer of some size would never end. */
static void
note_bytes (Exchange *self, gsize n_bytes)
{
  self->n_bytes += n_bytes;
  if (self->n_bytes < MIN_MOVEMENT)
    return;

  self->n_bytes = 0;
  note_movement (self);
}

static void
on_network_event (SoupMessage *message, GSocketClientEvent event, GIOStream *connection, Exchange *self)
{
  note_movement (self);
}

/* Before a byte of the request goes out. */
static void
on_starting (SoupMessage *message, Exchange *self)
{
  const char *problem = car_tls_find_problem (soup_message_get_tls_protocol_version (message),
                                              soup_message_get_tls_peer_certificate (message));

  note_movement (self);
  if (problem != NULL)
    end_early (self, g_error_new_literal (G_TLS_ERROR, G_TLS_ERROR_HANDSHAKE, problem));
}

static void
on_wrote_body_data (SoupMessage *message, guint size, Exchange *self)
{
  note_bytes (self, size);
}

/* libsoup is about to send the request again by itself. */
static void
on_restarted (SoupMessage *message, Exchange *self)
{
  end_early (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                                        _ ("the service closed the connection without an answer")));
}

/* The answer. */

static void read_chunk (Exchange *self);

/* libsoup 3.2.3 takes a body that ends early for a whole one where the answer is the connection's last. The length counts what
 * was sent, which is not what comes out where that is compressed. */
static gboolean
is_cut_off (const Exchange *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);

  return soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH &&
         soup_message_headers_get_one (headers, "Content-Encoding") == NULL &&
         (goffset) self->body->len < soup_message_headers_get_content_length (headers);
}

static void
on_chunk (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Exchange *self = user_data;
  GError *error = NULL;

  g_autoptr (GBytes) chunk = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, &error);
  if (chunk == NULL)
    {
      fail (self, error);
      return;
    }

  gsize size;
  gconstpointer data = g_bytes_get_data (chunk, &size);
  if (size == 0 && is_cut_off (self))
    fail (self, g_error_new (G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                             ngettext ("the answer ended after %u byte, before its end",
                                       "the answer ended after %u bytes, before its end", self->body->len),
                             self->body->len));
  else if (size == 0)
    succeed (self);
  else if (size > self->max_answer - self->body->len)
    fail (self, g_error_new (G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                             ngettext ("the answer is longer than %" PRIu64 " byte",
                                       "the answer is longer than %" PRIu64 " bytes", self->max_answer),
                             (guint64) self->max_answer));
  else
    {
      g_byte_array_append (self->body, data, (guint) size);
      note_bytes (self, size);
      read_chunk (self);
    }
}

static void
read_chunk (Exchange *self)
{
  g_input_stream_read_bytes_async (self->stream, CHUNK, G_PRIORITY_DEFAULT, self->stop, on_chunk, self);
}

static void
on_sent (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Exchange *self = user_data;
  GError *error = NULL;

  self->stream = soup_session_send_finish (SOUP_SESSION (object), result, &error);
  if (self->stream != NULL)
    {
      note_movement (self);
      read_chunk (self);
    }
  else
    fail (self, error);
}

/* The request. */

/* A new connection for each request, as libsoup has it for POST anyway. A server may close a connection just when it is
 * reused. Then libsoup 3.2 sends a GET again by itself, says of the first attempt that it failed while it makes the second,
 * and crashes (a null dereference in run_until_read_done()): tests/stress-connections.c. */
static SoupMessage *
make_message (CarHttp *self, const CarHttpRequest *request)
{
  SoupMessage *message = soup_message_new_from_uri (request->method, request->uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE |
                                       SOUP_MESSAGE_NEW_CONNECTION);
  if (self->tls_certificate != NULL)
    soup_message_set_tls_client_certificate (message, self->tls_certificate);

  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  soup_message_headers_replace (headers, "Authorization", self->authorization);
  soup_message_headers_replace (headers, "Accept", "application/json");
  soup_message_headers_replace (headers, "User-Agent", self->user_agent);
  if (request->report != NULL)
    soup_message_headers_replace (headers, "X-Car-Report", request->report);
  if (request->timepoint != NULL)
    soup_message_headers_replace (headers, "x-hasura-car-timepoint", request->timepoint);
  if (request->body != NULL)
    soup_message_set_request_body_from_bytes (message, "application/json", request->body);
  else
    soup_message_headers_set_content_type (headers, "application/json", NULL);
  return message;
}

/* No cookies and no sniffing: libsoup's default. Its own authentication would drop our header at a 401. */
static SoupSession *
make_session (CarHttp *self)
{
  SoupSession *session = soup_session_new_with_options ("max-conns", MAX_CONNECTIONS, "max-conns-per-host",
                                                        MAX_CONNECTIONS, "timeout", 0, NULL);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  if (self->direct || self->proxy_resolver != NULL)
    soup_session_set_proxy_resolver (session, self->proxy_resolver);
  if (self->tls_database != NULL)
    soup_session_set_tls_database (session, self->tls_database);
  return session;
}

static void
on_cancelled (GCancellable *cancellable, GCancellable *stop)
{
  g_cancellable_cancel (stop);
}

void
car_http_send (CarHttp *self,
               const CarHttpRequest *request,
               GCancellable *cancellable,
               CarHttpCallback callback,
               gpointer user_data)
{
  Exchange *exchange = g_new0 (Exchange, 1);
  exchange->http = self;
  exchange->callback = callback;
  exchange->user_data = user_data;
  exchange->idle_timeout = request->idle_timeout;
  exchange->max_answer = request->max_answer;
  exchange->cancellable = g_object_ref (cancellable);
  exchange->stop = g_cancellable_new ();
  exchange->handler = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), exchange->stop);
  exchange->body = g_byte_array_new ();
  exchange->message = make_message (self, request);
  g_signal_connect (exchange->message, "network-event", G_CALLBACK (on_network_event), exchange);
  g_signal_connect (exchange->message, "starting", G_CALLBACK (on_starting), exchange);
  g_signal_connect (exchange->message, "wrote-body-data", G_CALLBACK (on_wrote_body_data), exchange);
  g_signal_connect (exchange->message, "restarted", G_CALLBACK (on_restarted), exchange);

  if (self->session == NULL)
    self->session = make_session (self);
  soup_session_send_async (self->session, exchange->message, G_PRIORITY_DEFAULT, exchange->stop, on_sent,
                           exchange);
}

CarHttp *
car_http_new (CarLoop *loop, const CarHttpOptions *options)
{
  CarHttp *self = g_new0 (CarHttp, 1);

  self->loop = loop;
  self->authorization = g_strdup (options->authorization);
  self->user_agent = g_strdup (options->user_agent);
  self->direct = options->direct;
  g_set_object (&self->proxy_resolver, options->proxy_resolver);
  g_set_object (&self->tls_database, options->tls_database);
  g_set_object (&self->tls_certificate, options->tls_certificate);
  return self;
}

static gboolean
free_in_thread (gpointer user_data)
{
  CarHttp *self = user_data;

  if (self->session != NULL)
    soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_object (&self->proxy_resolver);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->tls_certificate);
  explicit_bzero (self->authorization, strlen (self->authorization));
  g_free (self->authorization);
  g_free (self->user_agent);
  g_free (self);
  return G_SOURCE_REMOVE;
}

void
car_http_free (CarHttp *self)
{
  car_loop_invoke (self->loop, free_in_thread, self, NULL);
}
