/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/client/car-http-private.h>

#include <libsoup/soup.h>
#include <string.h>

#define CHUNK (64 * 1024)
#define MAX_CONNECTIONS 8

struct _CarHttp
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupSession *session; /* the thread's alone */
  char *authorization;
  char *user_agent;
  gboolean direct;
};

/* Filled by the caller, worked on by the thread, and the caller's again once `done` is set. */
typedef struct
{
  CarHttp *http;
  const CarHttpRequest *request;
  CarHttpAnswer *answer;
  GCancellable *cancellable; /* the caller's */

  GCancellable *stop; /* what the thread cancels: at the deadline, or because the caller's was */
  GSource *deadline;
  SoupMessage *message;
  GInputStream *stream;
  GByteArray *body;
  gboolean timed_out;
  GError *error;

  GMutex mutex;
  GCond cond;
  gboolean done;
} Exchange;

/* Never runs the function in the caller's thread, as g_main_context_invoke() may before the thread has begun. */
static void
run_in_thread (CarHttp *self, GSourceFunc function, gpointer data, GDestroyNotify free_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, function, data, free_data);
  g_source_attach (source, self->context);
}

static gint64
parse_retry_after (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_one (headers, "Retry-After");
  if (!text)
    return -1;

  guint64 seconds;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &seconds, NULL))
    return (gint64) seconds * 1000;

  g_autoptr (GDateTime) date = soup_date_time_new_from_http_string (text);
  if (!date)
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
    { G_TLS_CERTIFICATE_UNKNOWN_CA, "no authority that this machine trusts has signed it" },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another host name" },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet" },
    { G_TLS_CERTIFICATE_EXPIRED, "it has expired" },
    { G_TLS_CERTIFICATE_REVOKED, "it was revoked" },
    { G_TLS_CERTIFICATE_INSECURE, "its algorithm is not secure" },
  };
  const GTlsCertificateFlags flags = soup_message_get_tls_peer_certificate_errors (message);
  g_autoptr (GString) said = g_string_new (error->message);
  const char *separator = ": ";

  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (flags & problems[i].flag)
      {
        g_string_append_printf (said, "%s%s", separator, problems[i].problem);
        separator = ", ";
      }

  g_free (error->message);
  error->message = g_string_free (g_steal_pointer (&said), FALSE);
}

/* Takes the error. Everything of libsoup's is let go here, in its own thread. */
static void
finish_exchange (Exchange *self, GError *error)
{
  self->error = error;
  if (error && error->domain == G_TLS_ERROR)
    add_certificate_problems (self->message, error);
  g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
  if (!error)
    {
      self->answer->status = soup_message_get_status (self->message);
      self->answer->retry_after = parse_retry_after (soup_message_get_response_headers (self->message));
      self->answer->body = g_byte_array_free_to_bytes (g_steal_pointer (&self->body));
    }
  g_clear_object (&self->stream);
  g_clear_object (&self->message);

  g_mutex_lock (&self->mutex);
  self->done = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static void read_chunk (Exchange *self);

static void
on_chunk (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Exchange *self = user_data;
  GError *error = NULL;

  g_autoptr (GBytes) chunk = g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, &error);
  if (!chunk || g_bytes_get_size (chunk) == 0)
    {
      finish_exchange (self, error);
      return;
    }

  gsize size;
  gconstpointer data = g_bytes_get_data (chunk, &size);
  if (size > self->request->max_answer - self->body->len)
    {
      finish_exchange (self, g_error_new (G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                                          "the answer is longer than %" G_GSIZE_FORMAT " bytes",
                                          self->request->max_answer));
      return;
    }
  g_byte_array_append (self->body, data, (guint) size);
  read_chunk (self);
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
  if (self->stream)
    read_chunk (self);
  else
    finish_exchange (self, error);
}

static gboolean
on_deadline (gpointer user_data)
{
  Exchange *self = user_data;

  self->timed_out = TRUE;
  g_cancellable_cancel (self->stop);
  return G_SOURCE_REMOVE;
}

static gboolean
cancel_in_thread (gpointer stop)
{
  g_cancellable_cancel (stop);
  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels. Cancelling `stop` right here would race with libsoup's sources (GLib's cancellable source
 * can leak then); and the exchange may be over when the thread comes to it. */
static void
on_cancelled (GCancellable *cancellable, Exchange *self)
{
  run_in_thread (self->http, cancel_in_thread, g_object_ref (self->stop), g_object_unref);
}

