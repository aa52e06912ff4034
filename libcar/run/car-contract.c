/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/run/car-contract-private.h>

gboolean
car_contract_check (gpointer instance,
                    const char *method,
                    gboolean succeeded,
                    GError *failure,
                    GError **error)
{
  const char *class_name = G_OBJECT_TYPE_NAME (instance);

  if (succeeded && failure == NULL)
    return TRUE;

  if (!succeeded && failure != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }

  if (succeeded)
    g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                 "%s.%s succeeded and set an error all the same: %s", class_name, method, failure->message);
  else
    g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, "%s.%s failed and set no error", class_name,
                 method);

  g_clear_error (&failure);
  return FALSE;
}

static gboolean
check_type (gpointer instance, const char *method, gpointer object, GType type, GError **error)
{
  if (object == NULL || g_type_is_a (G_OBJECT_TYPE (object), type))
    return TRUE;

  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, "%s.%s returned a %s, which is not a %s",
               G_OBJECT_TYPE_NAME (instance), method, G_OBJECT_TYPE_NAME (object), g_type_name (type));
  return FALSE;
}

gpointer
car_contract_check_object (gpointer instance,
                           const char *method,
                           gpointer object,
                           GType type,
                           GError *failure,
                           GError **error)
{
  g_autoptr (GObject) owned = object;

  if (!car_contract_check (instance, method, owned != NULL, failure, error) ||
      !check_type (instance, method, owned, type, error))
    return NULL;

  return g_steal_pointer (&owned);
}

gboolean
car_contract_check_optional (gpointer instance,
                             const char *method,
                             gboolean succeeded,
                             gpointer object,
                             GType type,
                             gpointer *out,
                             GError *failure,
                             GError **error)
{
  g_autoptr (GObject) owned = object;

  *out = NULL;
  if (!car_contract_check (instance, method, succeeded, failure, error) ||
      !check_type (instance, method, owned, type, error))
    return FALSE;

  *out = g_steal_pointer (&owned);
  return TRUE;
}

void
car_contract_set_missing (gpointer instance, const char *method, GError **error)
{
  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, "%s does not implement %s, which it must",
               G_OBJECT_TYPE_NAME (instance), method);
}
