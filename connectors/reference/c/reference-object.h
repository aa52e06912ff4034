/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <json-glib/json-glib.h>
#include <libcar/car.h>

G_BEGIN_DECLS

/* Objects of the asset server. One that breaks its API fails with CAR_DATASOURCE_FAILURE_DATA_PROCESSING. */

/* Objects by their primary key, as text: (element-type utf8 JsonObject). */
typedef GHashTable ReferenceObjects;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReferenceObjects, g_hash_table_unref)

/* A set of primary keys, as text. */
typedef GHashTable ReferencePks;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReferencePks, g_hash_table_unref)

ReferenceObjects *reference_objects_new (void);
ReferencePks *reference_pks_new (void);

/* The objects of an answer, added to `objects`. `collection` is for the message alone. */
gboolean
reference_objects_add (ReferenceObjects *objects, const char *collection, JsonNode *answer, GError **error);

/* A primary key as text; NULL with an error. */
char *reference_pk_from_node (const char *collection, JsonNode *node, GError **error);

/* The text of a member; NULL with an error. */
const char *reference_object_get_text (JsonObject *object, const char *member, GError **error);

/* The primary keys of the objects that a member leads to: a link, links, or null. */
GStrv reference_object_get_links (JsonObject *object, const char *member, GError **error);

G_END_DECLS
