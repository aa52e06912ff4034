/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-private.h>

#include "carctl/carctl.h"
#include "carctl/check/check-service.h"

#define PROGRAM "car-fault-service"
#define N_HEADS 2 /* lines that say where it listens */

gboolean
check_service_start (CheckService *self, const char *database, const char *rule, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *port = NULL;

  if (!carctl_local_service_open (&self->local, error))
    return FALSE;

  g_autofree char *path = carctl_local_service_make_path (&self->local, "clear-port");
  if (database != NULL)
    g_strv_builder_add_many (builder, "--database", database, NULL);
  if (rule != NULL)
    g_strv_builder_add_many (builder, "--fault", rule, NULL);
  else
    g_strv_builder_add (builder, "--verbose");
  g_strv_builder_add_many (builder, "--service-port-file", path, NULL);
  g_auto (GStrv) options = g_strv_builder_end (builder);

  if (!carctl_local_service_start (&self->local, PROGRAM, (const char *const *) options, error) ||
      !g_file_get_contents (path, &port, NULL, error))
    return FALSE;

  self->url = carctl_local_service_make_url (g_strchomp (port));
  return TRUE;
}

void
check_service_clear (CheckService *self)
{
  carctl_local_service_clear (&self->local);
  g_clear_pointer (&self->url, g_free);
}

CarClient *
check_service_open (const CheckService *self, GError **error)
{
  CarClient *client = car_client_new (self->url, CARCTL_LOCAL_SERVICE_KEY, self->local.password, error);
  CarClientLimits limits;

  if (client == NULL)
    return NULL;

  /* It is on this machine: one that does not answer has ended. */
  car_client_get_limits (client, &limits);
  limits.max_retries = 1;
  car_client_set_limits (client, &limits);
  return client;
}

GStrv
check_service_list_requests (const CheckService *self)
{
  g_autofree char *path = carctl_local_service_make_path (&self->local, CARCTL_LOCAL_SERVICE_LOG);
  g_autofree char *text = NULL;
  const char *at;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_new0 (char *, 1);

  at = text;
  for (guint i = 0; i < N_HEADS && at != NULL; i++)
    at = (at = strchr (at, '\n')) == NULL ? NULL : at + 1;
  return at == NULL ? g_new0 (char *, 1) : g_strsplit (g_strchomp ((char *) at), "\n", -1);
}
