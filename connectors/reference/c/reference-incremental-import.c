/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-incremental-import.h"

#include "reference-service.h"
#include "reference-server.h"

/* The delta names objects, and does not tell what they were before. So the connector reads each object again. Where
 * edges may have changed, it compares those that hold now with those that the CAR service has: it adds what is missing
 * there, and closes what no longer holds.
 *
 * The service knows most objects by their pk, so the connector reads these by their pk. The service knows an address
 * or a host by its name alone, and several objects of the asset server may have one name. So when anything changed in
 * one of these collections, the connector reads all of it and compares. */
struct _ReferenceIncrementalImport
{
  CarIncrementalImport parent_instance;

  GHashTable *updates;   /* (element-type utf8 ReferencePks): per collection, what the delta names */
  GHashTable *deletions; /* (element-type utf8 ReferencePks): and what went since */
  GHashTable *objects;   /* (element-type utf8 ReferenceObjects): what was read */
  GHashTable *whole;     /* (element-type utf8): the collections of which all was read */

  ReferencePairs *wanted[REFERENCE_N_EDGES];  /* edges that hold now, of the vertices that are looked at */
  ReferencePairs *current[REFERENCE_N_EDGES]; /* those that the service has of these vertices */
};

G_DEFINE_FINAL_TYPE (ReferenceIncrementalImport, reference_incremental_import, CAR_TYPE_INCREMENTAL_IMPORT)

static ReferenceServer *
get_server (ReferenceIncrementalImport *self)
{
  return REFERENCE_SERVER (car_import_get_asset_server (CAR_IMPORT (self)));
}

static ReferencePks *
get_pks (GHashTable *of, const char *collection)
{
  ReferencePks *pks = g_hash_table_lookup (of, collection);

  if (!pks)
    {
      pks = reference_pks_new ();
      g_hash_table_insert (of, g_strdup (collection), pks);
    }
  return pks;
}

static ReferenceObjects *
get_objects (ReferenceIncrementalImport *self, const char *collection)
{
  ReferenceObjects *objects = g_hash_table_lookup (self->objects, collection);

  if (!objects)
    {
      objects = reference_objects_new ();
      g_hash_table_insert (self->objects, g_strdup (collection), objects);
    }
  return objects;
}

static gboolean
is_touched (ReferenceIncrementalImport *self, const char *collection)
{
  return g_hash_table_size (get_pks (self->updates, collection)) > 0 ||
         g_hash_table_size (get_pks (self->deletions, collection)) > 0;
}

static void
add_pks (ReferencePks *to, ReferencePks *from)
{
  GHashTableIter iter;
  gpointer pk;

  g_hash_table_iter_init (&iter, from);
  while (g_hash_table_iter_next (&iter, &pk, NULL))
    g_hash_table_add (to, g_strdup (pk));
}

/* ---- the save point and the delta ---- */

static gboolean
reference_incremental_import_get_new_save_point (CarImport *import,
                                                 char **save_point,
                                                 GCancellable *cancellable,
                                                 GError **error)
{
  *save_point =
      reference_server_get_state (get_server (REFERENCE_INCREMENTAL_IMPORT (import)), cancellable, error);
  return *save_point != NULL;
}

static gboolean
take_pks (JsonObject *changes, const char *member, const char *collection, ReferencePks *pks, GError **error)
{
  JsonNode *node = json_object_get_member (changes, member);

  if (!node || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    {
      g_set_error (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_DATA_PROCESSING,
                   "the asset server's delta has no list of %s of %s", member, collection);
      return FALSE;
    }

  JsonArray *array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      char *pk = reference_pk_from_node (collection, json_array_get_element (array, i), error);
      if (!pk)
        return FALSE;
      g_hash_table_add (pks, pk);
    }
  return TRUE;
}

