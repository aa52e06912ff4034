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

void
carctl_remove_folder (const char *folder)
{
  const char *const command[] = { "rm", "-rf", "--", folder, NULL };

  g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

gboolean
carctl_refuse_file (const char *path, const char *problem, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  return car_failure_refuse (error, "%s: %s", shown, problem);
}
