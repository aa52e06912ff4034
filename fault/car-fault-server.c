/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>

#include "fault/car-fault-server.h"
#include "service/http/car-service-calls.h"

#define MAX_CONNECTIONS 256
#define BACKLOG 512

/* The main context's thread listens. Each connection has a thread of its own, which may hang for longer than the server is
 * there for others: it holds a reference. */
struct _CarFaultServer
{
  CarFaultRules *rules;
  guint16 service_port;
  gboolean verbose;

  GSocket *holder; /* bound to the port, and never listening: while nobody listens, the port stays ours */
  GSocketService *service; /* NULL: connections are refused */
  guint pause;

  GMutex lock;
  GCond cond;
  gboolean is_refusing;
};

/* What a connection's thread asks of the main context's. */
typedef struct
{
  CarFaultServer *self;
  guint seconds;
} Refusal;

static gboolean on_connection (GThreadedSocketService *service,
                               GSocketConnection *connection,
                               GObject *source,
                               gpointer user_data);

CarFaultServer *
car_fault_server_new (CarFaultRules *rules, guint16 service_port, gboolean verbose)
{
  CarFaultServer *self = g_atomic_rc_box_new0 (CarFaultServer);

  self->rules = rules;
  self->service_port = service_port;
  self->verbose = verbose;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  return self;
}

guint16
car_fault_server_get_service_port (const CarFaultServer *self)
{
  return self->service_port;
}

static void
stop_listening (CarFaultServer *self)
{
  if (self->service == NULL)
    return;

  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_clear_object (&self->service);
}

static void
server_clear (gpointer data)
{
  CarFaultServer *self = data;

  car_fault_rules_free (self->rules);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

void
car_fault_server_free (CarFaultServer *self)
{
  stop_listening (self);
  g_clear_handle_id (&self->pause, g_source_remove);
  g_clear_object (&self->holder);
  g_atomic_rc_box_release_full (self, server_clear);
}

static GSocket *
bind_to (guint16 port, GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  return socket != NULL && g_socket_bind (socket, address, TRUE, error) ? g_steal_pointer (&socket) : NULL;
}

static guint16
get_port (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return address != NULL ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)) : 0;
}

static gboolean
start_listening (CarFaultServer *self, GError **error)
{
  g_autoptr (GSocket) socket = bind_to (get_port (self->holder), error);
  if (socket == NULL)
    return FALSE;

  self->service = g_threaded_socket_service_new (MAX_CONNECTIONS);
  g_signal_connect (self->service, "run", G_CALLBACK (on_connection), self);
  g_socket_set_listen_backlog (socket, BACKLOG);
  return g_socket_listen (socket, error) &&
         g_socket_listener_add_socket (G_SOCKET_LISTENER (self->service), socket, NULL, error);
}

guint16
car_fault_server_listen (CarFaultServer *self, guint16 port, GError **error)
{
  self->holder = bind_to (port, error);

  return self->holder != NULL && start_listening (self, error) ? get_port (self->holder) : 0;
}

static gboolean
on_pause_over (gpointer data)
{
  CarFaultServer *self = data;
  g_autoptr (GError) error = NULL;

  self->pause = 0;
  if (self->service == NULL && !start_listening (self, &error))
    g_printerr ("%s: %s\n", g_get_prgname (), error->message);
  return G_SOURCE_REMOVE;
}

static gboolean
refuse_in_main (gpointer data)
{
  Refusal *refusal = data;
  CarFaultServer *self = refusal->self;

  stop_listening (self);
  g_clear_handle_id (&self->pause, g_source_remove);
  if (refusal->seconds > 0)
    self->pause = g_timeout_add_seconds (refusal->seconds, on_pause_over, self);

  g_mutex_lock (&self->lock);
  self->is_refusing = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return G_SOURCE_REMOVE;
}

void
car_fault_server_refuse (CarFaultServer *self, guint seconds)
{
  Refusal *refusal = g_new (Refusal, 1);

  *refusal = (Refusal){ self, seconds };
  g_mutex_lock (&self->lock);
  self->is_refusing = FALSE;
  g_idle_add_full (G_PRIORITY_HIGH, refuse_in_main, refusal, g_free);
  while (!self->is_refusing)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* NULL: it is none of the service's. */
static const char *
find_call (const CarFaultMessage *request)
{
  g_autoptr (CarServiceRequest) read =
      car_service_request_new (request->method, request->path, request->query, NULL);
  const CarServiceRoute *route = read != NULL ? car_service_calls_find (read, NULL) : NULL;

  return route != NULL ? route->name : NULL;
}

/* A line in one go, whatever the other threads print. */
static void
tell (const CarFaultServer *self, const CarFaultMessage *request, const char *call, const CarFaultRule *rule)
{
  if (rule == NULL && !self->verbose)
    return;

  g_print ("%s: %s %s%s%s\n", call != NULL ? call : "no call", request->method, request->path,
           rule != NULL ? ": " : "", rule != NULL ? rule->text : "");
  fflush (stdout);
}

static CarFaultMessage *
ask_service (CarFaultServer *self, GIOStream *connection, const CarFaultMessage *request)
{
  g_autoptr (GError) error = NULL;
  CarFaultMessage *answer = car_fault_message_ask (self->service_port, request, &error);

  if (answer == NULL)
    car_fault_message_write_json (connection, 502, "", "{\"errors\":[]}");
  return answer;
}

static void
strike (CarFaultServer *self, GIOStream *connection, const CarFaultMessage *request, const CarFaultRule *rule)
{
  g_autoptr (CarFaultMessage) answer = NULL;

  if ((rule->after || rule->kind->spoils) && (answer = ask_service (self, connection, request)) == NULL)
    return;

  const CarFaultStroke stroke = {
    .server = self,
    .connection = connection,
    .request = request,
    .answer = answer,
    .status = rule->status,
    .retry_after = rule->retry_after,
    .seconds = rule->seconds,
  };
  rule->kind->strike (&stroke);
}

static void
answer (CarFaultServer *self, GIOStream *connection, const CarFaultMessage *request)
{
  const char *call = find_call (request);
  const CarFaultRule *rule = car_fault_rules_choose (self->rules, call, g_bytes_get_size (request->body));

  tell (self, request, call, rule);
  if (rule != NULL)
    {
      strike (self, connection, request, rule);
      return;
    }

  g_autoptr (CarFaultMessage) answer = ask_service (self, connection, request);
  if (answer != NULL)
    car_fault_message_write_answer (connection, answer);
}

static gboolean
on_connection (GThreadedSocketService *service,
               GSocketConnection *connection,
               GObject *source,
               gpointer user_data)
{
  CarFaultServer *self = g_atomic_rc_box_acquire ((CarFaultServer *) user_data);
  g_autoptr (CarFaultMessage) request = car_fault_message_read_request (G_IO_STREAM (connection));

  if (request != NULL)
    answer (self, G_IO_STREAM (connection), request);
  g_atomic_rc_box_release_full (self, server_clear);
  return TRUE;
}
