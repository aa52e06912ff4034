/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-folders.h"
#include "carctl/carctl-held.h"
#include "carctl/carctl-moments.h"
#include "carctl/carctl.h"

/* carctl diff: two folders of carctl collect, a folder and what a service holds, or two moments of a service, by collection, object and member. */

#define EXIT_DIFFERENT 1

static gboolean
compare_moments (const CarctlCall *call,
                 GDateTime *from,
                 GDateTime *to,
                 CarctlChanges *changes,
                 GError **error)
{
  g_autoptr (CarClient) client = carctl_open_service (call, error);

  return client != NULL && (call->source == NULL || carctl_held_check_source (client, call->source, error)) &&
         carctl_moments_compare (client, from, to, call->source, changes, error);
}

/* What is there counts as a folder, whatever its name. NULL without an error: it is one. */
static GDateTime *
read_moment (const char *text, GError **error)
{
  if (g_file_test (text, G_FILE_TEST_EXISTS))
    return NULL;

  GDateTime *moment = carctl_moment_parse (text);
  g_autofree char *shown = g_filename_display_name (text);
  if (moment == NULL)
    car_failure_refuse (
        error, _ ("“%s” is no folder that is there, and no moment: write that as 2026-01-31T12:00:00Z"),
        shown);
  return moment;
}

static gboolean
compare_two (const CarctlCall *call, CarctlChanges *changes, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GDateTime) from = read_moment (call->arguments[0], &problem);
  g_autoptr (GDateTime) to = problem == NULL ? read_moment (call->arguments[1], &problem) : NULL;

  if (problem != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if ((from == NULL) != (to == NULL))
    return car_failure_refuse (error, _ ("a folder and a moment cannot be compared: give two of one kind"));
  if (from != NULL)
    return compare_moments (call, from, to, changes, error);
  if (call->source != NULL)
    return car_failure_refuse (error, _ ("two folders are compared whole: leave out --source"));
  return carctl_folders_compare (call->arguments[0], call->arguments[1], changes, error);
}

/* A service is not told apart from a folder by its name, but by what is missing. */
static gboolean
compare_with_service (const CarctlCall *call, CarctlChanges *changes, GError **error)
{
  if (call->source == NULL)
    return car_failure_refuse (error,
                               _ ("with what is it to be compared? Give another folder, or the source of a "
                                  "service with --source"));

  g_autoptr (CarClient) client = carctl_open_service (call, error);
  return client != NULL && carctl_held_check_source (client, call->source, error) &&
         carctl_held_compare (client, call->source, call->arguments[0], FALSE, changes, error);
}

static gboolean
diff (CarctlCall *call, GError **error)
{
  g_autoptr (CarctlChanges) changes = carctl_changes_new (call->json, FALSE);

  if (!(call->arguments[1] == NULL ? compare_with_service : compare_two) (call, changes, error))
    return FALSE;

  call->exit_code = carctl_changes_found_any (changes) ? EXIT_DIFFERENT : 0;
  return TRUE;
}

const CarctlCommand carctl_diff_command = {
  .name = "diff",
  .arguments = "FOLDER [FOLDER]|MOMENT MOMENT",
  .summary = N_ ("Compare such folders, and what a service has"),
  .options = CARCTL_JSON | CARCTL_SOURCE,
  .min_arguments = 1,
  .max_arguments = 2,
  .run = diff,
};
