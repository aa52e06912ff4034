/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-node-private.h>

#include <string.h>

/* How many schemas may stand behind one another for the same value: $ref to $ref, allOf in allOf … */
#define MAX_CHAIN 128

/* Each pattern of names is tried with each member of an object. */
#define MAX_PATTERN_PROPERTIES 256

struct _CarJsonSchema
{
  char *text;
  CarJsonValue *document;
  char *id; /* of the root, without a fragment */
  GPtrArray *nodes;
  GHashTable *nodes_by_value; /* CarJsonValue → CarJsonNode */
  CarJsonNode *root;
};

typedef struct
{
  CarJsonSchema *schema;
  GQueue unresolved; /* nodes whose $ref waits for all others to be there */
} Compiler;

/* What a node's keywords gather until it is sealed. */
typedef struct
{
  Compiler *compiler;
  CarJsonNode *node;
  GArray *required; /* of guint */
} Context;

typedef gboolean (*Keyword) (Context *self, const CarJsonValue *value, GError **error);

static CarJsonNode *compile (Compiler *self, const CarJsonValue *value, GError **error);

static gboolean
fail_at (const CarJsonValue *value, CarSchemaError code, GError **error, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static gboolean
fail_at (const CarJsonValue *value, CarSchemaError code, GError **error, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_autofree char *pointer = car_json_value_get_pointer (value);
  g_autoptr (GString) place = g_string_new (*pointer != '\0' ? NULL : "/");
  car_text_append_printable (place, pointer, strlen (pointer), CAR_TEXT_SHORT);
  g_set_error (error, CAR_SCHEMA_ERROR, code, "the schema cannot be used: at “%s”: %s", place->str, reason);
  return FALSE;
}

#define fail(value, error, ...) fail_at (value, CAR_SCHEMA_ERROR_INVALID_SCHEMA, error, __VA_ARGS__)

static gboolean
expect_type (const CarJsonValue *value, CarJsonType type, const char *what, GError **error)
{
  return value->span.type == type || fail (value, error, "%s must be %s", value->name, what);
}

static gboolean
read_type (CarJsonNode *node, const CarJsonValue *value, GError **error)
{
  static const struct
  {
    const char *name;
    guint bits;
  } types[] = {
    { "null", CAR_JSON_TYPE_BIT (CAR_JSON_NULL) },
    { "boolean", CAR_JSON_TYPE_BIT (CAR_JSON_FALSE) | CAR_JSON_TYPE_BIT (CAR_JSON_TRUE) },
    { "integer", CAR_JSON_INTEGER_BIT },
    { "number", CAR_JSON_TYPE_BIT (CAR_JSON_NUMBER) | CAR_JSON_INTEGER_BIT },
    { "string", CAR_JSON_TYPE_BIT (CAR_JSON_STRING) },
    { "array", CAR_JSON_TYPE_BIT (CAR_JSON_ARRAY) },
    { "object", CAR_JSON_TYPE_BIT (CAR_JSON_OBJECT) },
  };

  for (gsize i = 0; value->string != NULL && i < G_N_ELEMENTS (types); i++)
    if (car_json_span_equals (&value->span, types[i].name))
      {
        node->types |= types[i].bits;
        return TRUE;
      }
  return fail (value, error, "there is no such type");
}

static gboolean
keyword_type (Context *self, const CarJsonValue *value, GError **error)
{
  self->node->types = 0;
  if (value->span.type != CAR_JSON_ARRAY)
    return read_type (self->node, value, error);
  if (car_json_value_get_length (value) == 0)
    return fail (value, error, "the list of types is empty");
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    if (!read_type (self->node, car_json_value_get (value, i), error))
      return FALSE;
  return TRUE;
}

static gboolean
read_bound (CarJsonBound *bound, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_NUMBER, "a number", error))
    return FALSE;
  bound->set = TRUE;
  bound->span = value->span;
  car_json_number_init (&bound->number, &bound->span);
  return TRUE;
}

