/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-pointer-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/schema/car-edge-ends-private.h>
#include <libcar/schema/car-import-schema-private.h>

#include <string.h>

/**
 * CarImportSchema:
 *
 * What a CAR service accepts: the compiled JSON Schema (draft 2020-12) of an import envelope.
 *
 * The service hands the schema out (`GET importSchema`, see protocol.md). Compiled, it says whether the service will take an
 * object, or a whole envelope. libcar understands the keywords `type`, `properties`, `required`, `items`,
 * `pattern`, `minLength`, `maxLength` (in characters), `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
 * `multipleOf`, `enum`, `const`, `minItems`, `maxItems`, `uniqueItems`, `additionalProperties`, `patternProperties`,
 * `propertyNames`, `minProperties`, `maxProperties`, `allOf`, `anyOf`, `oneOf`, `not`, `if`, `then`, `else`,
 * `dependentRequired`, `$defs`, and `$ref` within the schema. It refuses other assertions and references of the draft when it
 * compiles the schema. Words that the draft does not define are annotations.
 *
 * Numbers are compared exactly, whatever their size. Texts must be JSON as RFC 8259 has it, in UTF-8, and an object
 * must not have two members of one name.
 *
 * A schema does not change once it is made, and any thread may use it.
 *
 * ```c
 * static gboolean
 * check_asset (CarClient *client, const char *asset, GError **error)
 * {
 *   g_autoptr (CarImportSchema) schema = car_client_get_import_schema (client, NULL, error);
 *
 *   return schema != NULL && car_import_schema_validate_object (schema, "asset", asset, -1, error);
 * }
 * ```
 */

struct _CarCollectionSchema
{
  char *name;
  const CarJsonNode *node;
  const CarImportSchema *owner;
  const CarJsonObjectRules *vertex_rules;
  const CarJsonObjectRules *edge_rules;
  CarEdgeEnds ends; /* where it is one of edges */
};

struct _CarImportSchema
{
  GObject parent_instance;

  char *json;
  GMutex lock; /* of what follows, until it is ready */
  gboolean initialised;
  GError *problem; /* why it is not ready */
  CarJsonSchema *schema;
  CarJsonSchema *unnamed_schema; /* of an envelope's members that the schema does not name */
  GPtrArray *names;              /* of the collections, in the order of the schema */
  GHashTable *vertices;          /* the set of those of vertices */
  GHashTable *collections;       /* name → CarCollectionSchema */
  GHashTable *unnamed; /* likewise: collections that the schema does not name, as they were asked for */
};

enum
{
  PROP_0,
  PROP_JSON,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

static void car_import_schema_initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CarImportSchema,
                               car_import_schema,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, car_import_schema_initable_init))

static void
collection_schema_free (CarCollectionSchema *self)
{
  car_edge_ends_clear (&self->ends);
  g_free (self->name);
  g_free (self);
}

static CarCollectionSchema *
collection_schema_new (const CarImportSchema *owner, const char *name, const CarJsonNode *node)
{
  CarCollectionSchema *self = g_new0 (CarCollectionSchema, 1);

  self->name = g_strdup (name);
  self->node = node;
  self->owner = owner;
  self->vertex_rules = car_object_rules_get_vertex (name);
  self->edge_rules = car_object_rules_get_edge ();
  return self;
}

static void
car_import_schema_finalize (GObject *object)
{
  CarImportSchema *self = CAR_IMPORT_SCHEMA (object);

  g_hash_table_unref (self->collections);
  g_hash_table_unref (self->unnamed);
  g_hash_table_unref (self->vertices);
  g_ptr_array_unref (self->names);
  g_clear_pointer (&self->schema, car_json_schema_free);
  g_clear_pointer (&self->unnamed_schema, car_json_schema_free);
  g_clear_error (&self->problem);
  g_mutex_clear (&self->lock);
  g_free (self->json);
  G_OBJECT_CLASS (car_import_schema_parent_class)->finalize (object);
}

