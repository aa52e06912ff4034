/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/schema/car-import-schema.h>
#include <libcar/schema/car-import-schema-private.h>
#include <libcar/json/car-json-validator-private.h>

#include <string.h>

/**
 * CarImportSchema:
 *
 * What a CAR service accepts: the compiled JSON Schema (draft 2020-12) of an import envelope.
 *
 * The service hands the schema out (`GET importSchema`, see protocol.md). Compiled, it says of one object, or of a
 * whole envelope, whether the service will take it. Keywords understood are `type`, `properties`, `required`, `items`,
 * `pattern`, `minLength`, `maxLength` (in characters), `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
 * `multipleOf`, `enum`, `const`, `minItems`, `maxItems`, `uniqueItems`, `additionalProperties`, `patternProperties`,
 * `propertyNames`, `minProperties`, `maxProperties`, `allOf`, `anyOf`, `oneOf`, `not`, `if`, `then`, `else`,
 * `dependentRequired`, `$defs`, and `$ref` within the schema. Other assertions and references of the draft are refused
 * when the schema is compiled; words that the draft does not define are annotations.
 *
 * Numbers are compared exactly, whatever their size. Texts must be JSON as RFC 8259 has it, in UTF-8, and an object
 * must not have two members of one name.
 *
 * A schema does not change once it is made, and any thread may use it.
 */

struct _CarCollectionSchema
{
  char *name;
  const CarJsonNode *node;
};

struct _CarImportSchema
{
  GObject parent_instance;

  CarJsonSchema *schema;
  GPtrArray *names;        /* of the collections, in the order of the schema */
  GHashTable *collections; /* name → CarCollectionSchema */
  GMutex lock;             /* of the next one */
  GHashTable *unnamed;     /* likewise: collections that the schema does not name, as they were asked for */
};

G_DEFINE_FINAL_TYPE (CarImportSchema, car_import_schema, G_TYPE_OBJECT)

static void
collection_schema_free (CarCollectionSchema *self)
{
  g_free (self->name);
  g_free (self);
}

static CarCollectionSchema *
collection_schema_new (const char *name, const CarJsonNode *node)
{
  CarCollectionSchema *self = g_new (CarCollectionSchema, 1);

  self->name = g_strdup (name);
  self->node = node;
  return self;
}

static void
car_import_schema_finalize (GObject *object)
{
  CarImportSchema *self = CAR_IMPORT_SCHEMA (object);

  g_hash_table_unref (self->collections);
  g_hash_table_unref (self->unnamed);
  g_ptr_array_unref (self->names);
  g_clear_pointer (&self->schema, car_json_schema_free);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (car_import_schema_parent_class)->finalize (object);
}

static void
car_import_schema_class_init (CarImportSchemaClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = car_import_schema_finalize;
}

static void
car_import_schema_init (CarImportSchema *self)
{
  self->names = g_ptr_array_new ();
  self->collections =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) collection_schema_free);
  self->unnamed =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) collection_schema_free);
  g_mutex_init (&self->lock);
}

static void
add_collections (CarImportSchema *self)
{
  const CarJsonNode *root = car_json_schema_get_root (self->schema);
  const CarJsonValue *properties = car_json_value_get_member (root->schema, "properties");

  for (gsize i = 0; properties != NULL && i < car_json_value_get_length (properties); i++)
    {
      const CarJsonValue *property = car_json_value_get (properties, i);
      if (strlen (property->name) < property->name_length || g_str_equal (property->name, "source") ||
          g_str_equal (property->name, "report"))
        continue;
      const CarJsonNode *node = car_json_node_get_property (root, property->name, property->name_length);
      CarCollectionSchema *collection =
          collection_schema_new (property->name, car_json_node_get_items (node));
      g_hash_table_insert (self->collections, collection->name, collection);
      g_ptr_array_add (self->names, collection->name);
    }
}

/**
 * car_import_schema_new:
 * @json: the JSON Schema of an import envelope, as it stands in the member `schema` of the service's answer
 * @length: the length of @json in bytes, or -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Compiles a schema: an object whose `properties` are the collections (arrays of objects), `source` and `report`.
 *
 * Fails with %CAR_SCHEMA_ERROR_INVALID_JSON, %CAR_SCHEMA_ERROR_INVALID_SCHEMA or
 * %CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD; the message names the place, as a JSON Pointer (RFC 6901).
 *
 * Returns: (transfer full): the schema, or %NULL with @error set
 */
