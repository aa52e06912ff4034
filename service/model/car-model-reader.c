/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-scanner-private.h>
#include <libcar/json/car-json-validator-private.h>
#include <service/model/car-model-private.h>

/* PostgreSQL's longest identifier, which is what other CAR services keep collections under. */
#define MAX_NAME_LENGTH 63
#define MAX_COLLECTIONS 512
#define MAX_PROPERTIES 1024

typedef struct
{
  CarModelState *state;
  CarModelKind kind;
} Reader;

typedef struct
{
  char *name;
  CarJsonSpan spelling; /* of the name */
  CarJsonSpan value;
} Member;

/* The words for a property's type, what they mean, and as JSON Schema. */
static const struct
{
  const char *name;
  CarPropertyType type;
  gboolean core_only;
  const char *schema;
} property_types[] = {
  { "text", CAR_PROPERTY_TEXT, FALSE, "\"type\":\"string\"" },
  { "inet", CAR_PROPERTY_INET, FALSE, "\"type\":\"string\"" },
  { "macaddr", CAR_PROPERTY_MACADDR, FALSE, "\"type\":\"string\"" },
  { "numeric", CAR_PROPERTY_NUMERIC, FALSE, "\"type\":\"number\"" },
  { "float", CAR_PROPERTY_FLOAT, FALSE, "\"type\":\"number\"" },
  { "timestamp", CAR_PROPERTY_TIMESTAMP, FALSE, "\"type\":\"number\"" },
  { "milliseconds", CAR_PROPERTY_BIGINT, TRUE, "\"type\":\"number\"" },
  { "integer", CAR_PROPERTY_INTEGER, FALSE, "\"type\":\"integer\"" },
  { "bigint", CAR_PROPERTY_BIGINT, FALSE, "\"type\":\"integer\"" },
  { "bigserial", CAR_PROPERTY_BIGINT, FALSE, "\"type\":\"integer\"" },
  { "boolean", CAR_PROPERTY_BOOLEAN, FALSE, "\"type\":\"boolean\"" },
  { "jsonb", CAR_PROPERTY_JSON, FALSE, "\"type\":[\"object\",\"array\"]" },
  { "object", CAR_PROPERTY_JSON, TRUE, "\"type\":\"object\"" },
  { "texts", CAR_PROPERTY_TEXTS, TRUE, "\"type\":\"array\",\"items\":{\"type\":\"string\"}" },
  { "any", CAR_PROPERTY_JSON, TRUE, "" },
};

/* What queries see of every vertex or edge besides its properties, and what says where an edge ends. */
static const char *const vertex_reserved[] = { "id",   "connecting_id", "reported_at", "_pk",  "instances",
                                               "tags", "_and",          "_or",         "_not", NULL };
static const char *const edge_reserved[] = {
  "id", "reported_at", "_pk", "_and", "_or", "_not", "_from", "_to", "_from_external_id", "_to_external_id",
  NULL
};
/* Members of an envelope, and names that GraphQL or its schema has for something else. */
static const char *const collection_reserved[] = { "report",
                                                   "source",
                                                   "tag",
                                                   "untag",
                                                   "query",
                                                   "mutation",
                                                   "subscription",
                                                   "String",
                                                   "Int",
                                                   "Float",
                                                   "Boolean",
                                                   "ID",
                                                   "numeric",
                                                   "bigint",
                                                   "float8",
                                                   "timestamp",
                                                   "inet",
                                                   "macaddr",
                                                   "jsonb",
                                                   "order_by",
                                                   "query_root",
                                                   "mutation_root",
                                                   "subscription_root",
                                                   NULL };
static const char *const collection_endings[] = {
  "_aggregate",     "_by_pk",        "_bool_exp",          "_comparison_exp", "_order_by",
  "_select_column", "_insert_input", "_mutation_response", "_fields",         NULL
};

static gboolean G_GNUC_PRINTF (3, 4) fail (const char *where, GError **error, const char *format, ...)
{
  g_autofree char *problem = NULL;
  va_list args;

  va_start (args, format);
  problem = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "at %s: %s",
               *where == '\0' ? "the top" : where, problem);
  return FALSE;
}

static void
member_clear (gpointer data)
{
  g_free (((Member *) data)->name);
}

static const CarJsonSpan *
find (GArray *members, const char *name)
{
  for (guint i = 0; i < members->len; i++)
    if (g_str_equal (g_array_index (members, Member, i).name, name))
      return &g_array_index (members, Member, i).value;
  return NULL;
}

/* A text of the document as it may stand in a message: short, on one line, without what a terminal acts
 * on. */
