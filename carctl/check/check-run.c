/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>
#include <libcar/log/car-redaction-private.h>

#include "carctl/check/check-run.h"

#define TICK_MILLISECONDS 5

/* No guard hides what a run would do, and what it says can be read whenever it is killed. */
static const char *const telling[] = { "CAR_MAX_CLOSING",
                                       "100",
                                       "CAR_MAX_LEFT_OUT",
                                       "100",
                                       "CAR_LOG_FORMAT",
                                       "text",
                                       "DEBUG",
                                       "1",
                                       "PYTHONUNBUFFERED",
                                       "1",
                                       NULL };

/* A fault of the service shall not be waited out for minutes. */
static const char *const impatient[] = { "CAR_SERVICE_TIMEOUT",
                                         "3",
                                         "CAR_SERVICE_RETRIES",
                                         "1",
                                         "CAR_SERVICE_MAX_WAIT",
                                         "1",
                                         "CAR_SERVICE_MAX_OUTAGE",
                                         "3",
                                         NULL };

/* A run that goes on, and who looks at it. */
typedef struct
{
  const Check *check;
  const CheckService *service;
  const CheckPlan *plan;
  CheckRun *run;
  GSubprocess *process;
  GMainLoop *loop;
  GPid pid;
  double sent; /* when it got the signal */
  gint64 begin;
} Watch;

void
check_run_free (CheckRun *self)
{
  g_clear_pointer (&self->arguments, g_bytes_unref);
  g_free (self->summary);
  g_free (self);
}

static double
get_seconds (const Watch *watch)
{
  return (double) (g_get_monotonic_time () - watch->begin) / G_USEC_PER_SEC;
}

static gboolean
is_due (const Watch *watch)
{
  if (watch->plan->signal == 0 || watch->run->signalled)
    return FALSE;
  if (watch->plan->moment >= 0)
    return get_seconds (watch) >= watch->plan->moment;

  g_auto (GStrv) requests = check_service_list_requests (watch->service);
  return requests[0] != NULL;
}

static void
read_arguments (Watch *watch)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/cmdline", watch->pid);
  char *text;
  gsize length;

  if (g_file_get_contents (path, &text, &length, NULL))
    watch->run->arguments = g_bytes_new_take (text, length);
}

static gboolean
on_tick (gpointer user_data)
{
  Watch *watch = user_data;
  double seconds = get_seconds (watch);

  if (is_due (watch))
    {
      read_arguments (watch);
      watch->run->signalled = TRUE;
      watch->sent = seconds;
      kill (watch->plan->signal == SIGKILL ? -watch->pid : watch->pid, watch->plan->signal);
    }

  gboolean late = watch->run->signalled ? seconds > watch->sent + CHECK_STOP_SECONDS
                                        : seconds > watch->check->options->timeout;
  if (late || g_cancellable_is_cancelled (watch->check->cancellable))
    {
      watch->run->hung = late;
      kill (-watch->pid, SIGKILL);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
on_end (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_main_loop_quit (((Watch *) user_data)->loop);
}

/* In a context of its own: trials run side by side, each in its thread. */
static void
watch_until_end (Watch *watch)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) ticks = g_timeout_source_new (TICK_MILLISECONDS);

  g_main_context_push_thread_default (context);
  watch->loop = g_main_loop_new (context, FALSE);
  g_source_set_callback (ticks, on_tick, watch, NULL);
  g_source_attach (ticks, context);
  g_subprocess_wait_async (watch->process, NULL, on_end, watch);
  g_main_loop_run (watch->loop);
  g_source_destroy (ticks);
  g_main_loop_unref (watch->loop);
  g_main_context_pop_thread_default (context);

  /* What it started and left. */
  kill (-watch->pid, SIGKILL);
}

/* A group of its own: the terminal's signals are for carctl, and what the connector starts ends with it. */
static void
set_up_child (gpointer user_data)
{
  setpgid (0, 0);
}

static void
set_variables (GSubprocessLauncher *launcher, const char *const *variables)
{
  for (; variables != NULL && variables[0] != NULL; variables += 2)
    g_subprocess_launcher_setenv (launcher, variables[0], variables[1], TRUE);
}

static GSubprocessLauncher *
make_launcher (const Check *check, const CheckService *service, const char *files, const CheckPlan *plan)
{
  GSubprocessLauncher *launcher =
      carctl_local_service_make_launcher (&service->local, G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autofree char *log = g_strconcat (files, ".log", NULL);
  g_autofree char *summary = g_strconcat (files, ".summary.json", NULL);
  g_autofree char *left_out = g_strconcat (files, ".left-out.jsonl", NULL);
  const char *const files_and_name[] = { "CAR_SUMMARY", summary, "CAR_LEFT_OUT", left_out, "CONNECTION_NAME",
                                         check->source, NULL };

  g_subprocess_launcher_set_stdout_file_path (launcher, log);
  g_subprocess_launcher_set_child_setup (launcher, set_up_child, NULL, NULL);
  set_variables (launcher, telling);
  set_variables (launcher, files_and_name);
  if (plan->faulty)
    set_variables (launcher, impatient);
  else
    g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_URL", service->url, TRUE);
  set_variables (launcher, plan->variables);
  return launcher;
}

static void
start (Watch *watch, const char *files, GError **error)
{
  const CarctlCall *call = watch->check->call;
  g_autoptr (GSubprocessLauncher) launcher = make_launcher (watch->check, watch->service, files, watch->plan);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add (builder, call->arguments[0]);
  g_strv_builder_addv (builder, (const char **) call->rest);
  if (watch->plan->option != NULL)
    g_strv_builder_add (builder, watch->plan->option);
  g_auto (GStrv) command = g_strv_builder_end (builder);

  watch->begin = g_get_monotonic_time ();
  watch->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) command, error);
  const char *pid = watch->process == NULL ? NULL : g_subprocess_get_identifier (watch->process);
  /* Of one that is over already nothing is left to be sent a signal: a group that nobody has. */
  watch->pid = pid == NULL ? G_MAXINT : (GPid) g_ascii_strtoll (pid, NULL, 10);
}

