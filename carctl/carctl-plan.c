/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-held.h"
#include "carctl/carctl-objects.h"
#include "carctl/carctl-plan.h"

#define MAX_SUMMARY_SIZE (16 * 1024 * 1024)

/* The connector knows its source, from options, the environment or a file of its own, and says it in its summary. */
static char *
read_source (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, CARCTL_OBJECTS_SUMMARY, NULL);
  g_autoptr (GError) problem = NULL;
  gsize length = 0;
  g_autofree char *text = car_file_read (path, MAX_SUMMARY_SIZE, &length, &problem);
  CarJsonSpan summary;

  if (text == NULL || !car_json_read_text (text, length, &summary, &problem))
    {
      carctl_refuse_file (path, problem->message, error);
      return NULL;
    }

  char *source = car_json_span_dup_member (&summary, "source");
  if (source == NULL)
    carctl_refuse_file (path, _ ("it does not name the source: give the connector one with -source"), error);
  return source;
}

/* All would be new in a source that the service does not have, unless its name is wrong. */
static gboolean
check_source (CarClient *client, const char *source, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (carctl_held_check_source (client, source, &problem))
    return TRUE;
  if (!g_error_matches (problem, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  g_printerr (_ ("All would be new, for %s. If that is not the name, give the connector another -source.\n"),
              problem->message);
  return TRUE;
}

gboolean
carctl_plan (const CarctlCall *call, const char *folder, GError **error)
{
  g_autofree char *source = read_source (folder, error);
  g_autoptr (CarClient) client = source == NULL ? NULL : carctl_open_service (call, error);
  g_autoptr (CarctlChanges) changes = carctl_changes_new (call->json, TRUE);

  if (client == NULL || !check_source (client, source, error) ||
      !carctl_held_compare (client, source, folder, TRUE, changes, error))
    return FALSE;

  if (!call->json && !carctl_changes_found_any (changes))
    g_print (_ ("A full import would change nothing.\n"));
  return TRUE;
}
