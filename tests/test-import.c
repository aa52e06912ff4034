/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/car.h>

#include "certificate-maker.h"
#include "connector-runner.h"
#include "fake-service.h"
#include "import-service.h"

/* The contract between the run and a connector: tests/contract-connector against a service that answers what each case
 * wants. The order of the calls is protocol.md's. */

/* The calls of each kind of import; "wait" is left out. */
#define PREPARE "GET v2/databases|GET v3/importSchema?version=v2|GET v2/source/" SOURCE
#define FULL                                                                                                 \
  "|POST v2/source/" SOURCE "/full-import-in-progress|POST v2/imports (report)|POST v2/imports (asset)"      \
  "|POST v2/imports (asset_hostname)|POST v3/query|DELETE v2/source/" SOURCE "/full-import-in-progress"
#define KEEP "|PATCH v2/source?key=" SOURCE
#define DELTA                                                                                                \
  "|POST v2/imports (asset)|POST v2/imports (asset_hostname)|DELETE v2/source/" SOURCE                       \
  "/asset?external_ids=8,9"

static void
run_against (FakeService *service, const char *const variables[4], ConnectorRun *run)
{
  g_auto (GStrv) environment = import_service_make_environment (service, variables);
  const char *const arguments[] = { NULL };

  run_connector ((const char *const *) environment, arguments, run);
  g_assert_null (strstr (run->log, "the-password"));
  g_assert_null (strchr (run->log, '\r'));
}

/* What an envelope brings: the last of its members that the connector sends. */
static const char *
envelope_content (const char *body)
{
  return strstr (body, "\"asset_hostname\"") != NULL ? "asset_hostname"
         : strstr (body, "\"asset\"") != NULL        ? "asset"
                                                     : "report";
}

/* What was asked, in order, without the waiting for jobs. */
static char *
describe_calls (FakeService *service)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < fake_service_get_n_requests (service); i++)
    {
      const FakeRequest *request = fake_service_get_request (service, i);

      if (strstr (request->path, "jobstatus") != NULL || strstr (request->path, "importstatus") != NULL)
        continue;

      g_string_append_printf (out, "%s%s %s", out->len > 0 ? "|" : "", request->method, request->path);
      if (*request->query != '\0')
        g_string_append_printf (out, "?%s", request->query);
      if (strstr (request->path, "/imports") != NULL)
        g_string_append_printf (out, " (%s)", envelope_content (request->body));
    }

  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
assert_calls (FakeService *service, const char *wanted)
{
  g_autofree char *calls = describe_calls (service);

  g_assert_cmpstr (calls, ==, wanted);
}

static void
assert_save_point (FakeService *service, const char *body)
{
  const FakeRequest *last = fake_service_get_request (service, fake_service_get_n_requests (service) - 1);

  g_assert_cmpstr (last->path, ==, "v2/source");
  g_assert_cmpstr (last->body, ==, body);
}

static void
test_full (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" }, &run);
  assert_exited (&run, 0, "A full import is made: the service holds no save point of this source");
  assert_calls (service, PREPARE FULL KEEP);
  assert_save_point (service, "{\"model_state_id\":\"new\"}");

  assert_exited (&run, 0, "Full import (the service holds no save point of this source) complete in");
  assert_exited (
      &run, 0, "s; 4 read, 1 left out, 1 duplicate, 0 conflicts, 2 sent, 1 dangling, 0 deleted, 0 closed, ");
  assert_exited (
      &run, 0, " bytes; save point kept; asset 3 (1 left out, 1 duplicate); asset_hostname 1 (1 dangling)\"");

  /* Something of the source is asked for that is certainly there: a service may answer 404 where it finds nothing. */
  guint n = fake_service_get_n_requests (service);
  const FakeRequest *query = NULL;
  for (guint i = 0; i < n; i++)
    if (g_str_equal (fake_service_get_request (service, i)->path, "v3/query"))
      query = fake_service_get_request (service, i);
  g_assert_nonnull (query);
  g_assert_nonnull (strstr (query->body, "held: asset(where: "));
}

