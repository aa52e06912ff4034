/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <poll.h>
#include <sys/socket.h>

#include <libsoup/soup.h>
#include <string.h>

#include "server/car-server-http.h"
#include "service/http/car-service-calls.h"
#include "service/http/car-service-logins.h"
#include "service/http/car-service-metrics.h"
#include "service/http/car-service-origin.h"
#include "service/http/car-service-page.h"
#include "service/http/car-service-server.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

struct _CarServiceServer
{
  GObject parent_instance;

  CarServiceWorker *worker;
  CarServiceCredentials *credentials;
  CarServiceLogins *logins;
  CarServiceMetrics *metrics;
  gboolean verbose;

  SoupServer *server;
  char **names; /* by which it is called, besides the loopback's; lower case */
  gboolean tls;
  guint16 port;
  gboolean stopping;
  GHashTable *uses; /* gint64 by the name of a token: when it was noted that it is used */
  guint n_connections;
  guint n_requests;  /* whose head has come, and whose answer is not written yet */
  GHashTable *calls; /* Call: those that are with the worker */
  gsize held;        /* bytes of bodies and answers, of all exchanges */
};

G_DEFINE_FINAL_TYPE (CarServiceServer, car_service_server, G_TYPE_OBJECT)

/* What is known of one message, from its first byte to its last. */
typedef struct
{
  CarServiceServer *self;
  guint timer;
  gint64 begun; /* 0: before its head has come, and after it was answered */
  gsize received;
  gsize sent;
  const char *call;       /* its name */
  gsize held;             /* of these, and of the answer, what is in memory */
  gboolean cut_off;       /* what still comes is thrown away */
  CarServiceToken *token; /* who makes the request; NULL: the owner, or anybody */
  guint status;           /* of our answer: libsoup forgets it where the connection goes away; 0: none yet */
} Exchange;

#define EXCHANGE "car-service-exchange"

/* How exactly it is noted when a token was used last. */
#define USE_MS (60 * 1000)

#define STOPPING "The service is stopping"
#define LOGIN "/login"

#define TOO_LARGE "The body is larger than 32 MiB: send it in parts"
#define TOO_MUCH "Too much is being sent and answered at once: try again later"

/* Only the log sees it. HTTP has no status for it; nginx uses this number too. */
#define CLIENT_CLOSED_REQUEST 499

static void
car_service_server_finalize (GObject *object)
{
  CarServiceServer *self = CAR_SERVICE_SERVER (object);

  soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_strfreev (self->names);
  g_hash_table_unref (self->uses);
  g_clear_object (&self->worker);
  g_hash_table_unref (self->calls);
  g_clear_pointer (&self->credentials, car_service_credentials_free);
  g_clear_pointer (&self->logins, car_service_logins_free);
  g_clear_pointer (&self->metrics, car_service_metrics_free);

  G_OBJECT_CLASS (car_service_server_parent_class)->finalize (object);
}

static void
car_service_server_class_init (CarServiceServerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = car_service_server_finalize;
}

static void
car_service_server_init (CarServiceServer *self)
{
  self->calls = g_hash_table_new (NULL, NULL);
  self->logins = car_service_logins_new ();
  self->metrics = car_service_metrics_new ();
  self->names = g_new0 (char *, 1);
  self->uses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static Exchange *
get_exchange (SoupServerMessage *message)
{
  return g_object_get_data (G_OBJECT (message), EXCHANGE);
}

/* What the exchange has in memory, until it is over. */
static void
hold (Exchange *self, gsize n_bytes)
{
  self->held += n_bytes;
  self->self->held += n_bytes;
}

static void
release (Exchange *self)
{
  self->self->held -= self->held;
  self->held = 0;
}

static void
set_answer (SoupServerMessage *message, guint status, GBytes *body)
{
  Exchange *exchange = get_exchange (message);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  car_server_answer (message, status, body);
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  exchange->status = status;
  exchange->sent = body != NULL ? g_bytes_get_size (body) : 0;
  hold (exchange, exchange->sent);
}

/* Every failure has the same form, and a name of its own by which it is found in the log. */
static void
set_failure (SoupServerMessage *message, guint status, const char *text)
{
  g_autofree char *trace = g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
  GString *out = g_string_new ("{\"errors\":[{");
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  car_service_json_integer (out, "code", status);
  car_service_json_string (out, "message", valid);
  g_string_append (out, "}]");
  car_service_json_string (out, "trace", trace);
  g_string_append_c (out, '}');
  if (status == 503)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After", "1");
  if (status >= 500)
    g_warning ("A call failed (trace %s): %s", trace, text);

  g_autoptr (GBytes) body = g_string_free_to_bytes (out);
  set_answer (message, status, body);
}

static void
set_error (SoupServerMessage *message, const GError *error)
{
  set_failure (message, car_service_error_get_status (error), error->message);
}

static gboolean
is_open_to_all (SoupServerMessage *message)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  const char *method = soup_server_message_get_method (message);

  if (!g_str_has_prefix (path, "/api/") && !g_str_has_prefix (path, "/v"))
    return strcmp (path, CAR_SERVICE_METRICS_PATH) != 0; /* the page, or nothing */
  if (g_str_has_prefix (path, "/api/car/"))
    path += strlen ("/api/car");

  return (method == SOUP_METHOD_GET || method == SOUP_METHOD_HEAD) &&
         (strcmp (path, "/v2/health") == 0 || strcmp (path, "/v3/health") == 0);
}

