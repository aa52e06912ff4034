/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-schema-private.h>

G_BEGIN_DECLS

/* For the compiler alone (car-json-schema.c): nodes are made, filled and sealed. */
CarJsonNode *car_json_node_new (const CarJsonValue *schema);
void car_json_node_free (CarJsonNode *self);

/* The property's index. */
guint car_json_node_add_property (CarJsonNode *self, const char *name, gsize length);
void car_json_node_seal (CarJsonNode *self, const GArray *required);

/* What is known only once the references are resolved. */
void car_json_node_set_plain (CarJsonNode *self);

/* The nodes that look at the same value as this one. */
GPtrArray *car_json_node_list_branches (const CarJsonNode *self);

G_END_DECLS