static gboolean
keyword_minimum (Context *self, const CarJsonValue *value, GError **error)
{
  return read_bound (&self->node->bounds[CAR_JSON_BOUND_MINIMUM], value, error);
}

static gboolean
keyword_maximum (Context *self, const CarJsonValue *value, GError **error)
{
  return read_bound (&self->node->bounds[CAR_JSON_BOUND_MAXIMUM], value, error);
}

static gboolean
keyword_exclusive_minimum (Context *self, const CarJsonValue *value, GError **error)
{
  return read_bound (&self->node->bounds[CAR_JSON_BOUND_EXCLUSIVE_MINIMUM], value, error);
}

static gboolean
keyword_exclusive_maximum (Context *self, const CarJsonValue *value, GError **error)
{
  return read_bound (&self->node->bounds[CAR_JSON_BOUND_EXCLUSIVE_MAXIMUM], value, error);
}

static gboolean
keyword_multiple_of (Context *self, const CarJsonValue *value, GError **error)
{
  CarJsonBound *bound = &self->node->multiple_of;

  if (!read_bound (bound, value, error))
    return FALSE;
  if (bound->number.n_digits == 0 || bound->number.negative)
    return fail (value, error, "multipleOf must be more than 0");
  if (bound->number.n_digits > CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS)
    return fail (value, error, "multipleOf has more than %d digits", CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS);
  return TRUE;
}

static gboolean
read_count (guint64 *count, const CarJsonValue *value, GError **error)
{
  CarJsonNumber number = { 0 };

  if (value->span.type == CAR_JSON_NUMBER)
    car_json_number_init (&number, &value->span);
  if (value->span.type != CAR_JSON_NUMBER || number.negative || !car_json_number_is_integer (&number))
    return fail (value, error, "%s must be a whole number, not less than 0", value->name);
  *count = number.is_small ? (guint64) number.small : G_MAXUINT64;
  return TRUE;
}

static gboolean
keyword_min_length (Context *self, const CarJsonValue *value, GError **error)
{
  return read_count (&self->node->min_length, value, error);
}

static gboolean
keyword_max_length (Context *self, const CarJsonValue *value, GError **error)
{
  return read_count (&self->node->max_length, value, error);
}

static gboolean
keyword_min_items (Context *self, const CarJsonValue *value, GError **error)
{
  return read_count (&self->node->min_items, value, error);
}

static gboolean
keyword_max_items (Context *self, const CarJsonValue *value, GError **error)
{
  return read_count (&self->node->max_items, value, error);
}

static gboolean
keyword_min_properties (Context *self, const CarJsonValue *value, GError **error)
{
  return read_count (&self->node->min_properties, value, error);
}

static gboolean
keyword_max_properties (Context *self, const CarJsonValue *value, GError **error)
{
  return read_count (&self->node->max_properties, value, error);
}

static gboolean
keyword_unique_items (Context *self, const CarJsonValue *value, GError **error)
{
  self->node->unique_items = value->span.type == CAR_JSON_TRUE;
  return self->node->unique_items || expect_type (value, CAR_JSON_FALSE, "true or false", error);
}

static CarJsonPattern *
read_pattern (const CarJsonValue *value, const char *source, gsize length, GError **error)
{
  g_autoptr (GError) reason = NULL;
  CarJsonPattern *pattern = car_json_pattern_new (source, length, &reason);

  if (pattern == NULL)
    fail (value, error, "the pattern is not one of ECMA-262: %s", reason->message);
  return pattern;
}

static gboolean
keyword_pattern (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_STRING, "a string", error))
    return FALSE;
  self->node->pattern = read_pattern (value, value->string, value->string_length, error);
  return self->node->pattern != NULL;
}

static gboolean
keyword_items (Context *self, const CarJsonValue *value, GError **error)
{
  return (self->node->items = compile (self->compiler, value, error)) != NULL;
}

