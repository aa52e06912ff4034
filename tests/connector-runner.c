/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "connector-runner.h"

static GStrv
find_command (const char *const *arguments)
{
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();
  const char *given = g_getenv ("CAR_TEST_CONNECTOR");

  if (given != NULL)
    {
      g_auto (GStrv) words = NULL;

      g_assert_true (g_shell_parse_argv (given, NULL, &words, NULL));
      g_strv_builder_addv (all, (const char **) words);
    }
  else
    {
      g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "contract-connector", NULL);

      g_strv_builder_add (all, path);
    }
  g_strv_builder_addv (all, (const char **) arguments);

  return g_strv_builder_end (all);
}

static GSubprocess *
spawn (GSubprocessLauncher *launcher, const char *const *variables, const char *const *arguments)
{
  g_auto (GStrv) command = find_command (arguments);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; variables[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (variables[i], "=", 2);

      g_subprocess_launcher_setenv (launcher, parts[0], parts[1], TRUE);
    }

  GSubprocess *process = g_subprocess_launcher_spawnv (launcher, (const char *const *) command, &error);
  g_assert_no_error (error);

  return process;
}

GSubprocess *
start_connector (const char *const *variables, const char *const *arguments)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

  return spawn (launcher, variables, arguments);
}

void
wait_for_line (GSubprocess *process, const char *wanted)
{
  g_autoptr (GDataInputStream) out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  g_autofree char *line = g_data_input_stream_read_line (out, NULL, NULL, NULL);

  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (out), FALSE);
  g_assert_cmpstr (line, ==, wanted);
}

static void
note_end (GSubprocess *process, ConnectorRun *run)
{
  run->code = g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process)
                                                   : 128 + g_subprocess_get_term_sig (process);
}

void
finish_connector (GSubprocess *process, ConnectorRun *run)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &run->out, &run->log, &error);
  g_assert_no_error (error);
  note_end (process, run);
}

void
run_connector (const char *const *variables, const char *const *arguments, ConnectorRun *run)
{
  g_autoptr (GSubprocess) process = start_connector (variables, arguments);

  finish_connector (process, run);
}

gboolean
has_terminals (void)
{
  int near, far;

  if (openpty (&near, &far, NULL, NULL, NULL) != 0)
    return FALSE;
  close (near);
  close (far);
  return TRUE;
}

void
run_connector_on_terminal (const char *const *variables, const char *const *arguments, ConnectorRun *run)
{
  const struct winsize size = { .ws_row = 24, .ws_col = 80 };
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  int near, far;
  char buffer[4096];

  g_assert_cmpint (openpty (&near, &far, NULL, NULL, &size), ==, 0);
  g_subprocess_launcher_take_stderr_fd (launcher, far);
  g_autoptr (GSubprocess) process = spawn (launcher, variables, arguments);
  g_subprocess_launcher_close (launcher);

  /* A terminal whose other end is gone gives an error (EIO), not an end. */
  for (gssize length; (length = read (near, buffer, sizeof buffer)) > 0;)
    g_string_append_len (log, buffer, length);
  close (near);

  g_subprocess_communicate_utf8 (process, NULL, NULL, &run->out, NULL, &error);
  g_assert_no_error (error);
  note_end (process, run);
  run->log = g_string_free (g_steal_pointer (&log), FALSE);
}

gboolean
connector_raises (void)
{
  return g_getenv ("CAR_TEST_CONNECTOR_RAISES") != NULL;
}

gboolean
connector_catches (const char *told)
{
  return connector_raises () && g_str_has_suffix (told, ":success-with-error");
}

gboolean
connector_has_threads (void)
{
  return g_getenv ("CAR_TEST_CONNECTOR_HAS_NO_THREADS") == NULL;
}

void
connector_run_clear (ConnectorRun *self)
{
  g_clear_pointer (&self->out, g_free);
  g_clear_pointer (&self->log, g_free);
}

void
assert_exited (const ConnectorRun *run, int code, const char *logged)
{
  if (run->code != code || strstr (run->log, logged) == NULL)
    g_test_message ("exit code %d, where %d is wanted with “%s” in:\n%s", run->code, code, logged, run->log);

  g_assert_cmpint (run->code, ==, code);
  g_assert_nonnull (strstr (run->log, logged));
}