static SoupMessage *
make_message (Exchange *self)
{
  SoupMessage *message = soup_message_new_from_uri (self->request->method, self->request->uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);

  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  soup_message_headers_replace (headers, "Authorization", self->http->authorization);
  soup_message_headers_replace (headers, "Accept", "application/json");
  soup_message_headers_replace (headers, "User-Agent", self->http->user_agent);
  if (self->request->body)
    soup_message_set_request_body_from_bytes (message, "application/json", self->request->body);
  else
    soup_message_headers_set_content_type (headers, "application/json", NULL);

  return message;
}

static gboolean
start_exchange (gpointer user_data)
{
  Exchange *self = user_data;

  self->deadline = g_timeout_source_new (self->request->timeout);
  g_source_set_callback (self->deadline, on_deadline, self, NULL);
  g_source_attach (self->deadline, self->http->context);

  self->message = make_message (self);
  soup_session_send_async (self->http->session, self->message, G_PRIORITY_DEFAULT, self->stop, on_sent, self);
  return G_SOURCE_REMOVE;
}

static void
set_exchange_error (Exchange *self, GError **error)
{
  if (self->timed_out)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no whole answer within %g seconds",
                 self->request->timeout / 1000.0);
  else if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    g_propagate_error (error, g_steal_pointer (&self->error));
  g_clear_error (&self->error);
}

gboolean
car_http_exchange (CarHttp *self,
                   const CarHttpRequest *request,
                   CarHttpAnswer *answer,
                   GCancellable *cancellable,
                   GError **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  g_autoptr (GCancellable) stop = g_cancellable_new ();
  Exchange exchange = {
    .http = self,
    .request = request,
    .answer = answer,
    .cancellable = cancellable,
    .stop = stop,
    .body = g_byte_array_new (),
  };
  g_mutex_init (&exchange.mutex);
  g_cond_init (&exchange.cond);

  const gulong handler =
      cancellable ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), &exchange, NULL) : 0;
  run_in_thread (self, start_exchange, &exchange, NULL);
  g_mutex_lock (&exchange.mutex);
  while (!exchange.done)
    g_cond_wait (&exchange.cond, &exchange.mutex);
  g_mutex_unlock (&exchange.mutex);

  g_cancellable_disconnect (cancellable, handler);
  g_cond_clear (&exchange.cond);
  g_mutex_clear (&exchange.mutex);
  g_clear_pointer (&exchange.body, g_byte_array_unref);
  if (!exchange.error)
    return TRUE;

  set_exchange_error (&exchange, error);
  return FALSE;
}

void
car_http_answer_clear (CarHttpAnswer *self)
{
  g_clear_pointer (&self->body, g_bytes_unref);
}

/* No cookies and no sniffing: libsoup's default. Its own authentication would drop our header at a 401. */
static SoupSession *
make_session (CarHttp *self)
{
  SoupSession *session = soup_session_new_with_options ("max-conns", MAX_CONNECTIONS, "max-conns-per-host",
                                                        MAX_CONNECTIONS, "timeout", 0, NULL);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  if (self->direct)
    soup_session_set_proxy_resolver (session, NULL);
  return session;
}

static gpointer
run_thread (gpointer user_data)
{
  CarHttp *self = user_data;

  g_main_context_push_thread_default (self->context);
  self->session = make_session (self);
  g_main_loop_run (self->loop);

  soup_session_abort (self->session);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_object (&self->session);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static gboolean
quit_thread (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

CarHttp *
car_http_new (const char *authorization, gboolean direct)
{
  CarHttp *self = g_new0 (CarHttp, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->authorization = g_strdup (authorization);
  self->user_agent = g_strdup ("libcar/" PACKAGE_VERSION);
  self->direct = direct;
  self->thread = g_thread_new ("car-http", run_thread, self);
  return self;
}

/* No exchange is under way any more. */
void
car_http_free (CarHttp *self)
{
  run_in_thread (self, quit_thread, self->loop, NULL);
  g_thread_join (self->thread);

  explicit_bzero (self->authorization, strlen (self->authorization));
  g_free (self->authorization);
  g_free (self->user_agent);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

void
car_http_set_user_agent (CarHttp *self, const char *user_agent)
{
  g_free (self->user_agent);
  self->user_agent = g_strdup (user_agent);
}