static gboolean
is_login (SoupServerMessage *message)
{
  return strcmp (g_uri_get_path (soup_server_message_get_uri (message)), LOGIN) == 0;
}

typedef struct
{
  char *name;
  gint64 at;
} Use;

static void
use_free (Use *use)
{
  g_free (use->name);
  g_free (use);
}

/* In the thread that writes. */
static gboolean
note_use (CarServiceStore *store, gpointer data, GError **error)
{
  const Use *use = data;

  return car_service_tokens_note_use (store, use->name, use->at, error);
}

static void
on_use_noted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) problem = NULL;

  if (!car_service_worker_call_finish (CAR_SERVICE_WORKER (source), result, &problem))
    g_debug ("When a token was used is not noted: %s", problem->message);
  use_free (user_data);
}

/* At most once a minute: each is a write. */
static void
note_use_at_times (CarServiceServer *self, const CarServiceToken *token)
{
  gint64 now = g_get_real_time () / 1000;

  const gint64 *noted = g_hash_table_lookup (self->uses, token->name);

  if (now < token->used_at + USE_MS || (noted != NULL && now < *noted + USE_MS))
    return;

  Use *use = g_new0 (Use, 1);
  *use = (Use){ g_strdup (token->name), now };
  g_hash_table_replace (self->uses, g_strdup (token->name), g_memdup2 (&now, sizeof now));
  car_service_worker_call_async (self->worker, CAR_SERVICE_WRITE, NULL, note_use, use, NULL, on_use_noted,
                                 use);
}

/* A token is looked for at each request, so that it is of no use as soon as it is revoked. */
static gboolean
find_token (CarServiceServer *self, SoupServerMessage *message, const char *digest, GError **error)
{
  Exchange *exchange = get_exchange (message);
  CarServiceStore *store = car_service_worker_get_reader (self->worker);

  if (!car_service_tokens_find (store, digest, &exchange->token, error))
    return FALSE;
  if (exchange->token != NULL)
    note_use_at_times (self, exchange->token);

  return exchange->token != NULL;
}

/* Whether it is known who calls, or does not matter. An error is the database's. */
static gboolean
is_allowed (CarServiceServer *self, SoupServerMessage *message, GError **error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *authorization = soup_message_headers_get_one (headers, "Authorization");
  const char *token = car_service_credentials_find_token (authorization);
  g_autofree char *digest = NULL;

  if (is_open_to_all (message) || car_service_credentials_check (self->credentials, authorization))
    return TRUE;
  if (token != NULL)
    digest = car_service_token_to_digest (token);
  else if (authorization != NULL || !car_service_logins_check (self->logins, message, &digest))
    return FALSE;

  return digest == NULL || find_token (self, message, digest, error);
}

/* A browser that is asked for Basic shows a prompt of its own over the page. */
static void
ask_for_credentials (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *challenge = soup_message_headers_get_one (headers, CAR_SERVICE_PLEDGE) != NULL
                              ? "car-token"
                              : "Basic realm=\"car-service\", charset=\"UTF-8\"";

  soup_message_headers_append (soup_server_message_get_response_headers (message), "WWW-Authenticate",
                               challenge);
}

