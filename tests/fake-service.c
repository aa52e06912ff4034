/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "certificate-maker.h"
#include "fake-service.h"

#include <libsoup/soup.h>
#include <string.h>

#define PREFIX "/api/car/"

typedef struct
{
  guint status; /* 0: misbehave */
  char *body;
  char *header;
  FakeMisbehaviour how;
} Answer;

struct _FakeService
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  GTlsCertificate *certificate; /* NULL: no TLS */
  gboolean asks_for_certificate;
  char *url;
  char *state_folder; /* NULL: nobody asked for it */

  GMutex mutex;
  GCond cond;
  GHashTable *queues; /* "METHOD path": GQueue of Answer */
  GHashTable *always; /* "METHOD path": Answer */
  GPtrArray *requests;
};

static void
answer_free (gpointer data)
{
  Answer *self = data;

  g_free (self->body);
  g_free (self->header);
  g_free (self);
}

static void
queue_free (gpointer data)
{
  g_queue_free_full (data, answer_free);
}

static void
request_free (gpointer data)
{
  FakeRequest *self = data;

  g_free (self->method);
  g_free (self->path);
  g_free (self->query);
  g_free (self->body);
  g_free (self->authorization);
  g_free (self->user_agent);
  g_free (self->accept);
  g_free (self->content_type);
  g_free (self->certificate);
  g_free (self);
}

/* As PEM; NULL: the client showed none. */
static char *
get_peer_certificate (SoupServerMessage *message)
{
  GTlsCertificate *certificate = soup_server_message_get_tls_peer_certificate (message);
  char *pem = NULL;

  if (certificate != NULL)
    g_object_get (certificate, "certificate-pem", &pem, NULL);
  return pem;
}

static const FakeRequest *
record (FakeService *self, SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  const char *path = g_uri_get_path (uri);

  FakeRequest *request = g_new0 (FakeRequest, 1);
  request->method = g_strdup (soup_server_message_get_method (message));
  request->path = g_strdup (g_str_has_prefix (path, PREFIX) ? path + strlen (PREFIX) : path);
  request->query = g_strdup (g_uri_get_query (uri) ? g_uri_get_query (uri) : "");
  request->body = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  request->authorization = g_strdup (soup_message_headers_get_one (headers, "Authorization"));
  request->user_agent = g_strdup (soup_message_headers_get_one (headers, "User-Agent"));
  request->accept = g_strdup (soup_message_headers_get_one (headers, "Accept"));
  request->certificate = get_peer_certificate (message);
  request->content_type = g_strdup (soup_message_headers_get_one (headers, "Content-Type"));
  g_ptr_array_add (self->requests, request);
  g_cond_broadcast (&self->cond);
  return request;
}

static void
misbehave (SoupServerMessage *message, FakeMisbehaviour how)
{
  GSocket *socket = soup_server_message_get_socket (message);
  const char *truncated = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
                          "application/json\r\nContent-Length: 100\r\n\r\n{\"id\": \"1\"}";

  soup_server_message_pause (message);
  if (how == FAKE_TRUNCATE || how == FAKE_TRICKLE)
    g_assert_cmpint (g_socket_send (socket, truncated, strlen (truncated), NULL, NULL), ==,
                     strlen (truncated));
  if (how == FAKE_TRUNCATE || how == FAKE_DROP)
    g_assert_true (g_socket_shutdown (socket, TRUE, TRUE, NULL));
}

static void
give (SoupServerMessage *message, const Answer *answer)
{
  if (answer->status == 0)
    {
      misbehave (message, answer->how);
      return;
    }

  soup_server_message_set_status (message, answer->status, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, answer->body,
                                    strlen (answer->body));
  if (answer->header)
    {
      g_auto (GStrv) parts = g_strsplit (answer->header, ": ", 2);
      soup_message_headers_replace (soup_server_message_get_response_headers (message), parts[0], parts[1]);
    }
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  FakeService *self = user_data;

  g_mutex_lock (&self->mutex);
  const FakeRequest *request = record (self, message);
  g_autofree char *name = g_strconcat (request->method, " ", request->path, NULL);
  GQueue *queue = g_hash_table_lookup (self->queues, name);
  Answer *answer = queue ? g_queue_pop_head (queue) : NULL;
  const Answer *always = g_hash_table_lookup (self->always, name);
  if (answer || always)
    give (message, answer ? answer : always);
  else
    {
      g_test_message ("the fake service knows no answer to %s", name);
      soup_server_message_set_status (message, SOUP_STATUS_NOT_IMPLEMENTED, NULL);
    }
  if (answer)
    answer_free (answer);
  g_mutex_unlock (&self->mutex);
}

