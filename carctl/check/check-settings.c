/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-run.h"
#include "carctl/check/check-world.h"

/* Settings, exit codes, secrets: what an operator meets. */

static const CheckWorld empty = { 0 };

static void
want_code (CheckCase *self, const CheckService *service, const char *name, CheckPlan plan, int wanted)
{
  g_autoptr (CheckRun) run = check_run (self, service, name, &plan);

  if (run->code >= 0 && run->code != wanted)
    check_case_fail (self, _ ("%s: exit code %d and not %d"), name, run->code, wanted);
}

/* One that says nothing leaves the user alone. */
static void
want_message (CheckCase *self, const char *name)
{
  g_autofree char *base = g_strconcat (name, ".log", NULL);
  g_autofree char *path = g_build_filename (self->folder, base, NULL);
  g_autofree char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL) && *g_strstrip (text) == '\0')
    check_case_fail (self, _ ("%s: no message"), name);
}

static void
want_refusal (CheckCase *self, const CheckService *service, const char *name, CheckPlan plan)
{
  want_code (self, service, name, plan, CAR_APP_ERROR_INVALID_PARAMETER);
  want_message (self, name);
}

void
check_settings (CheckCase *self)
{
  const char *const missing[] = { "CAR_SERVICE_URL", "", "CAR_SERVICE_KEY", "", NULL };
  const char *const wrong[] = { "CAR_SERVICE_RETRIES", "many", NULL };
  g_auto (CheckService) service = { 0 };

  if (!check_world_start (self, &empty, &service, NULL))
    return;

  want_refusal (self, &service, "no-service", (CheckPlan){ .variables = missing });
  want_refusal (self, &service, "no-number", (CheckPlan){ .variables = wrong });
  want_refusal (self, &service, "unknown-option",
                (CheckPlan){ .option = "-no-such-option-of-any-connector" });
}

void
check_unreachable (CheckCase *self)
{
  const char *const nowhere[] = { "CAR_SERVICE_URL", "http://127.0.0.1:9/api/car/v2",
                                  "CAR_SERVICE_MAX_OUTAGE", "1", NULL };
  g_auto (CheckService) service = { 0 };

  if (check_world_start (self, &empty, &service, NULL))
    want_code (self, &service, "unreachable", (CheckPlan){ .faulty = TRUE, .variables = nowhere },
               CAR_RECOVERABLE_FAILURE_DEFAULT);
}

void
check_credentials (CheckCase *self)
{
  const char *const wrong[] = { "CAR_SERVICE_PASSWORD", "another-password", NULL };
  g_auto (CheckService) service = { 0 };

  if (check_world_start (self, &empty, &service, NULL))
    want_code (self, &service, "wrong-password", (CheckPlan){ .variables = wrong },
               CAR_RECOVERABLE_FAILURE_DEFAULT);
}

void
check_connection (CheckCase *self)
{
  g_auto (CheckService) service = { 0 };

  if (check_world_start (self, &empty, &service, NULL))
    want_code (self, &service, "connection-test", (CheckPlan){ .option = "-connection-test" }, 0);
}

/* A run that stands still, since the service answers nothing, and gets SIGTERM then. */
static CheckRun *
stop_standing (CheckCase *self, const CheckService *service, const char *option)
{
  const char *const patient[] = { "CAR_SERVICE_TIMEOUT", "120", NULL };
  const CheckPlan plan = {
    .option = option, .variables = patient, .faulty = TRUE, .signal = SIGTERM, .moment = -1
  };
  CheckRun *run = check_run (self, service, "stopped", &plan);

  if (run->code >= 0 && !run->signalled && !run->hung)
    check_case_fail (self, _ ("it ended with exit code %d and asked the service nothing"), run->code);
  return run;
}

void
check_stop (CheckCase *self)
{
  g_auto (CheckService) service = { 0 };

  if (!check_world_start (self, &empty, &service, "any:hang,times=always"))
    return;

  g_autoptr (CheckRun) run = stop_standing (self, &service, NULL);
  if (run->signalled && !run->hung && run->code != 128 + SIGTERM)
    check_case_fail (self, _ ("exit code %d and not %d"), run->code, 128 + SIGTERM);
}

static void
want_no_secret (CheckCase *self, const CheckRun *run, const char *name, const char *secret)
{
  gsize length;
  const char *text = g_bytes_get_data (run->arguments, &length);

  if (text != NULL && memmem (text, length, secret, strlen (secret)) != NULL)
    check_case_fail (self, _ ("the process list shows the value of %s"), name);
}

void
check_arguments (CheckCase *self)
{
  const Check *check = self->check;
  g_auto (CheckService) service = { 0 };
  GHashTableIter iter;
  gpointer name, secret;

  if (!check_world_start (self, &empty, &service, "any:hang,times=always"))
    return;

  g_autofree char *option = g_strconcat ("-car-service-password=", service.local.password, NULL);
  g_autoptr (CheckRun) run = stop_standing (self, &service, option);
  if (run->arguments == NULL)
    return;

  want_no_secret (self, run, "-car-service-password", service.local.password);
  g_hash_table_iter_init (&iter, check->secrets);
  while (g_hash_table_iter_next (&iter, &name, &secret))
    want_no_secret (self, run, name, secret);
}

void
check_leaks (CheckCase *self)
{
  const Check *check = self->check;
  GHashTableIter iter;
  gpointer name, path;

  g_hash_table_iter_init (&iter, check->leaks);
  while (g_hash_table_iter_next (&iter, &name, &path))
    check_case_fail (self, _ ("the value of %s is in %s"), (const char *) name, (const char *) path);
}