static gboolean
keyword_properties (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_OBJECT, "an object", error))
    return FALSE;
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    {
      const CarJsonValue *member = car_json_value_get (value, i);
      CarJsonNode *node = compile (self->compiler, member, error);
      if (node == NULL)
        return FALSE;
      guint index = car_json_node_add_property (self->node, member->name, member->name_length);
      g_array_index (self->node->properties, CarJsonProperty, index).node = node;
    }
  return TRUE;
}

static gboolean
keyword_pattern_properties (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_OBJECT, "an object", error))
    return FALSE;
  if (car_json_value_get_length (value) > MAX_PATTERN_PROPERTIES)
    return fail (value, error, "patternProperties has more than %d patterns", MAX_PATTERN_PROPERTIES);
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    {
      const CarJsonValue *member = car_json_value_get (value, i);
      CarJsonPatternProperty property = { NULL, compile (self->compiler, member, error) };
      if (property.node == NULL)
        return FALSE;
      property.pattern = read_pattern (member, member->name, member->name_length, error);
      if (property.pattern == NULL)
        return FALSE;
      g_array_append_val (self->node->pattern_properties, property);
    }
  return TRUE;
}

static gboolean
keyword_additional_properties (Context *self, const CarJsonValue *value, GError **error)
{
  return (self->node->additional_properties = compile (self->compiler, value, error)) != NULL;
}

static gboolean
keyword_property_names (Context *self, const CarJsonValue *value, GError **error)
{
  return (self->node->property_names = compile (self->compiler, value, error)) != NULL;
}

/* Adds the indexes of the names in the array. */
static gboolean
read_names (CarJsonNode *node, GArray *indexes, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_ARRAY, "an array of names", error))
    return FALSE;

  g_auto (CarJsonHashSet) seen;
  car_json_hash_set_init (&seen);
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    {
      const CarJsonValue *name = car_json_value_get (value, i);
      if (name->string == NULL)
        return fail (name, error, "a name must be a string");
      if (!car_json_hash_set_add (&seen, car_json_hash_value (&name->span)))
        return fail (name, error, "a name stands here twice");
      guint index = car_json_node_add_property (node, name->string, name->string_length);
      g_array_append_val (indexes, index);
    }
  return TRUE;
}

static gboolean
keyword_required (Context *self, const CarJsonValue *value, GError **error)
{
  return read_names (self->node, self->required, value, error);
}

static gboolean
keyword_dependent_required (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_OBJECT, "an object", error))
    return FALSE;
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    {
      const CarJsonValue *member = car_json_value_get (value, i);
      g_autoptr (GArray) indexes = g_array_new (FALSE, FALSE, sizeof (guint));
      if (!read_names (self->node, indexes, member, error))
        return FALSE;
      guint index = car_json_node_add_property (self->node, member->name, member->name_length);
      g_array_index (self->node->properties, CarJsonProperty, index).dependencies =
          g_steal_pointer (&indexes);
      self->node->has_dependencies = TRUE;
    }
  return TRUE;
}

static CarJsonEnum *
new_enum (const CarJsonValue *value)
{
  CarJsonEnum *enumeration = g_new (CarJsonEnum, 1);

  car_json_hash_set_init (&enumeration->values);
  enumeration->span = value->span;
  return enumeration;
}

static gboolean
keyword_enum (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_ARRAY, "an array", error))
    return FALSE;
  self->node->enumeration = new_enum (value);
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    car_json_hash_set_add (&self->node->enumeration->values,
                           car_json_hash_value (&car_json_value_get (value, i)->span));
  return TRUE;
}

static gboolean
keyword_const (Context *self, const CarJsonValue *value, GError **error)
{
  self->node->constant = new_enum (value);
  car_json_hash_set_add (&self->node->constant->values, car_json_hash_value (&value->span));
  return TRUE;
}

static gboolean
read_branch (Context *self, CarJsonNode **branch, const CarJsonValue *value, GError **error)
{
  self->node->flags |= CAR_JSON_NODE_BRANCHES;
  return (*branch = compile (self->compiler, value, error)) != NULL;
}