/* A service with a certificate of one's own authority. */
static void
test_tls (void)
{
#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("GCC's LeakSanitizer crashes at exit once GIO's TLS module is loaded; valgrind does not");
  return;
#endif

  g_autofree char *pem = certificate_maker_make (0, NULL);
  g_autofree char *path = certificate_maker_write (pem);
  g_autofree char *ca = g_strconcat ("CAR_SERVICE_CA=", path, NULL);
  g_autoptr (FakeService) service = fake_service_new_with_tls (pem);
  g_auto (ConnectorRun) trusting = { 0 }, distrusting = { 0 }, without_file = { 0 },
                        without_certificate = { 0 };

  import_service_teach (service, NO_SAVE_POINT);
  run_against (service, (const char *[4]){ NULL }, &distrusting);
  assert_exited (&distrusting, 10, "no authority that this machine trusts has signed it");
  run_against (service, (const char *[4]){ "CAR_SERVICE_CA=/nowhere" }, &without_file);
  assert_exited (&without_file, 2,
                 "-car-service-ca (CAR_SERVICE_CA) must be a file that can be read: /nowhere: ");
  g_assert_cmpuint (fake_service_get_n_requests (service), ==, 0);

  run_against (service, (const char *[4]){ ca }, &trusting);
  assert_exited (&trusting, 0, "Full import");
  assert_calls (service, PREPARE FULL KEEP);

  g_file_set_contents (path, "no certificate\n", -1, NULL);
  run_against (service, (const char *[4]){ ca }, &without_certificate);
  assert_exited (&without_certificate, 2,
                 "-car-service-ca (CAR_SERVICE_CA) must be a file of certificates in PEM: ");
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* protocol.md, "The envelope": a part without data is the report alone. */
static void
test_full_without_data (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (service, (const char *[4]){ "CONTRACT_NO_DATA=1" }, &run);
  assert_exited (&run, 0, "save point none");
  assert_calls (service, PREPARE "|POST v2/source/" SOURCE
                                 "/full-import-in-progress|POST v2/imports (report)|POST v2/imports (report)"
                                 "|POST v2/imports (report)|POST v3/query|DELETE v2/source/" SOURCE
                                 "/full-import-in-progress" KEEP);
  assert_save_point (service, "{\"model_state_id\":\"\"}");
}

/* What makes a full import of one that could be incremental. */
static void
test_why_full (void)
{
  static const struct
  {
    const char *variables[4];
    const char *logged;
  } cases[] = {
    { { "CONTRACT_SAVE_POINT=new" }, "A full import is made: this connector has no incremental import" },
    { { "CONTRACT_INCREMENTAL=1" }, "A full import is made: the connector has no current save point" },
    { { "CONTRACT_INCREMENTAL=1", "CONTRACT_SAVE_POINT=" }, "the connector has no current save point" },
    { { "CONTRACT_INCREMENTAL=1", "CONTRACT_SAVE_POINT=new",
        "CONTRACT_FAIL=get_data_for_delta:not-possible" },
      "A full import is made: told to" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      run_against (service, cases[i].variables, &run);
      assert_exited (&run, 0, cases[i].logged);
      assert_exited (&run, 0, "Full import (");
      assert_calls (service, PREPARE FULL KEEP);
    }
}

/* Nothing of the delta that was staged is sent with the full import. */
static void
test_not_possible_while_reading (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  /* The full import fails there too, and for it this is nothing but an error. */
  run_against (service,
               (const char *[4]){ "CONTRACT_INCREMENTAL=1", "CONTRACT_SAVE_POINT=new",
                                  "CONTRACT_FAIL=import_vertices:not-possible" },
               &run);
  assert_exited (&run, 1, "A full import is made: told to");
  assert_exited (&run, 1,
                 "While reading vertices: told to [car-import-error-quark 1]. General failure (exit code 1)");
  assert_calls (service,
                PREPARE "|POST v2/source/" SOURCE "/full-import-in-progress|POST v2/imports (report)");
}

#define SET_UP                                                                                               \
  "GET v2/databases|POST v2/databases|GET v2/databases|GET v3/importSchema?version=v2|GET v2/source/" SOURCE
#define FORGET KEEP

static void
set_database_up (FakeService *service)
{
  fake_service_answer (service, "GET", "v2/databases", 400,
                       "{\"errors\":[{\"code\":400,\"message\":\"none\"}]}");
  fake_service_answer (service, "POST", "v2/databases", 200, "{\"job_id\":\"j\"}");
}

static void
test_database_set_up_now (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  set_database_up (service);
  run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" }, &run);
  assert_exited (&run, 0, "A full import is made: the database was set up just now");
  assert_calls (service, SET_UP FORGET FULL KEEP);
  assert_save_point (service, "{\"model_state_id\":\"new\"}");
}

/* The save point of a database that is gone must not make the run after a failed one an incremental import. */
static void
test_database_set_up_now_and_failure (void)
{
  static const struct
  {
    const char *source_record;
    const char *calls;
    const char *logged;
  } cases[] = {
    { SAVE_POINT, SET_UP FORGET, "save point forgotten" },
    { NO_SAVE_POINT, SET_UP, "save point unchanged" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (cases[i].source_record);
      g_auto (ConnectorRun) run = { 0 };
      g_autofree char *calls =
          g_strconcat (cases[i].calls,
                       "|POST v2/source/" SOURCE "/full-import-in-progress|POST v2/imports (report)", NULL);

      set_database_up (service);
      run_against (service,
                   (const char *[4]){ "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1",
                                      "CONTRACT_FAIL=import_vertices:recoverable:10" },
                   &run);
      assert_exited (&run, 10, "Recoverable failure (exit code 10)");
      assert_exited (&run, 10, cases[i].logged);
      assert_exited (&run, 10, "; asset 3 (1 left out, 1 duplicate, 1 not sent)\"");
      assert_calls (service, calls);
    }
}

/* When it cannot be forgotten, the full import is not begun: the next run sets out from the same place. */
static void
test_outlived_save_point_cannot_be_forgotten (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  set_database_up (service);
  fake_service_answer_always (service, "PATCH", "v2/source", 401, "{}");
  run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" }, &run);
  assert_exited (&run, 10, "While forgetting the save point of the database that was: ");
  assert_calls (service, SET_UP FORGET);
}

static void
test_incremental (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" }, &run);
  assert_exited (&run, 0, "Incremental import complete in");
  assert_exited (&run, 0, "2 deleted, ");
  assert_exited (&run, 0, "; save point kept; ");
  g_assert_cmpstr (run.out, ==, "last save point: last\nnew save point: new\n");
  assert_calls (service, PREPARE DELTA KEEP);
  assert_save_point (service, "{\"model_state_id\":\"new\"}");
}

/* The same save point twice: it is the connector that knows that nothing changed. No page is sent. */
static void
test_incremental_without_change (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (
      service,
      (const char *[4]){ "CONTRACT_SAVE_POINT=last", "CONTRACT_INCREMENTAL=1", "CONTRACT_NO_DATA=1" }, &run);
  assert_exited (&run, 0, "Incremental import complete in");
  g_assert_cmpstr (run.out, ==, "last save point: last\nnew save point: last\n");
  assert_calls (service, PREPARE KEEP);
}

#define SENT                                                                                                 \
  PREPARE "|POST v2/source/" SOURCE "/full-import-in-progress|POST v2/imports (report)|POST v2/imports "     \
          "(asset)|POST v2/imports (asset_hostname)"
#define SENT_NOTHING                                                                                         \
  PREPARE "|POST v2/source/" SOURCE "/full-import-in-progress|POST v2/imports (report)|POST v2/imports "     \
          "(report)|POST v2/imports (report)"
#define CLOSED "|DELETE v2/source/" SOURCE "/full-import-in-progress" KEEP
#define QUERY "|POST v3/query"

/* protocol.md, "Closing": what the service holds, and what a run makes of it. The run sends an asset and an edge, or nothing.
 * What it asks next depends on what it was told: an object at place 1 makes it look at 3, then between. */
static void
test_closing (void)
{
  static const struct
  {
    const char *variables[4];
    const char *answers[6]; /* to the first queries; to all others that there is no more */
    gboolean endless;       /* … to all others the last */
    int code;
    const char *calls;
    const char *logged;
  } cases[] = {
    { .variables = { "A=" }, .calls = SENT QUERY CLOSED, .logged = " 0 closed, " },
    { .variables = { "A=" },
      .answers = { HOLDS ("", ONE, ONE) },
      .calls = SENT QUERY QUERY QUERY CLOSED,
      .logged = " 2 closed, " },
    { .variables = { "A=" },
      .answers = { HOLDS ("", "", ONE), HOLDS ("", "", ONE), HOLDS ("", "", ""), HOLDS ("", "", ONE) },
      .calls = SENT QUERY QUERY QUERY QUERY QUERY CLOSED,
      .logged = "; asset 3 (1 left out, 1 duplicate, 5 closed); " },
    { .variables = { "A=" },
      .answers = { HOLDS (ONE, "", "") },
      .calls = SENT QUERY QUERY QUERY CLOSED,
      .logged = "; hostname 0 (1 closed)" },
    { .variables = { "A=" },
      .answers = { HOLDS ("", "", ONE) },
      .endless = TRUE,
      .code = 12,
      .logged = "While ending the full import: its end would close more than -max-closing (50 %) allows: "
                "1073741823 of 1073741824 in asset; if " },
    { .variables = { "CONTRACT_NO_DATA=1" }, .calls = SENT_NOTHING QUERY CLOSED, .logged = " 0 closed, " },
    { .variables = { "CONTRACT_NO_DATA=1" },
      .answers = { HOLDS ("", ONE, "") },
      .code = 12,
      .calls = SENT_NOTHING QUERY QUERY QUERY,
      .logged =
          "this run sent no vertex, and its end would close what the service holds of the source: 1 of 1 in "
          "asset_hostname; if the data source really has no more of them, run once with -max-closing 100. "
          "Closing refused (exit code 12): nothing is closed, and the save point is unchanged" },
    { .variables = { "CONTRACT_NO_DATA=1", "CAR_MAX_CLOSING=100" },
      .answers = { HOLDS ("", ONE, "") },
      .calls = SENT_NOTHING QUERY QUERY QUERY CLOSED,
      .logged = " 1 closed, " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      for (guint a = 0; cases[i].answers[a] != NULL; a++)
        fake_service_answer (service, "POST", "v3/query", 200, cases[i].answers[a]);
      if (cases[i].endless)
        fake_service_answer_always (service, "POST", "v3/query", 200, cases[i].answers[0]);
      run_against (service, cases[i].variables, &run);
      g_test_message ("case %u", i);
      assert_exited (&run, cases[i].code, cases[i].logged);
      if (cases[i].calls != NULL)
        assert_calls (service, cases[i].calls);
      else
        g_assert_cmpuint (
            fake_service_count (service, "DELETE", "v2/source/" SOURCE "/full-import-in-progress"), ==, 0);
    }
}

/* A service that does not tell what it holds is believed to be one that cannot: the import goes on, and says so. */
static void
test_closing_not_guarded (void)
{
  static const struct
  {
    guint status;
    const char *body;
    guint n_queries; /* one for all, and one for each where the service refuses this question */
  } cases[] = {
    { 404, "{}", 1 },
    { 403, "{}", 1 },
    { 405, "{}", 1 },
    { 501, "{}", 1 },
    { 400, "{\"errors\":[{\"message\":\"no such field\"}]}", 4 },
    { 200, "{\"errors\":[{\"message\":\"no such field\"}]}", 4 },
    { 200, "<html>", 4 },
    { 200, "{\"data\":{}}", 4 },
    { 200, "{\"data\":null}", 4 },
    { 200, HOLDS ("null", "null", "null"), 4 },
    { 200, HOLDS ("{}", "{}", "{}"), 4 },
    { 200, HOLDS ("1", "1", "1"), 4 },
    { 200, HOLDS (ONE "," ONE, ONE "," ONE, ONE "," ONE), 4 },
    { 200, HOLDS ("{\"source\":\"b\"}", "{\"source\":\"b\"}", "{\"source\":\"b\"}"), 4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      g_test_message ("%u %s", cases[i].status, cases[i].body);
      fake_service_answer_always (service, "POST", "v3/query", cases[i].status, cases[i].body);
      run_against (service, (const char *[4]){ NULL }, &run);
      assert_exited (&run, 0, "; closing not guarded; ");
      assert_exited (&run, 0, "What the end of this full import closes is not guarded, since ");
      g_assert_cmpuint (fake_service_count (service, "POST", "v3/query"), ==, cases[i].n_queries);
      g_assert_cmpuint (
          fake_service_count (service, "DELETE", "v2/source/" SOURCE "/full-import-in-progress"), ==, 1);
    }
}

/* One collection that the service does not know leaves the others guarded. */
static void
test_closing_partly_guarded (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };
  const char *unknown = "{\"errors\":[{\"message\":\"no such field\"}]}";

  fake_service_answer (service, "POST", "v3/query", 200, unknown);
  fake_service_answer (service, "POST", "v3/query", 200, unknown);
  fake_service_answer (service, "POST", "v3/query", 200, HOLDS ("", "", ""));
  fake_service_answer (service, "POST", "v3/query", 200, HOLDS ("", "", ONE));
  run_against (service, (const char *[4]){ "CONTRACT_NO_DATA=1" }, &run);
  assert_exited (&run, 12, "partly guarded");
  assert_exited (&run, 12, "1 of 1 in asset; ");
}

/* One that is away might be back in time to close. */
static void
test_closing_and_service_away (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  for (guint i = 0; i < 20; i++)
    fake_service_answer_with (service, "POST", "v3/query", 503, "{}", "Retry-After: 0");
  run_against (service, (const char *[4]){ NULL }, &run);
  assert_exited (&run, 10, "While asking what the end of the full import would close: ");
  g_assert_cmpuint (fake_service_count (service, "DELETE", "v2/source/" SOURCE "/full-import-in-progress"),
                    ==, 0);

  /* Whoever allows everything to be closed does not depend on the answer. */
  g_auto (ConnectorRun) allowed = { 0 };
  for (guint i = 0; i < 20; i++)
    fake_service_answer_with (service, "POST", "v3/query", 503, "{}", "Retry-After: 0");
  run_against (service, (const char *[4]){ "CAR_MAX_CLOSING=100", "CAR_SERVICE_RETRIES=0" }, &allowed);
  assert_exited (&allowed, 0, "; closing not guarded; ");
}

/* How long a service that is away is waited for is the operator's to say. */
static void
test_patience (void)
{
  g_autoptr (FakeService) busy = import_service_new (NO_SAVE_POINT);
  g_autoptr (FakeService) silent = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };
  g_auto (ConnectorRun) cut = { 0 };
  gint64 begin = g_get_monotonic_time ();

  fake_service_answer_always (busy, "GET", "v2/databases", 503, "{}");
  run_against (busy, (const char *[4]){ "CAR_SERVICE_RETRIES=2", "CAR_SERVICE_MAX_WAIT=0" }, &run);
  assert_exited (&run, 10, "HTTP 503");
  g_assert_cmpuint (fake_service_count (busy, "GET", "v2/databases"), ==, 3);

  fake_service_misbehave (silent, "GET", "v2/databases", FAKE_HANG);
  run_against (silent, (const char *[4]){ "CAR_SERVICE_RETRIES=0", "CAR_SERVICE_TIMEOUT=1" }, &cut);
  assert_exited (&cut, 10, "no answer from ");
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 60 * G_USEC_PER_SEC);
}

/* The answer to the end was lost, and the end sent again is refused: what the service holds says whether it has happened. */
static void
test_end_refused (void)
{
  static const struct
  {
    const char *behind; /* what was sent */
    const char *last;
    int code;
    const char *logged;
  } cases[] = {
    { HOLDS_NO_MORE, HOLDS ("", ONE, ONE), 0, "so the full import has ended all the same" },
    { HOLDS_NO_MORE, HOLDS ("", ONE, ""), 20, "save point forgotten" },
    { HOLDS_NO_MORE, HOLDS_NO_MORE, 20, "save point forgotten" },
    { HOLDS (ONE, "", ""), HOLDS ("", ONE, ONE), 20, "save point forgotten" },
    { "{\"errors\":[{\"message\":\"no\"}]}", HOLDS ("", ONE, ONE), 20, "save point forgotten" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      g_test_message ("case %u", i);
      fake_service_answer_always (service, "DELETE", "v2/source/" SOURCE "/full-import-in-progress", 409,
                                  "{}");
      fake_service_answer (service, "POST", "v3/query", 200, HOLDS_NO_MORE);
      fake_service_answer (service, "POST", "v3/query", 200, cases[i].behind);
      fake_service_answer (service, "POST", "v3/query", 200, cases[i].last);
      run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new" }, &run);
      assert_exited (&run, cases[i].code, cases[i].logged);
    }
}

/* A collection that the service does not tell of does not spoil the answer for the others. */
static void
test_end_refused_and_partly_guarded (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };
  const char *unknown = "{\"errors\":[{\"message\":\"no such field\"}]}";
  const char *const answers[] = { unknown,       unknown,
                                  HOLDS_NO_MORE, HOLDS_NO_MORE, /* measured: the second is hostname's */
                                  HOLDS_NO_MORE, HOLDS ("", ONE, ONE) };

  fake_service_answer_always (service, "DELETE", "v2/source/" SOURCE "/full-import-in-progress", 409, "{}");
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    fake_service_answer (service, "POST", "v3/query", 200, answers[i]);
  fake_service_answer_always (service, "POST", "v3/query", 200, unknown);
  run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new" }, &run);
  assert_exited (&run, 0, "so the full import has ended all the same");
  assert_exited (&run, 0, "; closing partly guarded; ");

  /* The last two questions are whether it has ended: nothing is asked that spoils the answer. */
  for (guint i = 0, n = 0; i < fake_service_get_n_requests (service); i++)
    {
      const FakeRequest *request = fake_service_get_request (service, i);

      if (g_str_equal (request->path, "v3/query") && ++n > 4)
        g_assert_null (strstr (request->body, " hostname(where: "));
    }
}

/* What the connector could not read is neither closed nor deleted, and asked for again. */
static void
test_incomplete (void)
{
  const char *incomplete = "CONTRACT_INCOMPLETE=import_vertices:asset:page 3 of 7 could not be read";
  static const struct
  {
    const char *source_record;
    const char *calls;
  } cases[] = {
    { NO_SAVE_POINT, SENT },
    { SAVE_POINT, PREPARE "|POST v2/imports (asset)|POST v2/imports (asset_hostname)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (cases[i].source_record);
      g_auto (ConnectorRun) run = { 0 };

      run_against (service,
                   (const char *[4]){ incomplete, "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" },
                   &run);
      assert_exited (
          &run, 11,
          "the connector could not read all of asset (page 3 of 7 could not be read). Partial import "
          "(exit code 11): what was read is in the service, nothing is closed");
      assert_exited (&run, 11, "2 sent, ");
      assert_exited (&run, 11, "; save point unchanged; ");
      assert_calls (service, cases[i].calls);
    }
}

/* What is known only at the end is not forgotten: the next run asks for these deletions again. */
static void
test_incomplete_deletions (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (service,
               (const char *[4]){ "CONTRACT_INCOMPLETE=delete_vertices:asset:the list was cut off",
                                  "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" },
               &run);
  assert_exited (&run, 11,
                 "could not read all of asset (the list was cut off). Partial import (exit code 11)");
  assert_calls (service, PREPARE "|POST v2/imports (asset)|POST v2/imports (asset_hostname)");
}

/* Of 3 assets, one is left out: a delta may be small, and a few are never too many. tests/test-closing.py has many. */
static void
test_left_out (void)
{
  static const char *const source_records[] = { NO_SAVE_POINT, SAVE_POINT };

  for (guint i = 0; i < G_N_ELEMENTS (source_records); i++)
    {
      g_autoptr (FakeService) service = import_service_new (source_records[i]);
      g_auto (ConnectorRun) run = { 0 };

      run_against (
          service,
          (const char *[4]){ "CAR_MAX_LEFT_OUT=0", "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1" },
          &run);
      assert_exited (&run, 0, "1 left out, ");
      assert_exited (&run, 0, "; save point kept; ");
    }
}

static void
test_extension (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  fake_service_answer (service, "GET", "v3/carSchema/contract", 404, "{}");
  fake_service_answer (service, "POST", "v3/carSchema", 201, "{}");
  run_against (service, (const char *[4]){ "CONTRACT_EXTENSION=1" }, &run);
  assert_exited (&run, 0, "Full import");
  assert_calls (service,
                "GET v2/databases|GET v3/importSchema?version=v2|GET v3/carSchema/contract|POST v3/carSchema"
                "|GET v3/importSchema?version=v2|GET v2/source/" SOURCE FULL KEEP);
}

#define EXTENSION(version, schema)                                                                           \
  "{\"key\":\"contract\",\"owner\":\"o\",\"version\":\"" version "\",\"schema\":" schema "}"

/* The connector has version 2, which is empty. Nothing is begun where the service does not take it. */
static void
test_extension_there (void)
{
  static const struct
  {
    guint status;
    const char *there;
    guint answer; /* to sending it; 0: it is not sent */
    int code;
    const char *logged;
  } cases[] = {
    { 200, EXTENSION ("2", "{\"edges\":[]}"), 0, 0, "Full import" },
    { 200, EXTENSION ("1", "{\"edges\":[]}"), 201, 0, "Full import" },
    { 200, EXTENSION ("3", "{\"edges\":[]}"), 0, 2,
      "the service has version 3 of the schema extension contract, this connector only version 2" },
    { 200, EXTENSION ("2", "{\"vertices\":[{\"name\":\"site\"}]}"), 0, 2,
      "the service has the schema extension contract in version 2 with other contents" },
    { 404, "{}", 400, 2, "no such type" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      fake_service_answer (service, "GET", "v3/carSchema/contract", cases[i].status, cases[i].there);
      if (cases[i].answer != 0)
        fake_service_answer (service, "POST", "v3/carSchema", cases[i].answer,
                             cases[i].answer == 201 ? "{}" : "{\"errors\":[{\"message\":\"no such type\"}]}");
      run_against (service, (const char *[4]){ "CONTRACT_EXTENSION=1" }, &run);
      assert_exited (&run, cases[i].code, cases[i].logged);
      g_assert_cmpuint (fake_service_count (service, "POST", "v3/carSchema"), ==, cases[i].answer != 0);
      if (cases[i].code != 0)
        g_assert_cmpuint (
            fake_service_count (service, "POST", "v2/source/" SOURCE "/full-import-in-progress"), ==, 0);
      fake_service_assert_all_fetched (service);
    }
}

/* What the app says of the source and of the report stands in every page. */
static void
test_head (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };
  guint n_pages = 0;

  run_against (service, (const char *[4]){ "CONTRACT_LINK=https://source.example/a" }, &run);
  assert_exited (&run, 0, "Full import");
  for (guint i = 0; i < fake_service_get_n_requests (service); i++)
    {
      const FakeRequest *request = fake_service_get_request (service, i);

      if (!g_str_has_suffix (request->path, "/imports"))
        continue;
      n_pages++;
      g_assert_nonnull (strstr (request->body, "\"product_link\":\"https://source.example/a\""));
      g_assert_nonnull (strstr (request->body, "\"type\":\"of a test\""));
    }
  g_assert_cmpuint (n_pages, ==, 3);
}

/* The schema says what a source may be called: nothing is begun with one that it refuses. */
static void
test_refused_source (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  fake_service_answer (
      service, "GET", "v3/importSchema", 200,
      "{\"version\":\"v2\",\"schema\":{\"type\":\"object\",\"properties\":{\"source\":{\"type\":"
      "\"object\",\"properties\":{\"_key\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}}},"
      "\"asset\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}}");
  run_against (service, (const char *[4]){ "CONTRACT_EXTENSION=1" }, &run);
  assert_exited (&run, CAR_APP_ERROR_INVALID_PARAMETER, "the CAR service takes no such source");
  assert_exited (&run, CAR_APP_ERROR_INVALID_PARAMETER, "^[a-z]+$");
  assert_calls (service, "GET v2/databases|GET v3/importSchema?version=v2");
}

/* Every kind of failure a connector can give, from each of its methods: the exit code, and what becomes of the save
 * point. */
typedef struct
{
  const char *fail;
  int code;
  const char *logged;
  gboolean forgotten;
} FailureCase;

static void
assert_failures (const FailureCase *cases, guint n_cases, const char *source_record)
{
  for (guint i = 0; i < n_cases; i++)
    {
      g_autoptr (FakeService) service = import_service_new (source_record);
      g_auto (ConnectorRun) run = { 0 };

      g_test_message ("%s", cases[i].fail);
      run_against (service,
                   (const char *[4]){ "CONTRACT_INCREMENTAL=1", "CONTRACT_SAVE_POINT=new", cases[i].fail },
                   &run);
      if (connector_catches (cases[i].fail))
        {
          assert_exited (&run, 0, "save point kept");
          continue;
        }

      assert_exited (&run, cases[i].code, cases[i].logged);
      g_assert_cmpuint (fake_service_count (service, "PATCH", "v2/source"), ==, cases[i].forgotten ? 1 : 0);
      if (cases[i].forgotten)
        assert_save_point (service, "{\"model_state_id\":\"\"}");
    }
}

static void
test_failures_of_full (void)
{
  static const FailureCase cases[] = {
    { "CONTRACT_FAIL=import_vertices:app:1", 1,
      "While reading vertices: told to. General failure (exit code 1)", FALSE },
    { "CONTRACT_FAIL=import_vertices:app:2", 2, "Invalid settings (exit code 2)", FALSE },
    { "CONTRACT_FAIL=import_vertices:app:77", 77, "General failure (exit code 77)", FALSE },
    { "CONTRACT_FAIL=import_vertices:recoverable:10", 10,
      "Recoverable failure (exit code 10): no data are lost", FALSE },
    { "CONTRACT_FAIL=import_vertices:recoverable:11", 11, "Recoverable failure (exit code 11)", FALSE },
    { "CONTRACT_FAIL=import_vertices:unrecoverable:20", 20,
      "Unrecoverable failure (exit code 20): data may be missing", TRUE },
    { "CONTRACT_FAIL=import_vertices:unrecoverable:99", 99, "Unrecoverable failure (exit code 99)", TRUE },
    { "CONTRACT_FAIL=import_vertices:unrecoverable:-1", 20, "Unrecoverable failure (exit code 20)", TRUE },
    { "CONTRACT_FAIL=import_vertices:datasource:50", 50, "Failure of the data source (exit code 50)", FALSE },
    { "CONTRACT_FAIL=import_vertices:datasource:52", 52, "Failure of the data source (exit code 52)", FALSE },
    { "CONTRACT_FAIL=import_vertices:datasource:0", 50, "Failure of the data source (exit code 50)", FALSE },
    { "CONTRACT_FAIL=import_vertices:recoverable:256", 10, "Recoverable failure (exit code 10)", FALSE },
    { "CONTRACT_FAIL=import_vertices:other", 1,
      "told to [g-io-error-quark 12]. General failure (exit code 1)", FALSE },
    { "CONTRACT_FAIL=import_vertices:no-error", 1, "ContractFull.import_vertices failed and set no error",
      FALSE },
    { "CONTRACT_FAIL=import_vertices:success-with-error", 1,
      "ContractFull.import_vertices succeeded and set an error all the same: told to", FALSE },
    { "CONTRACT_FAIL=import_edges:no-error", 1, "ContractFull.import_edges failed and set no error", FALSE },
    { "CONTRACT_FAIL=import_edges:unrecoverable:20", 20, "While reading edges: told to", TRUE },
    { "CONTRACT_FAIL=get_new_save_point:no-error", 1,
      "ContractFull.get_new_save_point failed and set no error", FALSE },
    { "CONTRACT_FAIL=create_asset_server:datasource:51", 51, "While opening the data source: told to",
      FALSE },
    { "CONTRACT_FAIL=create_schema_extension:no-error", 1,
      "ContractApp.create_schema_extension failed and set no error", FALSE },
    { "CONTRACT_FAIL=create_schema_extension:wrong-type", 1,
      "ContractApp.create_schema_extension returned a GCancellable, which is not a CarSchemaExtension",
      FALSE },
    { "CONTRACT_FAIL=create_full_import:no-error", 1,
      "ContractApp.create_full_import failed and set no error", FALSE },
    { "CONTRACT_FAIL=create_full_import:wrong-type", 1,
      "ContractApp.create_full_import returned a GCancellable, which is not a CarFullImport", FALSE },
    { "CONTRACT_MISSING=create_asset_server", 1,
      "ContractApp does not implement create_asset_server, which it must", FALSE },
    { "CONTRACT_MISSING=create_full_import", 1,
      "ContractApp does not implement create_full_import, which it must", FALSE },
    { "CONTRACT_MISSING=import_vertices", 1, "ContractFull does not implement import_vertices, which it must",
      FALSE },
    { "CONTRACT_MISSING=import_edges", 1, "ContractFull does not implement import_edges, which it must",
      FALSE },
  };

  assert_failures (cases, G_N_ELEMENTS (cases), NO_SAVE_POINT);
}

static void
test_failures_of_incremental (void)
{
  static const FailureCase cases[] = {
    { "CONTRACT_FAIL=create_incremental_import:no-error", 1,
      "ContractApp.create_incremental_import failed and set no error", FALSE },
    { "CONTRACT_FAIL=create_incremental_import:wrong-type", 1,
      "ContractApp.create_incremental_import returned a GCancellable, which is not a CarIncrementalImport",
      FALSE },
    { "CONTRACT_FAIL=get_new_save_point:datasource:53", 53, "told to", FALSE },
    { "CONTRACT_FAIL=get_data_for_delta:datasource:54", 54, "told to", FALSE },
    { "CONTRACT_FAIL=get_data_for_delta:unrecoverable:20", 20, "told to", TRUE },
    { "CONTRACT_FAIL=get_data_for_delta:no-error", 1,
      "ContractIncremental.get_data_for_delta failed and set no error", FALSE },
    { "CONTRACT_FAIL=import_vertices:recoverable:10", 10, "told to", FALSE },
    { "CONTRACT_FAIL=delete_vertices:no-error", 1,
      "ContractIncremental.delete_vertices failed and set no error", FALSE },
    { "CONTRACT_FAIL=delete_vertices:recoverable:10", 10, "While reading deletions: told to", FALSE },
    { "CONTRACT_MISSING=get_data_for_delta", 1,
      "While preparing the incremental import: ContractIncremental does not implement get_data_for_delta",
      FALSE },
    { "CONTRACT_MISSING=delete_vertices", 1,
      "While preparing the incremental import: ContractIncremental does not implement delete_vertices",
      FALSE },
  };

  assert_failures (cases, G_N_ELEMENTS (cases), SAVE_POINT);
}

/* Any exception is a general failure that names class and method and what was raised; where it was raised is in the log. */
static void
test_exceptions (void)
{
  static const FailureCase full[] = {
    { "CONTRACT_FAIL=create_asset_server:exception", 1, "ContractApp.create_asset_server raised ", FALSE },
    { "CONTRACT_FAIL=create_schema_extension:exception", 1, "ContractApp.create_schema_extension raised ",
      FALSE },
    { "CONTRACT_FAIL=create_full_import:exception", 1, "ContractApp.create_full_import raised ", FALSE },
    { "CONTRACT_FAIL=get_new_save_point:exception", 1, "ContractFull.get_new_save_point raised ", FALSE },
    { "CONTRACT_FAIL=import_vertices:exception", 1, "ContractFull.import_vertices raised ", FALSE },
    { "CONTRACT_FAIL=import_vertices:exception", 1, "contract-connector.", FALSE },
    { "CONTRACT_FAIL=import_vertices:exception", 1, "told to. General failure (exit code 1)", FALSE },
    { "CONTRACT_FAIL=import_edges:exception", 1, "ContractFull.import_edges raised ", FALSE },
    { "CONTRACT_FAIL=import_edges:wrong-value", 1, "ContractFull.import_edges returned a ", FALSE },
    { "CONTRACT_FAIL=import_vertices:wrong-value", 1, "ContractFull.import_vertices returned a ", FALSE },
    { "CONTRACT_FAIL=get_new_save_point:wrong-value", 1, "ContractFull.get_new_save_point returned a ",
      FALSE },
    { "CONTRACT_FAIL=create_asset_server:wrong-value", 1, "which is not a CarAssetServer", FALSE },
    { "CONTRACT_FAIL=create_schema_extension:wrong-value", 1, "which is not a CarSchemaExtension", FALSE },
    { "CONTRACT_FAIL=create_full_import:wrong-value", 1, "which is not a CarFullImport", FALSE },
    { "CONTRACT_FAIL=create_asset_server:uninitialised", 1, "super", FALSE },
    { "CONTRACT_FAIL=create_full_import:uninitialised", 1, "super", FALSE },
  };
  static const FailureCase incremental[] = {
    { "CONTRACT_FAIL=create_incremental_import:exception", 1, "ContractApp.create_incremental_import raised ",
      FALSE },
    { "CONTRACT_FAIL=get_data_for_delta:exception", 1, "ContractIncremental.get_data_for_delta raised ",
      FALSE },
    { "CONTRACT_FAIL=import_vertices:exception", 1, "ContractIncremental.import_vertices raised ", FALSE },
    { "CONTRACT_FAIL=delete_vertices:exception", 1, "ContractIncremental.delete_vertices raised ", FALSE },
    { "CONTRACT_FAIL=create_incremental_import:wrong-value", 1, "which is not a CarIncrementalImport",
      FALSE },
    { "CONTRACT_FAIL=create_incremental_import:uninitialised", 1, "super", FALSE },
    { "CONTRACT_FAIL=get_new_save_point:exception", 1, "ContractIncremental.get_new_save_point raised ",
      FALSE },
    { "CONTRACT_FAIL=import_edges:exception", 1, "ContractIncremental.import_edges raised ", FALSE },
    { "CONTRACT_FAIL=get_data_for_delta:wrong-value", 1, "ContractIncremental.get_data_for_delta returned a ",
      FALSE },
    { "CONTRACT_FAIL=delete_vertices:wrong-value", 1, "ContractIncremental.delete_vertices returned a ",
      FALSE },
  };

  if (!connector_raises ())
    {
      g_test_skip ("the connector's language has no exceptions");
      return;
    }

  assert_failures (full, G_N_ELEMENTS (full), NO_SAVE_POINT);
  assert_failures (incremental, G_N_ELEMENTS (incremental), SAVE_POINT);
}

/* What the service answers, and what becomes of it. */
static void
test_failures_of_service (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    guint status;
    const char *body;
    int code;
    guint n_patches; /* of the save point, a refused one counts */
  } cases[] = {
    { "GET", "v2/databases", 401, "{}", 10, 0 },
    { "GET", "v2/databases", 302, "", 10, 0 },
    { "GET", "v2/databases", 404, "{}", 10, 0 },
    { "GET", "v3/importSchema", 200, "{\"version\":\"v2\",\"schema\":{\"type\":5}}", 1, 0 },
    { "GET", "v2/source/" SOURCE, 403, "{}", 10, 0 },
    { "POST", "v2/source/" SOURCE "/full-import-in-progress", 409, "{}", 10, 0 },
    { "GET", "v2/jobstatus/j", 200, "{\"status\":\"ERROR\"}", 10, 0 },
    { "POST", "v2/imports", 400, "{}", 10, 0 },
    { "POST", "v2/imports", 422, "{}", 20, 1 },
    { "GET", "v2/importstatus", 200,
      "{\"error_imports\":[{\"id\":\"i\",\"error\":\"bad\"}],\"incomplete_imports\":[]}", 20, 1 },
    { "GET", "v2/importstatus", 200,
      "{\"error_imports\":[{\"id\":\"i\",\"error\":\"bad\",\"statusCode\":400}],\"incomplete_imports\":[]}",
      10, 0 },
    { "DELETE", "v2/source/" SOURCE "/full-import-in-progress", 404, "{}", 20, 1 },
    { "PATCH", "v2/source", 404, "{}", 10, 1 },
    { "PATCH", "v2/source", 401, "{}", 10, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      g_test_message ("%s %s: %u %s", cases[i].method, cases[i].path, cases[i].status, cases[i].body);
      fake_service_answer_always (service, cases[i].method, cases[i].path, cases[i].status, cases[i].body);
      run_against (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new" }, &run);
      assert_exited (&run, cases[i].code, "(exit code ");
      g_assert_cmpuint (fake_service_count (service, "PATCH", "v2/source"), ==, cases[i].n_patches);
    }
}

/* When the save point cannot be forgotten, that is said too. */
static void
test_cannot_forget (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  fake_service_answer_always (service, "PATCH", "v2/source", 404, "{}");
  run_against (service, (const char *[4]){ "CONTRACT_FAIL=import_edges:unrecoverable:20" }, &run);
  assert_exited (&run, 20, "The save point could not be forgotten");
  assert_exited (&run, 20, "save point unchanged");

  /* The failure is told first: whatever ends the process while it forgets, the log says why. */
  g_assert_true (strstr (run.log, "Unrecoverable failure (exit code 20)") <
                 strstr (run.log, "The save point could not be forgotten"));
}

/* A signal while the save point is being forgotten neither hides the failure nor keeps the run from forgetting. */
static void
test_signal_while_forgetting (void)
{
  static const int signals[] = { SIGTERM, SIGINT };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (GStrv) environment = import_service_make_environment (
          service, (const char *[4]){ "CONTRACT_FAIL=import_edges:unrecoverable:20" });
      g_auto (ConnectorRun) run = { 0 };

      for (guint busy = 0; busy < 2; busy++)
        fake_service_answer (service, "PATCH", "v2/source", 503, "{}");
      g_autoptr (GSubprocess) process =
          start_connector ((const char *const *) environment, (const char *const[]){ NULL });
      while (fake_service_count (service, "PATCH", "v2/source") == 0)
        g_usleep (1000);
      g_subprocess_send_signal (process, signals[i]);
      finish_connector (process, &run);

      assert_exited (&run, 20, "While reading edges: told to. Unrecoverable failure (exit code 20)");
      assert_exited (&run, 20, "save point forgotten");
      assert_save_point (service, "{\"model_state_id\":\"\"}");
    }
}

/* A service that does not answer keeps the run for a while, and not for the time-out of a call with all its retries. What
 * the language is, is no matter: one of them will do. */
static void
test_forgetting_hangs (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };
  const gint64 begin = g_get_monotonic_time ();

  if (connector_raises ())
    {
      g_test_skip ("tested in C");
      return;
    }
  fake_service_misbehave (service, "PATCH", "v2/source", FAKE_HANG);
  run_against (service, (const char *[4]){ "CONTRACT_FAIL=import_edges:unrecoverable:20" }, &run);
  assert_exited (&run, 20, "Unrecoverable failure (exit code 20)");
  assert_exited (&run, 20, "the CAR service did not do it in time");
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 60 * G_TIME_SPAN_SECOND);
}

static void
test_stopped (void)
{
  static const struct
  {
    const char *fail;
    int code;
    const char *logged;
  } cases[] = {
    { "CONTRACT_FAIL=import_vertices:signal:2", 130, "Stopped by SIGINT (exit code 130): no data are lost" },
    { "CONTRACT_FAIL=import_edges:signal:15", 143, "Stopped by SIGTERM (exit code 143): no data are lost" },
    { "CONTRACT_FAIL=import_vertices:signal-ignored:15", 143, "While reading edges: " },
    { "CONTRACT_FAIL=delete_vertices:signal-ignored:2", 130, "While sending vertices: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      run_against (service,
                   (const char *[4]){ "CONTRACT_INCREMENTAL=1", "CONTRACT_SAVE_POINT=new", cases[i].fail },
                   &run);
      assert_exited (&run, cases[i].code, cases[i].logged);
      assert_exited (&run, cases[i].code, "save point unchanged");
      g_assert_cmpuint (fake_service_count (service, "PATCH", "v2/source"), ==, 0);
    }
}

/* A gap stays a gap, whatever stops the run besides. */
static void
test_stopped_with_a_gap (void)
{
  g_autoptr (FakeService) service = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (service, (const char *[4]){ "CONTRACT_FAIL=import_edges:signal-unrecoverable:15" }, &run);
  assert_exited (&run, 20, "While reading edges: told to. Unrecoverable failure (exit code 20)");
  assert_exited (&run, 20, "save point forgotten");
  assert_save_point (service, "{\"model_state_id\":\"\"}");
}

static char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("test-import-XXXXXX", &error);

  g_assert_no_error (error);
  return realpath (folder, NULL);
}

