/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car.h>
#include "certificate-maker.h"
#include "fake-service.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define NO_IMPORTS "{\"error_imports\":[],\"incomplete_imports\":[]}"
#define READY                                                                                                \
  "{\"databases\":[{\"name\":\"d\",\"graph_name\":\"assets\",\"is_ready\":true,\"missing_collections\":[],"  \
  "\"collections_without_indexes\":[]}]}"
#define ODD_NAME "a/b c%&ü"
#define ODD_NAME_ENCODED "a%2Fb%20c%25%26%C3%BC"

#define assert_recoverable(error)                                                                            \
  g_assert_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT)
#define assert_unrecoverable(error)                                                                          \
  g_assert_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT)
#define assert_invalid_parameter(error) g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER)
#define assert_general(error) g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL)
#define assert_says(error, words)                                                                            \
  g_assert_true (strstr ((error)->message, words) || (g_test_message ("%s", (error)->message), FALSE))
#define assert_hides(error, words) g_assert_null (strstr ((error)->message, words))

typedef struct
{
  FakeService *service;
  CarClient *client;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->service = fake_service_new ();
  fixture->client = fake_service_make_client (fixture->service);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  fake_service_assert_all_fetched (fixture->service);
  g_clear_object (&fixture->client);
  g_clear_pointer (&fixture->service, fake_service_free);
}

static char *
import (Fixture *fixture, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) envelope = g_bytes_new_static ("{\"source\":{}}", 13);

  return car_client_import_bytes (fixture->client, envelope, cancellable, error);
}

/* Settings. */

static void
test_urls (void)
{
  const char *const refused[] = { "",
                                  "car.example/api/car/v2",
                                  "ftp://car.example/api/car/v2",
                                  "https:///api/car/v2",
                                  "https://somebody:sesame@car.example/api/car/v2",
                                  "https://car.example/api/car/v2?x=1",
                                  "https://car.example/api/car/v2#x",
                                  "https://car.example:99999/api/car/v2",
                                  "https://car.example/api car/v2" };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_client_new (refused[i], "key", "password", &error));
      assert_invalid_parameter (error);
      assert_hides (error, "sesame");
      g_clear_error (&error);
      g_assert_null (car_client_new_with_token (refused[i], "token", &error));
      assert_invalid_parameter (error);
    }

  g_autoptr (GError) error = NULL;
  g_autoptr (CarClient) client =
      car_client_new ("https://car.example/api/car/v2//", "key", "password", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (car_client_get_base_url (client), ==, "https://car.example/api/car/v2");
}

static void
test_credentials (void)
{
  const char *const url = "https://car.example/api/car/v2";
  const char *const pairs[][2] = { { "", "p" },    { "k", "" },          { "k:x", "p" },
                                   { "k\n", "p" }, { "k", "p\r\nX: y" }, { "k\xff", "p" } };
  const char *const tokens[] = { "", "a b", "a\nb" };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_client_new (url, pairs[i][0], pairs[i][1], &error));
      assert_invalid_parameter (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_client_new_with_token (url, tokens[i], &error));
      assert_invalid_parameter (error);
    }
}

static void
test_not_encrypted (void)
{
  g_autoptr (GError) error = NULL;

  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING, "*http://car.example/v2 is not encrypted*");
  g_autoptr (CarClient) client = car_client_new ("http://car.example/v2", "key", "password", &error);
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
  g_assert_nonnull (client);
}

/* A client that is made by its properties alone never pretends to do anything. */
static void
test_not_ready (void)
{
  const char *const keys[] = { "a", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (CarClient) client = g_object_new (CAR_TYPE_CLIENT, NULL);

  g_assert_null (car_client_get_base_url (client));
  g_assert_false (car_client_check_health (client, NULL, &error));
  assert_general (error);
  assert_says (error, "not ready");
  g_clear_error (&error);
  g_assert_false (car_client_delete_vertices (client, "s", "asset", keys, NULL, &error));
  assert_general (error);
  g_clear_error (&error);
  g_assert_false (car_client_wait_for_job (client, "1", NULL, &error));
  assert_general (error);
  g_clear_error (&error);
  g_assert_false (g_initable_init (G_INITABLE (client), NULL, &error));
  assert_invalid_parameter (error);
  g_clear_error (&error);
  g_assert_false (car_client_check_health (client, NULL, &error));
  assert_general (error);
  g_clear_error (&error);

  g_assert_null (g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url", "https://car.example/v2", NULL));
  assert_invalid_parameter (error);
  g_clear_error (&error);
  g_assert_null (
      g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url", "https://car.example/v2", "key", "k", NULL));
  assert_invalid_parameter (error);
}

static void
test_properties (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;
  g_autofree char *agent = NULL;
  guint idle, job, retries, delay, outage;
  g_autoptr (CarClient) client =
      g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url", "https://car.example/v2/", "token", "t",
                      "user-agent", "x/1", "idle-timeout", 7, "max-retries", 0, NULL);

  g_assert_no_error (error);
  g_object_get (client, "base-url", &url, "user-agent", &agent, "idle-timeout", &idle, "job-timeout", &job,
                "max-retries", &retries, "max-retry-delay", &delay, "max-outage", &outage, NULL);
  g_assert_cmpstr (url, ==, "https://car.example/v2");
  g_assert_cmpstr (agent, ==, "x/1");
  g_assert_cmpuint (idle, ==, 7);
  g_assert_cmpuint (job, ==, 3600);
  g_assert_cmpuint (retries, ==, 0);
  g_assert_cmpuint (delay, ==, 60);
  g_assert_cmpuint (outage, ==, 0);
}

static void
test_headers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fake_service_answer (fixture->service, "POST", "v2/imports", 201, "{\"id\":\"1\"}");
  g_free (import (fixture, NULL, &error));
  g_assert_no_error (error);

  const FakeRequest *request = fake_service_get_request (fixture->service, 0);
  g_assert_cmpstr (request->body, ==, "{\"source\":{}}");
  g_assert_cmpstr (request->authorization, ==, "Basic YS1rZXk6YS1wYXNzd29yZA==");
  g_assert_cmpstr (request->accept, ==, "application/json");
  g_assert_cmpstr (request->content_type, ==, "application/json");
  g_assert_true (g_str_has_prefix (request->user_agent, "libcar/"));

  g_autoptr (CarClient) client =
      g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url", fake_service_get_url (fixture->service),
                      "token", "T0KEN", "user-agent", "car-connector-x/1.0\r\nEvil: ü", NULL);
  g_assert_no_error (error);
  fake_service_answer (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  g_assert_true (car_client_check_health (client, NULL, &error));
  request = fake_service_get_request (fixture->service, 1);
  g_assert_cmpstr (request->authorization, ==, "car-token T0KEN");
  g_assert_true (g_str_has_prefix (request->user_agent, "car-connector-x/1.0--Evil- -- libcar/"));
}

/* Failures. */

static void
test_classes (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    guint status;
    gboolean recoverable;
    guint n_requests;
  } cases[] = {
    { 302, TRUE, 1 },  { 400, TRUE, 1 },  { 401, TRUE, 1 },  { 403, TRUE, 1 },  { 408, TRUE, 3 },
    { 429, TRUE, 3 },  { 500, TRUE, 1 },  { 502, TRUE, 3 },  { 503, TRUE, 3 },  { 504, TRUE, 3 },
    { 507, TRUE, 3 },  { 202, FALSE, 1 }, { 301, FALSE, 1 }, { 404, FALSE, 1 }, { 405, FALSE, 1 },
    { 409, FALSE, 1 }, { 413, FALSE, 1 }, { 418, FALSE, 1 }, { 422, FALSE, 1 }, { 501, FALSE, 1 }
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const guint before = fake_service_get_n_requests (fixture->service);
      g_autofree char *location =
          g_strdup_printf ("Location: %s/elsewhere", fake_service_get_url (fixture->service));
      for (guint j = 0; j < cases[i].n_requests; j++)
        fake_service_answer_with (fixture->service, "POST", "v2/imports", cases[i].status,
                                  "{\"errors\":[{\"code\":\"E7\",\"message\":\"no\\u000away\"}],\"trace\":1}",
                                  location);

      g_assert_null (import (fixture, NULL, &error));
      if (cases[i].recoverable)
        assert_recoverable (error);
      else
        assert_unrecoverable (error);
      g_assert_cmpuint (fake_service_get_n_requests (fixture->service) - before, ==, cases[i].n_requests);
      g_autofree char *status = g_strdup_printf ("POST imports: HTTP %u", cases[i].status);
      assert_says (error, status);
      assert_says (error, "E7: no\\u000away");
    }
}

/* What the service repeats of what it was told is not shown, nor is what does not fit a message. */
static void
test_hostile_message (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *filler = g_strnfill (100000, 'x');
  g_autofree char *body =
      g_strdup_printf ("{\"errors\":[{\"code\":4,\"message\":\"a-password, YS1rZXk6YS1wYXNzd29yZA== "
                       "\\u001b[31m \\u202e %s\"}]}",
                       filler);

  fake_service_answer (fixture->service, "POST", "v2/imports", 401, body);
  g_assert_null (import (fixture, NULL, &error));
  assert_says (error, "4: ***, *** \\u001b[31m \\u202e xxx");
  assert_says (error, "check the service's key and password");
  g_assert_cmpuint (strlen (error->message), <, 600);
  g_clear_error (&error);

  /* Where a message is cut off, a part of a secret could be left. */
  g_autofree char *long_body = g_strdup_printf ("{\"errors\":[{\"message\":\"%.295sa-password\"}]}", filler);
  fake_service_answer (fixture->service, "POST", "v2/imports", 401, long_body);
  g_assert_null (import (fixture, NULL, &error));
  assert_says (error, "xxx***");
  g_assert_null (strstr (error->message, "xa-p"));
}

static void
test_retries (Fixture *fixture, gconstpointer data)
{
  const FakeMisbehaviour kinds[] = { FAKE_DROP, FAKE_TRUNCATE };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) error = NULL;
      fake_service_misbehave (fixture->service, "POST", "v2/imports", kinds[i]);
      fake_service_answer (fixture->service, "POST", "v2/imports", 503, "<html>");
      fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
      g_autofree char *id = import (fixture, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (id, ==, "1");

      for (guint j = 0; j < 3; j++)
        fake_service_misbehave (fixture->service, "PATCH", "v2/source", kinds[i]);
      g_assert_false (car_client_set_save_point (fixture->client, "s", "1", NULL, &error));
      assert_recoverable (error);
      assert_says (error, "PATCH source");
      assert_says (error, "3 attempt");
    }
}

/* A run that waits says so, and why: an operator would take it for dead. */
static void
test_waiting_is_told (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  CarClientLimits limits;

  g_test_expect_message ("libcar", G_LOG_LEVEL_MESSAGE, "POST imports: *; trying again in 0.0 s");
  g_test_expect_message ("libcar", G_LOG_LEVEL_MESSAGE, "POST imports: HTTP 503; trying again in 0.0 s");
  fake_service_misbehave (fixture->service, "POST", "v2/imports", FAKE_DROP);
  fake_service_answer (fixture->service, "POST", "v2/imports", 503, "<html>");
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  g_free (import (fixture, NULL, &error));
  g_assert_no_error (error);
  g_test_assert_expected_messages ();

  car_client_get_limits (fixture->client, &limits);
  limits.max_silence = 0;
  car_client_set_limits (fixture->client, &limits);
  g_test_expect_message ("libcar", G_LOG_LEVEL_MESSAGE, "Still waiting for the service's job 1,*");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"RUNNING\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"COMPLETE\"}");
  g_assert_true (car_client_wait_for_job (fixture->client, "1", NULL, &error));
  g_assert_no_error (error);
  g_test_assert_expected_messages ();
}

static void
test_no_service (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&fixture->service, fake_service_free);
  g_assert_null (import (fixture, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "check the service's URL and the network");
  fixture->service = fake_service_new ();
}