static gboolean
reference_incremental_import_get_data_for_delta (CarIncrementalImport *import,
                                                 const char *last_save_point,
                                                 const char *new_save_point,
                                                 GCancellable *cancellable,
                                                 GError **error)
{
  ReferenceIncrementalImport *self = REFERENCE_INCREMENTAL_IMPORT (import);
  g_autoptr (JsonObject) delta =
      reference_server_get_delta (get_server (self), last_save_point, new_save_point, cancellable, error);
  if (!delta)
    return FALSE;

  g_autoptr (GList) collections = json_object_get_members (delta);
  for (GList *c = collections; c; c = c->next)
    {
      JsonNode *node = json_object_get_member (delta, c->data);
      if (!JSON_NODE_HOLDS_OBJECT (node))
        {
          g_set_error (error, CAR_DATASOURCE_FAILURE, CAR_DATASOURCE_FAILURE_DATA_PROCESSING,
                       "the asset server's delta does not tell what changed in “%s”", (const char *) c->data);
          return FALSE;
        }

      JsonObject *changes = json_node_get_object (node);
      if (!take_pks (changes, "updates", c->data, get_pks (self->updates, c->data), error) ||
          !take_pks (changes, "deletions", c->data, get_pks (self->deletions, c->data), error))
        return FALSE;
    }
  return TRUE;
}

/* ---- vertices ---- */

/* All of a collection, read once. */
static ReferenceObjects *
read_all (ReferenceIncrementalImport *self, const char *collection, GCancellable *cancellable, GError **error)
{
  if (g_hash_table_contains (self->whole, collection))
    return get_objects (self, collection);

  ReferenceObjects *objects = reference_server_read_all (get_server (self), collection, cancellable, error);
  if (objects)
    {
      g_hash_table_insert (self->objects, g_strdup (collection), objects);
      g_hash_table_add (self->whole, g_strdup (collection));
    }
  return objects;
}

/* Those of the objects that were not read yet. */
static gboolean
read_more (ReferenceIncrementalImport *self,
           const char *collection,
           ReferencePks *pks,
           GCancellable *cancellable,
           GError **error)
{
  ReferenceObjects *objects = get_objects (self, collection);
  g_autoptr (ReferencePks) missing = reference_pks_new ();
  GHashTableIter iter;
  gpointer pk;

  if (g_hash_table_contains (self->whole, collection))
    return TRUE;

  g_hash_table_iter_init (&iter, pks);
  while (g_hash_table_iter_next (&iter, &pk, NULL))
    if (!g_hash_table_contains (objects, pk))
      g_hash_table_add (missing, g_strdup (pk));
  return reference_server_read (get_server (self), collection, missing, objects, cancellable, error);
}

/* A vulnerability holds what its xrefproperties say, and the delta does not tell which vulnerabilities these belong to. */
static gboolean
read_vulnerabilities (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  ReferencePks *updates = get_pks (self->updates, "vulnerabilities");

  if (is_touched (self, "xrefproperties"))
    {
      ReferenceObjects *all = read_all (self, "vulnerabilities", cancellable, error);
      GHashTableIter iter;
      gpointer pk;

      if (!all)
        return FALSE;
      g_hash_table_iter_init (&iter, all);
      while (g_hash_table_iter_next (&iter, &pk, NULL))
        g_hash_table_add (updates, g_strdup (pk));
    }
  else if (!read_more (self, "vulnerabilities", updates, cancellable, error))
    return FALSE;

  return g_hash_table_size (updates) == 0 || read_all (self, "xrefproperties", cancellable, error) != NULL;
}

static gboolean
read_updates (ReferenceIncrementalImport *self,
              const ReferenceVertexKind *kind,
              GCancellable *cancellable,
              GError **error)
{
  if (g_str_equal (kind->collection, "vulnerabilities"))
    return read_vulnerabilities (self, cancellable, error);
  if (kind->name_field)
    return !is_touched (self, kind->collection) ||
           read_all (self, kind->collection, cancellable, error) != NULL;
  return read_more (self, kind->collection, get_pks (self->updates, kind->collection), cancellable, error);
}

/* An object that went since the delta was made is one more deletion. */
static gboolean
add_updates (ReferenceIncrementalImport *self, const ReferenceVertexKind *kind, GError **error)
{
  CarDataHandler *data = car_import_get_data_handler (CAR_IMPORT (self));
  ReferencePks *deletions = get_pks (self->deletions, kind->collection);
  ReferenceObjects *objects = get_objects (self, kind->collection);
  ReferenceObjects *xrefs = get_objects (self, "xrefproperties");
  GHashTableIter iter;
  gpointer pk;

  g_hash_table_iter_init (&iter, get_pks (self->updates, kind->collection));
  while (g_hash_table_iter_next (&iter, &pk, NULL))
    {
      JsonObject *object = g_hash_table_lookup (objects, pk);

      if (!object)
        g_hash_table_add (deletions, g_strdup (pk));
      else if (!reference_add_vertex (data, kind, pk, object, xrefs, error))
        return FALSE;
      else
        g_hash_table_remove (deletions, pk);
    }
  return TRUE;
}