static char *
quote (const CarJsonSpan *span)
{
  g_autofree char *start = g_strndup (span->text, MIN (span->length, 64));

  return g_utf8_make_valid (start, -1);
}

static gboolean
is_name (const char *text)
{
  const char *c = text;

  if (!(g_ascii_isalpha (*c) || *c == '_') || g_str_has_prefix (text, "__"))
    return FALSE;
  while (g_ascii_isalnum (*c) || *c == '_')
    c++;
  return *c == '\0' && c - text <= MAX_NAME_LENGTH;
}

/* The text that a span stands for; NULL where it is no string, or one with a NUL in it. */
static char *
get_text (const CarJsonSpan *span)
{
  g_autofree char *text = NULL;
  gsize length = 0;

  if (span->type == CAR_JSON_STRING)
    text = car_json_span_unescape (span, &length);
  return text != NULL && strlen (text) == length ? g_steal_pointer (&text) : NULL;
}

static gboolean
read_name (const CarJsonSpan *span, const char *where, char **name, GError **error)
{
  g_autofree char *text = get_text (span);
  g_autofree char *quoted = NULL;

  if (text != NULL && is_name (text))
    {
      *name = g_steal_pointer (&text);
      return TRUE;
    }
  quoted = quote (span);
  return fail (
      where, error,
      "“%s” is no name: a letter or one underscore, then letters, digits and underscores, %d at most", quoted,
      MAX_NAME_LENGTH);
}

/* The members of an object; with `known`, no others than those. The text was checked as a whole before. */
static GArray *
read_members (const CarJsonSpan *object, const char *where, const char *const *known, GError **error)
{
  g_autoptr (GArray) members = g_array_new (FALSE, FALSE, sizeof (Member));
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  CarJsonScanner scanner;
  CarJsonSpan name;

  g_array_set_clear_func (members, member_clear);
  if (object->type != CAR_JSON_OBJECT)
    {
      fail (where, error, "an object is wanted here");
      return NULL;
    }
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    {
      Member member = { .name = get_text (&name), .spelling = name };
      g_autofree char *quoted = quote (&name);

      car_json_scanner_read (&scanner, &member.value);
      g_array_append_val (members, member);
      if (member.name == NULL)
        {
          fail (where, error, "“%s” is no name: it holds a NUL", quoted);
          return NULL;
        }
      if (known != NULL && !g_strv_contains (known, member.name))
        {
          g_autofree char *list = g_strjoinv (", ", (char **) known);

          fail (where, error, "“%s” is not known here; what may stand here: %s", quoted, list);
          return NULL;
        }
      if (!g_hash_table_add (seen, member.name))
        {
          fail (where, error, "“%s” stands here twice", quoted);
          return NULL;
        }
    }
  return g_steal_pointer (&members);
}

/* The items of a member that is an array; none where the member is not there. */
static GArray *
read_items (GArray *members, const char *name, const char *where, GError **error)
{
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (CarJsonSpan));
  const CarJsonSpan *array = find (members, name);
  CarJsonScanner scanner;

  if (array == NULL)
    return g_steal_pointer (&items);
  if (array->type != CAR_JSON_ARRAY)
    {
      fail (where, error, "“%s” has to be an array", name);
      return NULL;
    }
  car_json_scanner_init (&scanner, array->text, array->length);
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  while (car_json_scanner_next_item (&scanner))
    {
      CarJsonSpan item;

      car_json_scanner_read (&scanner, &item);
      g_array_append_val (items, item);
    }
  return g_steal_pointer (&items);
}

static gboolean
read_boolean (GArray *members, const char *name, const char *where, gboolean *value, GError **error)
{
  const CarJsonSpan *span = find (members, name);

  *value = span != NULL && span->type == CAR_JSON_TRUE;
  if (span != NULL && span->type != CAR_JSON_TRUE && span->type != CAR_JSON_FALSE)
    return fail (where, error, "“%s” has to be true or false", name);
  return TRUE;
}

/* Checks that a member that is there has this type, and appends it as the schema's member of the same
 * name. */
static gboolean
copy_member (GArray *members,
             const char *name,
             CarJsonType type,
             const char *where,
             GString *out,
             GError **error)
{
  const CarJsonSpan *span = find (members, name);
  const char *mark = type == CAR_JSON_STRING ? "\"" : "";

  if (span == NULL)
    return TRUE;
  if (span->type != type)
    return fail (where, error, "“%s” has to be a %s", name, type == CAR_JSON_STRING ? "text" : "number");
  g_string_append_printf (out, "%s\"%s\":%s%.*s%s", out->len > 0 ? "," : "", name, mark, (int) span->length,
                          span->text, mark);
  return TRUE;
}

