/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>

#include <libcar/base/car-language-private.h>

#include "carctl/carctl.h"

gboolean
carctl_make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0700) == 0)
    return TRUE;

  int code = errno;
  g_autofree char *shown = g_filename_display_name (folder);
  return car_failure_refuse (error, _ ("the folder %s cannot be made: %s"), shown, g_strerror (code));
}

gboolean
carctl_make_empty_folder (const char *folder, GError **error)
{
  g_autofree char *shown = g_filename_display_name (folder);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  if (dir != NULL && g_dir_read_name (dir) != NULL)
    return car_failure_refuse (error, _ ("the folder %s is not empty: name another one with --folder"),
                               shown);
  return carctl_make_folder (folder, error);
}

void
carctl_remove_folder (const char *folder)
{
  const char *const command[] = { "rm", "-rf", "--", folder, NULL };

  if (folder != NULL)
    g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

gboolean
carctl_refuse_file (const char *path, const char *problem, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  return car_failure_refuse (error, "%s: %s", shown, problem);
}
