/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-objects.h"
#include "carctl/carctl.h"

/* carctl collect: what a connector brings, in a folder. The connector runs as always; the service that it sends to is one of its own,
 * in memory, and goes with it. */

#define SERVICE "car-service"
#define SECRET_NAMES "CAR_SERVICE_"
#define START_SECONDS 30

typedef struct
{
  char *folder; /* temporary: everything that goes with the run */
  GSubprocess *service;
  GSubprocess *connector;
  GMainLoop *loop;
} Collection;

static void
remove_folder (const char *folder)
{
  const char *const command[] = { "rm", "-rf", "--", folder, NULL };

  if (folder != NULL)
    g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

static void
collection_clear (Collection *self)
{
  if (self->service != NULL)
    {
      g_subprocess_send_signal (self->service, SIGTERM);
      g_subprocess_wait (self->service, NULL, NULL);
      g_object_unref (self->service);
    }
  g_clear_object (&self->connector);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  remove_folder (self->folder);
  g_free (self->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collection, collection_clear)

/* The settings in files win over the environment, so those that name a service must not be seen. All others stay. */
static char *
make_view (const Collection *self, const char *folder, const char *name)
{
  g_autofree char *view = g_build_filename (self->folder, name, NULL);
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (absolute, 0, NULL);
  const char *file;

  g_mkdir (view, 0700);
  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *target = g_build_filename (absolute, file, NULL);
      g_autofree char *link = g_build_filename (view, file, NULL);

      if (!g_str_has_prefix (file, SECRET_NAMES) && symlink (target, link) != 0)
        g_warning ("%s: %s", link, g_strerror (errno));
    }
  return g_steal_pointer (&view);
}

static void
set_secrets (const Collection *self,
             GSubprocessLauncher *launcher,
             const char *variable,
             const char *otherwise)
{
  const char *folder = g_getenv (variable);

  if (folder == NULL || *folder == '\0')
    folder = otherwise;
  if (folder == NULL)
    return;

  g_autofree char *view = make_view (self, folder, variable);
  g_subprocess_launcher_setenv (launcher, variable, view, TRUE);
}

static char *
make_path (const Collection *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

/* The same for both: who one is to the service. Nobody else is there to know the password. */
static GSubprocessLauncher *
make_launcher (const Collection *self, const char *password)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *state = make_path (self, "state");

  g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_KEY", "collect", TRUE);
  g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_PASSWORD", password, TRUE);
  g_subprocess_launcher_setenv (launcher, "CAR_STATE_DIR", state, TRUE);
  g_subprocess_launcher_unsetenv (launcher, "CAR_SERVICE_URL_FOR_AUTHTOKEN");
  g_subprocess_launcher_unsetenv (launcher, "CAR_SERVICE_AUTHTOKEN");
  g_subprocess_launcher_unsetenv (launcher, "CAR_SERVICE_CA");

  return launcher;
}

/* Where the service is, once it listens. */
static char *
wait_for_service (const Collection *self, const char *port_file, const char *log, GError **error)
{
  g_autofree char *port = NULL;

  for (guint i = 0; i < START_SECONDS * 20; i++)
    {
      g_clear_pointer (&port, g_free);
      if (g_file_get_contents (port_file, &port, NULL, NULL) && *g_strchomp (port) != '\0')
        return g_strdup_printf ("http://127.0.0.1:%s/api/car/v2", port);
      if (g_subprocess_get_identifier (self->service) == NULL)
        break;
      g_usleep (G_USEC_PER_SEC / 20);
      g_main_context_iteration (NULL, FALSE);
    }

  g_autofree char *said = NULL;
  g_file_get_contents (log, &said, NULL, NULL);
  car_failure_refuse (error, _ ("%s does not start: %s"), SERVICE, said == NULL ? "" : g_strchomp (said));
  return NULL;
}

static char *
start_service (Collection *self, const char *password, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = make_launcher (self, password);
  g_autofree char *port_file = make_path (self, "port");
  g_autofree char *log = make_path (self, "service.log");
  g_autoptr (GError) problem = NULL;

  g_subprocess_launcher_set_stdout_file_path (launcher, log);
  g_subprocess_launcher_set_flags (launcher, G_SUBPROCESS_FLAGS_STDERR_MERGE);
  self->service = g_subprocess_launcher_spawn (launcher, &problem, SERVICE, "--database",
                                               ":memory:", "--port-file", port_file, NULL);
  if (self->service != NULL)
    return wait_for_service (self, port_file, log, error);

  car_failure_refuse (error, _ ("%s cannot be run: %s"), SERVICE, problem->message);
  return NULL;
}

static gboolean
on_sigterm (gpointer user_data)
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

static void
on_end (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_main_loop_quit (((Collection *) user_data)->loop);
}

static char **
make_command (const Collection *self, const CarctlCall *call, const char *folder)
{
  g_autoptr (GStrvBuilder) command = g_strv_builder_new ();
  g_autofree char *pages = make_path (self, "pages");
  g_autofree char *summary = g_build_filename (folder, "summary.json", NULL);
  g_autofree char *left_out = g_build_filename (folder, "left-out.jsonl", NULL);

  g_strv_builder_add (command, call->arguments[0]);
  g_strv_builder_addv (command, (const char **) call->rest);
  g_strv_builder_add_many (command, "-export-data-dir", pages, "-keep-export-data-dir", "-summary", summary,
                           "-left-out", left_out, NULL);
  return g_strv_builder_end (command);
}

/* The exit code of a connector that ended, or that of a shell for one that was killed; -1 with an error. */
static int
run_connector (Collection *self,
               const CarctlCall *call,
               const char *url,
               const char *password,
               const char *folder,
               GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = make_launcher (self, password);
  g_auto (GStrv) command = make_command (self, call, folder);
  g_autoptr (GError) problem = NULL;

  g_subprocess_launcher_set_flags (launcher, G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_URL", url, TRUE);
  g_subprocess_launcher_setenv (launcher, "CONNECTION_NAME", "collect", FALSE);
  set_secrets (self, launcher, "CAR_SECRETS_DIR", "/etc/secrets");
  set_secrets (self, launcher, "CREDENTIALS_DIRECTORY", NULL);
  self->connector = g_subprocess_launcher_spawnv (launcher, (const char *const *) command, &problem);
  if (self->connector == NULL)
    {
      g_autofree char *shown = g_filename_display_name (command[0]);

      car_failure_refuse (error, _ ("%s cannot be run: %s"), shown, problem->message);
      return -1;
    }

  self->loop = g_main_loop_new (NULL, FALSE);
  guint sigterm = g_unix_signal_add (SIGTERM, on_sigterm, self);
  guint sigint = g_unix_signal_add (SIGINT, on_sigint, self);
  g_subprocess_wait_async (self->connector, NULL, on_end, self);
  g_main_loop_run (self->loop);
  g_source_remove (sigterm);
  g_source_remove (sigint);

  return g_subprocess_get_if_exited (self->connector) ? g_subprocess_get_exit_status (self->connector)
                                                      : 128 + g_subprocess_get_term_sig (self->connector);
}

/* What is there stays: nothing of two runs is mixed. */
static gboolean
make_folder (const char *folder, GError **error)
{
  g_autofree char *shown = g_filename_display_name (folder);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  if (dir != NULL && g_dir_read_name (dir) != NULL)
    return car_failure_refuse (error, _ ("the folder %s is not empty: name another one with --folder"),
                               shown);
  return carctl_make_folder (folder, error);
}

static gboolean
split_pages (const Collection *self, const char *folder, GError **error)
{
  static const char *const parts[] = { "vertices.jsonl", "edges.jsonl" };
  g_autofree char *pages = make_path (self, "pages");
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
check_options (const CarctlCall *call, GError **error)
{
  for (guint i = 0; call->rest[i] != NULL; i++)
    if (carctl_is_service_option (call->rest[i]))
      return car_failure_refuse (
          error, _ ("%.*s names a service: a connector that is collected from has one of its own"),
          (int) strcspn (call->rest[i], "="), call->rest[i]);
  return call->service[0] == NULL ||
         car_failure_refuse (error, _ ("“collect” sends nothing to a service: leave out %.*s"),
                             (int) strcspn (call->service[0], "="), call->service[0]);
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
collect (CarctlCall *call, GError **error)
{
  g_auto (Collection) self = { 0 };
  const char *folder = call->folder == NULL ? "collected" : call->folder;
  g_autofree char *shown = g_filename_display_name (folder);
  g_autofree char *password = g_uuid_string_random ();

  if (!check_options (call, error) || !make_folder (folder, error))
    return FALSE;

  self.folder = g_dir_make_tmp ("carctl-XXXXXX", error);
  g_autofree char *url = self.folder == NULL ? NULL : start_service (&self, password, error);
  if (url == NULL)
    return FALSE;

  int code = run_connector (&self, call, url, password, folder, error);
  if (code < 0 || !split_pages (&self, folder, error) ||
      (code == 0 && !check_summary (call->arguments[0], folder, error)))
    return FALSE;

  call->exit_code = code;
  g_print (code == 0 ? _ ("What the connector brings is in %s.\n")
                     : _ ("What the connector brought until it failed is in %s.\n"),
           shown);
  return TRUE;
}

const CarctlCommand carctl_collect_command = {
  .name = "collect",
  .arguments = "CONNECTOR [-- OPTION...]",
  .summary = N_ ("Write what a connector brings into a folder"),
  .options = CARCTL_FOLDER,
  .min_arguments = 1,
  .max_arguments = 1,
  .takes_rest = TRUE,
  .run = collect,
};