static gboolean
check_limits (GArray *rule, const char *low, const char *high, const char *where, GError **error)
{
  const CarJsonSpan *first = find (rule, low), *last = find (rule, high);
  g_autofree char *first_text = first != NULL ? g_strndup (first->text, first->length) : NULL;
  g_autofree char *last_text = last != NULL ? g_strndup (last->text, last->length) : NULL;

  if (first == NULL || last == NULL || g_ascii_strtod (first_text, NULL) <= g_ascii_strtod (last_text, NULL))
    return TRUE;
  return fail (where, error, "%s is above %s: no value could be right", low, high);
}

static gboolean
is_text (CarPropertyType type)
{
  return type == CAR_PROPERTY_TEXT || type == CAR_PROPERTY_INET || type == CAR_PROPERTY_MACADDR;
}

static gboolean
is_number (CarPropertyType type)
{
  return type == CAR_PROPERTY_NUMERIC || type == CAR_PROPERTY_FLOAT || type == CAR_PROPERTY_INTEGER ||
         type == CAR_PROPERTY_BIGINT || type == CAR_PROPERTY_TIMESTAMP;
}

/* One item of a property's "validation", as members of a JSON Schema. */
static gboolean
read_rule (Reader *self,
           const CarJsonSpan *span,
           CarPropertyType type,
           const char *where,
           GString *assertions,
           GString *annotations,
           GError **error)
{
  static const char *const core_known[] = { "pattern",   "minimum",   "maximum", "error_message",
                                            "minLength", "maxLength", NULL };
  static const char *const known[] = { "pattern", "minimum", "maximum", "error_message", NULL };
  g_autoptr (GArray) rule =
      read_members (span, where, self->kind == CAR_MODEL_CORE ? core_known : known, error);
  gsize before = assertions->len;

  if (rule == NULL)
    return FALSE;
  if (find (rule, "pattern") != NULL && !is_text (type) && self->kind == CAR_MODEL_EXTENSION)
    return fail (where, error, "a pattern is for text only");
  if ((find (rule, "minimum") != NULL || find (rule, "maximum") != NULL) && !is_number (type))
    return fail (where, error, "minimum and maximum are for numbers only");
  if (!copy_member (rule, "pattern", CAR_JSON_STRING, where, assertions, error) ||
      !copy_member (rule, "minLength", CAR_JSON_NUMBER, where, assertions, error) ||
      !copy_member (rule, "maxLength", CAR_JSON_NUMBER, where, assertions, error) ||
      !copy_member (rule, "minimum", CAR_JSON_NUMBER, where, assertions, error) ||
      !copy_member (rule, "maximum", CAR_JSON_NUMBER, where, assertions, error) ||
      !check_limits (rule, "minimum", "maximum", where, error))
    return FALSE;
  if (assertions->len == before)
    return fail (where, error, "a rule needs a pattern, a minimum or a maximum");
  return copy_member (rule, "error_message", CAR_JSON_STRING, where, annotations, error);
}

/* A single rule stands in the property's schema itself, where messages find its error_message; several,
 * each with its own, under allOf. */
static gboolean
read_rules (Reader *self,
            GArray *members,
            CarPropertyType type,
            const char *where,
            GString *assertions,
            GString *annotations,
            GError **error)
{
  g_autoptr (GArray) rules = read_items (members, "validation", where, error);
  g_autoptr (GString) all = g_string_new (NULL);

  if (rules == NULL)
    return FALSE;
  for (guint i = 0; i < rules->len; i++)
    {
      g_autofree char *place = g_strdup_printf ("%s/validation/%u", where, i);
      g_autoptr (GString) rule = g_string_new (NULL);
      const CarJsonSpan *span = &g_array_index (rules, CarJsonSpan, i);

      if (rules->len == 1)
        return read_rule (self, span, type, place, assertions, annotations, error);
      if (!read_rule (self, span, type, place, rule, rule, error))
        return FALSE;
      g_string_append_printf (all, "%s{%s}", i > 0 ? "," : "", rule->str);
    }
  if (all->len > 0)
    g_string_append_printf (assertions, "%s\"allOf\":[%s]", assertions->len > 0 ? "," : "", all->str);
  return TRUE;
}

static gboolean
read_type (Reader *self, GArray *members, const char *where, guint *type, GError **error)
{
  const CarJsonSpan *span = find (members, "type");
  g_autofree char *quoted = NULL;
  g_autoptr (GString) known = g_string_new (NULL);

  if (span == NULL)
    return fail (where, error, "a property needs a “type”");
  for (guint i = 0; i < G_N_ELEMENTS (property_types); i++)
    {
      if (property_types[i].core_only && self->kind != CAR_MODEL_CORE)
        continue;
      *type = i;
      if (span->type == CAR_JSON_STRING && car_json_span_equals (span, property_types[i].name))
        return TRUE;
      g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", property_types[i].name);
    }
  quoted = quote (span);
  return fail (where, error, "“%s” is no type; types are %s", quoted, known->str);
}

