/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-full-import.h"

#include "reference-graph.h"
#include "reference-server.h"

struct _ReferenceFullImport
{
  CarFullImport parent_instance;
};

G_DEFINE_FINAL_TYPE (ReferenceFullImport, reference_full_import, CAR_TYPE_FULL_IMPORT)

static ReferenceServer *
get_server (CarImport *import)
{
  return REFERENCE_SERVER (car_import_get_asset_server (import));
}

static gboolean
reference_full_import_get_new_save_point (CarImport *import,
                                          char **save_point,
                                          GCancellable *cancellable,
                                          GError **error)
{
  *save_point = reference_server_get_state (get_server (import), cancellable, error);
  return *save_point != NULL;
}

/* One collection after the other is read, added and forgotten. */
static gboolean
reference_full_import_import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  CarDataHandler *data = car_import_get_data_handler (import);
  g_autoptr (ReferenceObjects) xrefs =
      reference_server_read_all (get_server (import), "xrefproperties", cancellable, error);
  if (!xrefs)
    return FALSE;

  for (const ReferenceVertexKind *kind = reference_vertex_kinds; kind->collection; kind++)
    {
      g_autoptr (ReferenceObjects) objects =
          reference_server_read_all (get_server (import), kind->collection, cancellable, error);
      if (!objects)
        return FALSE;

      GHashTableIter iter;
      gpointer pk, object;
      g_hash_table_iter_init (&iter, objects);
      while (g_hash_table_iter_next (&iter, &pk, &object))
        if (!reference_add_vertex (data, kind, pk, object, xrefs, error))
          return FALSE;
    }
  return TRUE;
}

static gboolean
add_edge (ReferenceEdgeKind kind, const char *from, const char *to, gpointer user_data, GError **error)
{
  return reference_add_edge (user_data, kind, from, to, TRUE, error);
}

static gboolean
add_edges_of (const ReferenceEdges *edges, const char *collection, ReferenceObjects *objects, GError **error)
{
  GHashTableIter iter;
  gpointer pk, object;

  g_hash_table_iter_init (&iter, objects);
  while (g_hash_table_iter_next (&iter, &pk, &object))
    if (!reference_edges_of (edges, collection, pk, object, error))
      return FALSE;
  return TRUE;
}

/* Assets and IP addresses stay at hand: the edges of others go on from them. */
static gboolean
reference_full_import_import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  ReferenceServer *server = get_server (import);
  g_autoptr (ReferenceObjects) assets = reference_server_read_all (server, "assets", cancellable, error);
  if (!assets)
    return FALSE;
  g_autoptr (ReferenceObjects) ip_addresses =
      reference_server_read_all (server, "ip_addresses", cancellable, error);
  if (!ip_addresses)
    return FALSE;

  const ReferenceEdges edges = { add_edge, car_import_get_data_handler (import), assets, ip_addresses };
  if (!add_edges_of (&edges, "assets", assets, error) ||
      !add_edges_of (&edges, "ip_addresses", ip_addresses, error))
    return FALSE;

  static const char *const others[] = { "mac_addresses", "hosts", "apps", "ports" };
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (ReferenceObjects) objects =
          reference_server_read_all (server, others[i], cancellable, error);
      if (!objects || !add_edges_of (&edges, others[i], objects, error))
        return FALSE;
    }
  return TRUE;
}

static void
reference_full_import_class_init (ReferenceFullImportClass *klass)
{
  CarImportClass *import_class = CAR_IMPORT_CLASS (klass);

  import_class->get_new_save_point = reference_full_import_get_new_save_point;
  import_class->import_vertices = reference_full_import_import_vertices;
  import_class->import_edges = reference_full_import_import_edges;
}

static void
reference_full_import_init (ReferenceFullImport *self)
{
}
