/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-rounds.h"
#include "carctl/check/check-trial.h"
#include "carctl/check/check.h"

/* carctl check: the acceptance test of a connector. What it looks at is the table of steps. */

#define FOLDER "checked"
#define SOURCE "check"
#define RUN_SECONDS 120
#define FAULTS "faults" /* what --only calls them */
#define MIN_SECRET 4    /* shorter ones are found in words */

static CheckOptions options = { .timeout = RUN_SECONDS };

/* Without these a step cannot be done. */
typedef enum
{
  NEEDS_FULL = 1 << 0,
  NEEDS_SUMMARY = 1 << 1,
  NEEDS_STEADY = 1 << 2,
  NEEDS_BREAK = 1 << 3,
  NEEDS_CHANGE = 1 << 4,
  NEEDS_CHANGED = 1 << 5,
} Need;

typedef struct
{
  const char *id;
  const char *title;
  const char *right;
  Need needs;
  gboolean always; /* others need it */
  void (*run) (CheckCase *self);
} Step;

static void
interrupt_full (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->full, SIGTERM);
}

static void
kill_full (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->full, SIGKILL);
}

static void
interrupt_change (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->change, SIGTERM);
}

static void
kill_change (CheckCase *self)
{
  const Check *check = self->check;

  check_rounds (self, &check->change, SIGKILL);
}

static const char stopped[] =
    N_ ("it ends soon, with exit code 143, and the next good run leaves the source's graph");
static const char killed[] = N_ ("the next good run leaves the source's graph, as if nothing had been");

static const Step settings[] = {
  { "settings", N_ ("settings that are missing or wrong"), N_ ("exit code 2, and a message that says which"),
    0, FALSE, check_settings },
  { "unreachable", N_ ("a service that is not there"), N_ ("exit code 10"), 0, FALSE, check_unreachable },
  { "credentials", N_ ("a service that refuses the password"), N_ ("exit code 10"), 0, FALSE,
    check_credentials },
  { "connection-test", N_ ("the connection test"), N_ ("exit code 0, since the data source is there"), 0,
    FALSE, check_connection },
  { "stop", N_ ("SIGTERM while the run waits"), N_ ("it ends soon, with exit code 143"), 0, FALSE,
    check_stop },
  { "process-list", N_ ("no secret in the process list"),
    N_ ("it wipes the secrets that are given as options before it does anything else"), 0, FALSE,
    check_arguments },
};

static const Step imports[] = {
  { "full", N_ ("a full import"), N_ ("exit code 0, and objects of the source in the service"), 0, TRUE,
    check_full },
  { "left-out", N_ ("the schema takes all that it sends"), N_ ("no object is left out"),
    NEEDS_FULL | NEEDS_SUMMARY, FALSE, check_left_out },
  { "edges", N_ ("all edges lead somewhere"), N_ ("an import brings the vertices at both ends of its edges"),
    NEEDS_FULL | NEEDS_SUMMARY, FALSE, check_dangling },
  { "again", N_ ("a second full import brings the same"),
    N_ ("the same source gives the same keys and members: nothing is new, nothing is closed"), NEEDS_FULL,
    TRUE, check_again },
  { "broken", N_ ("a data source that cannot be read"),
    N_ ("exit code 50 to 55, of the connection test too; graph and save point stay; mended, all is well"),
    NEEDS_FULL | NEEDS_STEADY | NEEDS_BREAK, FALSE, check_broken },
  { "interrupted-full", N_ ("full imports that SIGTERM interrupts"), stopped, NEEDS_FULL | NEEDS_STEADY,
    FALSE, interrupt_full },
  { "killed-full", N_ ("full imports that are killed"), killed, NEEDS_FULL | NEEDS_STEADY, FALSE, kill_full },
};

static const Step changes[] = {
  { "change", N_ ("an import of what changed brings the same as a full one"),
    N_ ("the graph that a full import of the changed source brings: nothing is missing, nothing stays"),
    NEEDS_FULL | NEEDS_STEADY | NEEDS_CHANGE, TRUE, check_change },
  { "interrupted-change", N_ ("imports of a change that SIGTERM interrupts"), stopped,
    NEEDS_CHANGE | NEEDS_CHANGED, FALSE, interrupt_change },
  { "killed-change", N_ ("imports of a change that are killed"), killed, NEEDS_CHANGE | NEEDS_CHANGED, FALSE,
    kill_change },
};

static const Step leaks[] = {
  { CHECK_SECRETS, N_ ("no secret in the log and the summary of all these runs"),
    N_ ("*** in the place of each secret: mark the setting as secret, and put no secret into messages"), 0,
    FALSE, check_leaks },
};

