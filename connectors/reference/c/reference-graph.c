/* SPDX-License-Identifier: Apache-2.0 */

#include "reference-graph.h"

/* ---- vertices ---- */

const ReferenceVertexKind reference_vertex_kinds[] = {
  { "sites", "site", NULL,
    (const ReferenceMember[]){ { "name", "name" }, { "address", "address" }, { NULL } } },
  { "assets", "asset", NULL,
    (const ReferenceMember[]){ { "name", "name" },
                               { "type", "asset_type" },
                               { "initial_value", "initial_value" },
                               { NULL } } },
  { "vulnerabilities", "vulnerability", NULL,
    (const ReferenceMember[]){ { "name", "name" },
                               { "base_score", "base_score" },
                               { "published_on", "published_on" },
                               { "disclosed_on", "disclosed_on" },
                               { "updated_on", "updated_on" },
                               { NULL } } },
  { "apps", "application", NULL, (const ReferenceMember[]){ { "name", "name" }, { NULL } } },
  { "ports", "port", NULL,
    (const ReferenceMember[]){ { "port_number", "port_number" },
                               { "protocol", "protocol" },
                               { "layer7application", "description" },
                               { NULL } } },
  { "ip_addresses", "ipaddress", "address", (const ReferenceMember[]){ { NULL } } },
  { "mac_addresses", "macaddress", "address", (const ReferenceMember[]){ { NULL } } },
  { "hosts", "hostname", "host", (const ReferenceMember[]){ { NULL } } },
  { NULL },
};

/* Kept as it is: the import schema says what a member may hold. */
static void
set_member (CarRecord *record, const char *member, JsonNode *node)
{
  GType type = node ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type == G_TYPE_STRING)
    car_record_set_string (record, member, json_node_get_string (node));
  else if (type == G_TYPE_INT64)
    car_record_set_int (record, member, json_node_get_int (node));
  else if (type == G_TYPE_DOUBLE)
    car_record_set_double (record, member, json_node_get_double (node));
  else if (type == G_TYPE_BOOLEAN)
    car_record_set_boolean (record, member, json_node_get_boolean (node));
}

/* CAR keeps one object there: {PK: {"extref_typename": …, …}, …}. */
static gboolean
set_xrefs (CarRecord *record, JsonObject *vulnerability, ReferenceObjects *xrefs, GError **error)
{
  g_auto (GStrv) links = reference_object_get_links (vulnerability, "xref_properties", error);
  g_autoptr (JsonObject) all = json_object_new ();

  if (!links)
    return FALSE;

  for (char **pk = links; *pk; pk++)
    {
      JsonObject *xref = g_hash_table_lookup (xrefs, *pk);
      if (!xref)
        continue;

      JsonObject *copy = json_object_new ();
      static const char *const members[] = { "extref_typename", "extref_value", "q_extref_typeid" };
      for (guint i = 0; i < G_N_ELEMENTS (members); i++)
        if (json_object_has_member (xref, members[i]))
          json_object_set_member (copy, members[i], json_object_dup_member (xref, members[i]));
      json_object_set_object_member (all, *pk, copy);
    }

  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), all);
  g_autofree char *text = json_to_string (node, FALSE);
  car_record_set_json (record, "xref_properties", text);
  return TRUE;
}

gboolean
reference_add_vertex (CarDataHandler *data,
                      const ReferenceVertexKind *kind,
                      const char *pk,
                      JsonObject *object,
                      ReferenceObjects *xrefs,
                      GError **error)
{
  g_autoptr (CarRecord) record = car_record_new ();

  if (kind->name_field)
    {
      const char *name = reference_object_get_text (object, kind->name_field, error);
      if (!name)
        return FALSE;
      car_record_set_string (record, "_key", name);
    }
  else
    car_record_set_string (record, "external_id", pk);

  for (const ReferenceMember *m = kind->members; m->field; m++)
    set_member (record, m->member, json_object_get_member (object, m->field));
  if (g_str_equal (kind->collection, "vulnerabilities") && !set_xrefs (record, object, xrefs, error))
    return FALSE;

  return car_data_handler_add_vertex_record (data, kind->vertex, record, error);
}

/* ---- edges ---- */

static const struct
{
  const char *collection;
  const char *from_key; /* the collection of an end that is named by itself */
  const char *to_key;
} edge_kinds[REFERENCE_N_EDGES] = {
  [REFERENCE_ASSET_VULNERABILITY] = { "asset_vulnerability", NULL, NULL },
  [REFERENCE_SITE_ASSET] = { "site_asset", NULL, NULL },
  [REFERENCE_ASSET_APPLICATION] = { "asset_application", NULL, NULL },
  [REFERENCE_APPLICATION_VULNERABILITY] = { "application_vulnerability", NULL, NULL },
  [REFERENCE_APPLICATION_PORT] = { "application_port", NULL, NULL },
  [REFERENCE_IPADDRESS_PORT] = { "ipaddress_port", "ipaddress", NULL },
  [REFERENCE_ASSET_IPADDRESS] = { "asset_ipaddress", NULL, "ipaddress" },
  [REFERENCE_ASSET_MACADDRESS] = { "asset_macaddress", NULL, "macaddress" },
  [REFERENCE_ASSET_HOSTNAME] = { "asset_hostname", NULL, "hostname" },
  [REFERENCE_IPADDRESS_MACADDRESS] = { "ipaddress_macaddress", "ipaddress", "macaddress" },
};

const char *
reference_edge_get_collection (ReferenceEdgeKind kind)
{
  return edge_kinds[kind].collection;
}

