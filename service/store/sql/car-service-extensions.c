/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/store/car-service-error.h"
#include "service/store/sql/car-service-extensions.h"
#include "service/store/sql/car-service-sql.h"

#define EXTENSION "SELECT key, owner, version, body FROM extension"

CarServiceRow *
car_service_extensions_list (CarServiceStore *store, GError **error)
{
  return car_service_store_select (store, error, EXTENSION " ORDER BY key", "");
}

gboolean
car_service_extensions_find (CarServiceStore *store, const char *key, CarServiceRow **row, GError **error)
{
  return car_service_store_find (store, row, error, EXTENSION " WHERE key = ?", "s", key);
}

gboolean
car_service_extensions_put (CarServiceStore *store,
                            const char *key,
                            const char *owner,
                            const char *version,
                            const char *body,
                            GError **error)
{
  return car_service_store_run (store, error,
                                "INSERT INTO extension (key, owner, version, body) VALUES (?, ?, ?, ?)"
                                " ON CONFLICT (key) DO UPDATE SET owner = excluded.owner,"
                                "  version = excluded.version, body = excluded.body",
                                "ssss", key, owner, version, body);
}

gboolean
car_service_extensions_delete (CarServiceStore *store, const char *key, gboolean *found, GError **error)
{
  if (!car_service_store_run (store, error, "DELETE FROM extension WHERE key = ?", "s", key))
    return FALSE;
  *found = car_service_store_get_changes (store) > 0;

  return TRUE;
}

typedef struct
{
  char *key;
  char *body;
  GError *problem; /* why it could not be added when that was last tried */
} Extension;

static void
extension_free (gpointer data)
{
  Extension *extension = data;

  g_free (extension->key);
  g_free (extension->body);
  g_clear_error (&extension->problem);
  g_free (extension);
}

static GPtrArray *
load (CarServiceStore *store, GError **error)
{
  g_autoptr (GPtrArray) extensions = g_ptr_array_new_with_free_func (extension_free);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *row = car_service_extensions_list (store, &problem);

  while (row != NULL && car_service_row_next (row, &problem))
    {
      Extension *extension = g_new0 (Extension, 1);

      extension->key = g_strdup (car_service_row_get_text (row, 0));
      extension->body = g_strdup (car_service_row_get_text (row, 3));
      g_ptr_array_add (extensions, extension);
    }

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&extensions) : NULL;
}

/* Only the one that changes is new. */
static gboolean
add (CarCoreModel *model, Extension *extension, const char *changed)
{
  gsize length = strlen (extension->body);

  g_clear_error (&extension->problem);
  return g_strcmp0 (extension->key, changed) == 0
             ? car_core_model_add_extension (model, extension->body, length, &extension->problem)
             : car_core_model_add_known_extension (model, extension->body, length, &extension->problem);
}

/* What one says, another may need, and which of them that is only adding them tells. */
static void
add_all (CarCoreModel *model, GPtrArray *extensions, const char *changed)
{
  guint n_before = G_MAXUINT;

  while (extensions->len < n_before)
    {
      n_before = extensions->len;
      for (guint i = 0; i < extensions->len;)
        {
          if (add (model, g_ptr_array_index (extensions, i), changed))
            g_ptr_array_remove_index (extensions, i);
          else
            i++;
        }
    }
}

/* The extension of this key among those that are left; else the first. */
static const Extension *
find_culprit (const GPtrArray *left, const char *changed)
{
  for (guint i = 0; changed != NULL && i < left->len; i++)
    if (strcmp (((const Extension *) g_ptr_array_index (left, i))->key, changed) == 0)
      return g_ptr_array_index (left, i);

  return g_ptr_array_index (left, 0);
}

static void
set_error (const Extension *culprit, const char *changed, GError **error)
{
  const char *problem = culprit->problem->message;

  if (changed == NULL)
    g_set_error (error, CAR_SERVICE_ERROR, 500, "The schema extension %s that is stored is wrong: %s",
                 culprit->key, problem);
  else if (strcmp (culprit->key, changed) == 0)
    g_set_error (error, CAR_SERVICE_ERROR, 422, "The schema extension %s: %s", changed, problem);
  else
    g_set_error (error, CAR_SERVICE_ERROR, 409,
                 "The schema extension %s builds on the one that changes, %s: change or delete it first (%s)",
                 culprit->key, changed, problem);
}

CarCoreModel *
car_service_extensions_make_model (CarServiceStore *store, const char *changed, GError **error)
{
  g_autoptr (CarCoreModel) model = car_core_model_new (error);
  g_autoptr (GPtrArray) extensions = model != NULL ? load (store, error) : NULL;

  if (extensions == NULL)
    return NULL;
  add_all (model, extensions, changed);
  if (extensions->len == 0)
    return g_steal_pointer (&model);

  set_error (find_culprit (extensions, changed), changed, error);
  return NULL;
}