/* What queries call the property: its name, unless the core says something else, or null. */
static gboolean
read_column (Reader *self, GArray *members, CarModelProperty *property, const char *where, GError **error)
{
  const CarJsonSpan *span = find (members, "column");
  g_autofree char *column = NULL;

  if (span != NULL && span->type == CAR_JSON_NULL)
    return TRUE;
  if (span != NULL && !read_name (span, where, &column, error))
    return FALSE;
  property->column =
      g_string_chunk_insert_const (self->state->names, column != NULL ? column : property->name);
  return TRUE;
}

/* What every object without the member gets has to be right. */
static gboolean
check_default (const char *fallback, const char *assertions, const char *where, GError **error)
{
  g_autofree char *json = g_strdup_printf ("{%s}", assertions);
  g_autoptr (CarJsonSchema) schema = car_json_schema_new (json, strlen (json), error);
  if (schema == NULL)
    return FALSE;

  const CarJsonCheck check = { .node = car_json_schema_get_root (schema) };
  g_auto (CarJsonViolation) violation = { NULL };
  return car_json_validate_text (&check, fallback, strlen (fallback), NULL, &violation) ||
         fail (where, error, "the default breaks the property's own rules: %s", violation.text);
}

static gboolean
read_default (GArray *members,
              const char *assertions,
              CarModelProperty *property,
              const char *where,
              GError **error)
{
  const CarJsonSpan *span = find (members, "default");
  if (span == NULL || span->type == CAR_JSON_NULL)
    return TRUE;

  const char *mark = span->type == CAR_JSON_STRING ? "\"" : "";
  property->fallback = g_strdup_printf ("%s%.*s%s", mark, (int) span->length, span->text, mark);
  if (property->unique)
    return fail (where, error, "what is unique cannot have a default");

  return check_default (property->fallback, assertions, where, error);
}

static CarModelProperty *
read_property (Reader *self, const char *name, const CarJsonSpan *span, const char *where, GError **error)
{
  static const char *const core_known[] = { "type",        "indexed", "required", "unique", "validation",
                                            "description", "default", "column",   NULL };
  static const char *const known[] = { "type",       "indexed",     "required", "unique",
                                       "validation", "description", "default",  NULL };
  g_autoptr (CarModelProperty) property = g_atomic_rc_box_new0 (CarModelProperty);
  g_autoptr (GArray) members =
      read_members (span, where, self->kind == CAR_MODEL_CORE ? core_known : known, error);
  g_autoptr (GString) assertions = g_string_new (NULL);
  g_autoptr (GString) annotations = g_string_new (NULL);
  guint type = 0;

  property->name = g_strdup (name);
  if (members == NULL || !read_type (self, members, where, &type, error) ||
      !read_column (self, members, property, where, error))
    return NULL;
  g_string_append (assertions, property_types[type].schema);
  if (!copy_member (members, "description", CAR_JSON_STRING, where, annotations, error) ||
      !read_boolean (members, "indexed", where, &property->indexed, error) ||
      !read_boolean (members, "unique", where, &property->unique, error) ||
      !read_boolean (members, "required", where, &property->required, error) ||
      !read_rules (self, members, property_types[type].type, where, assertions, annotations, error))
    return NULL;

  if (!read_default (members, assertions->str, property, where, error))
    return NULL;

  if (property->indexed)
    g_string_append_printf (annotations, "%s\"indexed\":true", annotations->len > 0 ? "," : "");
  if (property->unique)
    g_string_append_printf (annotations, "%s\"unique\":true", annotations->len > 0 ? "," : "");
  if (property->fallback != NULL)
    g_string_append_printf (annotations, "%s\"default\":%s", annotations->len > 0 ? "," : "",
                            property->fallback);
  property->type = property_types[type].type;
  property->assertions = g_strdup (assertions->str);
  property->schema = g_strconcat (assertions->str, assertions->len > 0 && annotations->len > 0 ? "," : "",
                                  annotations->str, NULL);
  return g_steal_pointer (&property);
}

static GPtrArray *
shared_group (Reader *self, const CarModelCollection *collection)
{
  return g_hash_table_lookup (self->state->shared, collection->from != NULL ? "edge" : "vertex");
}