static gboolean
reference_incremental_import_import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  ReferenceIncrementalImport *self = REFERENCE_INCREMENTAL_IMPORT (import);

  for (const ReferenceVertexKind *kind = reference_vertex_kinds; kind->collection; kind++)
    if (!read_updates (self, kind, cancellable, error) || !add_updates (self, kind, error))
      return FALSE;
  return TRUE;
}

/* ---- edges ---- */

static gboolean
collect_edge (ReferenceEdgeKind kind, const char *from, const char *to, gpointer user_data, GError **error)
{
  ReferenceIncrementalImport *self = user_data;

  reference_pairs_add (self->wanted[kind], from, to);
  return TRUE;
}

/* The edges that hold now, of the objects that were read of a collection, or of those in `pks` alone. */
static gboolean
collect_edges (ReferenceIncrementalImport *self, const char *collection, ReferencePks *pks, GError **error)
{
  const ReferenceEdges edges = { collect_edge, self, get_objects (self, "assets"),
                                 get_objects (self, "ip_addresses") };
  GHashTableIter iter;
  gpointer pk, object;

  g_hash_table_iter_init (&iter, get_objects (self, collection));
  while (g_hash_table_iter_next (&iter, &pk, &object))
    if ((!pks || g_hash_table_contains (pks, pk)) &&
        !reference_edges_of (&edges, collection, pk, object, error))
      return FALSE;
  return TRUE;
}

static gboolean
get_current (ReferenceIncrementalImport *self,
             ReferenceEdgeKind kind,
             const char *collection,
             ReferencePks *pks,
             GCancellable *cancellable,
             GError **error)
{
  return reference_service_get_edges (CAR_IMPORT (self), kind, collection, pks, self->current[kind],
                                      cancellable, error);
}

static gboolean
compare_edges_of_assets (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  ReferencePks *pks = get_pks (self->updates, "assets");

  return collect_edges (self, "assets", pks, error) &&
         get_current (self, REFERENCE_ASSET_VULNERABILITY, "asset", pks, cancellable, error) &&
         get_current (self, REFERENCE_SITE_ASSET, "asset", pks, cancellable, error);
}

/* The apps that changed, and those that are or were on an asset that did: they have its vulnerabilities. */
static ReferencePks *
find_apps (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (ReferencePks) apps = reference_pks_new ();
  g_autoptr (ReferencePks) assets = reference_pks_new ();
  g_autoptr (ReferencePairs) pairs = reference_pairs_new ();

  add_pks (apps, get_pks (self->updates, "apps"));
  add_pks (assets, get_pks (self->updates, "assets"));
  add_pks (assets, get_pks (self->deletions, "assets"));
  if (!reference_service_get_edges (CAR_IMPORT (self), REFERENCE_ASSET_APPLICATION, "asset", assets, pairs,
                                    cancellable, error))
    return NULL;

  GHashTableIter iter;
  gpointer pair;
  g_hash_table_iter_init (&iter, pairs);
  while (g_hash_table_iter_next (&iter, &pair, NULL))
    g_hash_table_add (apps, g_strdup (((ReferencePair *) pair)->to));
  return g_steal_pointer (&apps);
}

/* Reads what objects lead to. */
static gboolean
read_linked (ReferenceIncrementalImport *self,
             const char *collection,
             ReferencePks *pks,
             const char *member,
             const char *target,
             GCancellable *cancellable,
             GError **error)
{
  g_autoptr (ReferencePks) linked = reference_pks_new ();
  ReferenceObjects *objects = get_objects (self, collection);
  GHashTableIter iter;
  gpointer pk;

  g_hash_table_iter_init (&iter, pks);
  while (g_hash_table_iter_next (&iter, &pk, NULL))
    {
      JsonObject *object = g_hash_table_lookup (objects, pk);
      if (!object)
        continue;

      g_auto (GStrv) links = reference_object_get_links (object, member, error);
      if (!links)
        return FALSE;
      for (char **link = links; *link; link++)
        g_hash_table_add (linked, g_strdup (*link));
    }
  return read_more (self, target, linked, cancellable, error);
}