static gboolean
read_branches (Context *self, GPtrArray **branches, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_ARRAY, "an array of schemas", error))
    return FALSE;
  if (car_json_value_get_length (value) == 0)
    return fail (value, error, "%s is empty", value->name);

  *branches = g_ptr_array_new ();
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    {
      CarJsonNode *branch;
      if (!read_branch (self, &branch, car_json_value_get (value, i), error))
        return FALSE;
      g_ptr_array_add (*branches, branch);
    }
  return TRUE;
}

static gboolean
keyword_all_of (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branches (self, &self->node->all_of, value, error);
}

static gboolean
keyword_any_of (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branches (self, &self->node->any_of, value, error);
}

static gboolean
keyword_one_of (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branches (self, &self->node->one_of, value, error);
}

static gboolean
keyword_not (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branch (self, &self->node->not_, value, error);
}

static gboolean
keyword_if (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branch (self, &self->node->if_, value, error);
}

static gboolean
keyword_then (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branch (self, &self->node->then_, value, error);
}

static gboolean
keyword_else (Context *self, const CarJsonValue *value, GError **error)
{
  return read_branch (self, &self->node->else_, value, error);
}

static gboolean
keyword_defs (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_OBJECT, "an object", error))
    return FALSE;
  for (gsize i = 0; i < car_json_value_get_length (value); i++)
    if (compile (self->compiler, car_json_value_get (value, i), error) == NULL)
      return FALSE;
  return TRUE;
}

/* References may lead forwards, and in circles: they wait until the whole document is compiled. */
static gboolean
keyword_ref (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_STRING, "a string", error))
    return FALSE;
  if (strlen (value->string) < value->string_length)
    return fail (value, error, "a reference must not hold U+0000");
  g_queue_push_tail (&self->compiler->unresolved, self->node);
  return TRUE;
}

static gboolean
keyword_id (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_STRING, "a string", error))
    return FALSE;
  if (self->node->schema->parent != NULL)
    return fail_at (value, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, error,
                    "the keyword $id is supported at the root of the schema alone");

  gsize length = strcspn (value->string, "#");
  if (length < value->string_length && value->string[length + 1] != '\0')
    return fail (value, error, "$id must not have a fragment");
  self->compiler->schema->id = g_strndup (value->string, length);
  return TRUE;
}

/* Dialects of other people may mean something else by the same words. */
static gboolean
keyword_schema (Context *self, const CarJsonValue *value, GError **error)
{
  if (!expect_type (value, CAR_JSON_STRING, "a string", error))
    return FALSE;
  return g_str_has_prefix (value->string, "https://json-schema.org/") ||
         g_str_has_prefix (value->string, "http://json-schema.org/") ||
         fail_at (value, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, error,
                  "the keyword $schema names a dialect that is not supported: write for "
                  "https://json-schema.org/draft/2020-12/schema");
}

static gboolean
keyword_unsupported (Context *self, const CarJsonValue *value, GError **error)
{
  return fail_at (value, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, error, "the keyword %s is not supported",
                  value->name);
}

