/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-reader-private.h>
#include <libcar/schema/car-schema-extension-private.h>
#include <libcar/json/car-json-validator-private.h>
#include <service/model/car-model-private.h>

#define MAX_COLLECTIONS 512
#define MAX_PROPERTIES 1024

/* Each rule of a property looks at its value again, and each alternative of a collection at each object: what an import may cost is
 * known when an extension is taken. */
#define MAX_RULES 32
#define MAX_ALTERNATIVES 64

typedef struct
{
  CarModelState *state;
  CarModelKind kind;
} Reader;

typedef struct
{
  char *name;
  CarJsonSpan value;
} Member;

/* The words for a property's type, what they mean, and as JSON Schema. data/schema-extension.json says which of them an
 * extension may use. */
static const struct
{
  const char *name;
  CarPropertyType type;
  const char *schema;
} property_types[] = {
  { "text", CAR_PROPERTY_TEXT, "\"type\":\"string\"" },
  { "inet", CAR_PROPERTY_INET, "\"type\":\"string\"" },
  { "macaddr", CAR_PROPERTY_MACADDR, "\"type\":\"string\"" },
  { "numeric", CAR_PROPERTY_NUMERIC, "\"type\":\"number\"" },
  { "float", CAR_PROPERTY_FLOAT, "\"type\":\"number\"" },
  { "timestamp", CAR_PROPERTY_TIMESTAMP, "\"type\":\"number\"" },
  { "milliseconds", CAR_PROPERTY_BIGINT, "\"type\":\"number\"" },
  { "integer", CAR_PROPERTY_INTEGER, "\"type\":\"integer\"" },
  { "bigint", CAR_PROPERTY_BIGINT, "\"type\":\"integer\"" },
  { "bigserial", CAR_PROPERTY_BIGINT, "\"type\":\"integer\"" },
  { "boolean", CAR_PROPERTY_BOOLEAN, "\"type\":\"boolean\"" },
  { "jsonb", CAR_PROPERTY_JSON, "\"type\":[\"object\",\"array\"]" },
  { "object", CAR_PROPERTY_JSON, "\"type\":\"object\"" },
  { "texts", CAR_PROPERTY_TEXTS, "\"type\":\"array\",\"items\":{\"type\":\"string\"}" },
  { "any", CAR_PROPERTY_JSON, "" },
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

static GArray *
read_members (const CarJsonSpan *object)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (Member));
  CarJsonScanner scanner;
  CarJsonSpan name;

  g_array_set_clear_func (members, member_clear);
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    {
      Member member = { .name = car_json_span_unescape (&name, NULL) };

      car_json_scanner_read (&scanner, &member.value);
      g_array_append_val (members, member);
    }
  return members;
}

/* The items of a member that is an array; none where the member is not there. */
static GArray *
read_items (GArray *members, const char *name)
{
  const CarJsonSpan *array = find (members, name);

  return array != NULL ? car_json_span_get_items (array) : g_array_new (FALSE, FALSE, sizeof (CarJsonSpan));
}

static gboolean
is_true (GArray *members, const char *name)
{
  const CarJsonSpan *span = find (members, name);

  return span != NULL && span->type == CAR_JSON_TRUE;
}