/* The waits are so long that the test passes only where Retry-After, or its limit, is taken. */
static void
test_retry_after (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.first_retry_delay = limits.max_retry_delay = 3600 * 1000;
  car_client_set_limits (fixture->client, &limits);
  fake_service_answer_with (fixture->service, "POST", "v2/imports", 429, "", "Retry-After: 0");
  fake_service_answer_with (fixture->service, "POST", "v2/imports", 503, "",
                            "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT");
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  g_free (import (fixture, NULL, &error));
  g_assert_no_error (error);

  limits.max_retry_delay = 1;
  car_client_set_limits (fixture->client, &limits);
  fake_service_answer_with (fixture->service, "POST", "v2/imports", 429, "", "Retry-After: 3600");
  fake_service_answer_with (fixture->service, "POST", "v2/imports", 429, "",
                            "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT");
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  g_free (import (fixture, NULL, &error));
  g_assert_no_error (error);
}

/* The waits for a service that is away last so long in all, and then only the retries are left. */
static void
test_outage (Fixture *fixture, gconstpointer data)
{
  const guint statuses[] = { 502, 503, 504, 0 };
  g_autoptr (GError) error = NULL, spent = NULL;
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.max_retries = 1;
  limits.max_outage = 3600 * 1000;
  car_client_set_limits (fixture->client, &limits);
  for (guint i = 0; i < 20; i++)
    if (statuses[i % 4] != 0)
      fake_service_answer (fixture->service, "POST", "v2/imports", statuses[i % 4], "");
    else
      fake_service_misbehave (fixture->service, "POST", "v2/imports", FAKE_DROP);
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  g_free (import (fixture, NULL, &error));
  g_assert_no_error (error);

  /* It is there, and does not take the call: that is no outage. */
  fake_service_answer_always (fixture->service, "POST", "v2/imports", 429, "");
  g_assert_null (import (fixture, NULL, &error));
  assert_recoverable (error);
  g_clear_error (&error);
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, 21 + 2);

  g_clear_object (&fixture->client);
  fixture->client = fake_service_make_client (fixture->service);
  limits.max_outage = 400;
  car_client_set_limits (fixture->client, &limits);
  fake_service_answer_always (fixture->service, "POST", "v2/imports", 503, "");
  const gint64 begin = g_get_monotonic_time ();
  g_assert_null (import (fixture, NULL, &error));
  assert_recoverable (error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 100 * G_TIME_SPAN_MILLISECOND);
  const guint before = fake_service_count (fixture->service, "POST", "v2/imports");
  g_assert_cmpuint (before, >, 23 + 2);

  g_assert_null (import (fixture, NULL, &spent));
  assert_recoverable (spent);
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v2/imports"), ==, before + 2);
}

static void
test_time_out (Fixture *fixture, gconstpointer data)
{
  const FakeMisbehaviour kinds[] = { FAKE_HANG, FAKE_TRICKLE };
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.idle_timeout = 50;
  limits.max_retries = 1;
  car_client_set_limits (fixture->client, &limits);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GError) error = NULL;
      fake_service_misbehave (fixture->service, "GET", "v3/health", kinds[i]);
      fake_service_misbehave (fixture->service, "GET", "v3/health", kinds[i]);
      g_assert_false (car_client_check_health (fixture->client, NULL, &error));
      assert_recoverable (error);
      assert_says (error, "nothing moved for 0.05 seconds");
    }
}

static void
test_huge_answer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *body = g_strnfill (64 * 1024 * 1024 + 1, ' ');

  fake_service_answer (fixture->service, "POST", "v3/query", 200, body);
  g_assert_null (car_client_query_json (fixture->client, "{ asset { name } }", NULL, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "longer than 67108864 bytes");
  g_clear_error (&error);

  /* Two imports are asked about. */
  body[(4096 + 2 * 256) * 1024 + 1] = '\0';
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, body);
  g_assert_false (
      car_client_wait_for_imports (fixture->client, (const char *const[]){ "1", "2", NULL }, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "longer than 4718592 bytes");
  g_clear_error (&error);

  body[1024 * 1024 + 1] = '\0';
  fake_service_answer (fixture->service, "GET", "v3/health", 200, body);
  g_assert_false (car_client_check_health (fixture->client, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "longer than 1048576 bytes");
}

/* ---- TLS ------------------------------------------------------------------------------------------------------- */

static gboolean
skip_tls (void)
{
#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("GCC's LeakSanitizer crashes at exit once GIO's TLS module is loaded; valgrind does not");
  return TRUE;
#endif
  return FALSE;
}

static void
remove_file (gpointer data)
{
  g_autofree char *path = data;

  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* A client that trusts whoever has this certificate, and shows `own` (nullable). The database reads its file when it
 * needs it. */
static CarClient *
make_tls_client (FakeService *service, const char *pem, const char *own)
{
  g_autoptr (GError) error = NULL;
  char *path = certificate_maker_write (pem);
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  g_object_set_data_full (G_OBJECT (database), "file", path, remove_file);
  g_autoptr (GTlsCertificate) certificate = own != NULL ? certificate_maker_read (own) : NULL;

  CarClient *client = g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url",
                                      fake_service_get_url (service), "token", "a-token", "tls-database",
                                      database, "tls-certificate", certificate, "max-retries", 0, NULL);
  g_assert_no_error (error);
  return client;
}

/* A certificate that nobody vouches for is refused at once, and nothing is told to whoever shows it. */
static void
test_certificate (void)
{
  if (skip_tls ())
    return;

  g_autoptr (GError) error = NULL;
  g_autofree char *pem = certificate_maker_make (0, NULL);
  g_autoptr (FakeService) service = fake_service_new_with_tls (pem);
  g_autoptr (CarClient) client = fake_service_make_client (service);

  g_assert_true (g_str_has_prefix (car_client_get_base_url (client), "https://"));
  g_assert_false (car_client_check_health (client, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "after 1 attempt");
  assert_says (error, "the certificates this machine trusts");
  assert_says (error, "no authority that this machine trusts has signed it");
  g_assert_cmpuint (fake_service_get_n_requests (service), ==, 0);
}

/* What the caller vouches for is taken if it is strong enough, and a certificate of servers. */
static void
test_certificate_strength (void)
{
  static const struct
  {
    guint rsa_bits;
    const char *usage;
    const char *problem; /* NULL: none */
  } cases[] = {
    { 0, NULL, NULL },
    { 0, "serverAuth,clientAuth", NULL },
    { 2048, "serverAuth", NULL },
    { 1024, NULL, "its certificate has a key that is too short" },
    { 0, "clientAuth", "its certificate is not one for servers" },
  };

  if (skip_tls ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *pem = certificate_maker_make (cases[i].rsa_bits, cases[i].usage);
      g_autoptr (FakeService) service = fake_service_new_with_tls (pem);
      g_autoptr (CarClient) client = make_tls_client (service, pem, NULL);

      fake_service_answer_always (service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
      const gboolean ok = car_client_check_health (client, NULL, &error);
      if (cases[i].problem == NULL)
        g_assert_no_error (error);
      else
        {
          g_assert_false (ok);
          assert_recoverable (error);
          assert_says (error, cases[i].problem);
        }
      g_assert_cmpuint (fake_service_get_n_requests (service), ==, ok);
    }
}

/* Both sides read what they may speak from the environment, once: each version needs a process. */
static void
test_tls_version_subprocess (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = certificate_maker_make (0, NULL);
  g_autoptr (FakeService) service = fake_service_new_with_tls (pem);
  g_autoptr (CarClient) client = make_tls_client (service, pem, NULL);

  fake_service_answer_always (service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  if (!car_client_check_health (client, NULL, &error))
    {
      assert_recoverable (error);
      assert_says (error, "the service speaks a TLS that is older than 1.2");
    }
  g_print ("%u requests\n", fake_service_get_n_requests (service));
}

static void
test_tls_version (void)
{
  static const struct
  {
    const char *priority;
    const char *printed;
  } cases[] = {
    { "NORMAL:-VERS-ALL:+VERS-TLS1.3", "1 requests\n" },
    { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "1 requests\n" },
    { "NORMAL:-VERS-ALL:+VERS-TLS1.1", "0 requests\n" },
    { "NORMAL:-VERS-ALL:+VERS-TLS1.0", "0 requests\n" },
  };

  if (skip_tls ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_setenv ("G_TLS_GNUTLS_PRIORITY", cases[i].priority, TRUE);
      g_test_trap_subprocess ("/client/tls-version/subprocess", 0, 0);
      g_unsetenv ("G_TLS_GNUTLS_PRIORITY");
      g_test_trap_assert_passed ();
      g_autofree char *pattern = g_strconcat ("*", cases[i].printed, "*", NULL);
      g_test_trap_assert_stdout (pattern);
    }
}

/* A service may want to see a certificate of its client. */
static void
test_client_certificate (void)
{
  if (skip_tls ())
    return;

  g_autoptr (GError) error = NULL;
  g_autofree char *pem = certificate_maker_make (0, "serverAuth");
  g_autofree char *own = certificate_maker_make (0, "clientAuth");
  g_autoptr (FakeService) service = fake_service_new_asking_for_certificate (pem);
  g_autoptr (CarClient) client = make_tls_client (service, pem, own);
  g_autoptr (CarClient) without = make_tls_client (service, pem, NULL);

  fake_service_answer_always (service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  g_assert_false (car_client_check_health (without, NULL, &error));
  assert_recoverable (error);
  g_clear_error (&error);
  g_assert_cmpuint (fake_service_get_n_requests (service), ==, 0);

  car_client_check_health (client, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_get_n_requests (service), ==, 1);
  g_assert_cmpstr (fake_service_get_request (service, 0)->certificate, ==, strstr (own, "-----BEGIN CERT"));
}

/* The caller's resolver decides, also for this machine. 127.0.0.2 is nobody: only the proxy, which the fake service is, answers. */
static void
test_proxy (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) url = g_uri_parse (fake_service_get_url (fixture->service), G_URI_FLAGS_NONE, NULL);
  g_autofree char *proxy = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (url));
  g_autoptr (GProxyResolver) resolver = g_simple_proxy_resolver_new (proxy, NULL);
  g_autoptr (CarClient) client =
      g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url", "http://127.0.0.2:9/api/car/v2", "token",
                      "a-token", "proxy-resolver", resolver, "max-retries", 0, NULL);

  fake_service_answer (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  car_client_check_health (client, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 1);
}

/* A service that takes its time to read: `data` is the listener. The second half is what the kernel may hold by then: nothing
 * moves at the client's end while that is read, so it must not take long. */
static gpointer
read_slowly (gpointer data)
{
  g_autoptr (GSocketConnection) connection =
      g_socket_listener_accept (G_SOCKET_LISTENER (data), NULL, NULL, NULL);
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  const char *answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"id\":\"1\"}";
  g_autofree char *buffer = g_malloc (128 * 1024);
  gsize n_read, n_all = 0;

  while (n_all < 16 * 1024 * 1024 && g_input_stream_read_all (in, buffer, 128 * 1024, &n_read, NULL, NULL) &&
         n_read > 0)
    {
      n_all += n_read;
      if (n_all < 8 * 1024 * 1024)
        g_usleep (40 * 1000);
    }
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), answer,
                             strlen (answer), NULL, NULL, NULL);
  return NULL;
}

/* What takes longer than the time-out, but moves, is no failure. */
static void
test_slow_upload (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  const guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_assert_no_error (error);
  GThread *thread = g_thread_new ("slow-service", read_slowly, listener);

  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/v2", port);
  g_autoptr (CarClient) client = g_initable_new (CAR_TYPE_CLIENT, NULL, &error, "base-url", url, "token", "t",
                                                 "idle-timeout", 1, "max-retries", 0, NULL);
  g_assert_no_error (error);
  g_autoptr (GBytes) envelope = g_bytes_new_take (g_strnfill (16 * 1024 * 1024, ' '), 16 * 1024 * 1024);
  const gint64 begin = g_get_monotonic_time ();
  g_autofree char *id = car_client_import_bytes (client, envelope, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "1");
  g_assert_cmpint (g_get_monotonic_time () - begin, >, 2 * G_TIME_SPAN_SECOND);
  g_thread_join (thread);
  /* Joining frees it. */
  /* cppcheck-suppress memleak */
}

/* Cancelling, whatever the call waits for. */

static void
assert_cancelled (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = fake_service_cancel_at (fixture->service,
                                            fake_service_get_n_requests (fixture->service) + 1, cancellable);

  g_assert_false (car_client_wait_for_job (fixture->client, "1", cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.idle_timeout = limits.first_retry_delay = limits.max_retry_delay = 3600 * 1000;
  limits.first_poll_delay = limits.max_poll_delay = 3600 * 1000;
  car_client_set_limits (fixture->client, &limits);

  fake_service_misbehave (fixture->service, "GET", "v2/jobstatus/1", FAKE_HANG);
  assert_cancelled (fixture);
  fake_service_misbehave (fixture->service, "GET", "v2/jobstatus/1", FAKE_TRICKLE);
  assert_cancelled (fixture);
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 503, "");
  assert_cancelled (fixture);
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"RUNNING\"}");
  assert_cancelled (fixture);

  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const guint before = fake_service_get_n_requests (fixture->service);
  g_cancellable_cancel (cancellable);
  g_assert_null (import (fixture, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, before);
}

/* Names and ids that would make it another call. */
static void
test_impossible_names (Fixture *fixture, gconstpointer data)
{
  const char *const names[] = { "", ".", "..", "\xff" };
  const char *const collections[] = { "", "full-import-in-progress", "a/b", "1a", "a b", "ä", "../imports" };
  const char *const keys[] = { "a", NULL };
  g_autoptr (JsonObject) changes = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *save_point = NULL;
      g_assert_false (car_client_get_save_point (fixture->client, names[i], &save_point, NULL, &error));
      assert_general (error);
      g_clear_error (&error);
      g_assert_false (car_client_end_full_import (fixture->client, names[i], NULL, &error));
      assert_general (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (collections); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (car_client_delete_vertices (fixture->client, "s", collections[i], keys, NULL, &error));
      assert_general (error);
      g_clear_error (&error);
      g_assert_false (car_client_patch_vertex (fixture->client, collections[i], "a", changes, NULL, &error));
      assert_general (error);
    }

  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 0);
}

/* Imports and jobs. */

static void
test_imports (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fake_service_answer (fixture->service, "POST", "v2/imports", 200, "{\"id\":18446744073709551615}");
  g_autofree char *id = import (fixture, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "18446744073709551615");

  const char *const ids[] = { id, "b,/\n", NULL };
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200,
                       "{\"error_imports\":[],\"incomplete_imports\":[{\"id\":18446744073709551615},"
                       "{\"id\":\"b,/\\n\"}]}");
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200,
                       "{\"error_imports\":[],\"incomplete_imports\":[{\"id\":\"b,\\/\\u000a\"}]}");
  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 1)->query, ==,
                   "ids=18446744073709551615,b%2C%2F%0A");
  g_assert_cmpstr (fake_service_get_request (fixture->service, 3)->query, ==, "ids=b%2C%2F%0A");

  const char *const none[] = { NULL };
  g_assert_true (car_client_wait_for_imports (fixture->client, none, NULL, &error));
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 4);
}