/* `problem`: of the database, where who calls could not be looked up; or NULL. */
static void
refuse_stranger (SoupServerMessage *message, const GError *problem)
{
  if (problem != NULL)
    {
      set_error (message, problem);
      return;
    }

  ask_for_credentials (message);
  set_failure (message, 401, "The key and password, or the token, are missing or wrong");
}

/* What comes from somebody who is nobody yet is small, and says so. */
static gboolean
is_too_large (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupEncoding encoding = soup_message_headers_get_encoding (headers);
  goffset length = soup_message_headers_get_content_length (headers);

  if (is_open_to_all (message))
    return encoding == SOUP_ENCODING_CHUNKED || length > CAR_SERVICE_MAX_LOGIN_BODY;
  return encoding == SOUP_ENCODING_CONTENT_LENGTH && length > CAR_SERVICE_MAX_BODY;
}

static void
drop_body (SoupServerMessage *message)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
}

/* Before the body is read: the body of a client that may not call, or that sends too much, is not kept. */
static void
on_headers (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  CarServiceServer *self = user_data;
  g_autoptr (GError) problem = NULL;

  if (!car_service_origin_is_our_host (message, (const char *const *) self->names))
    set_failure (message, 403,
                 "The header Host must name the loopback, or what --host-name and --listen gave");
  else if (car_service_origin_may_change (message) && car_service_origin_is_foreign (message))
    set_failure (message, 403, "A page of another address must not change anything here");
  else if (!is_allowed (self, message, &problem))
    refuse_stranger (message, problem);
  else if (car_service_origin_may_change (message) && !car_service_origin_is_json (message))
    set_failure (message, 415, "Only JSON is taken: send the header Content-Type: application/json");
  else if (is_too_large (message))
    set_failure (message, 413,
                 is_open_to_all (message) ? "The body is too large for this address" : TOO_LARGE);
  else if (self->stopping || self->held > CAR_SERVICE_MAX_HELD)
    set_failure (message, 503, self->stopping ? STOPPING : TOO_MUCH);
  else
    return;

  drop_body (message);
}

static gboolean
on_too_slow (gpointer data)
{
  SoupServerMessage *message = data;
  Exchange *exchange = get_exchange (message);
  GSocket *socket = soup_server_message_get_socket (message);

  exchange->timer = 0;
  if (socket != NULL)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);

  return G_SOURCE_REMOVE;
}

static void
set_timer (SoupServerMessage *message, guint seconds)
{
  Exchange *exchange = get_exchange (message);

  g_clear_handle_id (&exchange->timer, g_source_remove);
  if (seconds > 0)
    exchange->timer = g_timeout_add_seconds (seconds, on_too_slow, message);
}

/* A connection between two of its requests. */
typedef struct
{
  guint timer;
  guint watch;
} Idle;

#define IDLE "car-service-idle"

static void
idle_free (gpointer data)
{
  Idle *idle = data;

  g_clear_handle_id (&idle->timer, g_source_remove);
  g_clear_handle_id (&idle->watch, g_source_remove);
  g_free (idle);
}

static gboolean
on_idle_too_long (gpointer data)
{
  GSocket *socket = data;
  Idle *idle = g_object_get_data (G_OBJECT (socket), IDLE);

  idle->timer = 0;
  g_socket_shutdown (socket, TRUE, TRUE, NULL);

  return G_SOURCE_REMOVE;
}

static gboolean
close_socket (gpointer data)
{
  g_socket_close (data, NULL);
  return G_SOURCE_REMOVE;
}

static void
close_later (GSocket *socket)
{
  g_idle_add_full (G_PRIORITY_LOW, close_socket, g_object_ref (socket), g_object_unref);
  g_object_set_data (G_OBJECT (socket), IDLE, NULL);
}

/* libsoup 3.2.3 keeps the descriptor of a connection whose client hangs up between two requests. It is closed here,
 * once libsoup has seen the end of the connection too. */