/* A new collection may say more of a shared member, but not make something else of it. */
static gboolean
check_shared (Reader *self,
              const CarModelCollection *collection,
              const CarModelProperty *property,
              const char *where,
              GError **error)
{
  GPtrArray *group = shared_group (self, collection);

  for (guint i = 0; i < group->len; i++)
    {
      const CarModelProperty *shared = group->pdata[i];

      if (g_str_equal (shared->name, property->name) && shared->type != property->type)
        return fail (where, error, "every %s has a “%s” of another type",
                     collection->from != NULL ? "edge" : "vertex", property->name);
    }
  return TRUE;
}

/* What queries call an edge's end: `asset`, and `asset_id` for its id. */
static gboolean
names_end (const char *name, const char *end)
{
  return g_str_has_prefix (name, end) &&
         (name[strlen (end)] == '\0' || g_str_equal (name + strlen (end), "_id"));
}

/* Names that mean something else where the collection is queried. */
static gboolean
check_property_name (Reader *self,
                     const CarModelCollection *collection,
                     const char *name,
                     const char *where,
                     GError **error)
{
  const CarModelCollection *other = g_hash_table_lookup (self->state->by_name, name);

  if (g_strv_contains (collection->from != NULL ? edge_reserved : vertex_reserved, name))
    return fail (where, error, "the service itself keeps a “%s”", name);
  if (collection->from != NULL && (names_end (name, collection->from) || names_end (name, collection->to)))
    return fail (where, error, "“%s” is an end of the edge", name);
  if (other != NULL && other->from != NULL &&
      (g_str_equal (other->from, collection->name) || g_str_equal (other->to, collection->name)))
    return fail (where, error, "“%s” is an edge of %s", name, collection->name);
  return TRUE;
}

/* What is in the model already stays as it is: others import by it. */
static gboolean
check_same (const CarModelProperty *there,
            const CarModelProperty *property,
            const char *where,
            GError **error)
{
  if (there->type != property->type)
    return fail (where, error, "the property is in the model already, with another type");
  if (!g_str_equal (there->assertions, property->assertions) || (property->required && !there->required) ||
      (property->unique && !there->unique) ||
      (property->fallback != NULL && g_strcmp0 (property->fallback, there->fallback) != 0))
    return fail (where, error, "the property is in the model already, with other rules");
  return TRUE;
}

/* An index changes nothing of what others import. */
static void
add_index (CarModelCollection *collection, const CarModelProperty *there)
{
  CarModelProperty *copy = car_model_property_copy (there);

  copy->indexed = TRUE;
  car_model_collection_replace (collection, copy);
}

static gboolean
read_properties (Reader *self,
                 CarModelCollection *collection,
                 gboolean is_new,
                 const CarJsonSpan *span,
                 const char *where,
                 GError **error)
{
  g_autoptr (GArray) members = read_members (span, where, NULL, error);

  if (members == NULL)
    return FALSE;
  for (guint i = 0; i < members->len; i++)
    {
      const Member *member = &g_array_index (members, Member, i);
      const CarModelProperty *there;
      g_autofree char *name = NULL, *place = NULL;
      g_autoptr (CarModelProperty) property = NULL;

      if (!read_name (&member->spelling, where, &name, error))
        return FALSE;
      place = g_strdup_printf ("%s/%s", where, name);
      property = read_property (self, name, &member->value, place, error);
      if (property == NULL)
        return FALSE;
      there = g_hash_table_lookup (collection->by_name, name);
      if (there != NULL)
        {
          if (!check_same (there, property, place, error))
            return FALSE;
          if (property->indexed && !there->indexed)
            add_index (collection, there);
          continue;
        }
      if (self->kind == CAR_MODEL_EXTENSION &&
          (!check_property_name (self, collection, name, place, error) ||
           (is_new && !check_shared (self, collection, property, place, error))))
        return FALSE;
      if (collection->properties->len >= MAX_PROPERTIES)
        return fail (place, error, "a collection has %d properties at most", MAX_PROPERTIES);
      car_model_collection_add (collection, g_steal_pointer (&property));
    }
  return TRUE;
}

/* One way in which an object may be right: the members it needs for that. */
static gboolean
append_alternative (CarModelCollection *collection,
                    const CarJsonSpan *span,
                    const char *where,
                    GString *out,
                    GError **error)
{
  static const char *const known[] = { "required", NULL };
  g_autoptr (GArray) members = read_members (span, where, known, error);
  g_autoptr (GArray) names = members != NULL ? read_items (members, "required", where, error) : NULL;

  if (names == NULL)
    return FALSE;
  if (names->len == 0)
    return fail (where, error, "“required” has to name at least one property");
  g_string_append (out, "{\"required\":[");
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *name = NULL;

      if (!read_name (&g_array_index (names, CarJsonSpan, i), where, &name, error))
        return FALSE;
      if (!g_hash_table_contains (collection->by_name, name))
        return fail (where, error, "%s has no property “%s”", collection->name, name);
      g_string_append_printf (out, "%s\"%s\"", i > 0 ? "," : "", name);
    }
  g_string_append (out, "]}");
  return TRUE;
}

