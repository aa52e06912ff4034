/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-local-service.h"
#include "carctl/carctl-objects.h"
#include "carctl/carctl-plan.h"
#include "carctl/carctl.h"

/* carctl collect: what a connector brings, in a folder. The connector runs as always; the service that it sends to is one of its own,
 * in memory, and goes with it. */

#define LEFT_OUT "left-out" CARCTL_OBJECTS_SUFFIX

typedef struct
{
  CarctlLocalService service;
  GSubprocess *connector;
  GMainLoop *loop;
  guint signals[3];
} Collection;

static void
collection_clear (Collection *self)
{
  g_clear_object (&self->connector);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  carctl_local_service_clear (&self->service);
  for (guint i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_clear_handle_id (&self->signals[i], g_source_remove);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collection, collection_clear)

/* The connector ends, and what goes with the run can be put away. */
static gboolean
on_end_wanted (gpointer user_data)
{
  g_subprocess_send_signal (((Collection *) user_data)->connector, SIGTERM);
  return G_SOURCE_CONTINUE;
}

/* The terminal hands it to the connector too. */
static gboolean
on_sigint (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* From before anything is there to be put away. One that comes before the connector runs is for the loop that waits for its end. */
static void
catch_signals (Collection *self)
{
  self->signals[0] = carctl_catch_signal (SIGTERM, on_end_wanted, self);
  self->signals[1] = carctl_catch_signal (SIGHUP, on_end_wanted, self);
  self->signals[2] = carctl_catch_signal (SIGINT, on_sigint, self);
}

static void
on_end (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_main_loop_quit (((Collection *) user_data)->loop);
}

static char **
make_command (const Collection *self, const CarctlCall *call, const char *folder)
{
  g_autoptr (GStrvBuilder) command = g_strv_builder_new ();
  g_autofree char *pages = carctl_local_service_make_path (&self->service, "pages");
  g_autofree char *summary = g_build_filename (folder, "summary.json", NULL);
  g_autofree char *left_out = g_build_filename (folder, LEFT_OUT, NULL);

  g_strv_builder_add (command, call->arguments[0]);
  g_strv_builder_addv (command, (const char **) call->rest);
  g_strv_builder_add_many (command, "-export-data-dir", pages, "-keep-export-data-dir", "-summary", summary,
                           "-left-out", left_out, NULL);
  return g_strv_builder_end (command);
}

/* The exit code of a connector that ended, or that of a shell for one that was killed; -1 with an error. */
static int
run_connector (Collection *self, const CarctlCall *call, const char *folder, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      carctl_local_service_make_launcher (&self->service, G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_auto (GStrv) command = make_command (self, call, folder);
  g_autoptr (GError) problem = NULL;

  g_subprocess_launcher_setenv (launcher, "CONNECTION_NAME", "collect", FALSE);
  self->connector = g_subprocess_launcher_spawnv (launcher, (const char *const *) command, &problem);
  if (self->connector == NULL)
    {
      g_autofree char *shown = g_filename_display_name (command[0]);

      car_failure_refuse (error, _ ("%s cannot be run: %s"), shown, problem->message);
      return -1;
    }

  self->loop = g_main_loop_new (NULL, FALSE);
  g_subprocess_wait_async (self->connector, NULL, on_end, self);
  g_main_loop_run (self->loop);
  if (g_subprocess_get_if_exited (self->connector))
    return g_subprocess_get_exit_status (self->connector);

  int signal = g_subprocess_get_term_sig (self->connector);
  g_printerr (_ ("The connector was killed by signal %d (%s).\n"), signal, g_strsignal (signal));
  return 128 + signal;
}

static gboolean
split_pages (const Collection *self, const char *folder, GError **error)
{
  static const char *const parts[] = { "vertices.jsonl", "edges.jsonl" };
  g_autofree char *pages = carctl_local_service_make_path (&self->service, "pages");
  g_autoptr (GDir) dir = g_dir_open (pages, 0, NULL);
  const char *run;

  while (dir != NULL && (run = g_dir_read_name (dir)) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
      {
        g_autofree char *part = g_build_filename (pages, run, parts[i], NULL);

        if (!carctl_objects_split (part, folder, error))
          return FALSE;
      }
  return TRUE;
}

static gboolean
check_option (const char *option, GError **error)
{
  static const char *const others[] = { "h", "help", "version", "connection-test", NULL };
  int length = (int) strcspn (option, "=");
  g_autofree char *name = g_strndup (option, (gsize) length);

  if (*option == '-' && g_strv_contains (others, name + strspn (name, "-")))
    return car_failure_refuse (
        error, _ ("with %.*s a connector brings nothing: call it without “carctl collect”"), length, option);
  return TRUE;
}

static gboolean
check_options (const CarctlCall *call, GError **error)
{
  for (guint i = 0; call->rest[i] != NULL; i++)
    if (!check_option (call->rest[i], error))
      return FALSE;
  if (call->json && !call->plan)
    return car_failure_refuse (error, _ ("--json is for --plan: what is collected is JSON in files"));
  return carctl_refuse_services (call, call->plan, error);
}

/* A run that was complete and says nothing of itself was none of libcar's. */
static gboolean
check_summary (const char *connector, const char *folder, GError **error)
{
  g_autofree char *summary = g_build_filename (folder, "summary.json", NULL);
  g_autofree char *shown = g_filename_display_name (connector);

  return g_file_test (summary, G_FILE_TEST_EXISTS) ||
         car_failure_refuse (error, _ ("%s is no connector on libcar: it wrote no summary"), shown);
}

static gboolean
has_objects (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (file, CARCTL_OBJECTS_SUFFIX) && !g_str_equal (file, LEFT_OUT))
      return TRUE;
  return FALSE;
}

static void
tell (int code, const char *folder)
{
  g_autofree char *shown = g_filename_display_name (folder);

  if (!has_objects (folder))
    g_print (code == 0 ? _ ("The connector brings nothing.\n")
                       : _ ("The connector failed before it brought anything.\n"));
  else
    g_print (code == 0 ? _ ("What the connector brings is in %s.\n")
                       : _ ("What the connector brought until it failed is in %s.\n"),
             shown);
}

static gboolean
collect_into (const char *folder, CarctlCall *call, GError **error)
{
  g_auto (Collection) self = { 0 };

  catch_signals (&self);
  if (!carctl_local_service_start (&self.service, "car-service", NULL, error))
    return FALSE;

  int code = run_connector (&self, call, folder, error);
  if (code < 0 || !split_pages (&self, folder, error) ||
      (code == 0 && !check_summary (call->arguments[0], folder, error)))
    return FALSE;

  call->exit_code = code;
  if (!call->plan)
    tell (code, folder);
  return TRUE;
}

/* Of a part of what the connector brings nobody knows what an import would close. */
static gboolean
plan (CarctlCall *call, GError **error)
{
  g_autofree char *own = call->folder == NULL ? g_dir_make_tmp ("carctl-XXXXXX", error) : NULL;
  const char *folder = own != NULL ? own : call->folder;
  gboolean done =
      folder != NULL && carctl_make_empty_folder (folder, error) && collect_into (folder, call, error);

  if (done && call->exit_code == 0)
    done = carctl_plan (call, folder, error);
  else if (done)
    g_printerr (_ ("There is no plan: the connector did not bring all that it has.\n"));
  carctl_remove_folder (own);
  return done;
}

static gboolean
collect (CarctlCall *call, GError **error)
{
  const char *folder = call->folder == NULL ? "collected" : call->folder;
  gboolean is_new = !g_file_test (folder, G_FILE_TEST_EXISTS);

  if (!check_options (call, error))
    return FALSE;
  if (call->plan)
    return plan (call, error);
  if (!carctl_make_empty_folder (folder, error))
    return FALSE;

  gboolean done = collect_into (folder, call, error);
  if (is_new)
    g_rmdir (folder); /* unless something is in it */
  return done;
}

const CarctlCommand carctl_collect_command = {
  .name = "collect",
  .arguments = "CONNECTOR [-- OPTION...]",
  .summary = N_ ("Write what a connector brings into a folder"),
  .options = CARCTL_FOLDER | CARCTL_PLAN | CARCTL_JSON,
  .min_arguments = 1,
  .max_arguments = 1,
  .takes_rest = TRUE,
  .run = collect,
};
