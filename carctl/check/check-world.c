/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>

#include "carctl/check/check-world.h"

static gboolean
copy (const char *from, const char *to, GError **error)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);

  return g_file_copy (source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error);
}

static gboolean
start (const CheckWorld *world, CheckService *service, const char *rule, GError **error)
{
  if (world->database == NULL)
    return check_service_start (service, NULL, rule, error);
  if (!carctl_local_service_open (&service->local, error))
    return FALSE;

  g_autofree char *path = carctl_local_service_make_path (&service->local, "car.db");
  return copy (world->database, path, error) && check_service_start (service, path, rule, error);
}

gboolean
check_world_start (CheckCase *self, const CheckWorld *world, CheckService *service, const char *rule)
{
  GError *error = NULL;

  if (start (world, service, rule, &error))
    return TRUE;

  check_case_take (self, error);
  return FALSE;
}

CheckGraph *
check_world_read (CheckCase *self, const CheckService *service)
{
  const Check *check = self->check;
  GError *error = NULL;
  g_autoptr (CarClient) client = check_service_open (service, &error);
  CheckGraph *graph = client == NULL ? NULL : check_graph_read (client, check->source, &error);

  if (graph == NULL)
    check_case_take (self, error);
  return graph;
}

gboolean
check_world_compare (CheckCase *self, const CheckWorld *world, const CheckService *service, const char *when)
{
  g_autoptr (CheckGraph) seen = check_world_read (self, service);
  if (seen == NULL)
    return FALSE;

  g_autofree char *difference = check_graph_compare (world->right, seen);
  if (difference == NULL)
    return TRUE;

  check_case_fail (self, _ ("%s the graph is another one: %s"), when, difference);
  return FALSE;
}

gboolean
check_world_forget (CheckCase *self, const CheckService *service)
{
  const Check *check = self->check;
  GError *error = NULL;
  g_autoptr (CarClient) client = check_service_open (service, &error);

  if (client != NULL && car_client_set_save_point (client, check->source, "", NULL, &error))
    return TRUE;

  check_case_take (self, error);
  return FALSE;
}
