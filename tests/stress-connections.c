/* SPDX-License-Identifier: Apache-2.0 */

/* A client under a service that drops connections at the worst moments: no call may crash, hang or be answered wrongly, and
 * the service may see no request that the client does not know of. Usage: stress-connections [DROPS] */

#include "config.h"

#include <libcar/car.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <libcar/client/car-client-private.h>

#define N_THREADS 8
#define N_AT_ONCE 8 /* asynchronous calls in each */

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n"
                             "{\"message\":\"ok\",\"id\":\"1\"}";

static guint n_wanted; /* drops */
static guint n_drops;  /* so far; atomic, as the others */
static guint n_seen;   /* requests, by the service */
static guint n_known;  /* requests, by the client */
static guint n_done;   /* calls */

/* ---- the service ---- */

/* What the next request gets. Half of the drops come behind a whole answer: the client may be about to reuse the
 * connection then. */
typedef enum
{
  DROP_AFTER_ANSWER,
  DROP_UNREAD,
  DROP_WITHOUT_ANSWER,
  DROP_WITHIN_ANSWER,
  KEEP,
} Fate;

static Fate
draw_fate (GRand *dice)
{
  const int number = g_rand_int_range (dice, 0, 16);

  return number < 3 ? DROP_AFTER_ANSWER : number < 6 ? (Fate) (number - 2) : KEEP;
}

/* Reads a request with its body; FALSE: the client is gone. */
static gboolean
read_request (GDataInputStream *stream)
{
  gsize length = 0;

  for (gboolean first = TRUE;; first = FALSE)
    {
      g_autofree char *line = g_data_input_stream_read_line (stream, NULL, NULL, NULL);
      if (line == NULL)
        return FALSE;
      if (first)
        g_atomic_int_inc (&n_seen);
      if (*line == '\0')
        return g_input_stream_skip (G_INPUT_STREAM (stream), length, NULL, NULL) == (gssize) length;
      if (g_ascii_strncasecmp (line, "Content-Length:", strlen ("Content-Length:")) == 0)
        length = g_ascii_strtoull (line + strlen ("Content-Length:"), NULL, 10);
    }
}

/* Closes the connection with a reset in half of the cases. */
static void
drop (GSocketConnection *connection, GRand *dice)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  if (g_rand_boolean (dice))
    setsockopt (g_socket_get_fd (g_socket_connection_get_socket (connection)), SOL_SOCKET, SO_LINGER,
                &at_once, sizeof at_once);
  g_atomic_int_inc (&n_drops);
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  g_autoptr (GRand) dice = g_rand_new ();
  g_autoptr (GDataInputStream) in =
      g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  g_data_input_stream_set_newline_type (in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (in), FALSE);
  for (Fate fate = KEEP; fate == KEEP;)
    {
      fate = draw_fate (dice);
      if (fate == DROP_UNREAD)
        break;
      if (!read_request (in))
        return TRUE;
      const gsize length = fate == DROP_WITHOUT_ANSWER  ? 0
                           : fate == DROP_WITHIN_ANSWER ? strlen (answer) / 2
                                                        : strlen (answer);
      g_output_stream_write_all (out, answer, length, NULL, NULL, NULL);
    }
  drop (connection, dice);
  return TRUE;
}

/* ---- the client ---- */

static GLogWriterOutput
count_exchanges (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if (level != G_LOG_LEVEL_DEBUG)
    return level <= G_LOG_LEVEL_WARNING ? g_log_writer_standard_streams (level, fields, n_fields, NULL)
                                        : G_LOG_WRITER_HANDLED;

  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE") && (g_str_has_prefix (fields[i].value, "GET health: ") ||
                                                   g_str_has_prefix (fields[i].value, "POST imports: ")))
      g_atomic_int_inc (&n_known);
  return G_LOG_WRITER_HANDLED;
}

static gboolean
is_over (void)
{
  return (guint) g_atomic_int_get (&n_drops) >= n_wanted;
}

typedef struct
{
  CarClient *client;
  guint n_open;
} Caller;

static void start_call (Caller *self, gboolean post);

static void
on_called (GObject *client, GAsyncResult *result, gpointer user_data)
{
  Caller *self = user_data;
  g_autoptr (GError) error = NULL;
  const gboolean posted = g_async_result_is_tagged (result, car_client_import_bytes_async);
  g_autofree char *id = posted ? car_client_import_bytes_finish (CAR_CLIENT (client), result, &error) : NULL;
  const gboolean alive = !posted && car_client_check_health_finish (CAR_CLIENT (client), result, &error);

  g_assert_no_error (error);
  g_assert_true (posted ? g_strcmp0 (id, "1") == 0 : alive);
  g_atomic_int_inc (&n_done);
  self->n_open--;
  if (!is_over ())
    start_call (self, !posted);
}

static void
start_call (Caller *self, gboolean post)
{
  static const char envelope[] = "{\"source\":{}}";
  g_autoptr (GBytes) body = g_bytes_new_static (envelope, strlen (envelope));

  self->n_open++;
  if (post)
    car_client_import_bytes_async (self->client, body, NULL, on_called, self);
  else
    car_client_check_health_async (self->client, NULL, on_called, self);
}

static gpointer
call_often (gpointer client)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Caller self = { .client = client };

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_AT_ONCE; i++)
    start_call (&self, i % 2 == 0);
  while (self.n_open > 0)
    {
      g_main_context_iteration (context, TRUE);
      if (self.n_open > 0 && !is_over ())
        g_assert_true (car_client_check_health (client, NULL, NULL));
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static CarClient *
make_client (guint16 port)
{
  const CarClientLimits limits = {
    .idle_timeout = 60 * 1000,
    .first_retry_delay = 1,
    .max_retry_delay = 4,
    .max_retries = 1000,
    .first_poll_delay = 1,
    .max_poll_delay = 4,
    .job_timeout = 60 * 1000,
    .max_silence = 60 * 1000,
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/v2", port);
  CarClient *client = car_client_new_with_token (url, "T", &error);

  g_assert_no_error (error);
  car_client_set_limits (client, &limits);
  return client;
}

static guint16
listen_on_loopback (GSocketService *service)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) found = NULL;

  g_socket_listener_add_address (G_SOCKET_LISTENER (service), wanted, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &found, &error);
  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (found));
}

static gpointer
run_loop (gpointer loop)
{
  g_main_loop_run (loop);
  return NULL;
}

int
main (int argc, char **argv)
{
  n_wanted = argc > 1 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 1000;
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (count_exchanges, NULL, NULL);
  g_print ("1..1\n");

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSocketService) service = g_threaded_socket_service_new (N_THREADS * N_AT_ONCE);
  g_signal_connect (service, "run", G_CALLBACK (on_connection), NULL);
  CarClient *client = make_client (listen_on_loopback (service));
  GThread *accepting = g_thread_new ("accepting", run_loop, loop);
  GThread *threads[N_THREADS];
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("calling", call_often, client);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_object_unref (client);
  g_socket_service_stop (service);
  g_main_loop_quit (loop);
  g_thread_join (accepting);

  g_print ("# %u drops, %u calls, %u requests known to the client, %u seen by the service\n", n_drops, n_done,
           n_known, n_seen);
  g_assert_cmpuint (n_seen, <=, n_known);
  g_print ("ok 1 - /connections/dropped\n");
  return 0;
}