char *
check_make_path (const Check *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static const char *
find_missing (const Check *self, Need needs)
{
  if ((needs & NEEDS_CHANGE) && self->options->change == NULL)
    return _ ("there is no --change COMMAND");
  if ((needs & NEEDS_BREAK) && self->options->break_source == NULL)
    return _ ("there are no --break COMMAND and --mend COMMAND");
  if ((needs & NEEDS_FULL) && self->full.right == NULL)
    return _ ("the full import failed");
  if ((needs & NEEDS_SUMMARY) && !self->has_summary)
    return _ ("the connector writes no summary, as those on libcar do");
  if ((needs & NEEDS_STEADY) && !self->steady)
    return _ ("two full imports differ already");
  if ((needs & NEEDS_CHANGED) && self->change.right == NULL)
    return _ ("the import of the change failed");
  return NULL;
}

void
check_tell (Check *self, CheckCase *found)
{
  if (g_cancellable_is_cancelled (self->cancellable) || found->problems->len == 0)
    carctl_remove_folder (found->folder);
  if (g_cancellable_is_cancelled (self->cancellable))
    check_case_free (found);
  else
    check_report_add (self->report, found);
}

static gboolean
is_wanted (const char *id)
{
  return options.only == NULL || g_strv_contains ((const char *const *) options.only, id);
}

static void
run_steps (Check *self, const Step *steps, guint n_steps)
{
  for (guint i = 0; i < n_steps && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      if (!steps[i].always && !is_wanted (steps[i].id))
        continue;

      CheckCase *found = check_case_new (self, self->folder, steps[i].id, _ (steps[i].title), steps[i].right);
      const char *missing = find_missing (self, steps[i].needs);

      if (missing != NULL)
        check_case_skip (found, missing);
      else
        steps[i].run (found);
      check_tell (self, found);
    }
}

static void
run_faults (Check *self, const CheckWorld *world, Need needs)
{
  if (is_wanted (FAULTS) && find_missing (self, needs) == NULL &&
      !g_cancellable_is_cancelled (self->cancellable))
    check_faults (self, world);
}

/* In a thread of its own: the main loop waits for signals meanwhile. */
static void
run_all (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Check *self = data;

  run_steps (self, settings, G_N_ELEMENTS (settings));
  run_steps (self, imports, G_N_ELEMENTS (imports));
  run_faults (self, &self->full, NEEDS_FULL | NEEDS_STEADY);
  run_steps (self, changes, G_N_ELEMENTS (changes));
  run_faults (self, &self->change, NEEDS_CHANGE | NEEDS_CHANGED);
  run_steps (self, leaks, G_N_ELEMENTS (leaks));
  g_task_return_boolean (task, TRUE);
}

typedef struct
{
  Check *check;
  GMainLoop *loop;
  int signal; /* 0: none came */
} Waiting;

static void
stop (Waiting *waiting, int number)
{
  waiting->signal = number;
  g_cancellable_cancel (waiting->check->cancellable);
}

static gboolean
on_sigint (gpointer waiting)
{
  stop (waiting, SIGINT);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_sigterm (gpointer waiting)
{
  stop (waiting, SIGTERM);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_sighup (gpointer waiting)
{
  stop (waiting, SIGHUP);
  return G_SOURCE_CONTINUE;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_main_loop_quit (((Waiting *) user_data)->loop);
}

/* Returns: the signal that ended it; 0: none. */
static int
wait_for_all (Check *self)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Waiting waiting = { self, loop, 0 };
  const guint sources[] = { g_unix_signal_add (SIGINT, on_sigint, &waiting),
                            g_unix_signal_add (SIGTERM, on_sigterm, &waiting),
                            g_unix_signal_add (SIGHUP, on_sighup, &waiting) };
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_done, &waiting);

  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, run_all);
  g_main_loop_run (loop);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  return waiting.signal;
}

static void
world_clear (CheckWorld *world)
{
  g_free (world->database);
  g_free (world->save_point);
  g_clear_pointer (&world->right, check_graph_free);
}