CarImportSchema *
car_import_schema_new (const char *json, gssize length, GError **error)
{
  g_return_val_if_fail (json != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_autoptr (CarJsonSchema) schema =
      car_json_schema_new (json, length < 0 ? strlen (json) : (gsize) length, error);
  if (schema == NULL)
    return NULL;
  if (car_json_value_get_member (car_json_schema_get_root (schema)->schema, "properties") == NULL)
    {
      g_set_error_literal (
          error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
          "the schema is none of an import envelope: it has no properties, which name the collections");
      return NULL;
    }

  CarImportSchema *self = g_object_new (CAR_TYPE_IMPORT_SCHEMA, NULL);
  self->schema = g_steal_pointer (&schema);
  add_collections (self);
  return self;
}

/**
 * car_import_schema_has_collection:
 * @self: a schema
 * @collection: a collection's name
 *
 * Whether the schema names the collection. Objects of others pass unchecked: an extension may have added them.
 *
 * Returns: %TRUE if the schema names it
 */
gboolean
car_import_schema_has_collection (CarImportSchema *self, const char *collection)
{
  g_return_val_if_fail (CAR_IS_IMPORT_SCHEMA (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);

  return g_hash_table_contains (self->collections, collection);
}

/**
 * car_import_schema_get_collections:
 * @self: a schema
 *
 * The names of the collections of vertices and edges, in the order in which the schema has them.
 *
 * Returns: (transfer full) (array zero-terminated=1): the names
 */
char **
car_import_schema_get_collections (CarImportSchema *self)
{
  g_return_val_if_fail (CAR_IS_IMPORT_SCHEMA (self), NULL);

  char **names = g_new0 (char *, self->names->len + 1);
  for (guint i = 0; i < self->names->len; i++)
    names[i] = g_strdup (g_ptr_array_index (self->names, i));
  return names;
}

/**
 * car_import_schema_validate_object:
 * @self: a schema
 * @collection: the collection that the object is to be imported to
 * @json: one JSON object
 * @length: the length of @json in bytes, or -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Checks one vertex or edge.
 *
 * A hostname's missing `host_name` and `external_id`, and an ipaddress's or macaddress's missing `name`, are taken from
 * its `_key` for this check (protocol.md, "The envelope"). Of a collection that the schema does not name every object
 * passes.
 *
 * Fails with %CAR_SCHEMA_ERROR_INVALID_JSON, or %CAR_SCHEMA_ERROR_VIOLATION: the message names the collection, the
 * object's key, the place (a JSON Pointer into the object) and the rule.
 *
 * Returns: %TRUE if the schema accepts the object, %FALSE with @error set otherwise
 */
gboolean
car_import_schema_validate_object (CarImportSchema *self,
                                   const char *collection,
                                   const char *json,
                                   gssize length,
                                   GError **error)
{
  g_return_val_if_fail (CAR_IS_IMPORT_SCHEMA (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  const CarCollectionSchema *schema = g_hash_table_lookup (self->collections, collection);
  const CarJsonCheck check = { schema != NULL ? schema->node : &car_json_anything, CAR_JSON_SUBJECT_OBJECT,
                               collection };
  return car_json_validate_text (&check, json, length < 0 ? strlen (json) : (gsize) length, NULL, error);
}

/**
 * car_import_schema_validate_envelope:
 * @self: a schema
 * @json: an import envelope, a JSON object
 * @length: the length of @json in bytes, or -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Checks a whole envelope: `source`, `report`, and every object of every collection, as
 * [method@ImportSchema.validate_object] does.
 *
 * A collection that the schema does not name must be an array of objects, unless the schema allows no such member. The
 * pattern that the schema may have for the source's `_key` is not applied: a source may have any name that is not empty
 * (protocol.md, "Source names, ids and keys come from the outside").
 *
 * Fails with %CAR_SCHEMA_ERROR_INVALID_JSON, or %CAR_SCHEMA_ERROR_VIOLATION: the message names the collection, the
 * object's index and key, the place (a JSON Pointer into the envelope) and the rule. The first violation ends the
 * check.
 *
 * Returns: %TRUE if the schema accepts the envelope, %FALSE with @error set otherwise
 */
gboolean
car_import_schema_validate_envelope (CarImportSchema *self, const char *json, gssize length, GError **error)
{
  g_return_val_if_fail (CAR_IS_IMPORT_SCHEMA (self), FALSE);
  g_return_val_if_fail (json != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  const CarJsonCheck check = { car_json_schema_get_root (self->schema), CAR_JSON_SUBJECT_ENVELOPE };
  return car_json_validate_text (&check, json, length < 0 ? strlen (json) : (gsize) length, NULL, error);
}

const CarCollectionSchema *
car_import_schema_lookup (CarImportSchema *self, const char *name)
{
  CarCollectionSchema *collection = g_hash_table_lookup (self->collections, name);
  if (collection != NULL)
    return collection;

  g_mutex_lock (&self->lock);
  collection = g_hash_table_lookup (self->unnamed, name);
  if (collection == NULL)
    {
      collection = collection_schema_new (name, &car_json_anything);
      g_hash_table_insert (self->unnamed, collection->name, collection);
    }
  g_mutex_unlock (&self->lock);
  return collection;
}

CarFixedMembers *
car_collection_schema_fix_members (const CarCollectionSchema *self, const char *object)
{
  return car_fixed_members_new (self->node, object);
}

gboolean
car_collection_schema_scan (const CarCollectionSchema *self,
                            const CarFixedMembers *fixed,
                            CarJsonScanner *scanner,
                            CarObjectScan *scan,
                            GError **error)
{
  const CarJsonCheck check = { self->node, CAR_JSON_SUBJECT_OBJECT, self->name, fixed };

  return car_json_validate (&check, scanner, scan, error);
}