static void
test_import_sources (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fake_service_answer_always (fixture->service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");

  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFile) file = g_file_new_tmp (NULL, &stream, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_replace_contents (file, "{\"a\":1}", 7, NULL, FALSE, 0, NULL, NULL, &error));
  g_free (car_client_import_file (fixture->client, file, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->body, ==, "{\"a\":1}");
  g_assert_true (g_file_delete (file, NULL, &error));
  g_assert_null (car_client_import_file (fixture->client, file, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_wrong_ids (Fixture *fixture, gconstpointer data)
{
  const char *const answers[] = { "",
                                  "<html>you are not logged in</html>",
                                  "[]",
                                  "null",
                                  "{}",
                                  "{\"id\":\"1\"",
                                  "{\"id\":\"1\"} x",
                                  "{\"id\":\"\"}",
                                  "{\"id\":null}",
                                  "{\"id\":1.5}",
                                  "{\"id\":-1}",
                                  "{\"id\":01}",
                                  "{\"id\":[\"1\"]}",
                                  "{\"id\":\"a\\u0000b\"}",
                                  "{\"id\":\"1\",\"id\":\"2\"}",
                                  "{\"id\":\"\\ud800\"}",
                                  "{'id':'1'}" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;
      fake_service_answer (fixture->service, "POST", "v2/imports", 200, answers[i]);
      g_assert_null (import (fixture, NULL, &error));
      assert_recoverable (error);
      assert_says (error, "POST imports: the service's answer is not what it should be");
    }
}

/* Every call of protocol.md's table, as its function makes it. */

static gboolean
call_prepare (CarClient *client, GError **error)
{
  return car_client_prepare_database (client, NULL, NULL, error);
}

static gboolean
call_wait_for_job (CarClient *client, GError **error)
{
  return car_client_wait_for_job (client, "1", NULL, error);
}

static gboolean
call_wait_for_imports (CarClient *client, GError **error)
{
  const char *const ids[] = { "1", NULL };

  return car_client_wait_for_imports (client, ids, NULL, error);
}

static gboolean
call_get_save_point (CarClient *client, GError **error)
{
  g_autofree char *save_point = NULL;

  return car_client_get_save_point (client, "s", &save_point, NULL, error);
}

static gboolean
call_set_save_point (CarClient *client, GError **error)
{
  return car_client_set_save_point (client, "s", "1", NULL, error);
}

static gboolean
call_import (CarClient *client, GError **error)
{
  g_autoptr (GBytes) envelope = g_bytes_new_static ("{}", 2);
  g_autofree char *id = car_client_import_bytes (client, envelope, NULL, error);

  return id != NULL;
}

static gboolean
call_begin (CarClient *client, GError **error)
{
  return car_client_begin_full_import (client, "s", NULL, error);
}

static gboolean
call_end (CarClient *client, GError **error)
{
  return car_client_end_full_import (client, "s", NULL, error);
}

static gboolean
call_delete (CarClient *client, GError **error)
{
  const char *const keys[] = { "a", NULL };

  return car_client_delete_vertices (client, "s", "asset", keys, NULL, error);
}

static gboolean
call_patch_vertex (CarClient *client, GError **error)
{
  return car_client_patch_vertex_json (client, "asset", "a", "{}", NULL, error);
}

static gboolean
call_patch_edge (CarClient *client, GError **error)
{
  return car_client_patch_edge_json (client, "asset_user", "s", "a", "b", "{}", NULL, error);
}

static gboolean
call_query (CarClient *client, GError **error)
{
  g_autofree char *answer = car_client_query_json (client, "{ asset { name } }", NULL, NULL, error);

  return answer != NULL;
}

static gboolean
call_search (CarClient *client, GError **error)
{
  const char *const fields[] = { "name", NULL };
  g_autofree char *answer =
      car_client_search_collection_json (client, "asset", "name", "\"n\"", fields, NULL, error);

  return answer != NULL;
}

static gboolean
call_import_schema (CarClient *client, GError **error)
{
  g_autoptr (CarImportSchema) schema = car_client_get_import_schema (client, NULL, error);

  return schema != NULL;
}

static gboolean
call_ensure_extension (CarClient *client, GError **error)
{
  g_autoptr (CarSchemaExtension) extension =
      car_schema_extension_new ("k", "o", 1, "{\"vertices\":[]}", error);

  return car_client_ensure_schema_extension (client, extension, NULL, error);
}

static gboolean
call_health (CarClient *client, GError **error)
{
  return car_client_check_health (client, NULL, error);
}

static const struct
{
  gboolean (*call) (CarClient *client, GError **error);
  const char *method;
  const char *path;
  const char *first_path; /* of a GET before it, */
  guint first_status;     /* with this answer */
  const char *first_body;
  gboolean empty_object; /* {} is an answer too */
} calls[] = {
  { call_prepare, "GET", "v2/databases" },
  { call_prepare, "POST", "v2/databases", "v2/databases", 400, "" },
  { call_prepare, "PATCH", "v2/databases", "v2/databases", 200,
    "{\"databases\":[{\"is_ready\":true,\"graph_name\":\"\"}]}" },
  { call_prepare, "PATCH", "v2/databases", "v2/databases", 200,
    "{\"databases\":[{\"is_ready\":true,\"graph_name\":\"g\",\"collections_without_indexes\":[\"a\"]}]}" },
  { call_wait_for_job, "GET", "v2/jobstatus/1" },
  { call_wait_for_imports, "GET", "v2/importstatus" },
  { call_get_save_point, "GET", "v2/source/s", .empty_object = TRUE },
  { call_set_save_point, "PATCH", "v2/source" },
  { call_import, "POST", "v2/imports" },
  { call_begin, "POST", "v2/source/s/full-import-in-progress" },
  { call_end, "DELETE", "v2/source/s/full-import-in-progress" },
  { call_delete, "DELETE", "v2/source/s/asset" },
  { call_patch_vertex, "PATCH", "v2/asset", .empty_object = TRUE },
  { call_patch_edge, "PATCH", "v2/asset_user", .empty_object = TRUE },
  { call_query, "POST", "v3/query" },
  { call_search, "POST", "v3/query" },
  { call_import_schema, "GET", "v3/importSchema" },
  { call_ensure_extension, "GET", "v3/carSchema/k" },
  { call_ensure_extension, "POST", "v3/carSchema", "v3/carSchema/k", 404, "", TRUE },
  { call_health, "GET", "v3/health" },
};

static void
assert_no_success (Fixture *fixture, guint i)
{
  g_autoptr (GError) error = NULL;

  if (calls[i].first_path != NULL)
    fake_service_answer (fixture->service, "GET", calls[i].first_path, calls[i].first_status,
                         calls[i].first_body);
  g_assert_false (calls[i].call (fixture->client, &error));
  assert_recoverable (error);
  fake_service_assert_all_fetched (fixture->service);
}

/* A 200 that says nothing, or something else, is no success of any call (protocol.md, "We do"). */
static void
test_empty_success (Fixture *fixture, gconstpointer data)
{
  const char *const answers[] = {
    "",
    " ",
    "null",
    "true",
    "200",
    "\"OK\"",
    "[]",
    "[{\"result\":\"OK\"}]",
    "{\"result\":\"OK\"",
    "{\"result\":\"OK\"}{}",
    "<html>log in</html>",
    "{\"result\":\"OK\",\"job_id\":\"1\",\"id\":\"1\",\"message\":\"ok\",\"status\":\"COMPLETE\","
    "\"model_state_id\":\"1\",\"data\":{\"asset\":[]},\"version\":\"1\",\"schema\":{},"
    "\"error_imports\":[],\"incomplete_imports\":[],\"databases\":[{\"is_ready\":true}],"
    "\"errors\":[{\"code\":7,\"message\":\"no\"}]}",
    "{\"errors\":{}}",
    "{}",
    "{\"result\":null,\"job_id\":null,\"id\":null,\"status\":null,\"message\":null}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    for (guint j = 0; j < G_N_ELEMENTS (answers) - (calls[i].empty_object ? 2 : 0); j++)
      {
        g_test_message ("%s %s: %s", calls[i].method, calls[i].path, answers[j]);
        fake_service_answer (fixture->service, calls[i].method, calls[i].path, 200, answers[j]);
        assert_no_success (fixture, i);
      }
}

/* So is one that is cut off. */
static void
test_cut_success (Fixture *fixture, gconstpointer data)
{
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.max_retries = 0;
  car_client_set_limits (fixture->client, &limits);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_test_message ("%s %s", calls[i].method, calls[i].path);
      fake_service_misbehave (fixture->service, calls[i].method, calls[i].path, FAKE_TRUNCATE);
      assert_no_success (fixture, i);
    }
}

/* Before anything was sent, and while something is only asked for, no failure leaves a gap, whatever its status. */
static void
test_nothing_sent (Fixture *fixture, gconstpointer data)
{
  const guint statuses[] = { 404, 405, 418, 501 };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    for (guint j = 0; j < G_N_ELEMENTS (statuses); j++)
      {
        const gboolean asks =
            g_str_equal (calls[i].method, "GET") || g_str_has_suffix (calls[i].path, "query");
        const gboolean prepares = g_str_has_suffix (calls[i].path, "databases") ||
                                  g_str_has_suffix (calls[i].path, "carSchema") ||
                                  calls[i].call == call_begin;
        const gboolean waits = calls[i].call == call_wait_for_job || calls[i].call == call_wait_for_imports;
        g_autoptr (GError) error = NULL;

        /* 404 says in some calls that there is nothing. */
        if ((!asks && !prepares) || waits || statuses[j] == 404)
          continue;
        g_test_message ("%s %s: %u", calls[i].method, calls[i].path, statuses[j]);
        fake_service_answer (fixture->service, calls[i].method, calls[i].path, statuses[j], "");
        assert_no_success (fixture, i);
      }
}

/* The public framework counts every job as done here: failed pages are lost in silence (protocol.md, "Failures"). */
static void
test_wrong_import_status (Fixture *fixture, gconstpointer data)
{
  const char *const answers[] = {
    "", "<html>busy</html>", "[]", "{}", "{\"error_imports\":[]}", "{\"incomplete_imports\":[]}",
    "{\"error_imports\":{},\"incomplete_imports\":[]}", "{\"error_imports\":[],\"incomplete_imports\":null}",
    "{\"error_imports\":[],\"incomplete_imports\":[\"a\"]}",
    "{\"error_imports\":[],\"incomplete_imports\":[{}]}",
    "{\"error_imports\":[],\"incomplete_imports\":[{\"id\":\"A\"}]}",
    "{\"error_imports\":[{\"id\":\"other\"}],\"incomplete_imports\":[]}",
    "{\"error_imports\":[],\"error_imports\":[],\"incomplete_imports\":[]}",
    "{\"error_imports\":[],\"incomplete_imports\":[],\"complete_imports\":null}",
    "{\"error_imports\":[],\"incomplete_imports\":[],\"complete_imports\":[\"a\"]}",
    /* In none of the lists of a service that sends all of them. */
    "{\"error_imports\":[],\"incomplete_imports\":[],\"complete_imports\":[]}",
    "{\"error_imports\":[],\"incomplete_imports\":[],\"notfound_imports\":[]}"
  };
  const char *const ids[] = { "a", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;
      fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, answers[i]);
      g_assert_false (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
      assert_recoverable (error);
      assert_says (error, "GET importstatus: the service's answer is not what it should be");
    }
}

static void
test_failed_imports (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    const char *item;
    gboolean recoverable;
  } cases[] = { { "{\"id\":\"a\",\"error\":\"bad\\npage\",\"statusCode\":400}", TRUE },
                { "{\"id\":\"a\",\"error\":\"bad\\npage\",\"statusCode\":\"503\"}", TRUE },
                { "{\"id\":\"a\",\"error\":\"bad\\npage\",\"statusCode\":422}", FALSE },
                { "{\"id\":\"a\",\"error\":\"bad\\npage\",\"statusCode\":4294967696}", FALSE },
                { "{\"id\":\"a\",\"error\":\"bad\\npage\",\"statusCode\":null}", FALSE },
                { "{\"id\":\"a\",\"error\":\"bad\\npage\"}", FALSE } };
  const char *const ids[] = { "a", "b", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *body =
          g_strdup_printf ("{\"error_imports\":[%s],\"incomplete_imports\":[{\"id\":\"b\"}]}", cases[i].item);
      fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, body);
      g_assert_false (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
      if (cases[i].recoverable)
        assert_recoverable (error);
      else
        assert_unrecoverable (error);
      assert_says (error, "import job a failed: bad\\u000apage");
    }
}

/* What the service has lost is in no graph. */
static void
test_lost_imports (Fixture *fixture, gconstpointer data)
{
  const char *const items[] = { "\"b\"", "{\"id\":\"b\"}" };
  const char *const ids[] = { "a", "b", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *body =
          g_strdup_printf ("{\"success\":true,\"complete_imports\":[{\"id\":\"a\",\"status\":\"COMPLETE\"}],"
                           "\"error_imports\":[],\"incomplete_imports\":[],\"notfound_imports\":[%s]}",
                           items[i]);
      fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, body);
      g_assert_false (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
      assert_unrecoverable (error);
      assert_says (error, "import job b failed: the service knows of no such job");
    }
}

static void
test_import_warnings (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *const ids[] = { "a", "b", NULL };

  fake_service_answer (
      fixture->service, "GET", "v2/importstatus", 200,
      "{\"complete_imports\":[{\"id\":\"a\",\"warnings\":[{\"collection\":\"asset\",\"count\":3,\"message\":"
      "\"no a-password here\\n\"},{\"collection\":\"asset\",\"count\":2,\"message\":\"no a-password "
      "here\\n\"}]},{\"id\":\"b\",\"warnings\":[{},7]}],\"error_imports\":[],\"incomplete_imports\":[]}");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING,
                         "The service left out 2 objects: it does not say why");
  g_test_expect_message ("libcar", G_LOG_LEVEL_WARNING,
                         "The service left out 5 of asset: no *** here\\u000a");
  g_assert_true (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
  g_test_assert_expected_messages ();
  g_assert_no_error (error);
}

/* One look asks for hundreds of jobs, of which each may bring many warnings or a long error. */
static void
test_long_import_status (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *const ids[] = { "a", NULL };
  g_autofree char *reason = g_strnfill (2 * 1024 * 1024, 'x');
  g_autofree char *body = g_strdup_printf ("{\"complete_imports\":[{\"id\":\"a\",\"more\":\"%s\"}],\"error_"
                                           "imports\":[],\"incomplete_imports\":[]}",
                                           reason);

  fake_service_answer (fixture->service, "GET", "v2/importstatus", 200, body);
  g_assert_true (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
  g_assert_no_error (error);
}

/* The ids of a query without their name, decoded. */
static char **
get_query_items (const FakeRequest *request)
{
  char **items = g_strsplit (strchr (request->query, '=') + 1, ",", -1);

  for (guint i = 0; items[i]; i++)
    {
      char *item = g_uri_unescape_string (items[i], NULL);
      g_free (items[i]);
      items[i] = item;
    }
  return items;
}

static gsize
get_url_length (Fixture *fixture, const FakeRequest *request)
{
  const gsize base = strlen (fake_service_get_url (fixture->service)) - strlen ("v2");

  return base + strlen (request->path) + strlen ("?") + strlen (request->query);
}

static void
assert_pages (Fixture *fixture, const char *const *ids, guint n_ids)
{
  guint seen = 0;

  for (guint i = 0; i < fake_service_get_n_requests (fixture->service); i++)
    {
      const FakeRequest *request = fake_service_get_request (fixture->service, i);
      g_auto (GStrv) items = get_query_items (request);
      g_assert_cmpuint (get_url_length (fixture, request), <, 2000);
      for (guint j = 0; items[j]; j++)
        g_assert_cmpstr (items[j], ==, ids[seen + j]);
      seen += g_strv_length (items);
    }
  g_assert_cmpuint (seen, ==, n_ids);
}

static void
test_many_imports (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *id = g_strdup_printf ("0f8fad5b/d9cb-469f-a165-%06u", i);
      g_strv_builder_add (builder, id);
    }
  g_auto (GStrv) ids = g_strv_builder_end (builder);
  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  g_assert_true (car_client_wait_for_imports (fixture->client, (const char *const *) ids, NULL, &error));
  g_assert_no_error (error);
  assert_pages (fixture, (const char *const *) ids, 500);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), <, 20);
}

static void
test_job (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *path = "v2/jobstatus/a%2Fb%0A%3F";
  fake_service_answer (fixture->service, "GET", path, 200, "{\"status\":\"IN_PROGRESS\"}");
  fake_service_answer (fixture->service, "GET", path, 200, "{\"status\":\"complete\"}");
  fake_service_answer (fixture->service, "GET", path, 200, "{\"status\":\"COMPLETE\"}");
  g_assert_true (car_client_wait_for_job (fixture->client, "a/b\n?", NULL, &error));
  g_assert_no_error (error);

  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200,
                       "{\"status\":\"ERROR\",\"error\":\"why\"}");
  g_assert_false (car_client_wait_for_job (fixture->client, "1", NULL, &error));
  assert_unrecoverable (error);
  assert_says (error, "job 1 failed: why");
  g_clear_error (&error);

  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200,
                       "{\"status\":\"ERROR\",\"statusCode\":503}");
  g_assert_false (car_client_wait_for_job (fixture->client, "1", NULL, &error));
  assert_recoverable (error);
  g_clear_error (&error);

  const char *const wrong[] = { "<html>", "{}", "{\"status\":true}", "[\"COMPLETE\"]" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200, wrong[i]);
      g_assert_false (car_client_wait_for_job (fixture->client, "1", NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);
    }
}