static gboolean
compare_edges_of_apps (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (ReferencePks) apps = find_apps (self, cancellable, error);

  return apps && read_more (self, "apps", apps, cancellable, error) &&
         read_linked (self, "apps", apps, "assets", "assets", cancellable, error) &&
         collect_edges (self, "apps", apps, error) &&
         get_current (self, REFERENCE_ASSET_APPLICATION, "application", apps, cancellable, error) &&
         get_current (self, REFERENCE_APPLICATION_VULNERABILITY, "application", apps, cancellable, error);
}

/* The ports that changed, and those that lead to an IP address that did: it may have another name now. */
static ReferencePks *
find_ports (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (ReferencePks) ports = reference_pks_new ();
  ReferencePks *changed = get_pks (self->updates, "ip_addresses");

  add_pks (ports, get_pks (self->updates, "ports"));
  if (g_hash_table_size (changed) == 0)
    return g_steal_pointer (&ports);

  ReferenceObjects *all = read_all (self, "ports", cancellable, error);
  if (!all)
    return NULL;

  GHashTableIter iter;
  gpointer pk, port;
  g_hash_table_iter_init (&iter, all);
  while (g_hash_table_iter_next (&iter, &pk, &port))
    {
      g_auto (GStrv) links = reference_object_get_links (port, "ip_addresses", error);
      if (!links)
        return NULL;
      for (char **link = links; *link; link++)
        if (g_hash_table_contains (changed, *link))
          g_hash_table_add (ports, g_strdup (pk));
    }
  return g_steal_pointer (&ports);
}

static gboolean
compare_edges_of_ports (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (ReferencePks) ports = find_ports (self, cancellable, error);

  return ports && read_more (self, "ports", ports, cancellable, error) &&
         read_linked (self, "ports", ports, "ip_addresses", "ip_addresses", cancellable, error) &&
         collect_edges (self, "ports", ports, error) &&
         get_current (self, REFERENCE_APPLICATION_PORT, "port", ports, cancellable, error) &&
         get_current (self, REFERENCE_IPADDRESS_PORT, "port", ports, cancellable, error);
}

/* Everything of addresses and hosts: see above. */
static gboolean
compare_edges_of_names (ReferenceIncrementalImport *self, GCancellable *cancellable, GError **error)
{
  gboolean ip_addresses = is_touched (self, "ip_addresses");
  gboolean mac_addresses = is_touched (self, "mac_addresses");

  if (ip_addresses && (!collect_edges (self, "ip_addresses", NULL, error) ||
                       !get_current (self, REFERENCE_ASSET_IPADDRESS, NULL, NULL, cancellable, error)))
    return FALSE;

  if ((ip_addresses || mac_addresses) &&
      (!read_all (self, "ip_addresses", cancellable, error) ||
       !read_all (self, "mac_addresses", cancellable, error) ||
       !collect_edges (self, "mac_addresses", NULL, error) ||
       !get_current (self, REFERENCE_ASSET_MACADDRESS, NULL, NULL, cancellable, error) ||
       !get_current (self, REFERENCE_IPADDRESS_MACADDRESS, NULL, NULL, cancellable, error)))
    return FALSE;

  return !is_touched (self, "hosts") ||
         (collect_edges (self, "hosts", NULL, error) &&
          get_current (self, REFERENCE_ASSET_HOSTNAME, NULL, NULL, cancellable, error));
}

