/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-local-service.h"
#include "carctl/carctl.h"

#define SECRET_NAMES "CAR_SERVICE_"
#define START_SECONDS 30

void
carctl_local_service_clear (CarctlLocalService *self)
{
  if (self->process != NULL)
    {
      g_subprocess_send_signal (self->process, SIGTERM);
      g_subprocess_wait (self->process, NULL, NULL);
    }
  g_clear_object (&self->process);
  carctl_remove_folder (self->folder);
  g_clear_pointer (&self->folder, g_free);
  g_clear_pointer (&self->password, g_free);
  g_clear_pointer (&self->url, g_free);
}

gboolean
carctl_local_service_open (CarctlLocalService *self, GError **error)
{
  if (self->password == NULL)
    self->password = g_uuid_string_random ();
  if (self->folder == NULL)
    self->folder = g_dir_make_tmp ("carctl-XXXXXX", error);
  return self->folder != NULL;
}

char *
carctl_local_service_make_path (const CarctlLocalService *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

/* The settings in files win over the environment, so those that name a service must not be seen. All others stay. */
static char *
make_view (const CarctlLocalService *self, const char *folder, const char *name)
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

      if (!g_str_has_prefix (file, SECRET_NAMES) && symlink (target, link) != 0 && errno != EEXIST)
        g_warning ("%s: %s", link, g_strerror (errno));
    }
  return g_steal_pointer (&view);
}

static void
set_secrets (const CarctlLocalService *self,
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

/* The same for both: who one is to the service. */
static GSubprocessLauncher *
make_launcher (const CarctlLocalService *self, GSubprocessFlags flags)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (flags);

  g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_KEY", CARCTL_LOCAL_SERVICE_KEY, TRUE);
  g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_PASSWORD", self->password, TRUE);
  g_subprocess_launcher_unsetenv (launcher, "CAR_SERVICE_URL_FOR_AUTHTOKEN");
  g_subprocess_launcher_unsetenv (launcher, "CAR_SERVICE_AUTHTOKEN");
  g_subprocess_launcher_unsetenv (launcher, "CAR_SERVICE_CA");

  return launcher;
}

GSubprocessLauncher *
carctl_local_service_make_launcher (const CarctlLocalService *self, GSubprocessFlags flags)
{
  GSubprocessLauncher *launcher = make_launcher (self, flags);
  g_autofree char *state = carctl_local_service_make_path (self, "state");

  g_subprocess_launcher_setenv (launcher, "CAR_STATE_DIR", state, TRUE);
  g_subprocess_launcher_setenv (launcher, "CAR_SERVICE_URL", self->url, TRUE);
  set_secrets (self, launcher, "CAR_SECRETS_DIR", "/etc/secrets");
  set_secrets (self, launcher, "CREDENTIALS_DIRECTORY", NULL);

  return launcher;
}

char *
carctl_local_service_make_url (const char *port)
{
  return g_strdup_printf ("http://127.0.0.1:%s/api/car/v2", port);
}

/* Where the service is, once it listens. */
static char *
wait_for_port (const CarctlLocalService *self, const char *port_file)
{
  g_autofree char *port = NULL;

  for (guint i = 0; i < START_SECONDS * 100; i++)
    {
      g_clear_pointer (&port, g_free);
      if (g_file_get_contents (port_file, &port, NULL, NULL) && *g_strchomp (port) != '\0')
        return carctl_local_service_make_url (port);
      if (g_subprocess_get_identifier (self->process) == NULL)
        break;
      g_usleep (G_USEC_PER_SEC / 100);
    }
  return NULL;
}

/* A group of its own: Ctrl-C is for whoever started it, who still has to ask it. */
static void
set_up_child (gpointer user_data)
{
  setpgid (0, 0);
}

static gboolean
spawn (CarctlLocalService *self,
       const char *program,
       const char *const *options,
       const char *port_file,
       const char *log,
       GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = make_launcher (self, G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GError) problem = NULL;

  g_strv_builder_add_many (builder, program, "--database", ":memory:", "--port-file", port_file, NULL);
  if (options != NULL)
    g_strv_builder_addv (builder, (const char **) options);
  g_auto (GStrv) command = g_strv_builder_end (builder);

  g_subprocess_launcher_set_stdout_file_path (launcher, log);
  g_subprocess_launcher_set_child_setup (launcher, set_up_child, NULL, NULL);
  self->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) command, &problem);
  return self->process != NULL ||
         car_failure_refuse (error, _ ("%s cannot be run: %s"), program, problem->message);
}

gboolean
carctl_local_service_start (CarctlLocalService *self,
                            const char *program,
                            const char *const *options,
                            GError **error)
{
  if (!carctl_local_service_open (self, error))
    return FALSE;

  g_autofree char *port_file = carctl_local_service_make_path (self, "port");
  g_autofree char *log = carctl_local_service_make_path (self, CARCTL_LOCAL_SERVICE_LOG);
  if (!spawn (self, program, options, port_file, log, error))
    return FALSE;

  self->url = wait_for_port (self, port_file);
  if (self->url != NULL)
    return TRUE;

  g_autofree char *said = NULL;
  g_file_get_contents (log, &said, NULL, NULL);
  return car_failure_refuse (error, _ ("%s does not start: %s"), program,
                             said == NULL ? "" : g_strchomp (said));
}
