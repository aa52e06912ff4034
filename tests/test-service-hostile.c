/* SPDX-License-Identifier: Apache-2.0 */

/* Clients that ask for too much, send too much, or go away: those who do not must not notice. */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "test-service.h"

#define PATIENCE (30 * G_TIME_SPAN_SECOND)

static GSocketConnection *
connect_to (TestService *service)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;

  g_socket_client_set_timeout (client, PATIENCE / G_TIME_SPAN_SECOND);
  GSocketConnection *connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", service->port, NULL, &error);

  g_assert_no_error (error);

  return connection;
}

static void
send_text (GSocketConnection *connection, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text, strlen (text),
                             NULL, NULL, &error);
  g_assert_no_error (error);
}

/* One answer; "" where the connection ends. */
static char *
receive_answer (GSocketConnection *connection)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  GString *answer = g_string_new (NULL);
  gsize length = G_MAXSIZE;
  char byte;

  while (answer->len < length)
    {
      g_autoptr (GError) error = NULL;
      gssize n_read = g_input_stream_read (stream, &byte, 1, NULL, &error);

      g_assert_no_error (error);
      if (n_read == 0)
        break;
      g_string_append_c (answer, byte);
      if (!g_str_has_suffix (answer->str, "\r\n\r\n"))
        continue;

      const char *body = strstr (answer->str, "\r\nContent-Length: ");
      g_assert_nonnull (body);
      length = answer->len + g_ascii_strtoull (body + strlen ("\r\nContent-Length: "), NULL, 10);
    }

  return g_string_free (answer, FALSE);
}

static gboolean
is_answered (GSocketConnection *connection)
{
  return g_socket_condition_check (g_socket_connection_get_socket (connection), G_IO_IN) != 0;
}

static void
send_query (TestService *service, GSocketConnection *connection, const char *query)
{
  g_autofree char *text =
      g_strdup_printf ("POST /api/car/v3/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                       "application/json\r\nAuthorization: car-token %s\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       service->token, strlen (query), query);

  send_text (connection, text);
}

/* Every asset has every address: what is asked for within each other multiplies. This would take hours. */
#define SIDE 90
#define SLOW_QUERY                                                                                           \
  "{\"query\":\"{asset{ipaddresses{ipaddress{assets{asset{ipaddresses_aggregate("                            \
  "where:{ipaddress:{assets:{asset:{name:{_eq:\\\"no\\\"}}}}}){aggregate{count}}}}}}}}\"}"

static void
import_all_joined (TestService *service)
{
  g_autoptr (GString) envelope =
      g_string_new ("{\"source\":{\"_key\":\"s\"},\"report\":{\"timestamp\":1},\"asset\":[");

  for (guint i = 0; i < SIDE; i++)
    g_string_append_printf (envelope, "%s{\"external_id\":\"%u\",\"name\":\"n\"}", i > 0 ? "," : "", i);
  g_string_append (envelope, "],\"ipaddress\":[");
  for (guint i = 0; i < SIDE; i++)
    g_string_append_printf (envelope, "%s{\"_key\":\"10.0.0.%u\"}", i > 0 ? "," : "", i);
  g_string_append (envelope, "],\"asset_ipaddress\":[");
  for (guint i = 0; i < SIDE * SIDE; i++)
    g_string_append_printf (envelope, "%s{\"_from_external_id\":\"%u\",\"_to\":\"ipaddress/10.0.0.%u\"}",
                            i > 0 ? "," : "", i / SIDE, i % SIDE);
  g_string_append (envelope, "]}");

  g_autofree char *id = test_service_import (service, envelope->str);
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");
}

/* So many slow queries, each over a connection of its own. */
static GPtrArray *
ask_slowly (TestService *service, guint n_queries)
{
  GPtrArray *connections = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n_queries; i++)
    {
      GSocketConnection *connection = connect_to (service);

      send_query (service, connection, SLOW_QUERY);
      g_ptr_array_add (connections, connection);
    }

  return connections;
}

