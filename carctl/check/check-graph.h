/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

G_BEGIN_DECLS

/* What a service has of a source: its objects by collection and key, without the times and reports that brought them. */
typedef struct
{
  GHashTable *collections; /* name → (key → text of the object) */
  char *save_point;        /* NULL: none */
} CheckGraph;

CheckGraph *check_graph_read (CarClient *client, const char *source, GError **error);
void check_graph_free (CheckGraph *self);

guint check_graph_count (const CheckGraph *self);

/* What is not the same, for people; NULL: nothing. */
char *check_graph_compare (const CheckGraph *right, const CheckGraph *seen);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckGraph, check_graph_free)

G_END_DECLS