static GSubprocess *
start_staging (FakeService *service, const char *const variables[4], const char *folder)
{
  g_auto (GStrv) environment = import_service_make_environment (service, variables);
  const char *const arguments[] = { "-export-data-dir", folder, "-export-data-page-size=1", NULL };

  return start_connector ((const char *const *) environment, arguments);
}

static void
run_staging (FakeService *service, const char *const variables[4], const char *folder, ConnectorRun *run)
{
  g_autoptr (GSubprocess) process = start_staging (service, variables, folder);

  finish_connector (process, run);
}

/* What was posted is a line of a file that was kept; a part's file is empty after that. */
static void
assert_kept (FakeService *service, const char *folder, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GString) posted = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < fake_service_get_n_requests (service); i++)
    {
      const FakeRequest *request = fake_service_get_request (service, i);

      if (g_str_has_suffix (request->path, "/imports") &&
          g_str_equal (envelope_content (request->body), content))
        g_string_append_printf (posted, "%s\n", request->body);
    }
  g_assert_cmpstr (text, ==, posted->str);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_staging_kept (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (GStrv) environment = import_service_make_environment (service, (const char *[4]){ NULL });
  const char *const keep[] = { "-export-data-dir", folder, "-keep-export-data-dir", NULL };
  g_auto (ConnectorRun) run = { 0 };

  run_connector ((const char *const *) environment, keep, &run);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *kept = g_build_filename (folder, g_dir_read_name (dir), NULL);
  g_assert_null (g_dir_read_name (dir));
  g_autofree char *told = g_strdup_printf ("\"What was staged is kept in %s\"", kept);
  assert_exited (&run, 0, told);

  assert_kept (service, kept, "vertices.jsonl", "asset");
  assert_kept (service, kept, "edges.jsonl", "asset_hostname");
  g_autofree char *journal = g_build_filename (kept, "journal", NULL);
  g_assert_cmpint (g_unlink (journal), ==, 0);
  g_assert_cmpint (g_rmdir (kept), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_staging_not_kept (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_staging (service, (const char *[4]){ NULL }, folder, &run);
  assert_exited (&run, 0, "Full import");
  g_assert_null (strstr (run.log, "is kept in"));
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* No import begins: that is for the next run to do over. */
static void
test_staging_impossible (void)
{
  g_autoptr (FakeService) full = import_service_new (NO_SAVE_POINT);
  g_autoptr (FakeService) incremental = import_service_new (SAVE_POINT);
  g_auto (ConnectorRun) at_full = { 0 }, at_incremental = { 0 };
  const char *const delta[4] = { "CONTRACT_INCREMENTAL=1", "CONTRACT_SAVE_POINT=new" };

  run_staging (full, (const char *[4]){ NULL }, "/dev/null/folder", &at_full);
  assert_exited (&at_full, 10, "“/dev/null/folder”: Not a directory");
  assert_calls (full, PREPARE);

  run_staging (incremental, delta, "/dev/null/folder", &at_incremental);
  assert_exited (&at_incremental, 10, "“/dev/null/folder”: Not a directory");
  assert_calls (incremental, PREPARE);
}

/* The connector inherits that no file of its own can grow. */
static void
test_disk_full (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };
  struct rlimit limit;

  /* Until the limit is gone this process writes no file either; tests/test-disks.py leaves the signal to the connector. */
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &(struct rlimit){ 0, limit.rlim_max }), ==, 0);
  g_autoptr (GSubprocess) process = start_staging (service, (const char *[4]){ NULL }, folder);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  signal (SIGXFSZ, SIG_DFL);

  finish_connector (process, &run);
  assert_exited (&run, 10, "free disk space");
  assert_calls (service,
                PREPARE "|POST v2/source/" SOURCE "/full-import-in-progress|POST v2/imports (report)");
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* How many bytes a process has in files below a folder, with a name or without. */
static goffset
count_staged (const char *pid, const char *folder)
{
  g_autofree char *fds = g_build_filename ("/proc", pid, "fd", NULL);
  g_autoptr (GDir) dir = g_dir_open (fds, 0, NULL);
  goffset n_bytes = 0;

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *fd = g_build_filename (fds, name, NULL);
      g_autofree char *path = g_file_read_link (fd, NULL);
      struct stat info;

      if (path != NULL && g_str_has_prefix (path, folder) && g_stat (fd, &info) == 0)
        n_bytes += info.st_size;
    }
  return n_bytes;
}