/* Adds the edges that are in one set and not in the other. */
static gboolean
add_difference (ReferenceIncrementalImport *self,
                ReferenceEdgeKind kind,
                ReferencePairs *in,
                ReferencePairs *not_in,
                gboolean active,
                GError **error)
{
  CarDataHandler *data = car_import_get_data_handler (CAR_IMPORT (self));
  GHashTableIter iter;
  gpointer pair;

  g_hash_table_iter_init (&iter, in);
  while (g_hash_table_iter_next (&iter, &pair, NULL))
    {
      const ReferencePair *p = pair;
      if (!g_hash_table_contains (not_in, p) &&
          !reference_add_edge (data, kind, p->from, p->to, active, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
reference_incremental_import_import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  ReferenceIncrementalImport *self = REFERENCE_INCREMENTAL_IMPORT (import);

  /* The names first: where they read all IP addresses, none is read again for the ports. */
  if (!compare_edges_of_names (self, cancellable, error) ||
      !compare_edges_of_assets (self, cancellable, error) ||
      !compare_edges_of_apps (self, cancellable, error) || !compare_edges_of_ports (self, cancellable, error))
    return FALSE;

  for (guint kind = 0; kind < REFERENCE_N_EDGES; kind++)
    if (!add_difference (self, kind, self->wanted[kind], self->current[kind], TRUE, error) ||
        !add_difference (self, kind, self->current[kind], self->wanted[kind], FALSE, error))
      return FALSE;
  return TRUE;
}

/* ---- deletions ---- */

/* The names that the service has, and no object any more. NULL with an error. */
static ReferencePks *
find_gone_names (ReferenceIncrementalImport *self,
                 const ReferenceVertexKind *kind,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (ReferencePks) names =
      reference_service_get_names (CAR_IMPORT (self), kind->vertex, cancellable, error);
  GHashTableIter iter;
  gpointer object;

  if (!names)
    return NULL;
  g_hash_table_iter_init (&iter, get_objects (self, kind->collection));
  while (g_hash_table_iter_next (&iter, NULL, &object))
    {
      const char *name = reference_object_get_text (object, kind->name_field, error);
      if (!name)
        return NULL;
      g_hash_table_remove (names, name);
    }
  return g_steal_pointer (&names);
}

static gboolean
delete_vertices_of (ReferenceIncrementalImport *self,
                    const ReferenceVertexKind *kind,
                    GCancellable *cancellable,
                    GError **error)
{
  if (!is_touched (self, kind->collection))
    return TRUE;

  g_autoptr (ReferencePks) gone = kind->name_field
                                      ? find_gone_names (self, kind, cancellable, error)
                                      : g_hash_table_ref (get_pks (self->deletions, kind->collection));
  if (!gone)
    return FALSE;

  g_autofree const char **keys = (const char **) g_hash_table_get_keys_as_array (gone, NULL);
  return car_data_handler_delete_vertices (car_import_get_data_handler (CAR_IMPORT (self)), kind->vertex,
                                           keys, cancellable, error);
}

static gboolean
reference_incremental_import_delete_vertices (CarIncrementalImport *import,
                                              GCancellable *cancellable,
                                              GError **error)
{
  ReferenceIncrementalImport *self = REFERENCE_INCREMENTAL_IMPORT (import);

  for (const ReferenceVertexKind *kind = reference_vertex_kinds; kind->collection; kind++)
    if (!delete_vertices_of (self, kind, cancellable, error))
      return FALSE;
  return TRUE;
}

/* ---- the object ---- */

static void
reference_incremental_import_finalize (GObject *object)
{
  ReferenceIncrementalImport *self = REFERENCE_INCREMENTAL_IMPORT (object);

  g_hash_table_unref (self->updates);
  g_hash_table_unref (self->deletions);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->whole);
  for (guint kind = 0; kind < REFERENCE_N_EDGES; kind++)
    {
      g_hash_table_unref (self->wanted[kind]);
      g_hash_table_unref (self->current[kind]);
    }

  G_OBJECT_CLASS (reference_incremental_import_parent_class)->finalize (object);
}

static void
reference_incremental_import_class_init (ReferenceIncrementalImportClass *klass)
{
  CarImportClass *import_class = CAR_IMPORT_CLASS (klass);
  CarIncrementalImportClass *incremental_class = CAR_INCREMENTAL_IMPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = reference_incremental_import_finalize;
  import_class->get_new_save_point = reference_incremental_import_get_new_save_point;
  import_class->import_vertices = reference_incremental_import_import_vertices;
  import_class->import_edges = reference_incremental_import_import_edges;
  incremental_class->get_data_for_delta = reference_incremental_import_get_data_for_delta;
  incremental_class->delete_vertices = reference_incremental_import_delete_vertices;
}

static void
reference_incremental_import_init (ReferenceIncrementalImport *self)
{
  GDestroyNotify unref = (GDestroyNotify) g_hash_table_unref;

  self->updates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref);
  self->deletions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref);
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref);
  self->whole = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint kind = 0; kind < REFERENCE_N_EDGES; kind++)
    {
      self->wanted[kind] = reference_pairs_new ();
      self->current[kind] = reference_pairs_new ();
    }
}