static gboolean
on_idle_socket_ready (GSocket *socket, GIOCondition condition, gpointer data)
{
  Idle *idle = data;
  char byte;

  idle->watch = 0;
  if (recv (g_socket_get_fd (socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
    close_later (socket);

  return G_SOURCE_REMOVE;
}

/* The end of TLS comes as bytes, as a further request does. */
static gboolean
on_idle_socket_hung_up (GSocket *socket, GIOCondition condition, gpointer data)
{
  Idle *idle = data;

  idle->watch = 0;
  close_later (socket);

  return G_SOURCE_REMOVE;
}

static void
set_idle (SoupServerMessage *message, gboolean is_idle)
{
  GSocket *socket = soup_server_message_get_socket (message);

  if (socket == NULL)
    return;
  g_object_set_data (G_OBJECT (socket), IDLE, NULL);
  if (!is_idle || g_socket_is_closed (socket))
    return;

  Idle *idle = g_new0 (Idle, 1);
  const gboolean tls = get_exchange (message)->self->tls;
  g_autoptr (GSource) source =
      g_socket_create_source (socket, tls ? (GIOCondition) POLLRDHUP : G_IO_IN | G_IO_HUP, NULL);

  g_source_set_callback (source,
                         tls ? G_SOURCE_FUNC (on_idle_socket_hung_up) : G_SOURCE_FUNC (on_idle_socket_ready),
                         idle, NULL);
  idle->watch = g_source_attach (source, NULL);
  idle->timer = g_timeout_add_seconds (CAR_SERVICE_HEAD_SECONDS, on_idle_too_long, socket);
  g_object_set_data_full (G_OBJECT (socket), IDLE, idle, idle_free);
}

static void
on_got_headers (SoupServerMessage *message, gpointer user_data)
{
  Exchange *exchange = get_exchange (message);

  set_idle (message, FALSE);

  exchange->begun = g_get_monotonic_time ();
  exchange->self->n_requests++;
  set_timer (message, CAR_SERVICE_BODY_SECONDS);
}

/* libsoup answers when it has read all of a request, which may never be. So the refusal is written past it; what still
 * comes is read and thrown away for a while, or the client, still sending, would see its connection reset and not the
 * answer. Nothing can be written past TLS: there the client is answered once it has sent all, in the time that it has. */
static void
refuse_at_once (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);
  guint status = soup_server_message_get_status (message);
  g_autoptr (GString) text = g_string_new (NULL);
  SoupMessageHeadersIter iter;
  const char *name, *value;

  if (socket == NULL || get_exchange (message)->self->tls)
    return;

  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_response_body (message));
  g_string_append_printf (text, "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n", status,
                          soup_status_get_phrase (status), g_bytes_get_size (body));
  soup_message_headers_iter_init (&iter, soup_server_message_get_response_headers (message));
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_string_append_printf (text, "%s: %s\r\n", name, value);
  g_string_append (text, "\r\n");
  g_string_append_len (text, g_bytes_get_data (body, NULL), (gssize) g_bytes_get_size (body));

  g_socket_send_with_blocking (socket, text->str, text->len, FALSE, NULL, NULL);
  g_socket_shutdown (socket, FALSE, TRUE, NULL);
  set_timer (message, CAR_SERVICE_LINGER_SECONDS);
}

static void
cut_off (SoupServerMessage *message)
{
  get_exchange (message)->cut_off = TRUE;
  drop_body (message);
  soup_message_body_truncate (soup_server_message_get_request_body (message));
  refuse_at_once (message);
}

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  Exchange *exchange = get_exchange (message);
  const gboolean is_kept = exchange->status == 0;

  if (exchange->cut_off)
    return;
  exchange->received += g_bytes_get_size (chunk);
  if (is_kept)
    hold (exchange, g_bytes_get_size (chunk));
  if (exchange->received <= CAR_SERVICE_MAX_BODY &&
      (!is_kept || exchange->self->held <= CAR_SERVICE_MAX_HELD))
    return;

  if (is_kept)
    {
      release (exchange);
      if (exchange->received > CAR_SERVICE_MAX_BODY)
        set_failure (message, 413, TOO_LARGE);
      else
        set_failure (message, 503, TOO_MUCH);
    }
  cut_off (message);
}

static void
on_got_body (SoupServerMessage *message, gpointer user_data)
{
  set_timer (message, 0);
}

/* A client that takes nothing of its answer for long is cut off: the answer would stay in memory for ever. */
static void
on_wrote_body_data (SoupServerMessage *message, guint length, gpointer user_data)
{
  set_timer (message, CAR_SERVICE_HEAD_SECONDS);
}