static void
check_clear (Check *self)
{
  carctl_remove_folder (self->work);
  g_free (self->work);
  g_clear_pointer (&self->secrets, g_hash_table_unref);
  g_clear_pointer (&self->leaks, g_hash_table_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->report, check_report_free);
  world_clear (&self->full);
  world_clear (&self->change);
  g_mutex_clear (&self->lock);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

/* As connectors take them: with one dash or two, and the value behind a “=” or as the next argument. */
static const char *
find_option (const CarctlCall *call, const char *name)
{
  for (guint i = 0; call->rest[i] != NULL; i++)
    {
      const char *argument = call->rest[i];
      const char *text = g_str_has_prefix (argument, "--") ? argument + 2 : argument + (*argument == '-');

      if (text != argument && g_str_equal (text, name))
        return call->rest[i + 1];
      if (text != argument && g_str_has_prefix (text, name) && text[strlen (name)] == '=')
        return text + strlen (name) + 1;
    }
  return NULL;
}

static const char *
or_variable (const char *value, const char *name)
{
  return value != NULL ? value : g_getenv (name);
}

static gboolean
add_secrets (Check *self, GError **error)
{
  for (guint i = 0; options.secrets != NULL && options.secrets[i] != NULL; i++)
    {
      const char *name = options.secrets[i];
      const char *value = or_variable (find_option (self->call, name), name);

      if (value == NULL)
        return car_failure_refuse (
            error, _ ("--secret %s names no option that stands behind “--”, and no variable"), name);
      if (strlen (value) < MIN_SECRET)
        return car_failure_refuse (error,
                                   _ ("the secret %s has fewer than %d characters, and would be found in any "
                                      "text: check with a longer one"),
                                   name, MIN_SECRET);
      g_hash_table_insert (self->secrets, g_strdup (name), g_strdup (value));
    }
  return TRUE;
}

static gboolean
is_step (const Step *steps, guint n_steps, const char *id)
{
  for (guint i = 0; i < n_steps; i++)
    if (g_str_equal (steps[i].id, id))
      return TRUE;
  return FALSE;
}

static gboolean
check_only (GError **error)
{
  for (guint i = 0; options.only != NULL && options.only[i] != NULL; i++)
    {
      const char *id = options.only[i];

      if (!g_str_equal (id, FAULTS) && !is_step (settings, G_N_ELEMENTS (settings), id) &&
          !is_step (imports, G_N_ELEMENTS (imports), id) && !is_step (changes, G_N_ELEMENTS (changes), id) &&
          !is_step (leaks, G_N_ELEMENTS (leaks), id))
        return car_failure_refuse (error, _ ("there is no check “%s”: carctl(1) lists them"), id);
    }
  return TRUE;
}

static gboolean
check_options (const CarctlCall *call, GError **error)
{
  if ((options.break_source == NULL) != (options.mend == NULL))
    return car_failure_refuse (error, _ ("--break and --mend go together: what is broken has to be mended"));
  if (options.timeout <= 0)
    return car_failure_refuse (error, _ ("--timeout is a number of seconds above 0"));
  return check_only (error) && carctl_refuse_services (call, FALSE, error);
}

static gboolean
open_check (Check *self, const CarctlCall *call, GError **error)
{
  const char *source = or_variable (find_option (call, "source"), "CONNECTION_NAME");

  self->call = call;
  self->options = &options;
  self->folder = call->folder == NULL ? FOLDER : call->folder;
  self->source = source == NULL || *source == '\0' ? SOURCE : source;
  self->secrets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->leaks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  if (!check_options (call, error) || !add_secrets (self, error) ||
      !carctl_make_empty_folder (self->folder, error))
    return FALSE;

  self->work = g_dir_make_tmp ("carctl-XXXXXX", error);
  return self->work != NULL;
}

static gboolean
find_programs (const CarctlCall *call, GError **error)
{
  const char *const programs[] = { call->arguments[0], "car-fault-service" };

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *path = g_find_program_in_path (programs[i]);
      g_autofree char *shown = g_filename_display_name (programs[i]);

      if (path == NULL)
        return car_failure_refuse (
            error, _ ("%s is no program that can be run: give its path, or add its folder to PATH"), shown);
    }
  return TRUE;
}

static gboolean
check (CarctlCall *call, GError **error)
{
  g_auto (Check) self = { 0 };

  if (!find_programs (call, error) || !open_check (&self, call, error))
    return FALSE;

  self.report = check_report_new (options.tap);
  int number = wait_for_all (&self);
  check_report_end (self.report, number != 0);
  g_rmdir (self.folder);
  call->exit_code = number != 0 ? 128 + number : check_report_is_good (self.report) ? 0 : 1;
  return options.junit == NULL || check_report_write_junit (self.report, options.junit, error);
}

static const GOptionEntry entries[] = {
  { "change", 0, 0, G_OPTION_ARG_STRING, &options.change, N_ ("A command that changes the data source"),
    "COMMAND" },
  { "break", 0, 0, G_OPTION_ARG_STRING, &options.break_source,
    N_ ("A command that makes the data source unreadable"), "COMMAND" },
  { "mend", 0, 0, G_OPTION_ARG_STRING, &options.mend, N_ ("A command that makes it readable again"),
    "COMMAND" },
  { "secret", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.secrets,
    N_ ("An option or variable of the connector with a secret that may be seen nowhere"), "NAME" },
  { "only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.only,
    N_ ("Only this check, by the name of its folder, or “faults”, and those that it needs"), "CHECK" },
  { "thorough", 0, 0, G_OPTION_ARG_NONE, &options.thorough, N_ ("Let each fault strike each call"), NULL },
  { "timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout, N_ ("How long a run may take (default: 120)"),
    "SECONDS" },
  { "tap", 0, 0, G_OPTION_ARG_NONE, &options.tap, N_ ("Print TAP, for programs"), NULL },
  { "junit", 0, 0, G_OPTION_ARG_FILENAME, &options.junit, N_ ("Write the results as JUnit's XML too"),
    "FILE" },
  G_OPTION_ENTRY_NULL,
};

const CarctlCommand carctl_check_command = {
  .name = "check",
  .arguments = "CONNECTOR [-- OPTION...]",
  .summary = N_ ("Test a connector as a whole"),
  .options = CARCTL_FOLDER,
  .entries = entries,
  .min_arguments = 1,
  .max_arguments = 1,
  .takes_rest = TRUE,
  .run = check,
};