static void
car_import_schema_set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  CarImportSchema *self = CAR_IMPORT_SCHEMA (object);

  if (id == PROP_JSON)
    self->json = g_value_dup_string (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
car_import_schema_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  if (id == PROP_JSON)
    g_value_set_string (value, CAR_IMPORT_SCHEMA (object)->json);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
car_import_schema_class_init (CarImportSchemaClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = car_import_schema_finalize;
  object_class->set_property = car_import_schema_set_property;
  object_class->get_property = car_import_schema_get_property;

  /**
   * CarImportSchema:json:
   *
   * The JSON Schema of an import envelope, as JSON text: what [ctor@ImportSchema.new] takes.
   */
  properties[PROP_JSON] = g_param_spec_string (
      "json", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
car_import_schema_init (CarImportSchema *self)
{
  self->names = g_ptr_array_new ();
  self->vertices = g_hash_table_new (g_str_hash, g_str_equal);
  self->collections =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) collection_schema_free);
  self->unnamed =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) collection_schema_free);
  g_mutex_init (&self->lock);
}

static gboolean
has_property (const CarJsonNode *node, const char *name)
{
  return car_json_node_get_property (node, car_json_names_lookup (&node->names, name, strlen (name))) != NULL;
}

/* The published schema tells an edge by its ends alone. */
static gboolean
is_edge (const CarJsonNode *node)
{
  while (node->alias != NULL)
    node = node->alias;
  return (has_property (node, "_from") || has_property (node, "_from_external_id")) &&
         (has_property (node, "_to") || has_property (node, "_to_external_id"));
}

static void
add_collections (CarImportSchema *self)
{
  const CarJsonNode *root = car_json_schema_get_root (self->schema);
  const CarJsonValue *members = car_json_value_get_member (root->schema, "properties");

  for (gsize i = 0; i < car_json_value_get_length (members); i++)
    {
      const CarJsonValue *member = car_json_value_get (members, i);
      if (strlen (member->name) < member->name_length || g_str_equal (member->name, "source") ||
          g_str_equal (member->name, "report"))
        continue;
      const guint index = car_json_names_lookup (&root->names, member->name, member->name_length);
      const CarJsonNode *node = car_json_node_get_property (root, index);
      CarCollectionSchema *collection =
          collection_schema_new (self, member->name, car_json_node_get_items (node));
      g_hash_table_insert (self->collections, collection->name, collection);
      g_ptr_array_add (self->names, collection->name);
      if (!is_edge (collection->node))
        g_hash_table_add (self->vertices, collection->name);
    }

  for (guint i = 0; i < self->names->len; i++)
    {
      CarCollectionSchema *collection = g_hash_table_lookup (self->collections, self->names->pdata[i]);
      car_edge_ends_init (&collection->ends, collection->name, self->vertices);
    }
}

/* What an envelope's members are that the schema does not name. */
static const char unnamed_members[] =
    "{\"properties\":{\"source\":{\"type\":\"object\"},\"report\":{\"type\":\"object\"}},"
    "\"additionalProperties\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}";

static gboolean
compile (CarImportSchema *self, GError **error)
{
  if (self->json == NULL)
    {
      g_set_error_literal (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
                           "an import schema was made without its JSON text: use new(), or set “json”");
      return FALSE;
    }

  self->schema = car_json_schema_new (self->json, strlen (self->json), error);
  if (self->schema == NULL)
    return FALSE;
  if (car_json_value_get_member (car_json_schema_get_root (self->schema)->schema, "properties") == NULL)
    {
      g_clear_pointer (&self->schema, car_json_schema_free);
      g_set_error_literal (
          error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
          "the schema is none of an import envelope: it has no properties, which name the collections");
      return FALSE;
    }

  self->unnamed_schema = car_json_schema_new (unnamed_members, strlen (unnamed_members), error);
  add_collections (self);
  return TRUE;
}

/* Compiles the schema once, whoever comes first: bindings make objects by their properties alone, without this call. */
static gboolean
car_import_schema_make_ready (GInitable *initable, GCancellable *cancellable, GError **error)
{
  CarImportSchema *self = CAR_IMPORT_SCHEMA (initable);
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->lock);

  if (!self->initialised)
    {
      compile (self, &self->problem);
      self->initialised = TRUE;
    }
  if (self->problem == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->problem));
  return FALSE;
}

static void
car_import_schema_initable_init (GInitableIface *iface)
{
  iface->init = car_import_schema_make_ready;
}

static gboolean
make_ready (CarImportSchema *self, GError **error)
{
  return g_initable_init (G_INITABLE (self), NULL, error);
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

  const gsize size = length < 0 ? strlen (json) : (gsize) length;
  g_autofree char *text = g_strndup (json, size);
  CarJsonSpan cut_short;

  /* No JSON holds a NUL, and the property cannot either. */
  if (strlen (text) < size && !car_json_read_text (json, size, &cut_short, error))
    return NULL;
  return g_initable_new (CAR_TYPE_IMPORT_SCHEMA, NULL, error, "json", text, NULL);
}