/* Annotations and words that the draft does not know are not in the table. */
static const struct
{
  const char *name;
  Keyword apply;
} keywords[] = {
  { "$anchor", keyword_unsupported },
  { "$defs", keyword_defs },
  { "$dynamicAnchor", keyword_unsupported },
  { "$dynamicRef", keyword_unsupported },
  { "$id", keyword_id },
  { "$ref", keyword_ref },
  { "$schema", keyword_schema },
  { "additionalProperties", keyword_additional_properties },
  { "allOf", keyword_all_of },
  { "anyOf", keyword_any_of },
  { "const", keyword_const },
  { "contains", keyword_unsupported },
  { "dependentRequired", keyword_dependent_required },
  { "dependentSchemas", keyword_unsupported },
  { "else", keyword_else },
  { "enum", keyword_enum },
  { "exclusiveMaximum", keyword_exclusive_maximum },
  { "exclusiveMinimum", keyword_exclusive_minimum },
  { "if", keyword_if },
  { "items", keyword_items },
  { "maxContains", keyword_unsupported },
  { "maxItems", keyword_max_items },
  { "maxLength", keyword_max_length },
  { "maxProperties", keyword_max_properties },
  { "maximum", keyword_maximum },
  { "minContains", keyword_unsupported },
  { "minItems", keyword_min_items },
  { "minLength", keyword_min_length },
  { "minProperties", keyword_min_properties },
  { "minimum", keyword_minimum },
  { "multipleOf", keyword_multiple_of },
  { "not", keyword_not },
  { "oneOf", keyword_one_of },
  { "pattern", keyword_pattern },
  { "patternProperties", keyword_pattern_properties },
  { "prefixItems", keyword_unsupported },
  { "properties", keyword_properties },
  { "propertyNames", keyword_property_names },
  { "required", keyword_required },
  { "then", keyword_then },
  { "type", keyword_type },
  { "unevaluatedItems", keyword_unsupported },
  { "unevaluatedProperties", keyword_unsupported },
  { "uniqueItems", keyword_unique_items },
};

static Keyword
find_keyword (const CarJsonValue *member)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keywords); i++)
    if (strlen (keywords[i].name) == member->name_length && g_str_equal (keywords[i].name, member->name))
      return keywords[i].apply;
  return NULL;
}

/* The node of a schema, which is compiled when it is met for the first time. As deep as the scanner allows at most:
 * references are followed later. */
static CarJsonNode *
compile (Compiler *self, const CarJsonValue *value, GError **error)
{
  CarJsonNode *node = g_hash_table_lookup (self->schema->nodes_by_value, value);
  g_autoptr (GArray) required = g_array_new (FALSE, FALSE, sizeof (guint));
  Context context = { self, node, required };

  if (node != NULL)
    return node;

  node = context.node = car_json_node_new (value);
  g_ptr_array_add (self->schema->nodes, node);
  g_hash_table_insert (self->schema->nodes_by_value, (gpointer) value, node);
  node->refuses = value->span.type == CAR_JSON_FALSE;
  if (value->span.type == CAR_JSON_OBJECT)
    {
      for (gsize i = 0; i < car_json_value_get_length (value); i++)
        {
          const CarJsonValue *member = car_json_value_get (value, i);
          Keyword apply = find_keyword (member);
          if (apply != NULL && !apply (&context, member, error))
            return NULL;
        }
    }
  else if (value->span.type != CAR_JSON_TRUE && value->span.type != CAR_JSON_FALSE)
    {
      fail (value, error, "a schema must be an object, true or false");
      return NULL;
    }

  car_json_node_seal (node, required);
  return node;
}

/* The fragment of a reference into this very document, NULL where it leads elsewhere. */
static char *
get_local_fragment (const CarJsonSchema *self, const char *reference)
{
  gsize length = strcspn (reference, "#");
  const char *fragment = reference[length] == '#' ? reference + length + 1 : "";

  if (length > 0)
    {
      if (self->id == NULL)
        return NULL;
      g_autofree char *uri = g_strndup (reference, length);
      g_autofree char *resolved = g_uri_resolve_relative (self->id, uri, G_URI_FLAGS_ENCODED, NULL);
      if (!g_str_equal (uri, self->id) && g_strcmp0 (resolved, self->id) != 0)
        return NULL;
    }
  return g_strdup (fragment);
}