/* Appends a member that is there as the schema's member of the same name. */
static void
copy_member (GArray *members, const char *name, GString *out)
{
  const CarJsonSpan *span = find (members, name);
  if (span == NULL)
    return;

  const char *mark = span->type == CAR_JSON_STRING ? "\"" : "";
  g_string_append_printf (out, "%s\"%s\":%s%.*s%s", out->len > 0 ? "," : "", name, mark, (int) span->length,
                          span->text, mark);
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
  g_autoptr (GArray) rule = read_members (span);

  if (find (rule, "pattern") != NULL && !is_text (type) && self->kind == CAR_MODEL_EXTENSION)
    return fail (where, error, "a pattern is for text only");
  if ((find (rule, "minimum") != NULL || find (rule, "maximum") != NULL) && !is_number (type))
    return fail (where, error, "minimum and maximum are for numbers only");
  if (!check_limits (rule, "minimum", "maximum", where, error))
    return FALSE;

  copy_member (rule, "pattern", assertions);
  copy_member (rule, "minLength", assertions);
  copy_member (rule, "maxLength", assertions);
  copy_member (rule, "minimum", assertions);
  copy_member (rule, "maximum", assertions);
  copy_member (rule, "error_message", annotations);
  return TRUE;
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
  g_autoptr (GArray) rules = read_items (members, "validation");
  g_autoptr (GString) all = g_string_new (NULL);

  if (rules->len > MAX_RULES)
    return fail (where, error, "a property has %d rules at most", MAX_RULES);
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

/* The place of the property's type in the table. */
static guint
read_type (GArray *members)
{
  for (guint i = 0; i < G_N_ELEMENTS (property_types); i++)
    if (car_json_span_equals (find (members, "type"), property_types[i].name))
      return i;
  g_assert_not_reached ();
}

/* What queries call the property: its name, unless the core says something else, or null. */
static void
read_column (Reader *self, GArray *members, CarModelProperty *property)
{
  const CarJsonSpan *span = find (members, "column");
  if (span != NULL && span->type == CAR_JSON_NULL)
    return;

  g_autofree char *column = span != NULL ? car_json_span_dup_string (span) : g_strdup (property->name);
  property->column = g_string_chunk_insert_const (self->state->names, column);
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
  g_autoptr (CarModelProperty) property = g_atomic_rc_box_new0 (CarModelProperty);
  g_autoptr (GArray) members = read_members (span);
  g_autoptr (GString) assertions = g_string_new (NULL);
  g_autoptr (GString) annotations = g_string_new (NULL);
  const guint type = read_type (members);

  property->name = g_strdup (name);
  property->indexed = is_true (members, "indexed");
  property->unique = is_true (members, "unique");
  property->required = is_true (members, "required");
  read_column (self, members, property);
  g_string_append (assertions, property_types[type].schema);
  copy_member (members, "description", annotations);
  if (!read_rules (self, members, property_types[type].type, where, assertions, annotations, error))
    return NULL;

  if (!read_default (members, assertions->str, property, where, error))
    return NULL;

  property->type = property_types[type].type;
  property->assertions = g_strdup (assertions->str);
  property->annotations = g_strdup (annotations->str);
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
  g_autoptr (GArray) members = read_members (span);

  for (guint i = 0; i < members->len; i++)
    {
      const Member *member = &g_array_index (members, Member, i);
      const char *name = member->name;
      g_autofree char *place = g_strdup_printf ("%s/%s", where, name);
      g_autoptr (CarModelProperty) property = read_property (self, name, &member->value, place, error);
      if (property == NULL)
        return FALSE;

      const CarModelProperty *there = g_hash_table_lookup (collection->by_name, name);
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
  g_autoptr (GArray) members = read_members (span);
  g_autoptr (GArray) names = read_items (members, "required");

  g_string_append (out, "{\"required\":[");
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *name = car_json_span_dup_string (&g_array_index (names, CarJsonSpan, i));

      if (!g_hash_table_contains (collection->by_name, name))
        return fail (where, error, "%s has no property “%s”", collection->name, name);
      g_string_append_printf (out, "%s\"%s\"", i > 0 ? "," : "", name);
    }
  g_string_append (out, "]}");
  return TRUE;
}

static char *
read_one_of (CarModelCollection *collection,
             const CarJsonSpan *span,
             const char *where,
             guint *n_alternatives,
             GError **error)
{
  g_autoptr (GArray) members = read_members (span);
  g_autoptr (GArray) one_of = read_members (find (members, "oneOf"));
  g_autoptr (GArray) alternatives = read_items (one_of, "pattern");
  g_autoptr (GString) out = g_string_new ("\"oneOf\":[");

  for (guint i = 0; i < alternatives->len; i++)
    {
      g_autofree char *place = g_strdup_printf ("%s/oneOf/pattern/%u", where, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (!append_alternative (collection, &g_array_index (alternatives, CarJsonSpan, i), place, out, error))
        return NULL;
    }
  g_string_append_c (out, ']');
  *n_alternatives = alternatives->len;
  copy_member (one_of, "error_message", out);
  return g_strdup (out->str);
}

static gboolean
read_collection_rules (CarModelCollection *collection, GArray *members, const char *where, GError **error)
{
  g_autoptr (GArray) rules = read_items (members, "validation");

  for (guint i = 0; i < rules->len; i++)
    {
      g_autofree char *place = g_strdup_printf ("%s/validation/%u", where, i);
      guint n_alternatives = 0;
      g_autofree char *rule =
          read_one_of (collection, &g_array_index (rules, CarJsonSpan, i), place, &n_alternatives, error);

      if (rule == NULL)
        return FALSE;
      if (g_ptr_array_find_with_equal_func (collection->rules, rule, g_str_equal, NULL))
        continue;
      collection->n_alternatives += n_alternatives;
      if (collection->n_alternatives > MAX_ALTERNATIVES)
        return fail (place, error, "a collection has %d alternatives (oneOf) at most", MAX_ALTERNATIVES);
      g_ptr_array_add (collection->rules, g_steal_pointer (&rule));
    }
  return TRUE;
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
read_names (GArray *members, const char *name)
{
  g_autoptr (GArray) items = read_items (members, name);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < items->len; i++)
    {
      g_autofree char *item = car_json_span_dup_string (&g_array_index (items, CarJsonSpan, i));
      g_strv_builder_add (names, item);
    }
  return g_strv_builder_end (names);
}

/* A new collection's members besides its own: groups of the core, and what all have. */
static void
add_shared (Reader *self, CarModelCollection *collection, GArray *members)
{
  g_auto (GStrv) with = read_names (members, "with");
  g_auto (GStrv) without = read_names (members, "without");

  for (guint i = 0; with[i] != NULL; i++)
    add_group (collection, g_hash_table_lookup (self->state->shared, with[i]), NULL);
  add_group (collection, shared_group (self, collection), (const char *const *) without);
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
  if (is_new)
    add_shared (self, collection, members);
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
  g_autoptr (GArray) members = read_members (span);
  g_autofree char *name = car_json_span_dup_string (find (members, "name"));
  gboolean is_new;

  if (self->kind == CAR_MODEL_EXTENSION && !check_vertex_name (name, where, error))
    return FALSE;
  CarModelCollection *collection = get_collection (self, name, NULL, NULL, &is_new, where, error);
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
  g_autofree char *name = car_json_span_dup_string (find (members, which));
  const CarModelCollection *vertex = g_hash_table_lookup (self->state->by_name, name);
  if (vertex != NULL && vertex->from == NULL)
    return g_steal_pointer (&name);

  fail (where, error, "“%s” names “%s”, which is no vertex of the model or of this extension", which, name);
  return NULL;
}

static gboolean
read_edge (Reader *self, const CarJsonSpan *span, const char *where, GError **error)
{
  g_autoptr (GArray) members = read_members (span);
  g_autofree char *from = read_end (self, members, "end1", where, error);
  g_autofree char *to = from != NULL ? read_end (self, members, "end2", where, error) : NULL;
  gboolean is_new;

  if (to == NULL)
    return FALSE;

  g_autofree char *name = g_strdup_printf ("%s_%s", from, to);
  const CarModelCollection *end = g_hash_table_lookup (self->state->by_name, from);
  if (!g_hash_table_contains (end->by_name, name))
    end = g_hash_table_lookup (self->state->by_name, to);
  if (g_hash_table_contains (end->by_name, name))
    return fail (where, error, "%s has a property “%s” already", end->name, name);
  CarModelCollection *collection = get_collection (self, name, from, to, &is_new, where, error);
  if (collection == NULL)
    return FALSE;
  collection->to_named_by_id |= find (members, "end2_named_by") != NULL;
  return read_members_of (self, collection, is_new, members, where, error);
}

static gboolean
read_envelope_member (Reader *self, const CarJsonSpan *span, const char *where, GError **error)
{
  g_autoptr (GArray) members = read_members (span);
  g_autofree char *name = car_json_span_dup_string (find (members, "name"));

  return read_properties (self, car_model_state_add_to_envelope (self->state, name), TRUE,
                          find (members, "properties"), where, error);
}

static gboolean
read_shared (Reader *self, const CarJsonSpan *span, GError **error)
{
  g_autoptr (GArray) groups = read_members (span);

  for (guint i = 0; i < groups->len; i++)
    {
      const Member *group = &g_array_index (groups, Member, i);
      GPtrArray *properties = g_ptr_array_new_with_free_func ((GDestroyNotify) car_model_property_free);
      g_autoptr (GArray) members = read_members (&group->value);

      g_hash_table_insert (self->state->shared, g_string_chunk_insert_const (self->state->names, group->name),
                           properties);
      for (guint j = 0; j < members->len; j++)
        {
          const Member *member = &g_array_index (members, Member, j);
          CarModelProperty *property = read_property (self, member->name, &member->value, "/shared", error);

          if (property == NULL)
            return FALSE;
          g_ptr_array_add (properties, property);
        }
    }
  return TRUE;
}

typedef gboolean (*ReadItem) (Reader *self, const CarJsonSpan *span, const char *where, GError **error);

static gboolean
read_list (Reader *self, GArray *members, const char *name, ReadItem read_item, GError **error)
{
  g_autoptr (GArray) items = read_items (members, name);

  for (guint i = 0; i < items->len; i++)
    {
      g_autofree char *where = g_strdup_printf ("/%s/%u", name, i);

      if (!read_item (self, &g_array_index (items, CarJsonSpan, i), where, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_document (Reader *self, const CarJsonSpan *document, GError **error)
{
  g_autoptr (GArray) members = read_members (document);
  const CarJsonSpan *shared = find (members, "shared");

  return (shared == NULL || read_shared (self, shared, error)) &&
         read_list (self, members, "envelope", read_envelope_member, error) &&
         read_list (self, members, "vertices", read_vertex, error) &&
         read_list (self, members, "edges", read_edge, error);
}

/* The form of an extension is data/schema-extension.json's; the core model is the program's own. From there on, what is
 * looked for is of its type, and only what the form cannot say is checked here. */
gboolean
car_model_read (CarModelState *state, CarModelKind kind, const char *json, gsize length, GError **error)
{
  Reader self = { state, kind };
  CarJsonSpan document;

  if (kind == CAR_MODEL_EXTENSION && !car_schema_extension_check_form (json, length, error))
    return FALSE;
  if (car_json_read_text (json, length, &document, error) && read_document (&self, &document, error))
    return TRUE;
  g_prefix_error (error, "%s, ", kind == CAR_MODEL_CORE ? "the core model" : "the schema extension");
  return FALSE;
}