static void
exchange_free (gpointer data)
{
  Exchange *exchange = data;

  g_clear_handle_id (&exchange->timer, g_source_remove);
  g_clear_pointer (&exchange->token, car_service_token_free);
  release (exchange);
  exchange->self->n_connections--;
  g_object_unref (exchange->self);
  g_free (exchange);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  CarServiceServer *self = user_data;
  Exchange *exchange = g_new0 (Exchange, 1);

  exchange->self = g_object_ref (self);
  exchange->call = "other"; /* the page, logins, and what no call is */
  self->n_connections++;
  g_object_set_data_full (G_OBJECT (message), EXCHANGE, exchange, exchange_free);
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), NULL);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), NULL);
  g_signal_connect (message, "got-body", G_CALLBACK (on_got_body), NULL);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (on_wrote_body_data), NULL);

  /* Too many at once: the newest has no time at all. */
  set_timer (message, self->n_connections > CAR_SERVICE_MAX_CONNECTIONS ? 1 : CAR_SERVICE_HEAD_SECONDS);
}

static void
on_request_done (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  CarServiceServer *self = user_data;
  Exchange *exchange = get_exchange (message);
  GUri *uri = soup_server_message_get_uri (message);

  if (exchange == NULL)
    return;
  set_timer (message, 0);
  set_idle (message, TRUE);
  if (exchange->begun == 0)
    return;

  self->n_requests--;
  guint status = exchange->status != 0 ? exchange->status : soup_server_message_get_status (message);
  double seconds = (double) (g_get_monotonic_time () - exchange->begun) / G_USEC_PER_SEC;
  car_service_metrics_count (self->metrics, exchange->call, status, seconds, exchange->received,
                             exchange->sent);
  if (self->verbose && uri != NULL)
    g_printerr ("%s %s %u %.1f ms\n", soup_server_message_get_method (message), g_uri_get_path (uri), status,
                seconds * 1000.0);
  exchange->begun = 0;
}

typedef struct
{
  CarServiceServer *self;
  SoupServerMessage *message;
  CarServiceRequest *request;
  CarServiceHandler handler;
  CarServiceAccess access;
  GCancellable *cancellable; /* of a query; NULL */
  GSource *hang_up;          /* while that runs; NULL */
} Call;

static Call *
call_new (CarServiceServer *self,
          SoupServerMessage *message,
          CarServiceRequest *request,
          const CarServiceRoute *route)
{
  Call *call = g_new0 (Call, 1);

  g_hash_table_add (self->calls, call);
  call->self = g_object_ref (self);
  call->message = g_object_ref (message);
  call->request = request;
  call->handler = route->handler;
  call->access = route->access;

  return call;
}

static void
call_free (Call *call)
{
  if (call->hang_up != NULL)
    g_source_destroy (call->hang_up);
  g_clear_pointer (&call->hang_up, g_source_unref);
  g_clear_object (&call->cancellable);
  g_hash_table_remove (call->self->calls, call);
  g_object_unref (call->self);
  g_object_unref (call->message);
  car_service_request_free (call->request);
  g_free (call);
}

static gboolean
on_hung_up (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Call *call = user_data;

  g_cancellable_cancel (call->cancellable);

  return G_SOURCE_REMOVE;
}

/* While a message is paused libsoup does not look at its connection. GIO has no name for POLLRDHUP, which, unlike the end
 * of what can be read, also comes behind a further request. */
static void
cancel_on_hang_up (Call *call)
{
  GSocket *socket = soup_server_message_get_socket (call->message);

  call->cancellable = g_cancellable_new ();
  if (socket == NULL)
    return;
  call->hang_up = g_socket_create_source (socket, (GIOCondition) POLLRDHUP, NULL);
  g_source_set_callback (call->hang_up, G_SOURCE_FUNC (on_hung_up), call, NULL);
  g_source_attach (call->hang_up, NULL);
}

/* In a thread of the worker's. */
static gboolean
run_call (CarServiceStore *store, gpointer data, GError **error)
{
  Call *call = data;

  return call->handler (store, call->request, error);
}

static void on_answered (GObject *source, GAsyncResult *result, gpointer user_data);

