/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test-database.h"
#include "test-service.h"

/* Jobs of tests are small: one that takes this long will never be done. */
#define PATIENCE (120 * G_TIME_SPAN_SECOND)

char *
test_service_get_program (void)
{
  const char *folder = g_getenv ("TOP_BUILDDIR");

  return g_build_filename (folder != NULL ? folder : ".", "service", "car-service", NULL);
}

static char **
make_environment (const TestService *self)
{
  char **environment = g_get_environ ();

  environment = g_environ_setenv (environment, "CAR_SERVICE_KEY", self->key, TRUE);
  environment = g_environ_setenv (environment, "CAR_SERVICE_PASSWORD", self->password, TRUE);

  return g_environ_setenv (environment, "CAR_SERVICE_AUTHTOKEN", self->token, TRUE);
}

/* The line that tells the port comes once the service listens. */
static guint16
read_port (int output)
{
  g_autoptr (GString) line = g_string_new (NULL);
  char c;
  gssize n;

  while ((n = read (output, &c, 1)) == 1 || (n < 0 && errno == EINTR))
    if (n == 1 && c == '\n')
      break;
    else if (n == 1)
      g_string_append_c (line, c);

  const char *at = strstr (line->str, "127.0.0.1:");

  return at != NULL ? (guint16) g_ascii_strtoull (at + strlen ("127.0.0.1:"), NULL, 10) : 0;
}

/* A test that fails ends without cleaning up: the service must not outlive it. */
static void
end_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

TestService *
test_service_start (const char *database)
{
  g_autoptr (GError) error = NULL;
  TestService *self = g_new0 (TestService, 1);

  self->key = g_uuid_string_random ();
  self->password = g_uuid_string_random ();
  self->token = g_uuid_string_random ();
  self->database = database != NULL ? g_strdup (database) : test_database_new ();
  if (self->database == NULL)
    self->database = g_strdup (":memory:");
  self->session = soup_session_new ();

  g_autofree char *program = test_service_get_program ();
  g_autofree char *folder = g_dir_make_tmp ("test-service-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *credentials = g_build_filename (folder, "credentials", NULL);
  g_auto (GStrv) environment = make_environment (self);
  char *arguments[] = { program, (char *) "--database", self->database, (char *) "--credentials", credentials,
                        NULL };
  g_spawn_async_with_pipes (NULL, arguments, environment, G_SPAWN_DO_NOT_REAP_CHILD, end_with_parent, NULL,
                            &self->pid, NULL, &self->output, NULL, &error);
  g_assert_no_error (error);

  self->port = read_port (self->output);
  g_assert_cmpuint (self->port, !=, 0);
  self->url = g_strdup_printf ("http://127.0.0.1:%u/api/car/v2", self->port);
  g_assert_no_errno (rmdir (folder));

  return self;
}

static void
end (TestService *self, int how, int *status)
{
  int result;

  g_assert_no_errno (kill (self->pid, how));
  while ((result = waitpid (self->pid, status, 0)) < 0 && errno == EINTR)
    ;
  g_assert_cmpint (result, ==, self->pid);

  g_spawn_close_pid (self->pid);
  close (self->output);
  g_object_unref (self->session);
  g_free (self->url);
  g_free (self->key);
  g_free (self->password);
  g_free (self->token);
  g_free (self->database);
  g_free (self);
}

void
test_service_stop (TestService *self)
{
  int status;

  end (self, SIGTERM, &status);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

void
test_service_kill (TestService *self)
{
  int status;

  end (self, SIGKILL, &status);
}

static char *
make_url (TestService *self, const char *path)
{
  if (g_str_has_prefix (path, "v3/"))
    return g_strdup_printf ("http://127.0.0.1:%u/api/car/%s", self->port, path);

  return g_strdup_printf ("%s/%s", self->url, path);
}

static char *
make_authorization (TestService *self)
{
  g_autofree char *pair = g_strdup_printf ("%s:%s", self->key, self->password);
  g_autofree char *encoded = g_base64_encode ((const guchar *) pair, strlen (pair));

  return g_strconcat ("Basic ", encoded, NULL);
}

char *
test_service_request_with (TestService *self,
                           const char *method,
                           const char *path,
                           const char *header,
                           const char *body,
                           guint *status)
{
  g_autofree char *url = make_url (self, path);
  g_autofree char *authorization = make_authorization (self);
  g_autoptr (SoupMessage) message = soup_message_new (method, url);

  g_assert_nonnull (message);
  soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", authorization);
  if (header != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (header, ": ", 2);
      soup_message_headers_append (soup_message_get_request_headers (message), parts[0], parts[1]);
    }
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));
      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }

  g_autoptr (GBytes) answer = soup_session_send_and_read (self->session, message, NULL, NULL);
  *status = answer != NULL ? soup_message_get_status (message) : 0;

  gsize length = 0;
  const char *text = answer != NULL ? g_bytes_get_data (answer, &length) : NULL;

  return text != NULL ? g_strndup (text, length) : g_strdup ("");
}

char *
test_service_request (TestService *self,
                      const char *method,
                      const char *path,
                      const char *body,
                      guint *status)
{
  return test_service_request_with (self, method, path, NULL, body, status);
}

JsonNode *
test_service_call (TestService *self,
                   const char *method,
                   const char *path,
                   const char *body,
                   guint expected_status)
{
  g_autoptr (GError) error = NULL;
  guint status;
  g_autofree char *answer = test_service_request (self, method, path, body, &status);

  if (status != expected_status)
    g_test_message ("%s %s: %u %s", method, path, status, answer);
  g_assert_cmpuint (status, ==, expected_status);

  JsonNode *node = json_from_string (*answer != '\0' ? answer : "null", &error);
  g_assert_no_error (error);

  return node != NULL ? node : json_node_new (JSON_NODE_NULL);
}

static char *
dup_member (JsonNode *node, const char *name)
{
  return g_strdup (json_object_get_string_member (json_node_get_object (node), name));
}

char *
test_service_import (TestService *self, const char *envelope)
{
  g_autoptr (JsonNode) answer = test_service_call (self, "POST", "imports", envelope, 200);

  return dup_member (answer, "id");
}

char *
test_service_wait_for_job (TestService *self, const char *id)
{
  g_autofree char *path = g_strconcat ("jobstatus/", id, NULL);
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  while (g_get_monotonic_time () < deadline)
    {
      g_autoptr (JsonNode) answer = test_service_call (self, "GET", path, NULL, 200);
      g_autofree char *status = dup_member (answer, "status");

      if (strcmp (status, "COMPLETE") == 0 || strcmp (status, "ERROR") == 0)
        return g_steal_pointer (&status);
      g_usleep (1000);
    }
  g_error ("the job %s is never done", id);
}

static void
run_job (TestService *self, const char *method, const char *body)
{
  g_autoptr (JsonNode) answer = test_service_call (self, method, "databases", body, 200);
  g_autofree char *id = dup_member (answer, "job_id");
  g_autofree char *status = test_service_wait_for_job (self, id);

  g_assert_cmpstr (status, ==, "COMPLETE");
}

void
test_service_set_up (TestService *self)
{
  run_job (self, "POST", NULL);
  run_job (self, "PATCH", "{\"graph_name\":\"assets\"}");
}