static char *
read_one_of (CarModelCollection *collection, const CarJsonSpan *span, const char *where, GError **error)
{
  static const char *const known[] = { "oneOf", NULL }, *const inner_known[] = { "pattern", "error_message",
                                                                                 NULL };
  g_autoptr (GArray) members = read_members (span, where, known, error);
  const CarJsonSpan *one_of = members != NULL ? find (members, "oneOf") : NULL;
  g_autoptr (GArray) inner = NULL;
  g_autoptr (GArray) alternatives = NULL;
  g_autoptr (GString) out = g_string_new ("\"oneOf\":[");

  if (members != NULL && one_of == NULL)
    fail (where, error, "the rule of a collection is a “oneOf”");
  if (one_of != NULL)
    inner = read_members (one_of, where, inner_known, error);
  if (inner != NULL)
    alternatives = read_items (inner, "pattern", where, error);
  if (alternatives == NULL)
    return NULL;
  if (alternatives->len == 0)
    {
      fail (where, error, "“oneOf” needs a “pattern” with at least one alternative");
      return NULL;
    }
  for (guint i = 0; i < alternatives->len; i++)
    {
      g_autofree char *place = g_strdup_printf ("%s/oneOf/pattern/%u", where, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (!append_alternative (collection, &g_array_index (alternatives, CarJsonSpan, i), place, out, error))
        return NULL;
    }
  g_string_append_c (out, ']');
  if (!copy_member (inner, "error_message", CAR_JSON_STRING, where, out, error))
    return NULL;
  return g_strdup (out->str);
}

static gboolean
read_collection_rules (CarModelCollection *collection, GArray *members, const char *where, GError **error)
{
  g_autoptr (GArray) rules = read_items (members, "validation", where, error);

  for (guint i = 0; rules != NULL && i < rules->len; i++)
    {
      g_autofree char *place = g_strdup_printf ("%s/validation/%u", where, i);
      char *rule = read_one_of (collection, &g_array_index (rules, CarJsonSpan, i), place, error);

      if (rule == NULL)
        return FALSE;
      if (g_ptr_array_find_with_equal_func (collection->rules, rule, g_str_equal, NULL))
        g_free (rule);
      else
        g_ptr_array_add (collection->rules, rule);
    }
  return rules != NULL;
}

static void
add_group (CarModelCollection *collection, GPtrArray *group, const char *const *without)
{
  for (guint i = 0; i < group->len; i++)
    {
      CarModelProperty *property = group->pdata[i];

      if (!g_hash_table_contains (collection->by_name, property->name) &&
          (without == NULL || !g_strv_contains (without, property->name)))
        car_model_collection_add (collection, g_atomic_rc_box_acquire (property));
    }
}

static char **
read_names (GArray *members, const char *name, const char *where, GError **error)
{
  g_autoptr (GArray) items = read_items (members, name, where, error);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (items == NULL)
    return NULL;
  for (guint i = 0; i < items->len; i++)
    {
      g_autofree char *item = NULL;

      if (!read_name (&g_array_index (items, CarJsonSpan, i), where, &item, error))
        return NULL;
      g_strv_builder_add (names, item);
    }
  return g_strv_builder_end (names);
}

/* A new collection's members besides its own: groups of the core, and what all have. */
static gboolean
add_shared (Reader *self, CarModelCollection *collection, GArray *members, const char *where, GError **error)
{
  g_auto (GStrv) with = read_names (members, "with", where, error);
  g_auto (GStrv) without = with != NULL ? read_names (members, "without", where, error) : NULL;

  if (without == NULL)
    return FALSE;
  for (guint i = 0; with[i] != NULL; i++)
    {
      GPtrArray *group = g_hash_table_lookup (self->state->shared, with[i]);

      if (group == NULL)
        return fail (where, error, "there are no shared “%s”", with[i]);
      add_group (collection, group, NULL);
    }
  add_group (collection, shared_group (self, collection), (const char *const *) without);
  return TRUE;
}

/* Whatever names an object of a new collection has to be there: nothing else tells its objects apart. */
static gboolean
require_external_id (CarModelCollection *collection, const char *where, GError **error)
{
  const CarModelProperty *property = g_hash_table_lookup (collection->by_name, "external_id");

  if (property->fallback != NULL)
    return fail (where, error, "an “external_id” names one object: it can have no default");
  if (property->required)
    return TRUE;

  CarModelProperty *copy = car_model_property_copy (property);
  copy->required = TRUE;
  car_model_collection_replace (collection, copy);
  return TRUE;
}

static gboolean
read_members_of (Reader *self,
                 CarModelCollection *collection,
                 gboolean is_new,
                 GArray *members,
                 const char *where,
                 GError **error)
{
  const CarJsonSpan *properties = find (members, "properties");
  g_autofree char *place = g_strdup_printf ("%s/properties", where);

  if (properties != NULL && !read_properties (self, collection, is_new, properties, place, error))
    return FALSE;
  if (is_new && !add_shared (self, collection, members, where, error))
    return FALSE;
  if (is_new && self->kind == CAR_MODEL_EXTENSION && collection->from == NULL &&
      !require_external_id (collection, where, error))
    return FALSE;
  return read_collection_rules (collection, members, where, error);
}

/* The collection of this name: the one that is there, or a new one. */
static CarModelCollection *
get_collection (Reader *self,
                const char *name,
                const char *from,
                const char *to,
                gboolean *is_new,
                const char *where,
                GError **error)
{
  CarModelCollection *collection = g_hash_table_lookup (self->state->by_name, name);

  *is_new = collection == NULL;
  if (collection != NULL && (collection->from != NULL) == (from != NULL) &&
      (from == NULL || (g_str_equal (collection->from, from) && g_str_equal (collection->to, to))))
    return collection;
  if (collection != NULL)
    fail (where, error, "“%s” is the name of another %s", name, collection->from != NULL ? "edge" : "vertex");
  else if (g_hash_table_size (self->state->by_name) >= MAX_COLLECTIONS)
    fail (where, error, "a model has %d collections at most", MAX_COLLECTIONS);
  else
    return car_model_state_add (self->state, name, from, to);
  return NULL;
}

static gboolean
check_vertex_name (const char *name, const char *where, GError **error)
{
  gboolean taken = g_strv_contains (collection_reserved, name) || name[0] == '_' ||
                   g_str_has_prefix (name, "tag_") || g_str_has_prefix (name, "insert_");

  for (guint i = 0; collection_endings[i] != NULL; i++)
    taken |= g_str_has_suffix (name, collection_endings[i]);
  return !taken || fail (where, error, "no vertex may be called “%s”", name);
}

static gboolean
read_vertex (Reader *self, const CarJsonSpan *span, const char *where, GError **error)
{
  static const char *const core_known[] = { "name",    "named_by",   "outside_graph", "with",
                                            "without", "properties", "validation",    NULL };
  static const char *const known[] = { "name", "properties", "validation", NULL };
  g_autoptr (GArray) members =
      read_members (span, where, self->kind == CAR_MODEL_CORE ? core_known : known, error);
  const CarJsonSpan *name_span = members != NULL ? find (members, "name") : NULL;
  g_autofree char *name = NULL;
  CarModelCollection *collection;
  gboolean is_new;

  if (members != NULL && name_span == NULL)
    return fail (where, error, "a vertex needs a “name”");
  if (members == NULL || !read_name (name_span, where, &name, error) ||
      (self->kind == CAR_MODEL_EXTENSION && !check_vertex_name (name, where, error)))
    return FALSE;
  collection = get_collection (self, name, NULL, NULL, &is_new, where, error);
  if (collection == NULL)
    return FALSE;
  if (is_new)
    {
      collection->named_by_key = find (members, "named_by") != NULL;
      collection->outside_graph = find (members, "outside_graph") != NULL;
    }
  return read_members_of (self, collection, is_new, members, where, error);
}

static char *
read_end (Reader *self, GArray *members, const char *which, const char *where, GError **error)
{
  const CarJsonSpan *span = find (members, which);
  const CarModelCollection *vertex;
  char *name = NULL;

  if (span == NULL)
    {
      fail (where, error, "an edge needs an “%s”", which);
      return NULL;
    }
  if (!read_name (span, where, &name, error))
    return NULL;
  vertex = g_hash_table_lookup (self->state->by_name, name);
  if (vertex != NULL && vertex->from == NULL)
    return name;
  fail (where, error, "“%s” names “%s”, which is no vertex of the model or of this extension", which, name);
  g_free (name);
  return NULL;
}

static gboolean
read_edge (Reader *self, const CarJsonSpan *span, const char *where, GError **error)
{
  static const char *const core_known[] = {
    "end1", "end2", "end2_named_by", "properties", "validation", NULL
  };
  static const char *const known[] = { "end1", "end2", "properties", "validation", NULL };
  g_autoptr (GArray) members =
      read_members (span, where, self->kind == CAR_MODEL_CORE ? core_known : known, error);
  g_autofree char *from = members != NULL ? read_end (self, members, "end1", where, error) : NULL;
  g_autofree char *to = from != NULL ? read_end (self, members, "end2", where, error) : NULL;
  g_autofree char *name = NULL;
  CarModelCollection *collection, *end;
  gboolean is_new;

  if (to == NULL)
    return FALSE;
  name = g_strdup_printf ("%s_%s", from, to);
  end = g_hash_table_lookup (self->state->by_name, from);
  if (!g_hash_table_contains (end->by_name, name))
    end = g_hash_table_lookup (self->state->by_name, to);
  if (g_hash_table_contains (end->by_name, name))
    return fail (where, error, "%s has a property “%s” already", end->name, name);
  collection = get_collection (self, name, from, to, &is_new, where, error);
  if (collection == NULL)
    return FALSE;
  collection->to_named_by_id |= find (members, "end2_named_by") != NULL;
  return read_members_of (self, collection, is_new, members, where, error);
}

static gboolean
read_envelope_member (Reader *self, const CarJsonSpan *span, const char *where, GError **error)
{
  static const char *const known[] = { "name", "properties", NULL };
  g_autoptr (GArray) members = read_members (span, where, known, error);
  g_autofree char *name = NULL;

  return members != NULL && find (members, "name") != NULL && find (members, "properties") != NULL &&
         read_name (find (members, "name"), where, &name, error) &&
         read_properties (self, car_model_state_add_to_envelope (self->state, name), TRUE,
                          find (members, "properties"), where, error);
}

static gboolean
read_shared (Reader *self, const CarJsonSpan *span, GError **error)
{
  g_autoptr (GArray) groups = read_members (span, "/shared", NULL, error);

  for (guint i = 0; groups != NULL && i < groups->len; i++)
    {
      const Member *group = &g_array_index (groups, Member, i);
      GPtrArray *properties = g_ptr_array_new_with_free_func ((GDestroyNotify) car_model_property_free);
      g_autoptr (GArray) members = NULL;

      g_hash_table_insert (self->state->shared, g_string_chunk_insert_const (self->state->names, group->name),
                           properties);
      members = read_members (&group->value, "/shared", NULL, error);
      for (guint j = 0; members != NULL && j < members->len; j++)
        {
          const Member *member = &g_array_index (members, Member, j);
          CarModelProperty *property = read_property (self, member->name, &member->value, "/shared", error);

          if (property == NULL)
            return FALSE;
          g_ptr_array_add (properties, property);
        }
      if (members == NULL)
        return FALSE;
    }
  return groups != NULL;
}

typedef gboolean (*ReadItem) (Reader *self, const CarJsonSpan *span, const char *where, GError **error);

static gboolean
read_list (Reader *self, GArray *members, const char *name, ReadItem read_item, GError **error)
{
  g_autoptr (GArray) items = read_items (members, name, "", error);

  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      g_autofree char *where = g_strdup_printf ("/%s/%u", name, i);

      if (!read_item (self, &g_array_index (items, CarJsonSpan, i), where, error))
        return FALSE;
    }
  return items != NULL;
}

