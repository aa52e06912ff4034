/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/run/car-app.h>
#include <libcar/run/car-contract-private.h>
#include <libcar/run/car-import-private.h>

typedef struct
{
  CarApp *app;
  CarClient *client;
  CarDataHandler *data_handler;
  CarAssetServer *asset_server;

  GMutex lock;
  GHashTable *incomplete; /* collection → why */
} CarImportPrivate;

enum
{
  PROP_0,
  PROP_APP,
  PROP_CLIENT,
  PROP_DATA_HANDLER,
  PROP_ASSET_SERVER,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/**
 * CarImport:
 *
 * What a full and an incremental import have in common. A connector subclasses [class@FullImport] and
 * [class@IncrementalImport].
 *
 * An importer reads from the data source ([method@Import.get_asset_server]), and hands what it reads to the data handler
 * ([method@Import.get_data_handler]), object by object. libcar checks, stages and sends the objects. The run calls all methods
 * in the order of protocol.md, in the thread that runs the app, and sends what they added when all of it was read. They may take as long as they need, and look at their
 * cancellable in between. Other threads may add objects too: see [class@DataHandler].
 *
 * The properties of an importer are what it works with. The run sets them before the first call, and to %NULL after the last.
 * A test sets those that the importer needs, calls its methods, and asks a data handler without a client what was added.
 *
 * A failure is an error of %CAR_DATASOURCE_FAILURE, %CAR_RECOVERABLE_FAILURE,
 * %CAR_UNRECOVERABLE_FAILURE or %CAR_APP_ERROR; every other error is a general failure.
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (CarImport, car_import, G_TYPE_OBJECT)

static gboolean
car_import_real_get_new_save_point (CarImport *self,
                                    char **save_point,
                                    GCancellable *cancellable,
                                    GError **error)
{
  *save_point = NULL;
  return TRUE;
}

static void
car_import_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CarImportPrivate *priv = car_import_get_instance_private (CAR_IMPORT (object));

  switch (id)
    {
    case PROP_APP:
      g_value_set_object (value, priv->app);
      break;
    case PROP_CLIENT:
      g_value_set_object (value, priv->client);
      break;
    case PROP_DATA_HANDLER:
      g_value_set_object (value, priv->data_handler);
      break;
    case PROP_ASSET_SERVER:
      g_value_set_object (value, priv->asset_server);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_import_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CarImportPrivate *priv = car_import_get_instance_private (CAR_IMPORT (object));

  switch (id)
    {
    case PROP_APP:
      g_set_object (&priv->app, g_value_get_object (value));
      break;
    case PROP_CLIENT:
      g_set_object (&priv->client, g_value_get_object (value));
      break;
    case PROP_DATA_HANDLER:
      g_set_object (&priv->data_handler, g_value_get_object (value));
      break;
    case PROP_ASSET_SERVER:
      g_set_object (&priv->asset_server, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_import_dispose (GObject *object)
{
  CarImportPrivate *priv = car_import_get_instance_private (CAR_IMPORT (object));

  g_clear_object (&priv->app);
  g_clear_object (&priv->client);
  g_clear_object (&priv->data_handler);
  g_clear_object (&priv->asset_server);

  G_OBJECT_CLASS (car_import_parent_class)->dispose (object);
}

static void
car_import_finalize (GObject *object)
{
  CarImportPrivate *priv = car_import_get_instance_private (CAR_IMPORT (object));

  g_hash_table_unref (priv->incomplete);
  g_mutex_clear (&priv->lock);

  G_OBJECT_CLASS (car_import_parent_class)->finalize (object);
}

static void
car_import_class_init (CarImportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = car_import_set_property;
  object_class->get_property = car_import_get_property;
  object_class->dispose = car_import_dispose;
  object_class->finalize = car_import_finalize;
  klass->get_new_save_point = car_import_real_get_new_save_point;

  /**
   * CarImport:app:
   *
   * The app whose run this is; %NULL outside a run.
   */
  properties[PROP_APP] = g_param_spec_object ("app", NULL, NULL, CAR_TYPE_APP, flags);

