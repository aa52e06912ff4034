/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-steps.h"

/* carctl check: the acceptance test of a connector. */

#define FOLDER "checked"
#define SOURCE "check"
#define RUN_SECONDS 120
#define MIN_SECRET 4 /* shorter ones are found in words */

static CheckOptions options = { .timeout = RUN_SECONDS };

/* In a thread of its own: the main loop waits for signals meanwhile. */
static void
run_all (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  check_steps_run (data);
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
  guint sources[] = { carctl_catch_signal (SIGINT, on_sigint, &waiting),
                      carctl_catch_signal (SIGTERM, on_sigterm, &waiting),
                      carctl_catch_signal (SIGHUP, on_sighup, &waiting) };
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_done, &waiting);

  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, run_all);
  g_main_loop_run (loop);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_clear_handle_id (&sources[i], g_source_remove);
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
check_only (GError **error)
{
  for (guint i = 0; options.only != NULL && options.only[i] != NULL; i++)
    if (!check_steps_have (options.only[i]))
      return car_failure_refuse (error, _ ("there is no check “%s”: carctl(1) lists them"), options.only[i]);
  return TRUE;
}

/* Before all runs, and not behind them. */
static gboolean
check_junit (GError **error)
{
  g_autofree char *folder = options.junit == NULL ? NULL : g_path_get_dirname (options.junit);

  if (folder == NULL ||
      (g_access (folder, W_OK | X_OK) == 0 && !g_file_test (options.junit, G_FILE_TEST_IS_DIR)))
    return TRUE;
  return car_failure_refuse (error, _ ("--junit=%s is no file that can be written"), options.junit);
}

static gboolean
check_options (const CarctlCall *call, GError **error)
{
  if ((options.break_source == NULL) != (options.mend == NULL))
    return car_failure_refuse (error, _ ("--break and --mend go together: what is broken has to be mended"));
  if (options.timeout <= 0)
    return car_failure_refuse (error, _ ("--timeout is a number of seconds above 0"));
  return check_only (error) && check_junit (error) && carctl_refuse_services (call, FALSE, error);
}

/* A check is repeated until all is well. What an earlier one kept goes, where nothing else is in the folder. */
static void
remove_earlier (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name = dir == NULL ? NULL : g_dir_read_name (dir);
  gboolean found = name != NULL;

  for (; name != NULL; name = g_dir_read_name (dir))
    if (!check_steps_have (name) && !g_str_has_prefix (name, "faults-"))
      return;
  if (found)
    carctl_remove_folder (folder);
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
  if (!check_options (call, error) || !add_secrets (self, error))
    return FALSE;
  remove_earlier (self->folder);
  if (!carctl_make_empty_folder (self->folder, error))
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