/* The first file that tells it is kept. */
static void
note_leak (CheckCase *self, const char *name, const char *path)
{
  Check *check = self->check;
  g_autofree char *folder = g_build_filename (check->folder, CHECK_SECRETS, NULL);
  g_autofree char *base =
      g_strdup_printf ("%u-%s", g_hash_table_size (check->leaks) + 1, strrchr (path, '/') + 1);
  g_autofree char *copy = g_build_filename (folder, base, NULL);
  g_autofree char *text = NULL;
  gsize length;

  if (g_hash_table_contains (check->leaks, name) || !carctl_make_folder (folder, NULL) ||
      !g_file_get_contents (path, &text, &length, NULL))
    return;

  g_file_set_contents (copy, text, (gssize) length, NULL);
  g_hash_table_insert (check->leaks, g_strdup (name), g_steal_pointer (&copy));
}

/* Also percent-encoded, in JSON, HTML or Base64, as libcar's log would hide it. */
static gboolean
has_secret (const char *text, const char *secret)
{
  g_autoptr (CarRedaction) redaction = car_redaction_new ();

  car_redaction_add (redaction, secret);
  g_autofree char *hidden = car_redaction_hide (redaction, text);
  return !g_str_equal (hidden, text);
}

/* All of it as UTF-8, whatever the connector writes. */
static char *
read_text (const char *path)
{
  g_autofree char *text = NULL;
  gsize length = 0;

  if (!g_file_get_contents (path, &text, &length, NULL))
    return NULL;
  for (gsize i = 0; i < length; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  return g_utf8_make_valid (text, (gssize) length);
}

static void
look_for_secrets (CheckCase *self, const CheckService *service, const char *path)
{
  Check *check = self->check;
  g_autofree char *text = read_text (path);
  GHashTableIter iter;
  gpointer name, secret;

  if (text == NULL)
    return;

  g_mutex_lock (&check->lock);
  if (has_secret (text, service->local.password))
    note_leak (self, "CAR_SERVICE_PASSWORD", path);
  g_hash_table_iter_init (&iter, check->secrets);
  while (g_hash_table_iter_next (&iter, &name, &secret))
    if (has_secret (text, secret))
      note_leak (self, name, path);
  g_mutex_unlock (&check->lock);
}

static void
judge (CheckCase *self, const char *name, const Watch *watch)
{
  const CheckRun *run = watch->run;

  if (g_cancellable_is_cancelled (watch->check->cancellable))
    return;
  if (run->hung && run->signalled)
    check_case_fail (self, _ ("%s: it did not end within %d seconds of signal %d"), name, CHECK_STOP_SECONDS,
                     watch->plan->signal);
  else if (run->hung)
    check_case_fail (self, _ ("%s: it did not end within %d seconds"), name, watch->check->options->timeout);
  else if (g_subprocess_get_if_signaled (watch->process) && !run->signalled)
    check_case_fail (self, _ ("%s: it crashed with signal %d"), name,
                     g_subprocess_get_term_sig (watch->process));
}

static void
finish (CheckCase *self, Watch *watch, const char *name, const char *files)
{
  CheckRun *run = watch->run;
  g_autofree char *log = g_strconcat (files, ".log", NULL);
  g_autofree char *summary = g_strconcat (files, ".summary.json", NULL);

  watch_until_end (watch);
  run->seconds = get_seconds (watch);
  run->code = g_subprocess_get_if_exited (watch->process) ? g_subprocess_get_exit_status (watch->process)
                                                          : 128 + g_subprocess_get_term_sig (watch->process);
  g_file_get_contents (summary, &run->summary, NULL, NULL);
  look_for_secrets (self, watch->service, log);
  look_for_secrets (self, watch->service, summary);
  judge (self, name, watch);
}

CheckRun *
check_run (CheckCase *self, const CheckService *service, const char *name, const CheckPlan *plan)
{
  CheckRun *run = g_new0 (CheckRun, 1);
  g_autofree char *files = g_build_filename (self->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (files);
  Watch watch = { .check = self->check, .service = service, .plan = plan, .run = run };
  GError *error = NULL;

  run->code = -1;
  if (carctl_make_folder (folder, &error))
    start (&watch, files, &error);
  if (error != NULL)
    check_case_take (self, error);
  else
    finish (self, &watch, name, files);
  g_clear_object (&watch.process);
  return run;
}

gboolean
check_run_well (CheckCase *self, const CheckService *service, const char *name)
{
  g_autoptr (CheckRun) run = check_run (self, service, name, &(CheckPlan){ 0 });

  if (run->code > 0)
    check_case_fail (self, _ ("%s: exit code %d"), name, run->code);
  return run->code == 0;
}