static void
test_slow_queries (gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("test-service-hostile-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "car.db", NULL);
  gboolean in_memory = GPOINTER_TO_INT (data);
  TestService *service = test_service_start (in_memory ? NULL : path);

  import_all_joined (service);
  GPtrArray *slow = ask_slowly (service, 10);

  /* Who asks for little, or writes, has an answer before they have. */
  const char *const calls[] = { "v3/health", "source/s", "jobstatus/1", "importstatus?ids=1" };
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    json_node_unref (test_service_call (service, "GET", calls[i], NULL, 200));
  test_service_set_up (service);
  for (guint i = 0; i < slow->len; i++)
    g_assert_false (is_answered (g_ptr_array_index (slow, i)));

  /* Those who hang up, also in the middle of a further request, leave their place to others. */
  send_text (g_ptr_array_index (slow, 0), "GET /");
  g_ptr_array_unref (slow);
  gint64 begin = g_get_monotonic_time ();
  json_node_unref (test_service_call (service, "POST", "v3/query", "{\"query\":\"{source{id}}\"}", 200));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, PATIENCE);

  test_service_stop (service);
  g_unlink (path);
  g_autofree char *lock = g_strconcat (path, "-lock", NULL);
  g_unlink (lock);
  g_assert_no_errno (g_rmdir (folder));
}

static GSocketConnection *
wait_for_answer (GPtrArray *connections)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  for (; g_get_monotonic_time () < deadline; g_usleep (1000))
    for (guint i = 0; i < connections->len; i++)
      if (is_answered (g_ptr_array_index (connections, i)))
        return g_ptr_array_index (connections, i);
  g_error ("none of %u queries was answered", connections->len);
}

static void
test_too_many_queries (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);

  import_all_joined (service);
  g_autoptr (GPtrArray) slow = ask_slowly (service, 100);
  g_autofree char *answer = receive_answer (wait_for_answer (slow));
  g_test_message ("%s", answer);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 503 "));
  g_assert_nonnull (strstr (answer, "\r\nRetry-After: "));
  g_assert_nonnull (strstr (answer, "ask again later"));
  json_node_unref (test_service_call (service, "GET", "v3/health", NULL, 200));
}

/* The one who waits for an answer is told, and the service ends with 0. */
static void
test_stop (void)
{
  TestService *service = test_service_start (NULL);

  import_all_joined (service);
  g_autoptr (GSocketConnection) connection = connect_to (service);
  send_query (service, connection, "{\"query\":\"{source{id}}\"}");
  g_autofree char *first = receive_answer (connection);
  g_assert_true (g_str_has_prefix (first, "HTTP/1.1 200 "));

  g_autoptr (GPtrArray) others G_GNUC_UNUSED = ask_slowly (service, 10);
  send_query (service, connection, SLOW_QUERY);
  json_node_unref (test_service_call (service, "GET", "v3/health", NULL, 200));
  test_service_stop (service);
  g_autofree char *answer = receive_answer (connection);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 503 "));
}

/* The refusal comes while the body still does; a client that reads it then is done. */
static void
test_endless_body (gconstpointer data)
{
  gboolean allowed = GPOINTER_TO_INT (data);
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GSocketConnection) connection = connect_to (service);
  g_autofree char *head =
      g_strdup_printf ("POST /api/car/v2/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                       "application/json\r\nTransfer-Encoding: chunked\r\n"
                       "Authorization: car-token %s\r\n\r\n",
                       allowed ? service->token : "wrong");
  g_autofree char *spaces = g_strnfill (65536, ' ');
  g_autofree char *chunk = g_strdup_printf ("10000\r\n%s\r\n", spaces);
  guint n_chunks = 0;

  send_text (connection, head);
  while (!is_answered (connection))
    {
      send_text (connection, chunk);
      g_assert_cmpuint (++n_chunks, <, 16 * 1024);
    }

  g_autofree char *answer = receive_answer (connection);
  g_assert_true (g_str_has_prefix (answer, allowed ? "HTTP/1.1 413 " : "HTTP/1.1 401 "));
  g_assert_nonnull (strstr (answer, "\r\nConnection: close\r\n"));
  g_autofree char *end = receive_answer (connection);
  g_assert_cmpstr (end, ==, "");
}

/* Kilobytes of memory that the service has. */
static guint64
get_memory (TestService *service)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", service->pid);
  g_autofree char *status = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &status, NULL, &error);
  g_assert_no_error (error);
  return g_ascii_strtoull (strstr (status, "VmRSS:") + strlen ("VmRSS:"), NULL, 10);
}

static void
assert_free_again (TestService *service)
{
  guint status = 0;

  for (guint i = 0; status != 200; i++)
    {
      g_autofree char *answer = test_service_request (service, "GET", "v3/carSchema", NULL, &status);
      g_assert_cmpuint (i, <, 300);
      g_usleep (10000);
    }
}