/**
 * car_import_schema_has_collection:
 * @self: a schema
 * @collection: a collection's name
 *
 * Whether the schema names the collection. A schema that was made by its properties, and is none, names no collection.
 *
 * Returns: %TRUE if the schema names it
 */
gboolean
car_import_schema_has_collection (CarImportSchema *self, const char *collection)
{
  g_return_val_if_fail (CAR_IS_IMPORT_SCHEMA (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);

  return make_ready (self, NULL) && g_hash_table_contains (self->collections, collection);
}

gboolean
car_import_schema_has_vertices (CarImportSchema *self, const char *collection)
{
  return make_ready (self, NULL) && g_hash_table_contains (self->vertices, collection);
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

  make_ready (self, NULL);

  char **names = g_new0 (char *, self->names->len + 1);
  for (guint i = 0; i < self->names->len; i++)
    names[i] = g_strdup (g_ptr_array_index (self->names, i));
  return names;
}

/* Checks the object that begins at the scanner. */
static inline gboolean
check_object (const CarCollectionSchema *self,
              const CarJsonObjectRules *rules,
              const CarJsonFixedMembers *fixed,
              CarJsonScanner *scanner,
              CarJsonMembers *members,
              CarJsonViolation *violation)
{
  const CarJsonCheck check = { .node = self->node, .rules = rules, .fixed = fixed };
  const CarJsonType type = car_json_scanner_peek (scanner);

  if (G_UNLIKELY (type != CAR_JSON_OBJECT && type != CAR_JSON_INVALID))
    return car_json_violate (violation, NULL, NULL, "type", "is no object");
  return car_json_validate (&check, scanner, members, violation);
}

void
car_violation_name_object (CarJsonViolation *violation, const char *collection, const CarJsonScanner *object)
{
  g_autoptr (GString) prefix = g_string_new (NULL);
  CarJsonSpan span;

  car_text_append_printable (prefix, collection, strlen (collection), CAR_TEXT_SHORT);
  if (object != NULL)
    {
      CarJsonScanner scanner = *object;
      if (car_json_scanner_read (&scanner, &span))
        car_object_append_name (prefix, &span);
    }
  g_string_append (prefix, ": ");
  car_json_violation_prefix (violation, prefix->str);
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
 * its `_key` for this check (protocol.md, "The envelope"). If the schema does not name the
 * collection, every object passes.
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

  if (!make_ready (self, error))
    return FALSE;

  const CarCollectionSchema *schema = car_import_schema_lookup (self, collection);
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonScanner scanner;
  CarJsonMembers members;

  car_json_scanner_init (&scanner, json, length < 0 ? strlen (json) : (gsize) length);
  const CarJsonScanner begin = scanner;
  if (check_object (schema, schema->vertex_rules, NULL, &scanner, &members, &violation))
    {
      if (car_json_scanner_finish (&scanner))
        return TRUE;
      car_json_violate_text (&violation, &scanner);
    }

  car_violation_name_object (&violation, collection, &begin);
  car_json_violation_set_error (&violation, error);
  return FALSE;
}

/* Those of the objects in an envelope's collections: what stands at /COLLECTION/INDEX. */
static const CarJsonObjectRules *
find_rules_in_envelope (const CarJsonPlace *place, gpointer user_data)
{
  if (place == NULL || place->name != NULL || place->parent == NULL || place->parent->name == NULL ||
      place->parent->parent != NULL)
    return NULL;

  g_autofree char *collection = car_json_span_unescape (place->parent->name, NULL);
  return car_object_rules_get_vertex (collection);
}

/* What is no value at all is the validator's. */
static gboolean
check_is_object (const char *json, gsize length, CarJsonViolation *violation)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, json, length);
  const CarJsonType type = car_json_scanner_peek (&scanner);
  return type == CAR_JSON_OBJECT || type == CAR_JSON_INVALID ||
         car_json_violate (violation, NULL, NULL, "type", "is no object");
}