/* A query that turned out to be a mutation. */
static void
write_instead (Call *call)
{
  call->request->must_write = FALSE;
  call->request->may_write = TRUE;
  call->access = CAR_SERVICE_WRITE;
  car_service_worker_call_async (call->self->worker, call->access, NULL, run_call, call, call->cancellable,
                                 on_answered, call);
}

/* An answer that its client does not read stays in memory. But a change that was made is answered as made: its client
 * would make it again. */
static gboolean
may_answer (const Call *call)
{
  GBytes *answer = call->request->answer;
  gboolean is_change = call->access == CAR_SERVICE_WRITE || call->access == CAR_SERVICE_WRITE_IN_ORDER;

  return is_change || answer == NULL || call->self->held + g_bytes_get_size (answer) <= CAR_SERVICE_MAX_HELD;
}

static void
set_call_answer (SoupServerMessage *message, const CarServiceRequest *request)
{
  set_answer (message, request->status, request->answer);
  if (request->content_type != NULL)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Content-Type",
                                  request->content_type);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  gboolean done = car_service_worker_call_finish (CAR_SERVICE_WORKER (source), result, &error);

  if (done && call->request->must_write)
    done = car_service_calls_check (call->handler, CAR_SERVICE_WRITE, call->request->token, &error);
  if (done && call->request->must_write)
    {
      write_instead (call);
      return;
    }
  if (done && !may_answer (call))
    set_failure (call->message, 503, TOO_MUCH);
  else if (done)
    set_call_answer (call->message, call->request);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_failure (call->message, call->self->stopping ? 503 : CLIENT_CLOSED_REQUEST, STOPPING);
  else
    set_error (call->message, error);
  set_timer (call->message, CAR_SERVICE_HEAD_SECONDS);
  soup_server_message_unpause (call->message);
  call_free (call);
}

static CarServiceRequest *
read_request (SoupServerMessage *message, GError **error)
{
  GUri *uri = soup_server_message_get_uri (message);
  CarServiceRequest *request = car_service_request_new (soup_server_message_get_method (message),
                                                        g_uri_get_path (uri), g_uri_get_query (uri), error);
  if (request == NULL)
    return NULL;

  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *report = soup_message_headers_get_one (headers, "x-car-report");
  request->timepoint = g_strdup (soup_message_headers_get_one (headers, "x-hasura-car-timepoint"));
  if (report != NULL && g_utf8_validate (report, -1, NULL))
    request->report = g_strdup (report);
  request->wants_json = g_strcmp0 (soup_message_headers_get_one (headers, "accept"), "application/json") == 0;
  request->body = soup_message_body_flatten (soup_server_message_get_request_body (message));

  return request;
}

/* FALSE, and an answer, where the method is none of these. */
static gboolean
has_method (SoupServerMessage *message, const char *first, const char *second)
{
  const char *method = soup_server_message_get_method (message);
  g_autofree char *allowed = g_strdup_printf ("%s, %s", first, second);

  if (strcmp (method, first) == 0 || strcmp (method, second) == 0)
    return TRUE;
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", allowed);
  set_failure (message, 405, "This address is not for that method");
  return FALSE;
}

/* Where it is a file of the page. */
static gboolean
answer_page (SoupServerMessage *message)
{
  const char *content_type;
  g_autoptr (GBytes) file =
      car_service_page_find (g_uri_get_path (soup_server_message_get_uri (message)), &content_type);

  if (file == NULL)
    return FALSE;
  if (!has_method (message, "GET", "HEAD"))
    return TRUE;
  set_answer (message, 200, file);
  car_service_page_set_headers (soup_server_message_get_response_headers (message), content_type);

  return TRUE;
}

/* Logs in and out. Another page must not do either. */
static gboolean
answer_login (CarServiceServer *self, SoupServerMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (!is_login (message))
    return FALSE;
  if (!has_method (message, "POST", "DELETE"))
    return TRUE;
  if (!car_service_origin_is_page (message))
    {
      set_failure (message, 403,
                   "Only the page of this service logs in here: programs send their credentials");
      return TRUE;
    }

  g_autoptr (GBytes) done = NULL;
  if (soup_server_message_get_method (message) == SOUP_METHOD_DELETE)
    {
      car_service_logins_close (self->logins, message);
      done = g_bytes_new_static ("{}", 2);
    }
  else
    done = car_service_logins_open (self->logins, self->credentials,
                                    car_service_worker_get_reader (self->worker), message, &error);
  if (done != NULL)
    set_answer (message, 200, done);
  else
    set_error (message, error);

  return TRUE;
}