/* Sends what it can, without waiting. */
static void
try_to_send (GSocketConnection *connection, const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text, length, NULL,
                             NULL, &error);
}

/* KiB of what was freed that AddressSanitizer keeps at most. */
#ifdef __SANITIZE_ADDRESS__
#define QUARANTINE (256 * 1024)
#else
#define QUARANTINE 0
#endif

/* What all who send or are answered have in memory is bounded, and others are told so. */
static void
test_unfinished_bodies (void)
{
  const gsize size = 8 * 1024 * 1024;
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *body = g_strnfill (size, ' ');
  g_autofree char *head =
      g_strdup_printf ("POST /api/car/v2/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                       "application/json\r\nContent-Length: %zu\r\n"
                       "Authorization: car-token %s\r\n\r\n",
                       size + 1, service->token);

  /* The last ones are refused: those that have sent all they can wait with what they have. */
  for (guint i = 0; i < 31; i++)
    {
      g_ptr_array_add (connections, connect_to (service));
      send_text (g_ptr_array_index (connections, i), head);
      try_to_send (g_ptr_array_index (connections, i), body, size);
    }
  for (guint i = 0; i < 4; i++)
    {
      GSocketConnection *connection = connect_to (service);
      g_ptr_array_add (connections, connection);
      send_text (connection, head);
      try_to_send (connection, body, size / 2);
    }
  GSocketConnection *last = wait_for_answer (connections);
  g_autofree char *answer = receive_answer (last);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 503 "));
  g_assert_cmpuint (get_memory (service), <, 500 * 1024 + QUARANTINE);

  g_ptr_array_set_size (connections, 0);
  assert_free_again (service);
}

static void
test_unread_answers (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *filler = g_strnfill (8 * 1024 * 1024, 'x');
  g_autofree char *envelope =
      g_strdup_printf ("{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1},"
                       "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"description\":\"%s\"}]}",
                       filler);
  g_autofree char *id = test_service_import (service, envelope);
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");

  for (guint i = 0; i < 100; i++)
    {
      g_ptr_array_add (connections, connect_to (service));
      send_query (service, g_ptr_array_index (connections, i), "{\"query\":\"{asset{description}}\"}");
    }
  for (guint i = 0; i < connections->len; i++)
    while (!is_answered (g_ptr_array_index (connections, i)))
      g_usleep (1000);
  g_assert_cmpuint (get_memory (service), <, 600 * 1024 + QUARANTINE);

  g_ptr_array_set_size (connections, 0);
  assert_free_again (service);
}

/* Whether the service has all of its memory in use but for less than `n_bytes`: so many more are refused. */
static gboolean
is_nearly_full (TestService *service, guint n_bytes)
{
  g_autoptr (GSocketConnection) connection = connect_to (service);
  g_autofree char *body = g_strnfill (n_bytes, ' ');
  g_autofree char *text =
      g_strdup_printf ("POST /api/car/v2/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                       "application/json\r\nContent-Length: %u\r\n"
                       "Authorization: car-token %s\r\n\r\n%s",
                       n_bytes + 1, service->token, body);

  send_text (connection, text);
  for (guint i = 0; i < 10; i++)
    {
      if (is_answered (connection))
        return TRUE;
      g_usleep (10000);
    }
  return FALSE;
}

/* A change that was made is answered as made, whatever others have sent: its client would make it again. */
static void
test_answer_of_change (void)
{
  enum
  {
    N = 8
  };
  const gsize size = 32 * 1024 * 1024;
  const char *envelope = "{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1}}";
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *spaces = g_strnfill (size - 1 - strlen (envelope), ' ');
  g_autofree char *text =
      g_strdup_printf ("POST /api/car/v2/imports HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                       "application/json\r\nContent-Length: %zu\r\n"
                       "Authorization: car-token %s\r\n\r\n%s%s",
                       size, service->token, envelope, spaces);

  for (guint i = 0; i < N; i++)
    {
      g_ptr_array_add (connections, connect_to (service));
      send_text (g_ptr_array_index (connections, i), text);
    }
  for (guint i = 0; !is_nearly_full (service, N + 1); i++)
    g_assert_cmpuint (i, <, 300);
  /* The refusal was in memory too. */
  for (guint i = 0, status = 503; status == 503; i++)
    {
      g_autofree char *refused = test_service_request (service, "GET", "v3/nothing", NULL, &status);
      g_assert_cmpuint (i, <, 300);
    }

  GSocketConnection *last = g_ptr_array_index (connections, N - 1);
  send_text (last, " ");
  g_autofree char *answer = receive_answer (last);
  g_test_message ("%s", answer);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));

  g_ptr_array_set_size (connections, 0);
  assert_free_again (service);
}