/* Of a text that is valid otherwise. */
static gboolean
check_unnamed_members (CarImportSchema *self, const char *json, gsize length, CarJsonViolation *violation)
{
  const CarJsonNode *root = car_json_schema_get_root (self->schema);
  const CarJsonNode *unnamed = car_json_schema_get_root (self->unnamed_schema);
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  while (root->alias != NULL)
    root = root->alias;
  car_json_scanner_init (&scanner, json, length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    {
      const CarJsonPlace place = { NULL, &name };
      const guint index = car_json_node_find_name (unnamed, &name);
      const CarJsonCheck check = { .node = car_json_node_get_member (unnamed, index), .place = &place };

      if (car_json_node_get_property (root, car_json_node_find_name (root, &name)) != NULL)
        car_json_scanner_read (&scanner, &value);
      else if (!car_json_validate (&check, &scanner, NULL, violation))
        return FALSE;
    }
  return TRUE;
}

/* Where the violation is in an object of a collection, that is named. */
static void
name_object_in_envelope (CarJsonViolation *violation, const char *json, gsize length)
{
  const char *place = violation->place;
  g_autofree char *collection = car_json_pointer_read (&place);
  g_autofree char *index = collection != NULL ? car_json_pointer_read (&place) : NULL;
  CarJsonSpan envelope;

  if (index == NULL || !car_json_read_text (json, length, &envelope, NULL))
    return;
  const CarJsonSpan objects = car_json_span_get_member (&envelope, collection);
  g_autoptr (GArray) items = car_json_span_get_items (&objects);
  const guint64 i = g_ascii_strtoull (index, NULL, 10);
  if (items == NULL || i >= items->len)
    return;

  const CarJsonSpan *object = &g_array_index (items, CarJsonSpan, i);
  CarJsonScanner scanner;
  car_json_scanner_init (&scanner, object->text, object->length);
  car_violation_name_object (violation, collection, &scanner);
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
 * A collection that the schema does not name must be an array of objects, unless the schema allows no such member.
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

  if (!make_ready (self, error))
    return FALSE;

  const CarJsonCheck check = { .node = car_json_schema_get_root (self->schema),
                               .find_rules = find_rules_in_envelope };
  const gsize size = length < 0 ? strlen (json) : (gsize) length;
  g_auto (CarJsonViolation) violation = { NULL };

  if (check_is_object (json, size, &violation) &&
      car_json_validate_text (&check, json, size, NULL, &violation) &&
      check_unnamed_members (self, json, size, &violation))
    return TRUE;

  name_object_in_envelope (&violation, json, size);
  car_json_violation_set_error (&violation, error);
  return FALSE;
}

gboolean
car_import_schema_check_envelope_head (CarImportSchema *self,
                                       const char *source_json,
                                       const char *report_json,
                                       GError **error)
{
  g_autofree char *envelope = g_strdup_printf ("{\"source\":%s,\"report\":%s}", source_json, report_json);

  return car_import_schema_validate_envelope (self, envelope, -1, error);
}

const CarCollectionSchema *
car_import_schema_lookup (CarImportSchema *self, const char *name)
{
  CarCollectionSchema *collection = g_hash_table_lookup (self->collections, name);
  if (collection != NULL)
    return collection;

  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->lock);
  collection = g_hash_table_lookup (self->unnamed, name);
  if (collection == NULL)
    {
      collection = collection_schema_new (self, name, &car_json_anything);
      car_edge_ends_init (&collection->ends, name, self->vertices);
      g_hash_table_insert (self->unnamed, collection->name, collection);
    }
  return collection;
}

const CarEdgeEnds *
car_collection_schema_get_ends (const CarCollectionSchema *self)
{
  return &self->ends;
}

CarMemberNames *
car_collection_schema_list_members (const CarCollectionSchema *self, gboolean is_edge_)
{
  return car_member_names_new (self->node, is_edge_);
}

CarJsonFixedMembers *
car_collection_schema_fix_members (const CarCollectionSchema *self, const char *object)
{
  return car_json_fixed_members_new (self->node, object);
}

gboolean
car_collection_schema_scan (const CarCollectionSchema *self,
                            gboolean is_edge_,
                            const CarJsonFixedMembers *fixed,
                            CarJsonScanner *scanner,
                            CarJsonMembers *members,
                            CarJsonViolation *violation)
{
  const CarJsonScanner begin = *scanner;

  if (G_LIKELY (check_object (self, is_edge_ ? self->edge_rules : self->vertex_rules, fixed, scanner, members,
                              violation) &&
                (!is_edge_ || car_edge_ends_check (&self->ends, self->owner->vertices, members, violation))))
    return TRUE;

  car_violation_name_object (violation, self->name, &begin);
  return FALSE;
}