static gboolean
resolve (Compiler *self, CarJsonNode *node, GError **error)
{
  const CarJsonValue *ref = car_json_value_get_member (node->schema, "$ref");
  g_autoptr (GString) shown = g_string_new (NULL);
  car_text_append_printable (shown, ref->string, ref->string_length, CAR_TEXT_SHORT);
  g_autofree char *fragment = get_local_fragment (self->schema, ref->string);

  if (fragment == NULL)
    return fail_at (ref, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, error,
                    "the keyword $ref is supported within the same document alone: not “%s”", shown->str);

  g_autofree char *pointer = g_uri_unescape_string (fragment, NULL);
  if (pointer == NULL)
    return fail (ref, error, "“%s” is badly percent-encoded", shown->str);
  if (*pointer != '\0' && *pointer != '/')
    return fail_at (ref, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, error,
                    "the keyword $ref is supported with a JSON Pointer alone, not with an anchor: “%s”",
                    shown->str);
  const CarJsonValue *target = car_json_value_resolve (self->schema->document, pointer);
  if (target == NULL)
    return fail (ref, error, "“%s” leads nowhere", shown->str);

  /* What stands under a word that the draft does not know, as "definitions", is compiled only where it is referred
   * to. */
  CarJsonNode *target_node = compile (self, target, error);
  if (target_node == NULL)
    return FALSE;
  if (car_json_value_get_length (node->schema) == 1)
    node->alias = target_node;
  else
    node->ref = target_node;
  node->flags |= CAR_JSON_NODE_BRANCHES;
  return TRUE;
}

/* Schemas that look at one value must not come back to themselves: they would never end. `lengths` holds how long the
 * longest chain from a node is, 0 while the node is being looked at. */
static guint
measure_chain (CarJsonNode *node, GHashTable *lengths, guint depth, GError **error)
{
  gpointer known;

  if (!(node->flags & CAR_JSON_NODE_BRANCHES))
    return 1;
  if (g_hash_table_lookup_extended (lengths, node, NULL, &known) && known != NULL)
    return GPOINTER_TO_UINT (known);
  if (g_hash_table_contains (lengths, node))
    return fail (node->schema, error, "the schema refers to itself without end");

  g_hash_table_insert (lengths, node, NULL);
  g_autoptr (GPtrArray) branches = car_json_node_list_branches (node);
  guint longest = 0;
  for (guint i = 0; i < branches->len; i++)
    {
      guint length =
          depth < MAX_CHAIN ? measure_chain (branches->pdata[i], lengths, depth + 1, error) : MAX_CHAIN;
      if (length == 0)
        return 0;
      longest = MAX (longest, length);
    }
  if (longest >= MAX_CHAIN)
    return fail (node->schema, error, "more than %d schemas stand behind one another", MAX_CHAIN);
  g_hash_table_insert (lengths, node, GUINT_TO_POINTER (longest + 1));
  return longest + 1;
}

static gboolean
compile_document (CarJsonSchema *self, GError **error)
{
  Compiler compiler = { self, G_QUEUE_INIT };
  g_autoptr (GHashTable) lengths = g_hash_table_new (NULL, NULL);
  gboolean ok = (self->root = compile (&compiler, self->document, error)) != NULL;

  while (ok && !g_queue_is_empty (&compiler.unresolved))
    ok = resolve (&compiler, g_queue_pop_head (&compiler.unresolved), error);
  g_queue_clear (&compiler.unresolved);
  for (guint i = 0; ok && i < self->nodes->len; i++)
    {
      car_json_node_set_plain (self->nodes->pdata[i]);
      ok = measure_chain (self->nodes->pdata[i], lengths, 0, error) > 0;
    }
  return ok;
}

CarJsonSchema *
car_json_schema_new (const char *json, gsize length, GError **error)
{
  g_autoptr (CarJsonSchema) self = g_new0 (CarJsonSchema, 1);

  self->text = g_memdup2 (json, length);
  self->nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) car_json_node_free);
  self->nodes_by_value = g_hash_table_new (NULL, NULL);
  self->document = car_json_value_new (self->text, length, error);
  if (self->document == NULL || !compile_document (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
car_json_schema_free (CarJsonSchema *self)
{
  g_ptr_array_unref (self->nodes);
  g_hash_table_unref (self->nodes_by_value);
  g_clear_pointer (&self->document, car_json_value_free);
  g_free (self->id);
  g_free (self->text);
  g_free (self);
}

const CarJsonNode *
car_json_schema_get_root (const CarJsonSchema *self)
{
  return self->root;
}