/* All who come at once are let in, while the service is at something else. */
static void
test_many_at_once (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);

  g_assert_no_errno (kill (service->pid, SIGSTOP));
  for (guint i = 0; i < 100; i++)
    g_ptr_array_add (connections, connect_to (service));
  g_assert_no_errno (kill (service->pid, SIGCONT));

  for (guint i = 0; i < connections->len; i++)
    {
      send_query (service, g_ptr_array_index (connections, i), "{\"query\":\"{source{id}}\"}");
      g_autofree char *answer = receive_answer (g_ptr_array_index (connections, i));
      g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
    }
}

/* An envelope with one asset that carries so many tags. */
static char *
make_tags (guint n_tags)
{
  GString *envelope =
      g_string_new ("{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1\",\"timestamp\":1},"
                    "\"asset\":[{\"external_id\":\"a\",\"name\":\"n\",\"tag\":[\"t\"");

  for (guint i = 0; i < n_tags; i++)
    g_string_append_printf (envelope, ",\"t%u\"", i);
  g_string_append (envelope, "]}]}");
  return g_string_free (envelope, FALSE);
}

/* A small page may hold much of one thing: that costs in proportion to it. */
static void
test_many_tags (void)
{
  g_autoptr (TestService) service = test_service_start (NULL);
  g_autofree char *envelope = make_tags (40000);
  const gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *id = test_service_import (service, envelope);
      g_autofree char *status = test_service_wait_for_job (service, id);
      g_assert_cmpstr (status, ==, "COMPLETE");
    }
  g_assert_cmpint (g_get_monotonic_time () - begin, <, PATIENCE);
}

/* A job that takes long does not keep the service from its end; it is run when the service is there again. */
static void
test_stop_within_job (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("test-service-hostile-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "car.db", NULL);
  g_autofree char *lock = g_strconcat (path, "-lock", NULL);
  g_autofree char *envelope = make_tags (300000);
  TestService *service = test_service_start (path);
  g_autofree char *id = test_service_import (service, envelope);

  const gint64 begin = g_get_monotonic_time ();
  test_service_stop (service);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_TIME_SPAN_SECOND);

  service = test_service_start (path);
  g_autofree char *status = test_service_wait_for_job (service, id);
  g_assert_cmpstr (status, ==, "COMPLETE");
  test_service_stop (service);
  g_unlink (path);
  g_unlink (lock);
  g_assert_no_errno (g_rmdir (folder));
}

/* What is to be kept nowhere leaves nothing behind, not even if it is killed. */
static void
test_in_memory (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("test-service-hostile-XXXXXX", &error);
  g_assert_no_error (error);

  g_setenv ("TMPDIR", folder, TRUE);
  g_autoptr (TestService) service = test_service_start (NULL);
  g_unsetenv ("TMPDIR");
  g_assert_no_errno (g_rmdir (folder));
  import_all_joined (service);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_data_func ("/service/hostile/slow-queries", GINT_TO_POINTER (FALSE), test_slow_queries);
  g_test_add_data_func ("/service/hostile/slow-queries/memory", GINT_TO_POINTER (TRUE), test_slow_queries);
  g_test_add_func ("/service/hostile/too-many-queries", test_too_many_queries);
  g_test_add_func ("/service/hostile/stop", test_stop);
  g_test_add_data_func ("/service/hostile/endless-body", GINT_TO_POINTER (TRUE), test_endless_body);
  g_test_add_data_func ("/service/hostile/endless-body/refused", GINT_TO_POINTER (FALSE), test_endless_body);
  g_test_add_func ("/service/hostile/unfinished-bodies", test_unfinished_bodies);
  g_test_add_func ("/service/hostile/unread-answers", test_unread_answers);
  g_test_add_func ("/service/hostile/answer-of-change", test_answer_of_change);
  g_test_add_func ("/service/hostile/many-at-once", test_many_at_once);
  g_test_add_func ("/service/hostile/many-tags", test_many_tags);
  g_test_add_func ("/service/hostile/stop-within-job", test_stop_within_job);
  g_test_add_func ("/service/hostile/in-memory", test_in_memory);

  return g_test_run ();
}