/* As the kernel does where memory is short, and a container's runtime where a connector does not stop. */
static void
test_killed (void)
{
  g_autofree char *folder = make_folder ();
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_autoptr (GSubprocess) process =
      start_staging (service, (const char *[4]){ "CONTRACT_FAIL=import_vertices:hang" }, folder);
  g_auto (ConnectorRun) run = { 0 };

  wait_for_line (process, "hanging");
  g_assert_cmpint (count_staged (g_subprocess_get_identifier (process), folder), >, 100);
  g_subprocess_force_exit (process);
  finish_connector (process, &run);
  g_assert_cmpint (run.code, ==, 128 + SIGKILL);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* A line that tells how far it is, and a table at the end; in a pipe, see run_against(), neither. */
static void
test_terminal (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (GStrv) coloured =
      import_service_make_environment (service, (const char *[4]){ "TERM=xterm", "NO_COLOR=" });
  g_auto (GStrv) plain =
      import_service_make_environment (service, (const char *[4]){ "TERM=xterm", "NO_COLOR=1" });
  const char *const none[] = { NULL };
  const char *const json[] = { "-log-format", "json", NULL };
  g_auto (ConnectorRun) with_colours = { 0 }, without = { 0 }, as_json = { 0 };

  if (!has_terminals ())
    {
      g_test_skip ("there are no pseudo-terminals here");
      return;
    }

  run_connector_on_terminal ((const char *const *) coloured, none, &with_colours);
  assert_exited (&with_colours, 0, "\r\033[Ksending vertices: 1 of 1 (100 %)\r\033[K");
  assert_exited (&with_colours, 0, "\033[1;33mwarning:\033[0m ");
  assert_exited (&with_colours, 0,
                 "  asset                    3           1           1           1           0\r\n");

  run_connector_on_terminal ((const char *const *) plain, none, &without);
  assert_exited (&without, 0, "warning: ");
  g_assert_null (strstr (without.log, "\033[1"));

  run_connector_on_terminal ((const char *const *) plain, json, &as_json);
  assert_exited (&as_json, 0, "{\"ibm_datetime\"");
  g_assert_null (strchr (as_json.log, '\033'));
  g_assert_null (strstr (as_json.log, "  asset"));
}

/* The summary's file, without what no two runs have in common. */
static char *
read_summary (const char *path)
{
  g_autoptr (GRegex) times = g_regex_new (
      "\"begin\":\"20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\",\"seconds\":\\d+(\\.\\d{1,3})?,"
      "|(?<=\"bytes\":)[1-9]\\d*",
      0, 0, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return g_regex_replace_literal (times, text, -1, 0, "~", 0, NULL);
}

#define SUMMARY_HEAD                                                                                         \
  "{\"format\":1,\"connector\":\"contract-connector\",\"version\":null,\"source\":\"a/b c%&ü\",~\"import\":"
#define COUNTS(read, left_out, duplicates, sent, deleted)                                                    \
  COUNTS_DANGLING (read, left_out, duplicates, sent, 0, deleted)
#define COUNTS_DANGLING(read, left_out, duplicates, sent, dangling, deleted)                                 \
  "\"read\":" #read ",\"left_out\":" #left_out ",\"duplicates\":" #duplicates                                \
  ",\"conflicts\":0,\"sent\":" #sent ",\"dangling\":" #dangling ",\"deleted\":" #deleted ",\"closed\":0"
#define WHY_LEFT_OUT                                                                                         \
  "\"why_left_out\":[{\"message\":\"asset: /external_id is 2, not of the type string\",\"count\":1}]"

typedef struct
{
  const char *source_record;
  const char *variables[3];
  int code;
  const char *summary;
} SummaryCase;

static void
assert_summary (const char *folder, const SummaryCase *wanted)
{
  g_autoptr (FakeService) service = import_service_new (wanted->source_record);
  g_autofree char *path = g_build_filename (folder, "summary.json", NULL);
  g_autofree char *variable = g_strconcat ("CAR_SUMMARY=", path, NULL);
  const char *const variables[4] = { wanted->variables[0], wanted->variables[1], wanted->variables[2],
                                     variable };
  g_auto (ConnectorRun) run = { 0 };
  struct stat status;

  run_against (service, variables, &run);
  assert_exited (&run, wanted->code, "");

  g_autofree char *summary = read_summary (path);
  g_assert_cmpstr (summary, ==, wanted->summary);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0644);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
test_summary (void)
{
  static const SummaryCase cases[] = {
    { NO_SAVE_POINT,
      { "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1", "A=" },
      0,
      SUMMARY_HEAD
      "\"full\",\"reason\":\"the service holds no save point of this source\",\"exit_code\":0,"
      "\"failure\":null,\"save_point\":\"kept\",\"closing\":\"guarded\",\"read_at\":null,\"incomplete\":[],"
      "\"total\":"
      "{" COUNTS_DANGLING (4, 1, 1, 2, 1, 0) ",\"bytes\":~},"
                                             "\"collections\":[{\"collection\":\"asset\"," COUNTS (
                                                 3, 1, 1, 1,
                                                 0) "," WHY_LEFT_OUT "},"
                                                    "{\"collection\":\"asset_hostname\"," COUNTS_DANGLING (
                                                        1, 0, 0, 1, 1, 0) ",\"why_left_out\":[]}]}\n" },
    { SAVE_POINT,
      { "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1",
        "CONTRACT_FAIL=delete_vertices:unrecoverable:21" },
      21,
      SUMMARY_HEAD
      "\"incremental\",\"reason\":null,\"exit_code\":21,"
      "\"failure\":{\"kind\":\"unrecoverable\",\"step\":\"reading deletions\",\"message\":\"told to\"},"
      "\"save_point\":\"forgotten\",\"closing\":null,\"read_at\":null,\"incomplete\":[],\"total\":{" COUNTS (
          4, 1, 1, 0, 0) ",\"bytes\":~},"
                         "\"collections\":[{\"collection\":\"asset\"," COUNTS (
                             3, 1, 1, 0, 0) "," WHY_LEFT_OUT "},"
                                            "{\"collection\":\"asset_hostname\"," COUNTS (
                                                1, 0, 0, 0, 0) ",\"why_left_out\":[]}]}\n" },
    { SAVE_POINT,
      { "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1", "CONTRACT_FAIL=import_vertices:signal:15" },
      143,
      SUMMARY_HEAD
      "\"incremental\",\"reason\":null,\"exit_code\":143,"
      "\"failure\":{\"kind\":\"stopped\",\"step\":\"reading vertices\",\"message\":"
      "\"Operation was "
      "cancelled\"},\"save_point\":\"unchanged\",\"closing\":null,\"read_at\":null,\"incomplete\":[],"
      "\"total\":{" COUNTS (
          3, 1, 1, 0,
          0) ",\"bytes\":0},\"collections\":[{\"collection\":\"asset\"," COUNTS (3, 1, 1, 0,
                                                                                 0) "," WHY_LEFT_OUT
                                                                                    "}]}\n" },
    { SAVE_POINT,
      { "CONTRACT_SAVE_POINT=new", "CONTRACT_INCREMENTAL=1",
        "CONTRACT_FAIL=create_asset_server:datasource:52" },
      52,
      SUMMARY_HEAD "\"none\",\"reason\":null,\"exit_code\":52,"
                   "\"failure\":{\"kind\":\"data-source\",\"step\":\"opening the data source\",\"message\":"
                   "\"told "
                   "to\"},\"save_point\":\"unchanged\",\"closing\":null,\"read_at\":null,\"incomplete\":[],"
                   "\"total\":{" COUNTS (0, 0, 0, 0, 0) ",\"bytes\":0},\"collections\":[]}\n" },
    { SAVE_POINT,
      { "DATASOURCE_CONNECTION_TEST=1", "A=", "B=" },
      0,
      SUMMARY_HEAD
      "\"connection-test\",\"reason\":null,\"exit_code\":0,\"failure\":null,"
      "\"save_point\":\"unchanged\",\"closing\":null,\"read_at\":null,\"incomplete\":[],\"total\":{" COUNTS (
          0, 0, 0, 0, 0) ",\"bytes\":0},\"collections\":[]}\n" },
    { SAVE_POINT,
      { "CAR_SERVICE_KEY=", "A=", "B=" },
      2,
      SUMMARY_HEAD
      "\"none\",\"reason\":null,\"exit_code\":2,\"failure\":{\"kind\":\"invalid-parameter\","
      "\"step\":\"reading the settings\",\"message\":\"-car-service-key (CAR_SERVICE_KEY) is missing: "
      "the key to the CAR "
      "service\"},\"save_point\":\"unchanged\",\"closing\":null,\"read_at\":null,\"incomplete\":[],\"total\":"
      "{" COUNTS (0, 0, 0, 0, 0) ",\"bytes\":0},\"collections\":[]}\n" },
  };
  g_autofree char *folder = g_dir_make_tmp ("test-import-XXXXXX", NULL);
  mode_t mask = umask (022);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_summary (folder, &cases[i]);

  umask (mask);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* The run is what it was, wherever its summary goes. */
static void
test_summary_elsewhere (void)
{
  g_autofree char *folder = g_dir_make_tmp ("test-import-XXXXXX", NULL);
  g_autofree char *link = g_build_filename (folder, "link", NULL);
  g_autofree char *target = g_build_filename (folder, "target", NULL);
  g_autofree char *to_link = g_strconcat ("CAR_SUMMARY=", link, NULL);
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) nowhere = { 0 }, folders = { 0 }, piped = { 0 }, linked = { 0 };

  run_against (service, (const char *[4]){ "CAR_SUMMARY=/nonexistent/folder/summary" }, &nowhere);
  assert_exited (&nowhere, 0, "The summary of the run cannot be written to /nonexistent/folder/summary: ");
  run_against (service, (const char *[4]){ "CAR_SUMMARY=/", "CONTRACT_FAIL=import_edges:recoverable:11" },
               &folders);
  assert_exited (&folders, 11, "The summary of the run cannot be written to /: Is a directory");

  run_against (service, (const char *[4]){ "CAR_SUMMARY=/dev/stdout" }, &piped);
  assert_exited (&piped, 0, "");
  g_assert_true (g_str_has_prefix (piped.out, "{\"format\":1,"));
  g_assert_true (g_str_has_suffix (piped.out, "]}\n"));

  g_assert_true (g_file_set_contents (target, "old", -1, NULL));
  g_assert_cmpint (symlink ("target", link), ==, 0);
  run_against (service, (const char *[4]){ to_link }, &linked);
  assert_exited (&linked, 0, "");
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  g_autofree char *summary = read_summary (target);
  g_assert_true (g_str_has_prefix (summary, "{\"format\":1,"));

  g_assert_cmpint (g_unlink (link), ==, 0);
  g_assert_cmpint (g_unlink (target), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_user_agent (void)
{
  g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
  g_auto (ConnectorRun) run = { 0 };

  run_against (service, (const char *[4]){ "CONNECTOR_NAME=My Connector/ü", "CONNECTOR_VERSION=1.2" }, &run);
  assert_exited (&run, 0, "\"connector\":\"My Connector/ü\"");
  g_assert_cmpstr (fake_service_get_request (service, 0)->user_agent, ==,
                   "My-Connector---/1.2 libcar/" PACKAGE_VERSION);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/import/full", test_full);
  g_test_add_func ("/import/tls", test_tls);
  g_test_add_func ("/import/full-without-data", test_full_without_data);
  g_test_add_func ("/import/why-full", test_why_full);
  g_test_add_func ("/import/not-possible-while-reading", test_not_possible_while_reading);
  g_test_add_func ("/import/database-set-up-now", test_database_set_up_now);
  g_test_add_func ("/import/database-set-up-now-and-failure", test_database_set_up_now_and_failure);
  g_test_add_func ("/import/outlived-save-point-cannot-be-forgotten",
                   test_outlived_save_point_cannot_be_forgotten);
  g_test_add_func ("/import/incremental", test_incremental);
  g_test_add_func ("/import/incremental-without-change", test_incremental_without_change);
  g_test_add_func ("/import/closing", test_closing);
  g_test_add_func ("/import/closing-not-guarded", test_closing_not_guarded);
  g_test_add_func ("/import/closing-partly-guarded", test_closing_partly_guarded);
  g_test_add_func ("/import/closing-and-service-away", test_closing_and_service_away);
  g_test_add_func ("/import/patience", test_patience);
  g_test_add_func ("/import/end-refused", test_end_refused);
  g_test_add_func ("/import/end-refused-and-partly-guarded", test_end_refused_and_partly_guarded);
  g_test_add_func ("/import/incomplete", test_incomplete);
  g_test_add_func ("/import/incomplete-deletions", test_incomplete_deletions);
  g_test_add_func ("/import/left-out", test_left_out);
  g_test_add_func ("/import/extension", test_extension);
  g_test_add_func ("/import/extension-there", test_extension_there);
  g_test_add_func ("/import/head", test_head);
  g_test_add_func ("/import/refused-source", test_refused_source);
  g_test_add_func ("/import/failures-of-full", test_failures_of_full);
  g_test_add_func ("/import/failures-of-incremental", test_failures_of_incremental);
  g_test_add_func ("/import/exceptions", test_exceptions);
  g_test_add_func ("/import/failures-of-service", test_failures_of_service);
  g_test_add_func ("/import/cannot-forget", test_cannot_forget);
  g_test_add_func ("/import/signal-while-forgetting", test_signal_while_forgetting);
  g_test_add_func ("/import/forgetting-hangs", test_forgetting_hangs);
  g_test_add_func ("/import/stopped", test_stopped);
  g_test_add_func ("/import/stopped-with-a-gap", test_stopped_with_a_gap);
  g_test_add_func ("/import/staging-kept", test_staging_kept);
  g_test_add_func ("/import/staging-not-kept", test_staging_not_kept);
  g_test_add_func ("/import/staging-impossible", test_staging_impossible);
  g_test_add_func ("/import/disk-full", test_disk_full);
  g_test_add_func ("/import/killed", test_killed);
  g_test_add_func ("/import/terminal", test_terminal);
  g_test_add_func ("/import/summary", test_summary);
  g_test_add_func ("/import/summary-elsewhere", test_summary_elsewhere);
  g_test_add_func ("/import/user-agent", test_user_agent);

  return g_test_run ();
}
