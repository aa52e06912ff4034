/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "reference-object.h"

G_BEGIN_DECLS

/* What the asset server's objects are in CAR's graph. */

typedef struct
{
  const char *field;  /* of the asset server's object */
  const char *member; /* of the vertex */
} ReferenceMember;

typedef struct
{
  const char *collection; /* on the asset server */
  const char *vertex;     /* the collection in CAR */
  const char *name_field; /* an address or a host names itself; NULL: the pk names the vertex */
  const ReferenceMember *members;
} ReferenceVertexKind;

/* All but xrefproperties, which are members of vulnerabilities. The last has no collection. */
extern const ReferenceVertexKind reference_vertex_kinds[];

typedef enum
{
  REFERENCE_ASSET_VULNERABILITY,
  REFERENCE_SITE_ASSET,
  REFERENCE_ASSET_APPLICATION,
  REFERENCE_APPLICATION_VULNERABILITY,
  REFERENCE_APPLICATION_PORT,
  REFERENCE_IPADDRESS_PORT,
  REFERENCE_ASSET_IPADDRESS,
  REFERENCE_ASSET_MACADDRESS,
  REFERENCE_ASSET_HOSTNAME,
  REFERENCE_IPADDRESS_MACADDRESS,
  REFERENCE_N_EDGES,
} ReferenceEdgeKind;

/* "asset_vulnerability" */
const char *reference_edge_get_collection (ReferenceEdgeKind kind);

/* The vertices of objects. `xrefs`, which only vulnerabilities need, are all xrefproperties that they lead to. */
gboolean reference_add_vertex (CarDataHandler *data,
                               const ReferenceVertexKind *kind,
                               const char *pk,
                               JsonObject *object,
                               ReferenceObjects *xrefs,
                               GError **error);

gboolean reference_add_edge (CarDataHandler *data,
                             ReferenceEdgeKind kind,
                             const char *from,
                             const char *to,
                             gboolean active,
                             GError **error);

/* Takes one edge; FALSE, with the error set, stops. */
typedef gboolean (*ReferenceEdgeFunc) (ReferenceEdgeKind kind,
                                       const char *from,
                                       const char *to,
                                       gpointer user_data,
                                       GError **error);

typedef struct
{
  ReferenceEdgeFunc func;
  gpointer user_data;
  ReferenceObjects *assets;       /* those that apps lead to */
  ReferenceObjects *ip_addresses; /* those that ports and MAC addresses lead to */
} ReferenceEdges;

/* The edges that an object knows of. There are none of assets and IP addresses that are not at hand. */
gboolean reference_edges_of (const ReferenceEdges *self,
                             const char *collection,
                             const char *pk,
                             JsonObject *object,
                             GError **error);

G_END_DECLS