  /**
   * CarImport:client:
   *
   * The CAR service; %NULL outside a run.
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client", NULL, NULL, CAR_TYPE_CLIENT, flags);

  /**
   * CarImport:data-handler:
   *
   * What takes vertices and edges; %NULL outside a run.
   */
  properties[PROP_DATA_HANDLER] =
      g_param_spec_object ("data-handler", NULL, NULL, CAR_TYPE_DATA_HANDLER, flags);

  /**
   * CarImport:asset-server:
   *
   * The way to the data source; %NULL outside a run.
   */
  properties[PROP_ASSET_SERVER] =
      g_param_spec_object ("asset-server", NULL, NULL, CAR_TYPE_ASSET_SERVER, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
car_import_init (CarImport *self)
{
  CarImportPrivate *priv = car_import_get_instance_private (self);

  g_mutex_init (&priv->lock);
  priv->incomplete = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

gboolean
car_import_check_ready (CarImport *self, const char *method, GError **error)
{
  CarImportPrivate *priv = car_import_get_instance_private (self);

  if (priv->data_handler != NULL)
    return TRUE;

  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
      "%s.%s was called without a data handler: outside a run, set the property “data-handler” first",
      G_OBJECT_TYPE_NAME (self), method);
  return FALSE;
}

/**
 * car_import_get_new_save_point:
 * @self: an importer
 * @save_point: (out) (transfer full) (nullable): where the data source stands in its history now, as text of the
 *   connector's own choice; %NULL where it has no such thing
 * @cancellable: (nullable): cancelled when the run is to stop
 * @error: return location for an error
 *
 * Asks where the data source stands now. The run does so before it reads any data, so that nothing slips between. It keeps
 * the answer in the CAR service after the import, and gives it to [method@IncrementalImport.get_data_for_delta] in the next
 * run. An empty text means the same as %NULL: the next import is a full one.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_import_get_new_save_point (CarImport *self, char **save_point, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), FALSE);
  g_return_val_if_fail (save_point != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  GError *failure = NULL;
  g_autofree char *found = NULL;
  gboolean asked = CAR_IMPORT_GET_CLASS (self)->get_new_save_point (self, &found, cancellable, &failure);

  *save_point = NULL;
  if (!car_contract_check (self, "get_new_save_point", asked, failure, error))
    return FALSE;

  if (found != NULL && !g_utf8_validate (found, -1, NULL))
    {
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                   "%s.get_new_save_point returned a save point that is not UTF-8",
                   G_OBJECT_TYPE_NAME (self));
      return FALSE;
    }

  if (found != NULL && *found != '\0')
    *save_point = g_steal_pointer (&found);
  return TRUE;
}

/**
 * car_import_import_vertices:
 * @self: an importer
 * @cancellable: (nullable): cancelled when the run is to stop
 * @error: return location for an error
 *
 * Adds vertices to the data handler: all that the data source has (a full import), or those of the delta (an
 * incremental one). The run sends them when all was read, edges too: so it need not read anything again if the CAR service is away
 * meanwhile. An importer that needs the vertices in the service to read its edges sends them itself, with
 * [method@DataHandler.send_vertices].
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_import_import_vertices (CarImport *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  CarImportClass *klass = CAR_IMPORT_GET_CLASS (self);
  if (klass->import_vertices == NULL)
    {
      car_contract_set_missing (self, "import_vertices", error);
      return FALSE;
    }
  if (!car_import_check_ready (self, "import_vertices", error))
    return FALSE;

  GError *failure = NULL;
  gboolean imported = klass->import_vertices (self, cancellable, &failure);

  return car_contract_check (self, "import_vertices", imported, failure, error);
}

/**
 * car_import_import_edges:
 * @self: an importer
 * @cancellable: (nullable): cancelled when the run is to stop
 * @error: return location for an error
 *
 * Adds edges to the data handler, as [method@Import.import_vertices] adds vertices. The run calls this when all vertices
 * were read.
 *
 * Returns: %TRUE, or %FALSE with an error
 */
gboolean
car_import_import_edges (CarImport *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  CarImportClass *klass = CAR_IMPORT_GET_CLASS (self);
  if (klass->import_edges == NULL)
    {
      car_contract_set_missing (self, "import_edges", error);
      return FALSE;
    }
  if (!car_import_check_ready (self, "import_edges", error))
    return FALSE;

  GError *failure = NULL;
  gboolean imported = klass->import_edges (self, cancellable, &failure);

  return car_contract_check (self, "import_edges", imported, failure, error);
}

/**
 * car_import_set_incomplete:
 * @self: an importer
 * @collection: a collection of vertices or edges, such as `asset`
 * @reason: why not all of it could be read, for people: a text in UTF-8
 *
 * Says that this import has not all that the data source holds of a collection: a page of its API failed, a file was cut off,
 * a permission is missing. The run goes on and sends what there is. At its end nothing is closed and nothing is deleted, the
 * save point stays as it is, and the connector exits with %CAR_APP_ERROR_PARTIAL (protocol.md, "Closing").
 *
 * Fail instead where nothing could be read. It may be called from any thread while the importer works. The first reason of a
 * collection stays.
 */
void
car_import_set_incomplete (CarImport *self, const char *collection, const char *reason)
{
  g_return_if_fail (CAR_IS_IMPORT (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (reason != NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);

  g_mutex_lock (&priv->lock);
  if (!g_hash_table_contains (priv->incomplete, collection))
    g_hash_table_insert (priv->incomplete, g_strdup (collection), g_utf8_make_valid (reason, -1));
  g_mutex_unlock (&priv->lock);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * car_import_list_incomplete:
 * @self: an importer
 *
 * Lists the collections that [method@Import.set_incomplete] was called for.
 *
 * Returns: (transfer full) (array zero-terminated=1): their names, sorted; none where all was read
 */
char **
car_import_list_incomplete (CarImport *self)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_mutex_lock (&priv->lock);
  g_hash_table_iter_init (&iter, priv->incomplete);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_mutex_unlock (&priv->lock);

  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

/**
 * car_import_dup_incomplete_reason:
 * @self: an importer
 * @collection: a collection
 *
 * Gets why not all of a collection could be read, as [method@Import.set_incomplete] was told.
 *
 * Returns: (transfer full) (nullable): the reason; %NULL where nothing was said of the collection
 */
char *
car_import_dup_incomplete_reason (CarImport *self, const char *collection)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), NULL);
  g_return_val_if_fail (collection != NULL, NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);

  g_mutex_lock (&priv->lock);
  char *reason = g_strdup (g_hash_table_lookup (priv->incomplete, collection));
  g_mutex_unlock (&priv->lock);
  return reason;
}

/**
 * car_import_get_app:
 * @self: an importer
 *
 * Gets the app whose run this is. It has the settings ([method@App.get_setting]).
 *
 * Returns: (transfer none) (nullable): the app; %NULL outside a run
 */
CarApp *
car_import_get_app (CarImport *self)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);
  return priv->app;
}

/**
 * car_import_get_client:
 * @self: an importer
 *
 * Gets the client of the CAR service, for what a connector wants of it besides the import.
 *
 * Returns: (transfer none) (nullable): the client; %NULL outside a run
 */
CarClient *
car_import_get_client (CarImport *self)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);
  return priv->client;
}

/**
 * car_import_get_data_handler:
 * @self: an importer
 *
 * Gets what takes the vertices and edges of this import.
 *
 * Returns: (transfer none) (nullable): the data handler; %NULL outside a run
 */
CarDataHandler *
car_import_get_data_handler (CarImport *self)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);
  return priv->data_handler;
}

/**
 * car_import_get_asset_server:
 * @self: an importer
 *
 * Gets the object that [method@App.create_asset_server] made for this run.
 *
 * Returns: (transfer none) (nullable): the asset server; %NULL outside a run
 */
CarAssetServer *
car_import_get_asset_server (CarImport *self)
{
  g_return_val_if_fail (CAR_IS_IMPORT (self), NULL);

  CarImportPrivate *priv = car_import_get_instance_private (self);
  return priv->asset_server;
}
