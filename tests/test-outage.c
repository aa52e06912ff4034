/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include <libcar/car.h>

#include "connector-runner.h"
#include "fake-service.h"
#include "import-service.h"

/* A service that is away in the middle of a run: tests/contract-connector against a fake service. */

static const struct
{
  const char *method;
  const char *path;
  const char *step;
} calls[] = {
  { "GET", "v2/databases", "preparing the database" },
  { "GET", "v2/source/" SOURCE, "asking for the last save point" },
  { "POST", "v2/source/" SOURCE "/full-import-in-progress", "beginning the full import" },
  { "GET", "v2/jobstatus/j", "beginning the full import" },
  { "POST", "v2/imports", "sending the report" },
  { "GET", "v2/importstatus", "sending the report" },
  { "POST", "v3/query", "asking what the end of the full import would close" },
  { "DELETE", "v2/source/" SOURCE "/full-import-in-progress", "ending the full import" },
  { "PATCH", "v2/source", "keeping the new save point" },
};

static GSubprocess *
start (FakeService *service, const char *max_outage, const char *max_wait)
{
  g_auto (GStrv) environment =
      import_service_make_environment (service, (const char *[4]){ "CONTRACT_SAVE_POINT=new" });
  const char *const arguments[] = { "-car-service-retries",
                                    "0",
                                    "-car-service-max-outage",
                                    max_outage,
                                    "-car-service-max-wait",
                                    max_wait,
                                    NULL };

  return start_connector ((const char *const *) environment, arguments);
}

/* Whichever call it is that finds the service away. */
static void
test_waits (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      g_test_message ("%s %s", calls[i].method, calls[i].path);
      for (guint n = 0; n < 2; n++)
        {
          fake_service_answer (service, calls[i].method, calls[i].path, 503, "");
          fake_service_misbehave (service, calls[i].method, calls[i].path, FAKE_DROP);
          fake_service_answer (service, calls[i].method, calls[i].path, 502, "");
        }
      g_autoptr (GSubprocess) process = start (service, "3600", "0");
      finish_connector (process, &run);
      assert_exited (&run, 0, "Full import");
      assert_exited (&run, 0, "The CAR service has been away for 0 s (HTTP 503); waiting for it, for 3");
      assert_exited (&run, 0, "The CAR service answers again, after ");
      assert_exited (&run, 0, "save point kept");
    }
}

/* The time is up: recoverable, as without any wait. */
static void
test_too_long (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_autofree char *step = g_strdup_printf ("While %s: ", calls[i].step);
      g_auto (ConnectorRun) run = { 0 };

      fake_service_answer_always (service, calls[i].method, calls[i].path, 503, "");
      g_autoptr (GSubprocess) process = start (service, i % 2 == 0 ? "1" : "0", "1");
      finish_connector (process, &run);
      assert_exited (&run, 10, step);
      if (g_str_equal (calls[i].path, "v2/source"))
        continue;
      g_assert_cmpuint (fake_service_count (service, "PATCH", "v2/source"), ==, 0);
    }
}

/* Whatever it waits for, a signal ends it: less than what service managers wait before they kill. */
static void
test_stopped (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (FakeService) service = import_service_new (NO_SAVE_POINT);
      g_auto (ConnectorRun) run = { 0 };

      fake_service_answer_with (service, calls[i].method, calls[i].path, 503, "", "Retry-After: 3600");
      fake_service_answer_always (service, calls[i].method, calls[i].path, 503, "");
      g_autoptr (GSubprocess) process = start (service, "3600", "3600");
      while (fake_service_count (service, calls[i].method, calls[i].path) == 0)
        g_usleep (10 * G_TIME_SPAN_MILLISECOND);

      const gint64 begin = g_get_monotonic_time ();
      g_subprocess_send_signal (process, SIGTERM);
      finish_connector (process, &run);
      g_assert_cmpint (run.code, ==, 128 + SIGTERM);
      g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_TIME_SPAN_SECOND);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/outage/waits", test_waits);
  g_test_add_func ("/outage/too-long", test_too_long);
  g_test_add_func ("/outage/stopped", test_stopped);

  return g_test_run ();
}