static gboolean
accept_any_certificate (SoupServerMessage *message,
                        GTlsCertificate *certificate,
                        GTlsCertificateFlags errors,
                        gpointer user_data)
{
  return TRUE;
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  g_signal_connect (message, "accept-certificate", G_CALLBACK (accept_any_certificate), NULL);
}

static gpointer
run_thread (gpointer data)
{
  FakeService *self = data;
  const SoupServerListenOptions options =
      SOUP_SERVER_LISTEN_IPV4_ONLY | (self->certificate ? SOUP_SERVER_LISTEN_HTTPS : 0);
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (self->context);
  self->server = soup_server_new (
      "raw-paths", TRUE, "tls-certificate", self->certificate, "tls-auth-mode",
      self->asks_for_certificate ? G_TLS_AUTHENTICATION_REQUIRED : G_TLS_AUTHENTICATION_NONE, NULL);
  g_signal_connect (self->server, "request-started", G_CALLBACK (on_request_started), NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  g_assert_true (soup_server_listen_local (self->server, 0, options, &error));
  g_assert_no_error (error);

  GSList *uris = soup_server_get_uris (self->server);
  g_mutex_lock (&self->mutex);
  self->url = g_strdup_printf ("%s://127.0.0.1:%d" PREFIX "v2", g_uri_get_scheme (uris->data),
                               g_uri_get_port (uris->data));
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  g_main_loop_run (self->loop);
  soup_server_disconnect (self->server);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_object (&self->server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static FakeService *
service_new (const char *pem, gboolean asks_for_certificate)
{
  FakeService *self = g_new0 (FakeService, 1);

  self->certificate = pem != NULL ? certificate_maker_read (pem) : NULL;
  self->asks_for_certificate = asks_for_certificate;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->queues = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, queue_free);
  self->always = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, answer_free);
  self->requests = g_ptr_array_new_with_free_func (request_free);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("fake-service", run_thread, self);

  g_mutex_lock (&self->mutex);
  while (!self->url)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  return self;
}

FakeService *
fake_service_new (void)
{
  return service_new (NULL, FALSE);
}

FakeService *
fake_service_new_with_tls (const char *pem)
{
  return service_new (pem, FALSE);
}

FakeService *
fake_service_new_asking_for_certificate (const char *pem)
{
  return service_new (pem, TRUE);
}

static gboolean
quit_thread (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static void
remove_folder (const char *folder)
{
  const char *const command[] = { "rm", "-rf", folder, NULL };
  g_autoptr (GError) error = NULL;

  g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

const char *
fake_service_get_state_folder (FakeService *self)
{
  g_autoptr (GError) error = NULL;

  if (self->state_folder == NULL)
    self->state_folder = g_dir_make_tmp ("fake-service-XXXXXX", &error);
  g_assert_no_error (error);
  return self->state_folder;
}

void
fake_service_free (FakeService *self)
{
  if (self->state_folder != NULL)
    remove_folder (self->state_folder);
  g_free (self->state_folder);

  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_callback (source, quit_thread, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (self->thread);

  g_clear_object (&self->certificate);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_hash_table_unref (self->queues);
  g_hash_table_unref (self->always);
  g_ptr_array_unref (self->requests);
  g_free (self->url);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

CarClient *
fake_service_make_client (FakeService *self)
{
  const CarClientLimits limits = {
    .idle_timeout = 20 * 1000,
    .first_retry_delay = 1,
    .max_retry_delay = 4,
    .max_retries = 2,
    .first_poll_delay = 1,
    .max_poll_delay = 4,
    .job_timeout = 20 * 1000,
    .max_silence = 20 * 1000,
  };
  g_autoptr (GError) error = NULL;
  CarClient *client = car_client_new (self->url, "a-key", "a-password", &error);

  g_assert_no_error (error);
  car_client_set_limits (client, &limits);
  return client;
}

const char *
fake_service_get_url (FakeService *self)
{
  return self->url;
}

static void
enqueue (FakeService *self, const char *method, const char *path, Answer *answer)
{
  char *name = g_strconcat (method, " ", path, NULL);

  g_mutex_lock (&self->mutex);
  GQueue *queue = g_hash_table_lookup (self->queues, name);
  if (!queue)
    {
      queue = g_queue_new ();
      g_hash_table_insert (self->queues, g_strdup (name), queue);
    }
  g_queue_push_tail (queue, answer);
  g_mutex_unlock (&self->mutex);
  g_free (name);
}

static Answer *
answer_new (guint status, const char *body, const char *header)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->status = status;
  answer->body = g_strdup (body);
  answer->header = g_strdup (header);
  return answer;
}

void
fake_service_answer (FakeService *self, const char *method, const char *path, guint status, const char *body)
{
  enqueue (self, method, path, answer_new (status, body, NULL));
}

void
fake_service_answer_with (FakeService *self,
                          const char *method,
                          const char *path,
                          guint status,
                          const char *body,
                          const char *header)
{
  enqueue (self, method, path, answer_new (status, body, header));
}

void
fake_service_misbehave (FakeService *self, const char *method, const char *path, FakeMisbehaviour how)
{
  Answer *answer = answer_new (0, NULL, NULL);

  answer->how = how;
  enqueue (self, method, path, answer);
}

void
fake_service_answer_always (FakeService *self,
                            const char *method,
                            const char *path,
                            guint status,
                            const char *body)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_insert (self->always, g_strconcat (method, " ", path, NULL), answer_new (status, body, NULL));
  g_mutex_unlock (&self->mutex);
}

guint
fake_service_get_n_requests (FakeService *self)
{
  g_mutex_lock (&self->mutex);
  const guint n_requests = self->requests->len;
  g_mutex_unlock (&self->mutex);
  return n_requests;
}

const FakeRequest *
fake_service_get_request (FakeService *self, guint index)
{
  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (index, <, self->requests->len);
  const FakeRequest *request = self->requests->pdata[index];
  g_mutex_unlock (&self->mutex);
  return request;
}

guint
fake_service_count (FakeService *self, const char *method, const char *path)
{
  guint count = 0;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->requests->len; i++)
    {
      const FakeRequest *request = self->requests->pdata[i];
      count += g_str_equal (request->method, method) && g_str_equal (request->path, path);
    }
  g_mutex_unlock (&self->mutex);
  return count;
}

void
fake_service_wait_for_requests (FakeService *self, guint n_requests)
{
  g_mutex_lock (&self->mutex);
  while (self->requests->len < n_requests)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

typedef struct
{
  FakeService *service;
  guint n_requests;
  GCancellable *cancellable;
} Canceller;

static gpointer
cancel_at (gpointer data)
{
  g_autofree Canceller *self = data;

  fake_service_wait_for_requests (self->service, self->n_requests);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  return NULL;
}

GThread *
fake_service_cancel_at (FakeService *self, guint n_requests, GCancellable *cancellable)
{
  Canceller canceller = { self, n_requests, g_object_ref (cancellable) };

  return g_thread_new ("canceller", cancel_at, g_memdup2 (&canceller, sizeof canceller));
}

void
fake_service_assert_all_fetched (FakeService *self)
{
  GHashTableIter iter;
  gpointer name, queue;

  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->queues);
  while (g_hash_table_iter_next (&iter, &name, &queue))
    {
      if (!g_queue_is_empty (queue))
        g_test_message ("%u answers of the fake service to %s were not fetched", g_queue_get_length (queue),
                        (const char *) name);
      g_assert_true (g_queue_is_empty (queue));
    }
  g_mutex_unlock (&self->mutex);
}