static gboolean
read_document (Reader *self, const CarJsonSpan *document, GError **error)
{
  static const char *const core_known[] = { "about", "shared", "envelope", "vertices", "edges", NULL };
  static const char *const known[] = { "vertices", "edges", NULL };
  g_autoptr (GArray) members =
      read_members (document, "", self->kind == CAR_MODEL_CORE ? core_known : known, error);

  if (members == NULL)
    return FALSE;
  if (find (members, "vertices") == NULL && find (members, "edges") == NULL)
    return fail ("", error, "“vertices” or “edges” have to be there");
  return (find (members, "shared") == NULL || read_shared (self, find (members, "shared"), error)) &&
         read_list (self, members, "envelope", read_envelope_member, error) &&
         read_list (self, members, "vertices", read_vertex, error) &&
         read_list (self, members, "edges", read_edge, error);
}

gboolean
car_model_read (CarModelState *state, CarModelKind kind, const char *json, gsize length, GError **error)
{
  Reader self = { state, kind };
  CarJsonScanner scanner;
  CarJsonSpan document;

  car_json_scanner_init (&scanner, json, length);
  if (!car_json_scanner_read (&scanner, &document) || !car_json_scanner_finish (&scanner))
    {
      car_json_scanner_set_error (&scanner, error);
      g_prefix_error (error, "%s: ", kind == CAR_MODEL_CORE ? "the core model" : "the schema extension");
      return FALSE;
    }
  if (read_document (&self, &document, error))
    return TRUE;
  g_prefix_error (error, "%s, ", kind == CAR_MODEL_CORE ? "the core model" : "the schema extension");
  return FALSE;
}