static void
set_end (CarRecord *record, const char *end, const char *collection, const char *name)
{
  g_autofree char *member = collection ? g_strdup (end) : g_strconcat (end, "_external_id", NULL);
  g_autofree char *value = collection ? g_strconcat (collection, "/", name, NULL) : g_strdup (name);

  car_record_set_string (record, member, value);
}

gboolean
reference_add_edge (CarDataHandler *data,
                    ReferenceEdgeKind kind,
                    const char *from,
                    const char *to,
                    gboolean active,
                    GError **error)
{
  g_autoptr (CarRecord) record = car_record_new ();

  set_end (record, "_from", edge_kinds[kind].from_key, from);
  set_end (record, "_to", edge_kinds[kind].to_key, to);
  if (!active)
    car_record_set_boolean (record, "active", FALSE);
  return car_data_handler_add_edge_record (data, edge_kinds[kind].collection, record, error);
}

/* An empty name names nothing: its vertex is left out too. */
static gboolean
add (const ReferenceEdges *self, ReferenceEdgeKind kind, const char *from, const char *to, GError **error)
{
  return !*from || !*to || self->func (kind, from, to, self->user_data, error);
}

static gboolean
edges_of_asset (const ReferenceEdges *self, const char *pk, JsonObject *asset, GError **error)
{
  g_auto (GStrv) vulnerabilities = reference_object_get_links (asset, "vulnerabilities", error);
  g_auto (GStrv) site = vulnerabilities ? reference_object_get_links (asset, "site", error) : NULL;
  if (!site)
    return FALSE;

  for (char **v = vulnerabilities; *v; v++)
    if (!add (self, REFERENCE_ASSET_VULNERABILITY, pk, *v, error))
      return FALSE;
  return !*site || add (self, REFERENCE_SITE_ASSET, *site, pk, error);
}

/* Of an address or a host: from the asset that it belongs to. */
static gboolean
edge_from_asset (const ReferenceEdges *self,
                 ReferenceEdgeKind kind,
                 JsonObject *object,
                 const char *name_field,
                 GError **error)
{
  const char *name = reference_object_get_text (object, name_field, error);
  g_auto (GStrv) asset = name ? reference_object_get_links (object, "asset", error) : NULL;

  return asset && (!*asset || add (self, kind, *asset, name, error));
}

/* From all IP addresses that an object leads to. */
static gboolean
edges_from_ip_addresses (const ReferenceEdges *self,
                         ReferenceEdgeKind kind,
                         JsonObject *object,
                         const char *to,
                         GError **error)
{
  g_auto (GStrv) pks = reference_object_get_links (object, "ip_addresses", error);
  if (!pks)
    return FALSE;

  for (char **pk = pks; *pk; pk++)
    {
      JsonObject *found = g_hash_table_lookup (self->ip_addresses, *pk);
      const char *address = found ? reference_object_get_text (found, "address", error) : "";
      if (!address || !add (self, kind, address, to, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
edges_of_mac_address (const ReferenceEdges *self, JsonObject *mac_address, GError **error)
{
  const char *name = reference_object_get_text (mac_address, "address", error);

  return name && edge_from_asset (self, REFERENCE_ASSET_MACADDRESS, mac_address, "address", error) &&
         edges_from_ip_addresses (self, REFERENCE_IPADDRESS_MACADDRESS, mac_address, name, error);
}

/* An app has the vulnerabilities of the assets that it is on. */
static gboolean
edges_of_app (const ReferenceEdges *self, const char *pk, JsonObject *app, GError **error)
{
  g_auto (GStrv) assets = reference_object_get_links (app, "assets", error);
  if (!assets)
    return FALSE;

  for (char **asset = assets; *asset; asset++)
    {
      JsonObject *found = g_hash_table_lookup (self->assets, *asset);
      g_auto (GStrv) vulnerabilities =
          found ? reference_object_get_links (found, "vulnerabilities", error) : g_new0 (char *, 1);

      if (!vulnerabilities || !add (self, REFERENCE_ASSET_APPLICATION, *asset, pk, error))
        return FALSE;
      for (char **v = vulnerabilities; *v; v++)
        if (!add (self, REFERENCE_APPLICATION_VULNERABILITY, pk, *v, error))
          return FALSE;
    }
  return TRUE;
}

static gboolean
edges_of_port (const ReferenceEdges *self, const char *pk, JsonObject *port, GError **error)
{
  g_auto (GStrv) apps = reference_object_get_links (port, "apps", error);
  if (!apps)
    return FALSE;

  for (char **app = apps; *app; app++)
    if (!add (self, REFERENCE_APPLICATION_PORT, *app, pk, error))
      return FALSE;
  return edges_from_ip_addresses (self, REFERENCE_IPADDRESS_PORT, port, pk, error);
}

gboolean
reference_edges_of (const ReferenceEdges *self,
                    const char *collection,
                    const char *pk,
                    JsonObject *object,
                    GError **error)
{
  if (g_str_equal (collection, "assets"))
    return edges_of_asset (self, pk, object, error);
  if (g_str_equal (collection, "ip_addresses"))
    return edge_from_asset (self, REFERENCE_ASSET_IPADDRESS, object, "address", error);
  if (g_str_equal (collection, "mac_addresses"))
    return edges_of_mac_address (self, object, error);
  if (g_str_equal (collection, "hosts"))
    return edge_from_asset (self, REFERENCE_ASSET_HOSTNAME, object, "host", error);
  if (g_str_equal (collection, "apps"))
    return edges_of_app (self, pk, object, error);
  if (g_str_equal (collection, "ports"))
    return edges_of_port (self, pk, object, error);
  return TRUE;
}
