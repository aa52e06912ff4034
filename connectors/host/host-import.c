/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib/gi18n-lib.h>

#include "host-import.h"

#include "host-asset-server.h"
#include "host-graph.h"

static HostInventory *
get_inventory (CarImport *import, GCancellable *cancellable, GError **error)
{
  return host_asset_server_get_inventory (HOST_ASSET_SERVER (car_import_get_asset_server (import)),
                                          cancellable, error);
}

/* Both importers: a machine has no history to point into, so its save point is the digest of all that it holds. */
static gboolean
get_new_save_point (CarImport *import, char **save_point, GCancellable *cancellable, GError **error)
{
  HostInventory *inventory = get_inventory (import, cancellable, error);

  if (!inventory)
    return FALSE;
  *save_point = host_graph_get_digest (inventory);
  return TRUE;
}

/* The full import: everything. */

struct _HostFullImport
{
  CarFullImport parent_instance;
};

G_DEFINE_FINAL_TYPE (HostFullImport, host_full_import, CAR_TYPE_FULL_IMPORT)

static gboolean
add_vertex (const char *collection, const CarRecord *record, gpointer user_data, GError **error)
{
  return car_data_handler_add_vertex_record (user_data, collection, record, error);
}

static gboolean
add_edge (const char *collection, const CarRecord *record, gpointer user_data, GError **error)
{
  return car_data_handler_add_edge_record (user_data, collection, record, error);
}

static gboolean
host_full_import_import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  HostInventory *inventory = get_inventory (import, cancellable, error);

  return inventory &&
         host_graph_foreach_vertex (inventory, add_vertex, car_import_get_data_handler (import), error);
}

static gboolean
host_full_import_import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  HostInventory *inventory = get_inventory (import, cancellable, error);

  return inventory &&
         host_graph_foreach_edge (inventory, add_edge, car_import_get_data_handler (import), error);
}

static void
host_full_import_class_init (HostFullImportClass *klass)
{
  CarImportClass *import_class = CAR_IMPORT_CLASS (klass);

  import_class->get_new_save_point = get_new_save_point;
  import_class->import_vertices = host_full_import_import_vertices;
  import_class->import_edges = host_full_import_import_edges;
}

static void
host_full_import_init (HostFullImport *self)
{
}

/* The incremental import: nothing, or not possible. */

struct _HostIncrementalImport
{
  CarIncrementalImport parent_instance;
};

G_DEFINE_FINAL_TYPE (HostIncrementalImport, host_incremental_import, CAR_TYPE_INCREMENTAL_IMPORT)

static gboolean
host_incremental_import_get_data_for_delta (CarIncrementalImport *import,
                                            const char *last_save_point,
                                            const char *new_save_point,
                                            GCancellable *cancellable,
                                            GError **error)
{
  if (g_str_equal (last_save_point, new_save_point))
    return TRUE;

  g_set_error_literal (error, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE,
                       _ ("this machine changed since the last import"));
  return FALSE;
}

static gboolean
import_nothing (CarImport *import, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static gboolean
delete_nothing (CarIncrementalImport *import, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
host_incremental_import_class_init (HostIncrementalImportClass *klass)
{
  CarImportClass *import_class = CAR_IMPORT_CLASS (klass);
  CarIncrementalImportClass *incremental_class = CAR_INCREMENTAL_IMPORT_CLASS (klass);

  import_class->get_new_save_point = get_new_save_point;
  import_class->import_vertices = import_nothing;
  import_class->import_edges = import_nothing;
  incremental_class->get_data_for_delta = host_incremental_import_get_data_for_delta;
  incremental_class->delete_vertices = delete_nothing;
}

static void
host_incremental_import_init (HostIncrementalImport *self)
{
}