static void
test_endless_job (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *const ids[] = { "1", NULL };
  CarClientLimits limits;

  car_client_get_limits (fixture->client, &limits);
  limits.job_timeout = 20;
  car_client_set_limits (fixture->client, &limits);
  fake_service_answer_always (fixture->service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"RUNNING\"}");
  g_assert_false (car_client_wait_for_job (fixture->client, "1", NULL, &error));
  assert_recoverable (error);
  assert_says (error, "job 1 is not done");
  g_clear_error (&error);

  fake_service_answer_always (fixture->service, "GET", "v2/importstatus", 200,
                              "{\"error_imports\":[],\"incomplete_imports\":[{\"id\":\"1\"}]}");
  g_assert_false (car_client_wait_for_imports (fixture->client, ids, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "job 1 is not done");
}

/* Databases. */

static void
answer_database (Fixture *fixture,
                 const char *graph_name,
                 const char *is_ready,
                 const char *missing,
                 const char *unindexed)
{
  g_autofree char *body =
      g_strdup_printf ("{\"databases\":[{\"name\":\"d\",\"graph_name\":\"%s\",\"is_ready\":%s,"
                       "\"missing_collections\":%s,\"collections_without_indexes\":%s}]}",
                       graph_name, is_ready, missing, unindexed);

  fake_service_answer (fixture->service, "GET", "v2/databases", 200, body);
}

static void
test_ready_database (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean set_up_now = TRUE;

  fake_service_answer (fixture->service, "GET", "v2/databases", 200, READY);
  g_assert_true (car_client_prepare_database (fixture->client, &set_up_now, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (set_up_now);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 1);
}

static void
test_set_up_database (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean set_up_now = FALSE;

  fake_service_answer (fixture->service, "GET", "v2/databases", 400, "{\"errors\":[]}");
  fake_service_answer (fixture->service, "POST", "v2/databases", 200, "{\"job_id\":\"j1\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/j1", 200, "{\"status\":\"RUNNING\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/j1", 200, "{\"status\":\"COMPLETE\"}");
  answer_database (fixture, "", "false", "[]", "[\"asset\",\"user\"]");
  fake_service_answer (fixture->service, "PATCH", "v2/databases", 200, "{\"job_id\":\"j2\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/j2", 200, "{\"status\":\"COMPLETE\"}");
  answer_database (fixture, "assets", "false", "[]", "[\"asset\",\"user\"]");
  fake_service_answer (fixture->service, "PATCH", "v2/databases", 200, "{\"job_id\":\"j3\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/j3", 200, "{\"status\":\"COMPLETE\"}");
  fake_service_answer (fixture->service, "GET", "v2/databases", 200, READY);

  g_assert_true (car_client_prepare_database (fixture->client, &set_up_now, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (set_up_now);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 5)->body, ==, "{\"graph_name\":\"assets\"}");
  g_assert_cmpstr (fake_service_get_request (fixture->service, 8)->body, ==,
                   "{\"collections_without_indexes\":[\"asset\",\"user\"]}");
}

static void
assert_database_fails (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (car_client_prepare_database (fixture->client, NULL, NULL, &error));
  assert_recoverable (error);
  fake_service_assert_all_fetched (fixture->service);
}

static void
test_unready_database (Fixture *fixture, gconstpointer data)
{
  answer_database (fixture, "assets", "false", "[]", "[]");
  assert_database_fails (fixture);

  fake_service_answer (fixture->service, "GET", "v2/databases", 400, "");
  fake_service_answer (fixture->service, "POST", "v2/databases", 404, "");
  assert_database_fails (fixture);

  fake_service_answer (fixture->service, "GET", "v2/databases", 400, "");
  fake_service_answer (fixture->service, "POST", "v2/databases", 200, "{\"job_id\":\"j1\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/j1", 200, "{\"status\":\"ERROR\"}");
  assert_database_fails (fixture);

  /* Set up, and still not there. */
  fake_service_answer (fixture->service, "GET", "v2/databases", 400, "");
  fake_service_answer (fixture->service, "POST", "v2/databases", 200, "{\"job_id\":\"j1\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/j1", 200, "{\"status\":\"COMPLETE\"}");
  fake_service_answer (fixture->service, "GET", "v2/databases", 400, "");
  assert_database_fails (fixture);

  const char *const wrong[] = { "<html>", "{}", "{\"databases\":{}}", "{\"databases\":[{}]}",
                                "{\"databases\":[{\"is_ready\":\"true\"}]}" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      fake_service_answer (fixture->service, "GET", "v2/databases", 200, wrong[i]);
      assert_database_fails (fixture);
    }
}

/* Schemas. */

static void
test_schema_extension (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *schema =
      "{\"vertices\":[{\"name\":\"xx_site\",\"properties\":{\"town\":{\"type\":\"text\"}}}]}";
  g_autoptr (CarSchemaExtension) extension = car_schema_extension_new ("k/1", "me", 3, schema, &error);
  g_assert_no_error (error);

  const char *const present[] = { "{\"version\":\"3\"}", "{\"version\":3}" };
  for (guint i = 0; i < G_N_ELEMENTS (present); i++)
    {
      fake_service_answer (fixture->service, "GET", "v3/carSchema/k%2F1", 200, present[i]);
      g_assert_true (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      g_assert_no_error (error);
    }
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v3/carSchema"), ==, 0);

  fake_service_answer (fixture->service, "GET", "v3/carSchema/k%2F1", 404, "");
  fake_service_answer (fixture->service, "POST", "v3/carSchema", 201, "{}");
  fake_service_answer (fixture->service, "GET", "v3/carSchema/k%2F1", 200, "{\"version\":\"2\"}");
  fake_service_answer (fixture->service, "POST", "v3/carSchema", 200, "{\"key\":\"k/1\",\"version\":\"3\"}");
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      g_assert_no_error (error);
      const guint last = fake_service_get_n_requests (fixture->service) - 1;
      g_assert_cmpstr (
          fake_service_get_request (fixture->service, last)->body, ==,
          "{\"key\":\"k/1\",\"owner\":\"me\",\"version\":\"3\",\"schema\":"
          "{\"vertices\":[{\"name\":\"xx_site\",\"properties\":{\"town\":{\"type\":\"text\"}}}]}}");
    }

  fake_service_answer (fixture->service, "GET", "v3/carSchema/k%2F1", 200, "{\"version\":\"4\"}");
  g_assert_false (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_NEWER_EXTENSION);
  g_clear_error (&error);

  const char *const wrong[] = { "<html>", "{}", "{\"version\":\"x\"}", "{\"version\":1.5}",
                                "{\"version\":null}" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      fake_service_answer (fixture->service, "GET", "v3/carSchema/k%2F1", 200, wrong[i]);
      g_assert_false (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);
    }
  g_assert_cmpuint (fake_service_count (fixture->service, "POST", "v3/carSchema"), ==, 2);
}

/* The connector's author must act, not the next run: the extension is refused, or was changed in place. */
static void
test_refused_extension (Fixture *fixture, gconstpointer data)
{
  const guint refusals[] = { 400, 409, 413, 422 };
  const guint others[] = { 401, 404, 500 };
  const char *schema =
      "{\"vertices\":[{\"name\":\"x\",\"properties\":{\"a\":{\"type\":\"text\",\"indexed\":true},"
      "\"b\":{\"type\":\"text\",\"required\":false}}}]}";
  const char *const same[] = {
    /* as it was sent, in another order, and with what says nothing added or left out */
    "{\"vertices\":[{\"properties\":{\"b\":{\"type\":\"text\"},\"a\":{\"indexed\":true,\"type\":\"text\","
    "\"unique\":"
    "false,\"default\":null}},\"name\":\"x\"}],\"edges\":[]}",
  };
  const char *const changed[] = {
    "{\"vertices\":[]}",
    "{\"vertices\":[{\"name\":\"x\",\"properties\":{\"a\":{\"type\":\"text\",\"indexed\":true}}}]}",
    "{\"vertices\":[{\"name\":\"x\",\"properties\":{\"a\":{\"type\":\"text\"},\"b\":{\"type\":\"text\"}}}]}",
    "{\"vertices\":[{\"name\":\"x\",\"properties\":{\"a\":{\"type\":\"text\",\"indexed\":true},\"b\":{"
    "\"type\":"
    "\"inet\"}}}]}",
    "{\"vertices\":[{\"name\":\"x\",\"properties\":{\"a\":{\"type\":\"text\",\"indexed\":true},\"b\":{"
    "\"type\":"
    "\"text\"},\"c\":{\"type\":\"text\"}}}]}",
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (CarSchemaExtension) extension = car_schema_extension_new ("k", "me", 3, schema, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      fake_service_answer (fixture->service, "GET", "v3/carSchema/k", 404, "");
      fake_service_answer (fixture->service, "POST", "v3/carSchema", refusals[i],
                           "{\"errors\":[{\"message\":\"bad type\"}]}");
      g_assert_false (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      assert_invalid_parameter (error);
      assert_says (error, "bad type");
      g_clear_error (&error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      fake_service_answer (fixture->service, "GET", "v3/carSchema/k", 404, "");
      fake_service_answer (fixture->service, "POST", "v3/carSchema", others[i], "");
      g_assert_false (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"version\":\"3\",\"schema\":%s}", same[i]);
      fake_service_answer (fixture->service, "GET", "v3/carSchema/k", 200, body);
      g_assert_true (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (changed); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"version\":\"3\",\"schema\":%s}", changed[i]);
      fake_service_answer (fixture->service, "GET", "v3/carSchema/k", 200, body);
      g_assert_false (car_client_ensure_schema_extension (fixture->client, extension, NULL, &error));
      assert_invalid_parameter (error);
      assert_says (error, "raise the version");
      g_clear_error (&error);
    }
}

static void
test_import_schema (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_service_answer (
      fixture->service, "GET", "v3/importSchema", 200,
      "{\"version\":\"2\",\"schema\":{\"type\":\"object\",\"properties\":{\"asset\":{\"type\":\"array\","
      "\"items\":{\"type\":\"object\",\"required\":[\"name\"]}}}}}");
  g_autoptr (CarImportSchema) schema = car_client_get_import_schema (fixture->client, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (car_import_schema_has_collection (schema, "asset"));
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->query, ==, "version=v2");

  const char *const wrong[] = { "<html>", "{}", "{\"schema\":\"{}\"}", "{\"schema\":null}" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      fake_service_answer (fixture->service, "GET", "v3/importSchema", 200, wrong[i]);
      g_assert_null (car_client_get_import_schema (fixture->client, NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);
    }
}

/* Sources. */

static void
test_full_import (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *path = "v2/source/" ODD_NAME_ENCODED "/full-import-in-progress";

  fake_service_answer (fixture->service, "POST", path, 200, "{\"job_id\":\"1\"}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"COMPLETE\"}");
  g_assert_true (car_client_begin_full_import (fixture->client, ODD_NAME, NULL, &error));
  g_assert_no_error (error);

  fake_service_answer (fixture->service, "DELETE", path, 200, "{\"job_id\":2}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/2", 200, "{\"status\":\"COMPLETE\"}");
  g_assert_true (car_client_end_full_import (fixture->client, ODD_NAME, NULL, &error));
  g_assert_no_error (error);

  fake_service_answer (fixture->service, "DELETE", path, 200, "{\"job_id\":2}");
  fake_service_answer (fixture->service, "GET", "v2/jobstatus/2", 200, "{\"status\":\"ERROR\"}");
  g_assert_false (car_client_end_full_import (fixture->client, ODD_NAME, NULL, &error));
  assert_unrecoverable (error);
  g_clear_error (&error);

  fake_service_answer (fixture->service, "DELETE", path, 204, "");
  g_assert_false (car_client_end_full_import (fixture->client, ODD_NAME, NULL, &error));
  assert_recoverable (error);
}

static void
test_save_point (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    guint status;
    const char *body;
    const char *save_point;
  } cases[] = { { 200, "{\"model_state_id\":\"é\\\"1\"}", "é\"1" },
                { 200, "{\"model_state_id\":\"\"}", NULL },
                { 200, "{\"model_state_id\":null}", NULL },
                { 200, "{}", NULL },
                { 404, "not found", NULL } };
  const char *path = "v2/source/" ODD_NAME_ENCODED;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *save_point = NULL;
      fake_service_answer (fixture->service, "GET", path, cases[i].status, cases[i].body);
      g_assert_true (car_client_get_save_point (fixture->client, ODD_NAME, &save_point, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (save_point, ==, cases[i].save_point);
    }

  const char *const wrong[] = { "", "<html>", "[]", "{\"model_state_id\":1}",
                                "{\"model_state_id\":\"a\\u0000\"}" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      char *save_point = NULL;
      fake_service_answer (fixture->service, "GET", path, 200, wrong[i]);
      g_assert_false (car_client_get_save_point (fixture->client, ODD_NAME, &save_point, NULL, &error));
      assert_recoverable (error);
      g_assert_null (save_point);
      g_clear_error (&error);
    }
}

static void
test_keep_save_point (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_service_answer (fixture->service, "PATCH", "v2/source", 200, DONE);
  fake_service_answer (fixture->service, "PATCH", "v2/source", 200, DONE);
  g_assert_true (car_client_set_save_point (fixture->client, ODD_NAME, "é\"1", NULL, &error));
  g_assert_true (car_client_set_save_point (fixture->client, ODD_NAME, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->query, ==, "key=" ODD_NAME_ENCODED);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->body, ==,
                   "{\"model_state_id\":\"é\\\"1\"}");
  g_assert_cmpstr (fake_service_get_request (fixture->service, 1)->body, ==, "{\"model_state_id\":\"\"}");

  fake_service_answer (fixture->service, "PATCH", "v2/source", 200, "<html>log in</html>");
  g_assert_false (car_client_set_save_point (fixture->client, ODD_NAME, "1", NULL, &error));
  assert_recoverable (error);
}

static void
test_delete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u,ü/?&#%%", i);
      g_strv_builder_add (builder, id);
    }
  g_auto (GStrv) ids = g_strv_builder_end (builder);
  fake_service_answer_always (fixture->service, "DELETE", "v2/source/" ODD_NAME_ENCODED "/asset", 200, DONE);
  g_assert_true (car_client_delete_vertices (fixture->client, ODD_NAME, "asset", (const char *const *) ids,
                                             NULL, &error));
  g_assert_no_error (error);
  assert_pages (fixture, (const char *const *) ids, 1000);
  g_assert_true (g_str_has_prefix (fake_service_get_request (fixture->service, 0)->query,
                                   "external_ids=0%2C%C3%BC%2F%3F%26%23%25,1%2C"));
}

/* A key that names nothing is the connector's fault: nothing of the list is deleted. */
static void
test_delete_wrong_keys (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    const char *keys[4];
    const char *said;
  } cases[] = { { { "a", "b", "" }, "vertex of asset can be deleted: key 3 of the list is empty" },
                { { "", "b" }, "key 1 of the list is empty" },
                { { "a", "\xff" }, "key 2 of the list is not UTF-8" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (
          car_client_delete_vertices (fixture->client, "s", "asset", cases[i].keys, NULL, &error));
      assert_general (error);
      assert_says (error, cases[i].said);
    }
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 0);
}

static void
test_delete_by_key (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *const collections[] = { "ipaddress", "hostname", "macaddress" };
  const char *const keys[] = { "a", "fe80::1", NULL };
  const char *const none[] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (collections); i++)
    {
      g_autofree char *path = g_strconcat ("v2/source/s/", collections[i], NULL);
      fake_service_answer (fixture->service, "DELETE", path, 200, DONE);
      g_assert_true (car_client_delete_vertices (fixture->client, "s", collections[i], keys, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (fake_service_get_request (fixture->service, i)->query, ==, "keys=a,fe80%3A%3A1");
      g_assert_true (car_client_delete_vertices (fixture->client, "s", collections[i], none, NULL, &error));
    }
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 3);
}

static void
test_delete_long_key (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = g_strnfill (3000, 'x');
  const char *const keys[] = { "a", key, "b", NULL };

  fake_service_answer_always (fixture->service, "DELETE", "v2/source/s/asset", 200, DONE);
  g_assert_true (car_client_delete_vertices (fixture->client, "s", "asset", keys, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 3);
}

static void
test_patch (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) changes = json_object_new ();

  json_object_set_boolean_member (changes, "active", FALSE);
  json_object_set_double_member (changes, "risk", 0.1);
  fake_service_answer (fixture->service, "PATCH", "v2/asset", 200, DONE);
  g_assert_true (car_client_patch_vertex (fixture->client, "asset", ODD_NAME, changes, NULL, &error));
  g_assert_no_error (error);
  fake_service_answer (fixture->service, "PATCH", "v2/asset_user", 200, DONE);
  g_assert_true (
      car_client_patch_edge (fixture->client, "asset_user", ODD_NAME, "a&b", "c=d", changes, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->query, ==,
                   "external_id=" ODD_NAME_ENCODED);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 1)->query, ==,
                   "source=" ODD_NAME_ENCODED "&from=a%26b&to=c%3Dd");
  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (fake_service_get_request (fixture->service, i)->body, ==,
                     "{\"active\":false,\"risk\":0.1}");

  json_object_set_double_member (changes, "risk", INFINITY);
  g_assert_false (car_client_patch_vertex (fixture->client, "asset", "a", changes, NULL, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
}

static void
test_patch_json (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *changes = "{\"n\": 18446744073709551616, \"t\": \"a\\u0000b\", \"f\": 12345678901234567890.10}";
  const char *const wrong[] = { "", "[]", "{", "{\"a\":NaN}", "\"text\"" };

  fake_service_answer (fixture->service, "PATCH", "v2/asset", 200, DONE);
  g_assert_true (car_client_patch_vertex_json (fixture->client, "asset", "a", changes, NULL, &error));
  g_assert_no_error (error);
  fake_service_answer (fixture->service, "PATCH", "v2/asset_user", 200, DONE);
  g_assert_true (
      car_client_patch_edge_json (fixture->client, "asset_user", "s", "a", "b", changes, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (fake_service_get_request (fixture->service, i)->body, ==, changes);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_false (car_client_patch_vertex_json (fixture->client, "asset", "a", wrong[i], NULL, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
      g_clear_error (&error);
    }
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 2);
}

/* Nobody publishes what the answer says: 200 with an object is all (protocol.md, "Calls"). */
static void
test_patch_answer (Fixture *fixture, gconstpointer data)
{
  const char *const answers[] = { "{}", "{\"updated\":1}", DONE };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;
      fake_service_answer (fixture->service, "PATCH", "v2/asset", 200, answers[i]);
      g_assert_true (car_client_patch_vertex_json (fixture->client, "asset", "a", "{}", NULL, &error));
      g_assert_no_error (error);
      fake_service_answer (fixture->service, "PATCH", "v2/asset_user", 200, answers[i]);
      g_assert_true (
          car_client_patch_edge_json (fixture->client, "asset_user", "s", "a", "b", "{}", NULL, &error));
      g_assert_no_error (error);
    }
}

/* Its answer was lost: what is not there any more is ended. */
static void
test_patch_repeated (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    const char *changes;
    gboolean lost;
    gboolean done;
  } cases[] = {
    { "{\"active\":false}", TRUE, TRUE },
    { "{\"active\":false}", FALSE, FALSE },
    { "{\"active\":true}", TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      if (cases[i].lost)
        fake_service_misbehave (fixture->service, "PATCH", "v2/asset_user", FAKE_TRUNCATE);
      fake_service_answer (fixture->service, "PATCH", "v2/asset_user", 404, "{}");
      g_assert_true (car_client_patch_edge_json (fixture->client, "asset_user", "s", "a", "b",
                                                 cases[i].changes, NULL, &error) == cases[i].done);
      g_assert_true ((error == NULL) == cases[i].done);
    }
}

/* Questions. */

/* No parser of trees stands between the caller and the service. */
static void
test_query_json (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *variables = "{\"v\": [18446744073709551616, \"a\\u0000b\", 1e400]}";

  fake_service_answer (
      fixture->service, "POST", "v3/query", 200,
      "{\"data\": {\"asset\": [{\"name\": 12345678901234567890}, {\"name\": \"a\\u0000b\"}]}}");
  g_autofree char *answer =
      car_client_query_json (fixture->client, "{ asset { name } }", variables, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "{\"asset\": [{\"name\": 12345678901234567890}, {\"name\": \"a\\u0000b\"}]}");
  g_autofree char *body =
      g_strconcat ("{\"query\":\"{ asset { name } }\",\"variables\":", variables, "}", NULL);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->body, ==, body);

  g_assert_null (car_client_query_json (fixture->client, "{ asset { name } }", "[]", NULL, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
}

/* An answer holds what was asked for, or it is none: what is missing would be read as "there is none". */
static void
test_query_shape (Fixture *fixture, gconstpointer data)
{
#define ROWS "{ asset { name ips: ipaddresses { ipaddress { name } } } }"
#define DEEP                                                                                                 \
  "# {\nfragment F on asset { id }\nquery Q($v: [String!] = [\"}\"]) @cached(ttl: 3) { all: asset(where: "   \
  "{name: {_in: $v}}, limit: 1) { name @skip(if: true) ...F ... on asset { source } hostnames(where: {a: "   \
  "\"{\\\"\"}) { hostname(x: \"\"\"a\"} \\\"\"\" {\"\"\") { name } } } }"
  static const struct
  {
    const char *query;
    const char *data;
    const char *problem; /* NULL: it is good */
  } cases[] = {
    { ROWS, "{\"asset\":[]}", NULL },
    { ROWS, "{\"asset\":[{\"name\":null,\"ips\":[]}],\"more\":1}", NULL },
    { ROWS, "{\"asset\":[{\"n\\u0061me\":{},\"ips\":[{\"ipaddress\":[{\"name\":1}]}],\"more\":1}]}", NULL },
    { ROWS, "{}", "“asset”, which was asked for, is missing" },
    { ROWS, "{\"Asset\":[]}", "“asset”, which was asked for, is missing" },
    { ROWS, "{\"asset\":null}", "“asset” is no list" },
    { ROWS, "{\"asset\":{\"name\":1,\"ips\":[]}}", "“asset” is no list" },
    { ROWS, "{\"asset\":[null]}", "“asset” holds what is no object" },
    { ROWS, "{\"asset\":[[]]}", "“asset” holds what is no object" },
    { ROWS, "{\"asset\":[{\"name\":1,\"ips\":[]},{\"name\":1}]}", "“ips”, which was asked for, is missing" },
    { ROWS, "{\"asset\":[{\"ips\":[]}]}", "“name”, which was asked for, is missing" },
    { ROWS, "{\"asset\":[{\"name\":1,\"ips\":null}]}", "“ips” is no list" },
    { ROWS, "{\"asset\":[{\"name\":1,\"ips\":[{\"ipaddress\":[{}]}]}]}", "“name”, which was asked for" },
    { "{ asset_by_pk(_pk: \"1\") { name } }", "{\"asset_by_pk\":null}", NULL },
    { "{ asset_by_pk(_pk: \"1\") { name } }", "{\"asset_by_pk\":[]}", "“asset_by_pk” is no object" },
    { "{ asset_by_pk(_pk: \"1\") { name } }", "{\"asset_by_pk\":{}}", "“name”, which was asked for" },
    { "{ n: asset_aggregate { aggregate { count } } }", "{\"n\":{\"aggregate\":{\"count\":1}}}", NULL },
    { "{ n: asset_aggregate { aggregate { count } } }", "{\"n\":null}", "“n” is no object" },
    /* The published schema lets every mutation answer null: there was nothing to insert. */
    { "mutation { insert_tag_asset_one(object: {}) { name } }", "{\"insert_tag_asset_one\":null}", NULL },
    { "mutation { insert_tag_asset(objects: {}) { affected_rows } }", "{\"insert_tag_asset\":[]}",
      "“insert_tag_asset” is no object" },
    { "{ __type(name: \"no_such\") { name } }", "{\"__type\":null}", NULL },
    { "{ __type(name: \"no_such\") { name } }", "{\"__type\":1}", "“__type” is no object" },
    { "mutation { insert_tag_asset(objects: {}) { affected_rows } }",
      "{\"insert_tag_asset\":{\"affected_rows\":1}}", NULL },
    { "{ asset { name } asset { id } }", "{\"asset\":[{\"name\":1}]}", "“id”, which was asked for" },
    { "{ __typename asset @include(if: true) { name } }", "{\"__typename\":\"query_root\"}", NULL },
    { DEEP, "{\"all\":[{\"hostnames\":[{\"hostname\":[{\"name\":1}]}]}]}", NULL },
    { DEEP, "{\"all\":[{\"hostnames\":[{\"hostname\":[{}]}]}]}", "“name”, which was asked for" },
    /* What cannot be read is the service's to judge. */
    { "{ asset { name }", "{}", NULL },
    { "{ asset(a: \") { name } }", "{}", NULL },
    { "", "{}", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *body = g_strdup_printf ("{\"data\":%s}", cases[i].data);

      g_test_message ("%s: %s", cases[i].query, cases[i].data);
      fake_service_answer (fixture->service, "POST", "v3/query", 200, body);
      g_autofree char *answer = car_client_query_json (fixture->client, cases[i].query, NULL, NULL, &error);
      if (cases[i].problem == NULL)
        {
          g_assert_no_error (error);
          g_assert_cmpstr (answer, ==, cases[i].data);
          continue;
        }
      g_assert_null (answer);
      assert_recoverable (error);
      assert_says (error, "POST query: the service's answer is not what it should be");
      assert_says (error, cases[i].problem);
    }

  /* A bomb is not followed. */
  g_autoptr (GError) error = NULL;
  g_autofree char *bomb = g_strnfill (100000, '{');
  fake_service_answer (fixture->service, "POST", "v3/query", 200, "{\"data\":{}}");
  g_autofree char *answer = car_client_query_json (fixture->client, bomb, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
test_search_json (Fixture *fixture, gconstpointer data)
{
  const char *const fields[] = { "name", NULL };
  const char *const literals[] = { "443", "-1.5e3", "true", "\"a\"", "18446744073709551616" };
  const char *const wrong[] = { "null", "[]", "{}", " {\"_gt\": 1}" };

  for (guint i = 0; i < G_N_ELEMENTS (literals); i++)
    {
      g_autoptr (GError) error = NULL;
      fake_service_answer (fixture->service, "POST", "v3/query", 200,
                           "{\"data\":{\"port\":[{\"name\":12345678901234567890}]}}");
      g_autofree char *found =
          car_client_search_collection_json (fixture->client, "port", "n", literals[i], fields, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (found, ==, "[{\"name\":12345678901234567890}]");
      g_autofree char *escaped = g_strescape (literals[i], NULL);
      g_autofree char *body =
          g_strdup_printf ("{\"query\":\"{ port(where: {n: {_eq: %s}}) { name } }\"}", escaped);
      g_assert_cmpstr (fake_service_get_request (fixture->service, i)->body, ==, body);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (
          car_client_search_collection_json (fixture->client, "port", "n", wrong[i], fields, NULL, &error));
      assert_general (error);
    }
}

static void
test_call (Fixture *fixture, gconstpointer data)
{
  const char *const path[] = { "carSchema", ODD_NAME, NULL };
  const char *const query[] = { "a b", "c&d", "e", "", NULL };
  const char *const bad_paths[][3] = { { "..", NULL }, { "asset", "", NULL } };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = g_bytes_new_static ("[1]", 3);
  guint status;

  fake_service_answer (fixture->service, "PUT", "v3/carSchema/" ODD_NAME_ENCODED, 503, "");
  fake_service_answer (fixture->service, "PUT", "v3/carSchema/" ODD_NAME_ENCODED, 201, "[ 2 ]");
  g_autoptr (GBytes) answer = car_client_call (fixture->client, CAR_API_VERSION_V3, "PUT", path, query, body,
                                               0, &status, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, ==, 201);
  g_assert_cmpmem (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), "[ 2 ]", 5);
  const FakeRequest *request = fake_service_get_request (fixture->service, 1);
  g_assert_cmpstr (request->query, ==, "a%20b=c%26d&e=");
  g_assert_cmpstr (request->body, ==, "[1]");

  fake_service_answer (fixture->service, "GET", "v2/carSchema/" ODD_NAME_ENCODED, 404, "<html>");
  g_autoptr (GBytes) nothing = car_client_call (fixture->client, CAR_API_VERSION_V2, "GET", path, NULL, NULL,
                                                404, &status, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, ==, 404);
  g_assert_cmpuint (g_bytes_get_size (nothing), ==, 0);

  const struct
  {
    guint status;
    const char *body;
  } failures[] = { { 404, "" }, { 401, "" }, { 200, "<html>log in</html>" } };
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      fake_service_answer (fixture->service, "GET", "v2/carSchema/" ODD_NAME_ENCODED, failures[i].status,
                           failures[i].body);
      g_assert_null (car_client_call (fixture->client, CAR_API_VERSION_V2, "GET", path, NULL, NULL, 0, NULL,
                                      NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);

      fake_service_answer (fixture->service, "GET", "v2/carSchema/" ODD_NAME_ENCODED, failures[i].status,
                           failures[i].body);
      g_autoptr (GBytes) raw = car_client_call (fixture->client, CAR_API_VERSION_V2, "GET", path, NULL, NULL,
                                                CAR_CLIENT_ANY_STATUS, &status, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (status, ==, failures[i].status);
      g_assert_cmpmem (g_bytes_get_data (raw, NULL), g_bytes_get_size (raw), failures[i].body,
                       strlen (failures[i].body));
    }
  fake_service_answer (fixture->service, "DELETE", "v2/carSchema/" ODD_NAME_ENCODED, 404, "");
  g_assert_null (car_client_call (fixture->client, CAR_API_VERSION_V2, "DELETE", path, NULL, NULL, 0, NULL,
                                  NULL, &error));
  assert_unrecoverable (error);
  g_clear_error (&error);

  const guint n_requests = fake_service_get_n_requests (fixture->service);
  for (guint i = 0; i < G_N_ELEMENTS (bad_paths); i++)
    {
      g_assert_null (car_client_call (fixture->client, CAR_API_VERSION_V2, "GET", bad_paths[i], NULL, NULL, 0,
                                      NULL, NULL, &error));
      assert_general (error);
      g_clear_error (&error);
    }
  g_assert_null (car_client_call (fixture->client, CAR_API_VERSION_V2, "GET /\r\nX:", path, NULL, NULL, 0,
                                  NULL, NULL, &error));
  assert_general (error);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, n_requests);
}

static void
test_query (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) variables = json_object_new ();

  json_object_set_string_member (variables, "v", "x\"y");
  fake_service_answer (
      fixture->service, "POST", "v3/query", 200,
      "{\"data\":{\"asset\":[{\"n\":1,\"big\":18446744073709551615,\"f\":0.5,\"s\":\"\\u00e9\",\"b\":true,"
      "\"z\":null}]}}");
  g_autoptr (JsonNode) answer =
      car_client_query (fixture->client, "{ asset { n big f s b z } } # unchecked", variables, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (
      fake_service_get_request (fixture->service, 0)->body, ==,
      "{\"query\":\"{ asset { n big f s b z } } # unchecked\",\"variables\":{\"v\":\"x\\\"y\"}}");
  JsonObject *asset = json_array_get_object_element (
      json_object_get_array_member (json_node_get_object (answer), "asset"), 0);
  g_assert_cmpint (json_object_get_int_member (asset, "n"), ==, 1);
  g_assert_cmpfloat (json_object_get_double_member (asset, "big"), ==, 18446744073709551615.0);
  g_assert_cmpfloat (json_object_get_double_member (asset, "f"), ==, 0.5);
  g_assert_cmpstr (json_object_get_string_member (asset, "s"), ==, "é");
  g_assert_true (json_object_get_boolean_member (asset, "b"));
  g_assert_true (json_object_get_null_member (asset, "z"));

  fake_service_answer (fixture->service, "POST", "v3/query", 404, "nothing");
  g_autoptr (JsonNode) nothing = car_client_query (fixture->client, "{ asset { name } }", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_object_get_size (json_node_get_object (nothing)), ==, 0);

  fake_service_answer (fixture->service, "POST", "v3/query", 200,
                       "{\"data\":null,\"errors\":[{\"message\":\"field “x” not found\"}]}");
  g_assert_null (car_client_query (fixture->client, "{ asset { no_such_field } }", NULL, NULL, &error));
  assert_recoverable (error);
  assert_says (error, "field “x” not found");
  g_clear_error (&error);

  const char *const wrong[] = { "<html>", "{}", "{\"data\":[]}", "{\"data\":null}",
                                "{\"data\":{\"asset\":[{\"name\":\"\\u0000\"}]}}" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      fake_service_answer (fixture->service, "POST", "v3/query", 200, wrong[i]);
      g_assert_null (car_client_query (fixture->client, "{ asset { name } }", NULL, NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);
    }
}

static void
test_search (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *const fields[] = { "external_id", "name", NULL };
  const char *const hostile_fields[] = { "name } } { user { password", NULL };
  const char *hostile = "\"}}) { x } } #";

  fake_service_answer (fixture->service, "POST", "v3/query", 200,
                       "{\"data\":{\"asset\":[{\"name\":\"x\",\"external_id\":\"y\"}]}}");
  g_autoptr (JsonArray) found =
      car_client_search_collection (fixture->client, "asset", "name", hostile, fields, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_array_get_length (found), ==, 1);
  g_assert_cmpstr (
      fake_service_get_request (fixture->service, 0)->body, ==,
      "{\"query\":\"{ asset(where: {name: {_eq: \\\"\\\\\\\"}}) { x } } #\\\"}}) { external_id name } "
      "}\"}");

  fake_service_answer (fixture->service, "POST", "v3/query", 404, "");
  g_autoptr (JsonArray) nothing =
      car_client_search_collection (fixture->client, "asset", "name", "x", fields, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_array_get_length (nothing), ==, 0);

  fake_service_answer (fixture->service, "POST", "v3/query", 200, "{\"data\":{\"asset\":{}}}");
  g_assert_null (car_client_search_collection (fixture->client, "asset", "name", "x", fields, NULL, &error));
  assert_recoverable (error);
  g_clear_error (&error);

  g_assert_null (car_client_search_collection (fixture->client, hostile, "name", "x", fields, NULL, &error));
  assert_general (error);
  g_clear_error (&error);
  g_assert_null (car_client_search_collection (fixture->client, "asset", hostile, "x", fields, NULL, &error));
  assert_general (error);
  g_clear_error (&error);
  g_assert_null (
      car_client_search_collection (fixture->client, "asset", "name", "x", hostile_fields, NULL, &error));
  assert_general (error);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 3);
}

static void
test_health (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fake_service_answer (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  g_assert_true (car_client_check_health (fixture->client, NULL, &error));
  g_assert_no_error (error);

  const char *const wrong[] = { "ok", "{}", "{\"message\":\"starting\"}" };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      fake_service_answer (fixture->service, "GET", "v3/health", 200, wrong[i]);
      g_assert_false (car_client_check_health (fixture->client, NULL, &error));
      assert_recoverable (error);
      g_clear_error (&error);
    }
}

/* From several threads, and without blocking. */

static gpointer
check_health_often (gpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_true (car_client_check_health (data, NULL, &error));
      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  GThread *threads[8];

  fake_service_answer_always (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("health", check_health_often, fixture->client);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (fake_service_get_n_requests (fixture->service), ==, 8 * 50);
}

static void
on_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static GAsyncResult *
wait_for_result (GAsyncResult **slot)
{
  while (!*slot)
    g_main_context_iteration (NULL, TRUE);
  return g_steal_pointer (slot);
}

/* Waits for `client`'s call that was started with `slot`, and ends it. */
#define finish_call(result, name, ...)                                                                       \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autoptr (GAsyncResult) finished = wait_for_result (&slot);                                             \
    result = car_client_##name##_finish (client, finished, __VA_ARGS__);                                     \
    g_assert_no_error (error);                                                                               \
  }                                                                                                          \
  G_STMT_END

static void
on_loaded (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_autofree char *contents = NULL;
  g_assert_true (g_file_load_contents_finish (G_FILE (file), result, &contents, NULL, NULL, &error));
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static void
on_waited (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (car_client_wait_for_job_finish (CAR_CLIENT (client), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  ++*(guint *) user_data;
}

/* Waiting for jobs keeps nothing else of the process waiting. */
static void
test_many_waits (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GFile) file = g_file_new_for_path ("/proc/self/status");
  gboolean loaded = FALSE;
  guint n_over = 0;

  fake_service_answer_always (fixture->service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"RUNNING\"}");
  for (guint i = 0; i < 100; i++)
    car_client_wait_for_job_async (fixture->client, "1", cancellable, on_waited, &n_over);
  fake_service_wait_for_requests (fixture->service, 200);

  const gint64 begin = g_get_monotonic_time ();
  g_file_load_contents_async (file, NULL, on_loaded, &loaded);
  while (!loaded)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_TIME_SPAN_SECOND);
  g_assert_cmpuint (n_over, ==, 0);

  g_cancellable_cancel (cancellable);
  while (n_over < 100)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_TIME_SPAN_SECOND);
}

static void
on_refused (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (car_client_check_health_finish (CAR_CLIENT (client), result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *(gboolean *) user_data = TRUE;
}

/* A call that waits to be tried again keeps none of the client's other calls waiting. */
static void
test_waits_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  CarClientLimits limits = car_client_get_caller (fixture->client)->limits;
  gboolean over = FALSE;

  limits.first_retry_delay = limits.max_retry_delay = 60 * 1000;
  car_client_set_limits (fixture->client, &limits);
  fake_service_answer (fixture->service, "GET", "v3/health", 503, "{}");
  fake_service_answer (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");

  const gint64 begin = g_get_monotonic_time ();
  car_client_check_health_async (fixture->client, cancellable, on_refused, &over);
  fake_service_wait_for_requests (fixture->service, 1);
  g_usleep (50 * 1000);
  g_assert_true (car_client_check_health (fixture->client, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (over);
  g_cancellable_cancel (cancellable);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 30 * G_TIME_SPAN_SECOND);
}

static void
note_thread (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (car_client_check_health_finish (CAR_CLIENT (client), result, NULL));
  *(GThread **) user_data = g_thread_self ();
}

static gpointer
call_in_own_context (gpointer client)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  GThread *called = NULL;

  g_main_context_push_thread_default (context);
  car_client_check_health_async (client, NULL, note_thread, &called);
  while (called == NULL)
    g_main_context_iteration (context, TRUE);
  g_assert_true (called == g_thread_self ());

  g_assert_true (car_client_check_health (client, NULL, NULL));
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* A callback comes in the context of whoever called. */
static void
test_contexts (Fixture *fixture, gconstpointer data)
{
  fake_service_answer_always (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  g_thread_join (g_thread_new ("own-context", call_in_own_context, fixture->client));
}

/* The task has the last reference to the client. */
static void
test_last_reference (Fixture *fixture, gconstpointer data)
{
  fake_service_answer_always (fixture->service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  for (guint i = 0; i < 50; i++)
    {
      GThread *called = NULL;
      CarClient *client = fake_service_make_client (fixture->service);
      car_client_check_health_async (client, NULL, note_thread, &called);
      g_object_unref (client);
      while (called == NULL)
        g_main_context_iteration (NULL, TRUE);
    }
}

static void
test_async_booleans (Fixture *fixture, gconstpointer data)
{
  CarClient *client = fixture->client;
  FakeService *service = fixture->service;
  const char *path = "v2/source/s/full-import-in-progress";
  const char *const ids[] = { "1", NULL };
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  gboolean done;

  fake_service_answer (service, "GET", "v3/health", 200, "{\"message\":\"ok\"}");
  car_client_check_health_async (client, NULL, on_result, &slot);
  finish_call (done, check_health, &error);
  g_assert_true (done);

  fake_service_answer_always (service, "GET", "v2/jobstatus/1", 200, "{\"status\":\"COMPLETE\"}");
  fake_service_answer (service, "POST", path, 200, "{\"job_id\":1}");
  car_client_begin_full_import_async (client, "s", NULL, on_result, &slot);
  finish_call (done, begin_full_import, &error);
  g_assert_true (done);

  fake_service_answer (service, "DELETE", path, 200, "{\"job_id\":1}");
  car_client_end_full_import_async (client, "s", NULL, on_result, &slot);
  finish_call (done, end_full_import, &error);
  g_assert_true (done);

  car_client_wait_for_job_async (client, "1", NULL, on_result, &slot);
  finish_call (done, wait_for_job, &error);
  g_assert_true (done);

  fake_service_answer (service, "GET", "v2/importstatus", 200, NO_IMPORTS);
  car_client_wait_for_imports_async (client, ids, NULL, on_result, &slot);
  finish_call (done, wait_for_imports, &error);
  g_assert_true (done);

  fake_service_answer (service, "PATCH", "v2/source", 200, DONE);
  car_client_set_save_point_async (client, "s", "p", NULL, on_result, &slot);
  finish_call (done, set_save_point, &error);
  g_assert_true (done);

  fake_service_answer (service, "DELETE", "v2/source/s/asset", 200, DONE);
  car_client_delete_vertices_async (client, "s", "asset", ids, NULL, on_result, &slot);
  finish_call (done, delete_vertices, &error);
  g_assert_true (done);
}

static void
test_async_patches (Fixture *fixture, gconstpointer data)
{
  CarClient *client = fixture->client;
  g_autoptr (JsonObject) changes = json_object_new ();
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  gboolean done;

  /* The tree is the caller's again as soon as the call has begun. */
  json_object_set_int_member (changes, "risk", 1);
  fake_service_answer (fixture->service, "PATCH", "v2/asset", 200, DONE);
  car_client_patch_vertex_async (client, "asset", "a", changes, NULL, on_result, &slot);
  json_object_set_int_member (changes, "risk", 2);
  finish_call (done, patch_vertex, &error);
  g_assert_true (done);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 0)->body, ==, "{\"risk\":1}");

  fake_service_answer (fixture->service, "PATCH", "v2/asset_user", 200, DONE);
  car_client_patch_edge_async (client, "asset_user", "s", "a", "b", changes, NULL, on_result, &slot);
  finish_call (done, patch_edge, &error);
  g_assert_true (done);
  g_assert_cmpstr (fake_service_get_request (fixture->service, 1)->query, ==, "source=s&from=a&to=b");
  g_assert_cmpstr (fake_service_get_request (fixture->service, 1)->body, ==, "{\"risk\":2}");
}

static void
test_async_schemas (Fixture *fixture, gconstpointer data)
{
  CarClient *client = fixture->client;
  FakeService *service = fixture->service;
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  gboolean done, set_up_now = TRUE;

  fake_service_answer (service, "GET", "v2/databases", 200, READY);
  car_client_prepare_database_async (client, NULL, on_result, &slot);
  finish_call (done, prepare_database, &set_up_now, &error);
  g_assert_true (done);
  g_assert_false (set_up_now);

  g_autoptr (CarSchemaExtension) extension =
      car_schema_extension_new ("k", "me", 1, "{\"edges\":[]}", &error);
  fake_service_answer (service, "GET", "v3/carSchema/k", 200, "{\"version\":\"1\"}");
  car_client_ensure_schema_extension_async (client, extension, NULL, on_result, &slot);
  finish_call (done, ensure_schema_extension, &error);
  g_assert_true (done);

  g_autoptr (CarImportSchema) schema = NULL;
  fake_service_answer (service, "GET", "v3/importSchema", 200,
                       "{\"schema\":{\"properties\":{\"asset\":{}}}}");
  car_client_get_import_schema_async (client, NULL, on_result, &slot);
  finish_call (schema, get_import_schema, &error);
  g_assert_true (CAR_IS_IMPORT_SCHEMA (schema));
}

static void
test_async_imports (Fixture *fixture, gconstpointer data)
{
  CarClient *client = fixture->client;
  FakeService *service = fixture->service;
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  g_autofree char *from_bytes = NULL;
  g_autofree char *from_file = NULL;

  g_autoptr (GBytes) bytes = g_bytes_new_static ("{\"a\":1}", 7);
  fake_service_answer (service, "POST", "v2/imports", 200, "{\"id\":\"1\"}");
  car_client_import_bytes_async (client, bytes, NULL, on_result, &slot);
  finish_call (from_bytes, import_bytes, &error);
  g_assert_cmpstr (from_bytes, ==, "1");

  g_autoptr (GFileIOStream) stream = NULL;
  g_autoptr (GFile) file = g_file_new_tmp (NULL, &stream, &error);
  g_assert_true (g_file_replace_contents (file, "{\"a\":1}", 7, NULL, FALSE, 0, NULL, NULL, &error));
  fake_service_answer (service, "POST", "v2/imports", 200, "{\"id\":\"3\"}");
  car_client_import_file_async (client, file, NULL, on_result, &slot);
  finish_call (from_file, import_file, &error);
  g_assert_cmpstr (from_file, ==, "3");
  g_assert_true (g_file_delete (file, NULL, &error));

  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (fake_service_get_request (service, i)->body, ==, "{\"a\":1}");
}

static void
test_async_questions (Fixture *fixture, gconstpointer data)
{
  CarClient *client = fixture->client;
  FakeService *service = fixture->service;
  const char *const fields[] = { "name", NULL };
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  gboolean done;
  g_autofree char *save_point = NULL;
  g_autoptr (JsonNode) data_node = NULL;
  g_autoptr (JsonArray) found = NULL;

  fake_service_answer (service, "GET", "v2/source/s", 200, "{\"model_state_id\":\"p\"}");
  car_client_get_save_point_async (client, "s", NULL, on_result, &slot);
  finish_call (done, get_save_point, &save_point, &error);
  g_assert_true (done);
  g_assert_cmpstr (save_point, ==, "p");

  g_autoptr (JsonObject) variables = json_object_new ();
  json_object_set_string_member (variables, "v", "x");
  fake_service_answer (service, "POST", "v3/query", 200, "{\"data\":{\"asset\":[]}}");
  car_client_query_async (client, "{ asset { name } }", variables, NULL, on_result, &slot);
  finish_call (data_node, query, &error);
  g_assert_true (JSON_NODE_HOLDS_OBJECT (data_node));
  g_assert_cmpstr (fake_service_get_request (service, 1)->body, ==,
                   "{\"query\":\"{ asset { name } }\",\"variables\":{\"v\":\"x\"}}");

  fake_service_answer (service, "POST", "v3/query", 200, "{\"data\":{\"asset\":[{\"name\":\"x\"}]}}");
  car_client_search_collection_async (client, "asset", "name", "x", fields, NULL, on_result, &slot);
  finish_call (found, search_collection, &error);
  g_assert_cmpuint (json_array_get_length (found), ==, 1);
}

static void
test_async_failures (Fixture *fixture, gconstpointer data)
{
  CarClient *client = fixture->client;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *slot = NULL;
  char *save_point = NULL;

  fake_service_answer (fixture->service, "GET", "v2/source/s", 422, "");
  car_client_get_save_point_async (client, "s", NULL, on_result, &slot);
  g_autoptr (GAsyncResult) failed = wait_for_result (&slot);
  g_assert_false (car_client_get_save_point_finish (client, failed, &save_point, &error));
  assert_recoverable (error);
  g_assert_null (save_point);
  g_clear_error (&error);

  fake_service_misbehave (fixture->service, "GET", "v3/health", FAKE_HANG);
  car_client_check_health_async (client, cancellable, on_result, &slot);
  fake_service_wait_for_requests (fixture->service, 2);
  g_cancellable_cancel (cancellable);
  g_autoptr (GAsyncResult) cancelled = wait_for_result (&slot);
  g_assert_false (car_client_check_health_finish (client, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, function) g_test_add ("/client/" path, Fixture, NULL, set_up, function, tear_down)
  g_test_add_func ("/client/urls", test_urls);
  g_test_add_func ("/client/credentials", test_credentials);
  g_test_add_func ("/client/not-encrypted", test_not_encrypted);
  g_test_add_func ("/client/not-ready", test_not_ready);
  g_test_add_func ("/client/properties", test_properties);
  add ("proxy", test_proxy);
  g_test_add_func ("/client/certificate", test_certificate);
  g_test_add_func ("/client/certificate-strength", test_certificate_strength);
  g_test_add_func ("/client/client-certificate", test_client_certificate);
  g_test_add_func ("/client/tls-version", test_tls_version);
  g_test_add_func ("/client/tls-version/subprocess", test_tls_version_subprocess);
  g_test_add_func ("/client/slow-upload", test_slow_upload);
  add ("headers", test_headers);
  add ("classes", test_classes);
  add ("hostile-message", test_hostile_message);
  add ("retries", test_retries);
  add ("waiting-is-told", test_waiting_is_told);
  add ("no-service", test_no_service);
  add ("retry-after", test_retry_after);
  add ("outage", test_outage);
  add ("time-out", test_time_out);
  add ("huge-answer", test_huge_answer);
  add ("cancel", test_cancel);
  add ("impossible-names", test_impossible_names);
  add ("imports", test_imports);
  add ("import-sources", test_import_sources);
  add ("wrong-ids", test_wrong_ids);
  add ("empty-success", test_empty_success);
  add ("cut-success", test_cut_success);
  add ("nothing-sent", test_nothing_sent);
  add ("wrong-import-status", test_wrong_import_status);
  add ("failed-imports", test_failed_imports);
  add ("lost-imports", test_lost_imports);
  add ("import-warnings", test_import_warnings);
  add ("long-import-status", test_long_import_status);
  add ("many-imports", test_many_imports);
  add ("job", test_job);
  add ("endless-job", test_endless_job);
  add ("ready-database", test_ready_database);
  add ("set-up-database", test_set_up_database);
  add ("unready-database", test_unready_database);
  add ("schema-extension", test_schema_extension);
  add ("refused-extension", test_refused_extension);
  add ("import-schema", test_import_schema);
  add ("full-import", test_full_import);
  add ("save-point", test_save_point);
  add ("keep-save-point", test_keep_save_point);
  add ("delete", test_delete);
  add ("delete-wrong-keys", test_delete_wrong_keys);
  add ("delete-by-key", test_delete_by_key);
  add ("delete-long-key", test_delete_long_key);
  add ("patch", test_patch);
  add ("patch-json", test_patch_json);
  add ("patch-answer", test_patch_answer);
  add ("patch-repeated", test_patch_repeated);
  add ("query", test_query);
  add ("query-json", test_query_json);
  add ("query-shape", test_query_shape);
  add ("search-json", test_search_json);
  add ("call", test_call);
  add ("search", test_search);
  add ("health", test_health);
  add ("threads", test_threads);
  add ("many-waits", test_many_waits);
  add ("waits-apart", test_waits_apart);
  add ("contexts", test_contexts);
  add ("last-reference", test_last_reference);
  add ("async-booleans", test_async_booleans);
  add ("async-patches", test_async_patches);
  add ("async-schemas", test_async_schemas);
  add ("async-imports", test_async_imports);
  add ("async-questions", test_async_questions);
  add ("async-failures", test_async_failures);
#undef add

  return g_test_run ();
}
