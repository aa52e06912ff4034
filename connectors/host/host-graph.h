/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

#include "host-inventory.h"

G_BEGIN_DECLS

/* Takes one vertex or edge; FALSE, with the error set, stops. */
typedef gboolean (*HostGraphFunc) (const char *collection,
                                   const CarRecord *record,
                                   gpointer user_data,
                                   GError **error);

gboolean
host_graph_foreach_vertex (HostInventory *inventory, HostGraphFunc func, gpointer user_data, GError **error);
gboolean
host_graph_foreach_edge (HostInventory *inventory, HostGraphFunc func, gpointer user_data, GError **error);

/* The same for the same graph, in whatever order things were found: the save point. */
char *host_graph_get_digest (HostInventory *inventory);

G_END_DECLS