/* The route of a request whose maker may take it. */
static const CarServiceRoute *
find_route (CarServiceServer *self, SoupServerMessage *message, CarServiceRequest *request, GError **error)
{
  Exchange *exchange = get_exchange (message);
  const CarServiceRoute *route = car_service_calls_find (request, error);
  if (route == NULL)
    return NULL;

  exchange->call = route->name;
  request->token = g_steal_pointer (&exchange->token);
  if (route->handler == car_service_call_get_metrics)
    request->counted = car_service_metrics_to_text (self->metrics);

  return car_service_calls_check (route->handler, route->access, request->token, error) ? route : NULL;
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  CarServiceServer *self = user_data;
  if (answer_page (message) || answer_login (self, message))
    return;

  g_autoptr (GError) error = NULL;
  g_autoptr (CarServiceRequest) request = read_request (message, &error);
  const CarServiceRoute *route = request != NULL ? find_route (self, message, request, &error) : NULL;

  if (route == NULL)
    {
      gboolean wrong_method = g_error_matches (error, CAR_SERVICE_ERROR, 405);
      g_autofree char *allowed = wrong_method ? car_service_calls_dup_allowed (request) : NULL;

      if (allowed != NULL)
        soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", allowed);
      set_error (message, error);
      return;
    }

  g_autofree char *source = car_service_calls_dup_source (request);
  Call *call = call_new (self, message, g_steal_pointer (&request), route);

  if (call->access == CAR_SERVICE_QUERY)
    cancel_on_hang_up (call);
  soup_server_message_pause (message);
  car_service_worker_call_async (self->worker, call->access, source, run_call, call, call->cancellable,
                                 on_answered, call);
}

CarServiceServer *
car_service_server_new (CarServiceWorker *worker, CarServiceCredentials *credentials, gboolean verbose)
{
  CarServiceServer *self = g_object_new (CAR_TYPE_SERVICE_SERVER, NULL);

  self->worker = g_object_ref (worker);
  self->credentials = credentials;
  self->verbose = verbose;

  /* Raw paths: what is encoded in a segment stays apart from the slashes between them. */
  self->server = soup_server_new ("raw-paths", TRUE, "server-header", "car-service/" PACKAGE_VERSION, NULL);
  g_signal_connect (self->server, "request-started", G_CALLBACK (on_request_started), self);
  g_signal_connect (self->server, "request-finished", G_CALLBACK (on_request_done), self);
  g_signal_connect (self->server, "request-aborted", G_CALLBACK (on_request_done), self);
  soup_server_add_early_handler (self->server, NULL, on_headers, self, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);

  return self;
}

void
car_service_server_set_names (CarServiceServer *self, const char *const *names)
{
  g_strfreev (self->names);
  self->names = g_strdupv ((char **) names);
  for (guint i = 0; self->names[i] != NULL; i++)
    for (char *c = self->names[i]; *c != '\0'; c++)
      *c = g_ascii_tolower (*c);
}

void
car_service_server_set_certificate (CarServiceServer *self, GTlsCertificate *certificate)
{
  soup_server_set_tls_certificate (self->server, certificate);
  self->tls = TRUE;
}

gboolean
car_service_server_listen (CarServiceServer *self, GInetAddress *address, guint16 port, GError **error)
{
  self->port = address != NULL ? car_server_listen_on (self->server, address, port, error)
                               : car_server_listen (self->server, port, error);

  return self->port != 0;
}

guint16
car_service_server_get_port (CarServiceServer *self)
{
  return self->port;
}

void
car_service_server_stop (CarServiceServer *self)
{
  GHashTableIter iter;
  gpointer call;

  self->stopping = TRUE;

  /* soup_server_disconnect() would cut off what is being answered. */
  g_autoptr (GSList) sockets = soup_server_get_listeners (self->server);
  for (GSList *item = sockets; item != NULL; item = item->next)
    g_socket_close (item->data, NULL);

  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    g_cancellable_cancel (((Call *) call)->cancellable);
}

guint
car_service_server_get_n_requests (CarServiceServer *self)
{
  return self->n_requests;
}
