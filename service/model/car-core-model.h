/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* The collections a CAR service keeps, their properties and rules, and which edges join what:
 * data/core-model.json (in the program itself as a resource) and the schema extensions added to it.
 *
 * All calls may come from any thread. A model only ever grows, so the names it hands out live as long as
 * it does. Where an extension goes away or is replaced by a newer version, make a new model with those
 * that remain. */

#define CAR_TYPE_CORE_MODEL (car_core_model_get_type ())
G_DECLARE_FINAL_TYPE (CarCoreModel, car_core_model, CAR, CORE_MODEL, GObject)

typedef enum
{
  CAR_PROPERTY_TEXT,
  CAR_PROPERTY_INET,    /* an IP address, as text */
  CAR_PROPERTY_MACADDR, /* a hardware address, as text */
  CAR_PROPERTY_NUMERIC,
  CAR_PROPERTY_FLOAT,
  CAR_PROPERTY_INTEGER,   /* 32 bits in other CAR services */
  CAR_PROPERTY_BIGINT,    /* 64 bits there */
  CAR_PROPERTY_TIMESTAMP, /* epoch milliseconds; queries see the date and time (ISO 8601, UTC) */
  CAR_PROPERTY_BOOLEAN,
  CAR_PROPERTY_JSON,  /* an object; for an extension's jsonb an array too */
  CAR_PROPERTY_TEXTS, /* an array of strings */
} CarPropertyType;

CarCoreModel *car_core_model_new (GError **error);

/* Adds what `extension_json` says (protocol.md, "Schema extension": the object with "vertices" and
 * "edges"). All of it or, with CAR_SCHEMA_ERROR_INVALID_JSON or CAR_SCHEMA_ERROR_INVALID_SCHEMA, nothing.
 * Adding the same again changes nothing. */
gboolean
car_core_model_add_extension (CarCoreModel *self, const char *extension_json, gsize length, GError **error);

/* The same of one that was added to a model of this kind before: what is read is not checked again by compiling the import
 * schema, which has all collections. */
gboolean car_core_model_add_known_extension (CarCoreModel *self,
                                             const char *extension_json,
                                             gsize length,
                                             GError **error);

/* The JSON Schema (draft 2020-12) of an envelope, for GET importSchema and car_import_schema_new(). */
char *car_core_model_to_import_schema (CarCoreModel *self);

/* Names, in the model's order; g_strfreev(). Edges do not hold the tags' (there tags are members of a
 * vertex). */
char **car_core_model_get_vertices (CarCoreModel *self);
char **car_core_model_get_edges (CarCoreModel *self);
char **car_core_model_get_properties (CarCoreModel *self, const char *collection);

gboolean car_core_model_has_vertex (CarCoreModel *self, const char *name);
gboolean car_core_model_has_edge (CarCoreModel *self, const char *name);
gboolean car_core_model_has_property (CarCoreModel *self, const char *collection, const char *property);
gboolean car_core_model_get_property_type (CarCoreModel *self,
                                           const char *collection,
                                           const char *property,
                                           CarPropertyType *type);

/* Whether queries shall find objects by the property quickly: also where it is unique. */
gboolean car_core_model_is_indexed (CarCoreModel *self, const char *collection, const char *property);

/* Whether no two objects of the collection may have the same value. */
gboolean car_core_model_is_unique (CarCoreModel *self, const char *collection, const char *property);

/* JSON text, g_free(): the value of an object that comes without one; NULL where there is none. */
char *car_core_model_dup_default (CarCoreModel *self, const char *collection, const char *property);

/* What queries call the property; NULL where they do not see it. */
const char *car_core_model_get_column (CarCoreModel *self, const char *collection, const char *property);

/* TRUE for ipregion: it has no history, no instances and no properties of the data source's own. */
gboolean car_core_model_is_outside_graph (CarCoreModel *self, const char *vertex);

/* FALSE where there is no such edge. Either pointer may be NULL. */
gboolean
car_core_model_get_edge_ends (CarCoreModel *self, const char *edge, const char **from, const char **to);

/* TRUE for ipaddress, hostname and macaddress: named by _key, and by `_from`/`_to` as "COLLECTION/KEY" in
 * edges; others are named by external_id, and by `_from_external_id`/`_to_external_id`. Connectors mix the
 * two in edges (and the import schema itself checks account_hostname's `_to_external_id`): read whichever
 * is there. */
gboolean car_core_model_is_named_by_key (CarCoreModel *self, const char *vertex);

G_END_DECLS
