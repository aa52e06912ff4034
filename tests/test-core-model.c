/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include <libcar/car.h>
#include <libcar/schema/car-object-rules-private.h>
#include <service/model/car-core-model.h>

static CarCoreModel *
new_model (void)
{
  g_autoptr (GError) error = NULL;
  CarCoreModel *model = car_core_model_new (&error);

  g_assert_no_error (error);
  return model;
}

static JsonNode *
get_schema (CarCoreModel *model)
{
  g_autofree char *text = car_core_model_to_import_schema (model);
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (text, &error);

  g_assert_no_error (error);
  return node;
}

/* The reference, where it stands beside the tree. */
static JsonNode *
get_reference (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("TOP_SRCDIR"), "..", "shared", "reference-data",
                                            "importSchema_v2.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_parser_steal_root (parser);
}

/* What decides, in a schema: all else tells people something. */
static JsonNode *
assertions_of (JsonNode *schema)
{
  static const char *const decisive[] = {
    "type",    "items",   "required", "properties",           "pattern", "minLength", "maxLength",
    "minimum", "maximum", "oneOf",    "additionalProperties", NULL
  };
  g_autoptr (JsonObject) kept = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;
  JsonNode *node;

  json_object_iter_init (&iter, json_node_get_object (schema));
  while (json_object_iter_next (&iter, &name, &value))
    {
      if (!g_strv_contains (decisive, name))
        continue;
      /* `properties` are compared one by one; an empty `required` asserts nothing. */
      if (g_str_equal (name, "properties") ||
          (g_str_equal (name, "required") && json_array_get_length (json_node_get_array (value)) == 0))
        continue;
      if (g_str_equal (name, "items"))
        json_object_set_member (kept, name, assertions_of (value));
      else
        json_object_set_member (kept, name, json_node_copy (value));
    }
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, kept);
  return node;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* The items of an array as sorted texts: the order of `required`, or of the ways of `oneOf`, decides
 * nothing. */
static char *
sorted (JsonArray *array)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_OBJECT (item) && json_object_has_member (json_node_get_object (item), "required"))
        g_ptr_array_add (items,
                         sorted (json_object_get_array_member (json_node_get_object (item), "required")));
      else
        g_ptr_array_add (items, json_to_string (item, FALSE));
    }
  g_ptr_array_sort (items, compare_strings);
  g_ptr_array_add (items, NULL);
  return g_strjoinv (" ", (char **) items->pdata);
}

static void
assert_same_assertions (JsonNode *a, JsonNode *b, const char *where)
{
  g_autoptr (JsonNode) first = assertions_of (a);
  g_autoptr (JsonNode) second = assertions_of (b);
  JsonObject *one = json_node_get_object (first), *two = json_node_get_object (second);
  g_autoptr (GList) names = json_object_get_members (one);

  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *left = NULL, *right = NULL;
      JsonNode *mine = json_object_get_member (one, l->data), *theirs = json_object_get_member (two, l->data);

      g_test_message ("%s: %s", where, (const char *) l->data);
      g_assert_nonnull (theirs);
      if (g_str_equal (l->data, "items"))
        {
          assert_same_assertions (mine, theirs, where);
          continue;
        }
      if (JSON_NODE_HOLDS_ARRAY (mine))
        {
          left = sorted (json_node_get_array (mine));
          right = sorted (json_node_get_array (theirs));
        }
      else
        {
          left = json_to_string (mine, FALSE);
          right = json_to_string (theirs, FALSE);
        }
      g_assert_cmpstr (left, ==, right);
    }
  g_assert_cmpuint (json_object_get_size (one), ==, json_object_get_size (two));
}

static JsonObject *
get_properties (JsonNode *schema)
{
  return json_object_get_object_member (json_node_get_object (schema), "properties");
}

/* Compares one object's schema: its own assertions, then every property of either. Returns how many
 * properties. */
static guint
compare_objects (JsonNode *mine, JsonNode *reference, const char *name)
{
  JsonObject *one = get_properties (mine), *two = get_properties (reference);
  JsonObjectIter iter;
  const char *property;
  JsonNode *value;

  assert_same_assertions (mine, reference, name);
  json_object_iter_init (&iter, two);
  while (json_object_iter_next (&iter, &property, &value))
    {
      g_autofree char *where = g_strdup_printf ("%s.%s", name, property);

      g_test_message ("%s", where);
      g_assert_true (json_object_has_member (one, property));
      assert_same_assertions (json_object_get_member (one, property), value, where);
    }
  g_assert_cmpuint (json_object_get_size (one), ==, json_object_get_size (two));
  return json_object_get_size (two);
}

static void
test_same_as_reference (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  g_autoptr (JsonNode) mine = get_schema (model);
  g_autoptr (JsonNode) reference = get_reference ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;
  guint n_properties = 0;

  if (reference == NULL)
    {
      g_test_skip ("the reference is not beside the tree");
      return;
    }
  assert_same_assertions (mine, reference, "envelope");
  json_object_iter_init (&iter, get_properties (reference));
  while (json_object_iter_next (&iter, &name, &value))
    {
      JsonNode *own = json_object_get_member (get_properties (mine), name);

      g_test_message ("%s", name);
      g_assert_nonnull (own);
      assert_same_assertions (own, value, name);
      if (json_object_has_member (json_node_get_object (value), "items"))
        {
          own = json_object_get_member (json_node_get_object (own), "items");
          value = json_object_get_member (json_node_get_object (value), "items");
        }
      n_properties += compare_objects (own, value, name);
    }
  g_assert_cmpuint (json_object_get_size (get_properties (mine)), ==,
                    json_object_get_size (get_properties (reference)));
  g_assert_cmpuint (n_properties, >, 400);
}

/* A value that a property of this schema takes, and one that it does not; NULL where it takes all. */
static const char *
value_for (JsonObject *schema, const char *name, gboolean good)
{
  JsonNode *type = json_object_get_member (schema, "type");
  const char *pattern = json_object_get_string_member_with_default (schema, "pattern", NULL);
  const char *word = type != NULL && JSON_NODE_HOLDS_VALUE (type) ? json_node_get_string (type) : NULL;

  if (pattern != NULL && strstr (pattern, "{2}(:)") != NULL)
    return good ? "\"00:11:22:33:44:55\"" : "\"00-11-22-33-44-55\"";
  if (pattern != NULL && strstr (pattern, "a-fA-F0-9:") != NULL)
    return good ? "\"fe80::1\"" : "\"10.0.0.x\"";
  if (pattern != NULL && g_str_has_prefix (pattern, "^[^&#"))
    return good ? "\"host.example\"" : "\"a&b\"";
  if (pattern != NULL)
    return good ? "\"k1\"" : "\"no spaces\"";
  if (json_object_has_member (schema, "maximum"))
    return good ? "10" : "10.5";
  if (good && g_str_equal (name, "_key")) /* an address is its own name, which has a pattern */
    return "\"00:11:22:33:44:55\"";
  if (g_strcmp0 (word, "string") == 0)
    return good ? "\"text\"" : "1";
  if (g_strcmp0 (word, "number") == 0)
    return good ? "-1.5e3" : "\"1\"";
  if (g_strcmp0 (word, "integer") == 0)
    return good ? "443" : "443.5";
  if (g_strcmp0 (word, "boolean") == 0)
    return good ? "true" : "0";
  if (g_strcmp0 (word, "array") == 0)
    return good ? "[\"a\"]" : "[1]";
  if (g_strcmp0 (word, "object") == 0)
    return good ? "{\"a\":[1]}" : "[]";
  g_test_message ("%s", name);
  g_assert_not_reached ();
}

/* An object with all required members, and one of each way of a oneOf, but `without`. */
static GString *
minimal_object (JsonObject *schema, const char *without)
{
  GString *object = g_string_new ("{");
  JsonObject *properties = json_object_get_object_member (schema, "properties");
  JsonArray *required =
      json_object_has_member (schema, "required") ? json_object_get_array_member (schema, "required") : NULL;
  JsonArray *ways =
      json_object_has_member (schema, "oneOf") ? json_object_get_array_member (schema, "oneOf") : NULL;

  if (ways != NULL)
    required = json_object_get_array_member (json_array_get_object_element (ways, 0), "required");
  if (ways != NULL && without != NULL && g_str_equal (without, "region"))
    return object;
  for (guint i = 0; required != NULL && i < json_array_get_length (required); i++)
    {
      const char *name = json_array_get_string_element (required, i);

      if (g_strcmp0 (name, without) == 0)
        continue;
      g_string_append_printf (object, "%s\"%s\":%s", object->len > 1 ? "," : "", name,
                              value_for (json_object_get_object_member (properties, name), name, TRUE));
    }
  return object;
}

static gboolean
validates (CarImportSchema *schema,
           const char *collection,
           GString *object,
           const char *name,
           const char *value)
{
  g_autofree char *text =
      g_strdup_printf ("%s%s\"%s\":%s}", object->str, object->len > 1 ? "," : "", name, value);

  return car_import_schema_validate_object (schema, collection, text, -1, NULL);
}

/* Every property takes what it should, and nothing else. */
static void
test_values (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  g_autoptr (JsonNode) node = get_schema (model);
  g_autofree char *text = car_core_model_to_import_schema (model);
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (text, -1, &error);
  JsonObjectIter collections, properties;
  const char *collection, *name;
  JsonNode *value;
  guint n = 0;

  g_assert_no_error (error);
  json_object_iter_init (&collections, get_properties (node));
  while (json_object_iter_next (&collections, &collection, &value))
    {
      JsonObject *object = json_node_get_object (value);

      if (!json_object_has_member (object, "items"))
        continue;
      object = json_object_get_object_member (object, "items");
      json_object_iter_init (&properties, json_object_get_object_member (object, "properties"));
      while (json_object_iter_next (&properties, &name, &value))
        {
          g_autoptr (GString) rest = minimal_object (object, name);

          g_test_message ("%s.%s", collection, name);
          g_assert_true (validates (schema, collection, rest, name,
                                    value_for (json_node_get_object (value), name, TRUE)));
          g_assert_false (validates (schema, collection, rest, name,
                                     value_for (json_node_get_object (value), name, FALSE)));
          n++;
        }
    }
  g_assert_cmpuint (n, >, 400);
}

/* Objects, and whole envelopes, that the rules are about. */
static void
test_envelopes (void)
{
  static const struct
  {
    const char *members;
    gboolean good;
  } cases[] = {
    { "", TRUE },
    { ",\"asset\":[]", TRUE },
    { ",\"asset\":{}", FALSE },
    { ",\"asset\":[{\"external_id\":\"a\"}]", FALSE },
    { ",\"asset\":[{\"name\":\"a\"}]", FALSE },
    { ",\"asset\":[{\"external_id\":\"a\",\"name\":\"a\",\"whatever\":1}]", TRUE },
    { ",\"asset\":[{\"external_id\":\"a\",\"name\":\"a\",\"risk\":-0.1}]", FALSE },
    { ",\"asset_ipaddress\":[{}]", TRUE },
    { ",\"asset_ipaddress\":[{\"_to\":1}]", FALSE },
    { ",\"asset_ipaddress\":[{\"timestamp\":1,\"_to_external_id\":1}]", TRUE },
    { ",\"account_hostname\":[{\"_to_external_id\":1}]", FALSE },
    { ",\"account_hostname\":[{\"_to\":1}]", TRUE },
    { ",\"geolocation\":[{}]", FALSE },
    { ",\"geolocation\":[{\"region\":\"r\"}]", TRUE },
    { ",\"geolocation\":[{\"longitude\":1,\"latitude\":2}]", TRUE },
    { ",\"geolocation\":[{\"longitude\":1}]", FALSE },
    { ",\"geolocation\":[{\"region\":\"r\",\"longitude\":1,\"latitude\":2}]", FALSE },
    { ",\"vulnerability\":[{\"external_id\":\"v\",\"name\":\"v\",\"xref_properties\":[]}]", FALSE },
    { ",\"port\":[{\"external_id\":\"p\",\"protocol\":\"tcp\",\"port_number\":80.0}]", TRUE },
    { ",\"macaddress\":[{\"_key\":\"x\",\"name\":\"0011:2233:4455:6677\"}]", TRUE },
    { ",\"ipaddress\":[{\"_key\":\"10.0.0.1\",\"name\":\"\"}]", FALSE },
    { ",\"unheard_of\":[{\"a\":1}]", TRUE },
  };
  g_autoptr (CarCoreModel) model = new_model ();
  g_autofree char *text = car_core_model_to_import_schema (model);
  g_autoptr (CarImportSchema) schema = car_import_schema_new (text, -1, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *envelope =
          g_strdup_printf ("{\"source\":{\"_key\":\"s\"},\"report\":{\"_key\":\"1.5\","
                           "\"timestamp\":1.5}%s}",
                           cases[i].members);

      g_test_message ("%s", envelope);
      g_assert_cmpint (car_import_schema_validate_envelope (schema, envelope, -1, NULL), ==, cases[i].good);
    }
}

static void
test_names (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  g_auto (GStrv) edges = car_core_model_get_edges (model);
  g_auto (GStrv) properties = car_core_model_get_properties (model, "macaddress");
  g_auto (GStrv) none = car_core_model_get_properties (model, "no such");
  const char *from = NULL, *to = NULL;
  CarPropertyType type;

  g_assert_cmpuint (g_strv_length (vertices), ==, 14);
  g_assert_cmpuint (g_strv_length (edges), ==, 29);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  g_assert_true (g_strv_contains ((const char *const *) properties, "interface"));
  g_assert_true (g_strv_contains ((const char *const *) properties, "tag"));
  g_assert_true (car_core_model_has_vertex (model, "businessprocess"));
  g_assert_false (car_core_model_has_vertex (model, "asset_ipaddress"));
  g_assert_true (car_core_model_has_edge (model, "asset_ipaddress"));
  g_assert_false (car_core_model_has_edge (model, "asset"));
  g_assert_false (car_core_model_has_vertex (model, "report"));
  g_assert_true (car_core_model_has_property (model, "port", "port_number"));
  g_assert_false (car_core_model_has_property (model, "port", "risk"));
  g_assert_false (car_core_model_has_property (model, "ipregion", "properties"));
  g_assert_true (car_core_model_get_property_type (model, "port", "port_number", &type));
  g_assert_cmpint (type, ==, CAR_PROPERTY_INTEGER);
  g_assert_true (car_core_model_get_property_type (model, "asset", "tag", &type));
  g_assert_cmpint (type, ==, CAR_PROPERTY_TEXTS);
  g_assert_true (car_core_model_get_edge_ends (model, "businessprocess_application", &from, &to));
  g_assert_cmpstr (from, ==, "businessprocess");
  g_assert_cmpstr (to, ==, "application");
}

/* The model says what `_key` names, and libcar goes by the same without a model. */
static void
test_named_by_key (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  g_auto (GStrv) vertices = car_core_model_get_vertices (model);
  guint n = 0;

  for (guint i = 0; vertices[i] != NULL; i++)
    {
      const gboolean by_key = car_core_model_is_named_by_key (model, vertices[i]);
      g_test_message ("%s", vertices[i]);
      g_assert_cmpint (by_key, ==, car_collection_is_named_by_key (vertices[i]));
      n += by_key;
    }
  g_assert_cmpuint (n, ==, 3);
  g_assert_false (car_core_model_is_named_by_key (model, "no such"));
}

static gboolean
add (CarCoreModel *model, const char *extension, GError **error)
{
  return car_core_model_add_extension (model, extension, strlen (extension), error);
}

static const char site_extension[] =
    "{\"vertices\":[{\"name\":\"site\",\"properties\":{"
    "\"name\":{\"type\":\"text\",\"indexed\":true,\"required\":true,\"description\":\"a \\\"name\\\"\"},"
    "\"floors\":{\"type\":\"integer\",\"validation\":[{\"minimum\":0,\"maximum\":1e2,\"error_message\":"
    "\"high\"}]},"
    "\"code\":{\"type\":\"text\",\"validation\":[{\"pattern\":\"^[A-Z]+$\"},{\"pattern\":\"^.{2,3}$\"}]},"
    "\"plan\":{\"type\":\"jsonb\",\"default\":{\"a\":[1]}},\"opened\":{\"type\":\"timestamp\"},"
    "\"open\":{\"type\":\"boolean\",\"default\":true,\"unique\":false},\"net\":{\"type\":\"inet\"},"
    "\"mac\":{\"type\":\"macaddr\"},\"area\":{\"type\":\"float\"},\"n\":{\"type\":\"bigint\"},"
    "\"serial\":{\"type\":\"bigserial\"},\"weight\":{\"type\":\"numeric\"}},"
    "\"validation\":[{\"oneOf\":{\"pattern\":[{\"required\":[\"code\"]},{\"required\":[\"floors\",\"n\"]}],"
    "\"error_message\":\"code or floors\"}}]},"
    "{\"name\":\"asset\",\"properties\":{\"initial_value\":{\"type\":\"numeric\"}}}],"
    "\"edges\":[{\"end1\":\"site\",\"end2\":\"asset\",\"properties\":{\"since\":{\"type\":\"timestamp\"}}},"
    "{\"end1\":\"site\",\"end2\":\"ipaddress\"},"
    "{\"end1\":\"asset\",\"end2\":\"vulnerability\",\"properties\":{\"seen_by\":{\"type\":\"text\"}}}]}";

static void
test_extension (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) schema = NULL;
  g_autofree char *once = NULL, *twice = NULL;
  const char *from = NULL, *to = NULL;
  JsonObject *site, *properties, *edge;
  CarPropertyType type;

  g_assert_true (add (model, site_extension, &error));
  g_assert_no_error (error);
  g_assert_true (car_core_model_has_vertex (model, "site"));
  g_assert_true (car_core_model_has_property (model, "asset", "initial_value"));
  g_assert_true (car_core_model_has_property (model, "asset_vulnerability", "seen_by"));
  g_assert_true (car_core_model_has_property (model, "asset_vulnerability", "risk_score"));
  g_assert_true (car_core_model_get_edge_ends (model, "site_asset", &from, &to));
  g_assert_cmpstr (from, ==, "site");
  g_assert_cmpstr (to, ==, "asset");
  g_assert_true (car_core_model_get_property_type (model, "site", "plan", &type));
  g_assert_cmpint (type, ==, CAR_PROPERTY_JSON);
  g_assert_true (car_core_model_get_property_type (model, "site", "tag", &type));
  g_assert_cmpint (type, ==, CAR_PROPERTY_TEXTS);

  schema = get_schema (model);
  site = json_object_get_object_member (json_object_get_object_member (get_properties (schema), "site"),
                                        "items");
  properties = json_object_get_object_member (site, "properties");
  g_assert_cmpstr (
      json_object_get_string_member (json_object_get_object_member (properties, "name"), "description"), ==,
      "a \"name\"");
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (
                       json_object_get_object_member (properties, "code"), "allOf")),
                   ==, 2);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (site, "oneOf")), ==, 2);
  g_assert_cmpint (json_array_get_length (json_object_get_array_member (site, "required")), ==, 2);
  edge = json_object_get_object_member (get_properties (schema), "site_ipaddress");
  edge = json_object_get_object_member (json_object_get_object_member (edge, "items"), "properties");
  g_assert_true (json_object_has_member (edge, "_from_external_id"));
  g_assert_true (json_object_has_member (edge, "_to"));
  g_assert_true (json_object_has_member (edge, "report"));

  once = car_core_model_to_import_schema (model);
  g_assert_true (add (model, site_extension, &error));
  g_assert_no_error (error);
  twice = car_core_model_to_import_schema (model);
  g_assert_cmpstr (once, ==, twice);
}

typedef struct
{
  const char *name;
  const char *extension;
  const char *message; /* a pattern for g_pattern_match_simple() */
} BadExtension;

#define VERTEX(properties) "{\"vertices\":[{\"name\":\"site\",\"properties\":{" properties "}}]}"
#define ASSET(properties) "{\"vertices\":[{\"name\":\"asset\",\"properties\":{" properties "}}]}"

static const BadExtension bad_extensions[] = {
  { "not-json", "{\"vertices\":[,]}", "the schema extension*" },
  { "default-of-another-type", VERTEX ("\"a\":{\"type\":\"text\",\"default\":1}"),
    "*/a: the default breaks*" },
  { "default-out-of-range",
    VERTEX ("\"a\":{\"type\":\"integer\",\"default\":9,\"validation\":[{\"maximum\":8}]}"),
    "*/a: the default breaks*" },
  { "default-of-what-is-unique", VERTEX ("\"a\":{\"type\":\"text\",\"default\":\"b\",\"unique\":true}"),
    "*what is unique cannot have a default*" },
  { "default-name", VERTEX ("\"external_id\":{\"type\":\"text\",\"default\":\"b\"}"),
    "*it can have no default*" },
  { "core-default", ASSET ("\"description\":{\"type\":\"text\",\"default\":\"d\"}"), "*with other rules*" },
  { "core-unique", ASSET ("\"description\":{\"type\":\"text\",\"unique\":true}"), "*with other rules*" },
  { "empty", "", "the schema extension*" },
  { "comment", "{\"vertices\":[]}//", "the schema extension*" },
  { "array", "[]", "*it is [], not of the type object" },
  { "nothing", "{}", "*“vertices” or “edges”*" },
  { "unknown-member", "{\"vertices\":[],\"vertexes\":[]}",
    "*/vertexes is a member that the schema does not allow here" },
  { "core-words", "{\"vertices\":[],\"shared\":{}}",
    "*/shared is a member that the schema does not allow here" },
  { "member-twice", "{\"vertices\":[],\"vertices\":[]}", "*/vertices stands in the object twice" },
  { "vertices-object", "{\"vertices\":{}}", "*/vertices is {}, not of the type array" },
  { "vertex-no-object", "{\"vertices\":[1]}", "*/vertices/0 is 1, not of the type object" },
  { "vertex-no-name", "{\"vertices\":[{}]}", "*/vertices/0/name is missing, and required" },
  { "vertex-named-by", "{\"vertices\":[{\"name\":\"x\",\"named_by\":\"_key\"}]}",
    "*/vertices/0/named_by is a member that the schema does not allow here" },
  { "name-sql", "{\"vertices\":[{\"name\":\"a;drop table vertex\"}]}",
    "*/vertices/0/name is *: a name has*" },
  { "name-nul", "{\"vertices\":[{\"name\":\"a\\u0000b\"}]}", "*/vertices/0/name is *: a name has*" },
  { "name-number", "{\"vertices\":[{\"name\":7}]}", "*/vertices/0/name is 7, not of the type string" },
  { "name-empty", "{\"vertices\":[{\"name\":\"\"}]}", "*/vertices/0/name is *: a name has*" },
  { "name-dunder", "{\"vertices\":[{\"name\":\"__x\"}]}", "*/vertices/0/name is *: a name has*" },
  { "name-long",
    "{\"vertices\":[{\"name\":\"a123456789012345678901234567890123456789012345678901234567890123\"}]}",
    "*/vertices/0/name is *, longer than 63 characters" },
  { "name-report", "{\"vertices\":[{\"name\":\"report\"}]}", "*no vertex may be called “report”*" },
  { "name-aggregate", "{\"vertices\":[{\"name\":\"x_aggregate\"}]}", "*no vertex may be called*" },
  { "name-of-edge",
    "{\"vertices\":[{\"name\":\"asset_port\"}],\"edges\":[{\"end1\":\"asset\",\"end2\":\"port\"}]}",
    "*is the name of another vertex*" },
  { "name-is-edge", "{\"vertices\":[{\"name\":\"asset_ipaddress\"}]}", "*is the name of another edge*" },
  { "property-nul", VERTEX ("\"a\\u0000b\":{\"type\":\"text\"}"), "*: a name has*" },
  { "property-name", VERTEX ("\"a b\":{\"type\":\"text\"}"),
    "*/vertices/0/properties/a b is *: a name has*" },
  { "property-no-object", VERTEX ("\"a\":\"text\""),
    "*/vertices/0/properties/a is \"text\", not of the type object" },
  { "no-type", VERTEX ("\"a\":{}"), "*/vertices/0/properties/a/type is missing, and required" },
  { "bad-type", VERTEX ("\"a\":{\"type\":\"string\"}"),
    "*/a/type is \"string\", which is none of [\"text\",*\"float\"]" },
  { "core-type", VERTEX ("\"a\":{\"type\":\"any\"}"), "*/a/type is \"any\", which is none of [\"text\",*" },
  { "type-number", VERTEX ("\"a\":{\"type\":1}"), "*/a/type is 1, which is none of [\"text\",*" },
  { "indexed-text", VERTEX ("\"a\":{\"type\":\"text\",\"indexed\":\"yes\"}"),
    "*/indexed is \"yes\", not of the type boolean" },
  { "required-null", VERTEX ("\"a\":{\"type\":\"text\",\"required\":null}"),
    "*/required is null, not of the type boolean" },
  { "description-number", VERTEX ("\"a\":{\"type\":\"text\",\"description\":1}"),
    "*/description is 1, not of the type string" },
  { "unknown-word", VERTEX ("\"a\":{\"type\":\"text\",\"lenght\":1}"),
    "*/lenght is a member that the schema does not allow here" },
  { "validation-object", VERTEX ("\"a\":{\"type\":\"text\",\"validation\":{}}"),
    "*/validation is {}, not of the type array" },
  { "rule-empty", VERTEX ("\"a\":{\"type\":\"text\",\"validation\":[{\"error_message\":\"x\"}]}"),
    "*/validation/0 fits none of*either “pattern” belongs here*" },
  { "rule-pattern-number", VERTEX ("\"a\":{\"type\":\"integer\",\"validation\":[{\"pattern\":\"x\"}]}"),
    "*a pattern is for text only*" },
  { "rule-minimum-text", VERTEX ("\"a\":{\"type\":\"text\",\"validation\":[{\"minimum\":1}]}"),
    "*are for numbers only*" },
  { "rule-minimum-string", VERTEX ("\"a\":{\"type\":\"float\",\"validation\":[{\"minimum\":\"1\"}]}"),
    "*/minimum is \"1\", not of the type number" },
  { "rule-crossed", VERTEX ("\"a\":{\"type\":\"float\",\"validation\":[{\"minimum\":2,\"maximum\":1}]}"),
    "*minimum is above maximum*" },
  { "rule-bad-pattern", VERTEX ("\"a\":{\"type\":\"text\",\"validation\":[{\"pattern\":\"(\"}]}"),
    "*does not compile*" },
  { "reserved-pk", VERTEX ("\"_pk\":{\"type\":\"text\"}"), "*the service itself keeps*" },
  { "reserved-instances", VERTEX ("\"instances\":{\"type\":\"text\"}"), "*the service itself keeps*" },
  { "shared-type", VERTEX ("\"external_id\":{\"type\":\"integer\"}"),
    "*has a “external_id” of another type*" },
  { "core-type-changed", ASSET ("\"name\":{\"type\":\"integer\"}"), "*already, with another type*" },
  { "core-rule-changed", ASSET ("\"risk\":{\"type\":\"numeric\",\"validation\":[{\"maximum\":99}]}"),
    "*already, with other rules*" },
  { "core-required", ASSET ("\"description\":{\"type\":\"text\",\"required\":true}"),
    "*already, with other rules*" },
  { "property-is-edge", ASSET ("\"asset_ipaddress\":{\"type\":\"text\"}"), "*is an edge of asset*" },
  { "edge-no-end", "{\"edges\":[{\"end1\":\"asset\"}]}", "*/edges/0/end2 is missing, and required" },
  { "edge-unknown-end", "{\"edges\":[{\"end1\":\"asset\",\"end2\":\"nowhere\"}]}",
    "*“nowhere”, which is no vertex*" },
  { "edge-of-edge", "{\"edges\":[{\"end1\":\"asset\",\"end2\":\"asset_ipaddress\"}]}",
    "*which is no vertex*" },
  { "edge-end-property",
    "{\"edges\":[{\"end1\":\"asset\",\"end2\":\"port\",\"properties\":{\"port\":{\"type\":\"text\"}}}]}",
    "*“port” is an end of the edge*" },
  { "edge-is-property",
    "{\"vertices\":[{\"name\":\"asset\",\"properties\":{\"asset_port\":{\"type\":\"text\"}}}],"
    "\"edges\":[{\"end1\":\"asset\",\"end2\":\"port\"}]}",
    "*asset has a property “asset_port” already*" },
  { "edge-crossed",
    "{\"vertices\":[{\"name\":\"a_b\"},{\"name\":\"a\"},{\"name\":\"b_c\"},{\"name\":\"c\"}],"
    "\"edges\":[{\"end1\":\"a_b\",\"end2\":\"c\"},{\"end1\":\"a\",\"end2\":\"b_c\"}]}",
    "*is the name of another edge*" },
  { "one-of-unknown",
    "{\"vertices\":[{\"name\":\"x\",\"validation\":[{\"oneOf\":{\"pattern\":[{\"required\":[\"no\"]}]}}]}]}",
    "*/validation/0/oneOf/pattern/0: x has no property “no”*" },
  { "one-of-empty", "{\"vertices\":[{\"name\":\"x\",\"validation\":[{\"oneOf\":{\"pattern\":[]}}]}]}",
    "*/oneOf/pattern has 0 items, less than 1" },
  { "any-of", "{\"vertices\":[{\"name\":\"x\",\"validation\":[{\"anyOf\":[]}]}]}",
    "*/validation/0/anyOf is a member that the schema does not allow here" },
};

/* Each is refused in words that say what and where, and leaves the model as it was. */
static void
test_bad_extension (gconstpointer data)
{
  const BadExtension *bad = data;
  g_autoptr (CarCoreModel) model = new_model ();
  g_autofree char *before = car_core_model_to_import_schema (model);
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (add (model, bad->extension, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == CAR_SCHEMA_ERROR);
  g_test_message ("%s", error->message);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_true (g_pattern_match_simple (bad->message, error->message));
  g_assert_false (car_core_model_has_vertex (model, "site"));
  after = car_core_model_to_import_schema (model);
  g_assert_cmpstr (before, ==, after);
}

static void
test_huge_extension (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  g_autoptr (GString) many = g_string_new ("{\"vertices\":[");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 600; i++)
    g_string_append_printf (many, "%s{\"name\":\"v%u\"}", i > 0 ? "," : "", i);
  g_string_append (many, "]}");
  g_assert_false (add (model, many->str, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
  g_assert_false (car_core_model_has_vertex (model, "v0"));
  g_clear_error (&error);

  while (many->len <= 1024 * 1024)
    g_string_append (many, "          ");
  g_assert_false (add (model, many->str, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
}

/* `n` alternatives of the collection, or `n` rules of its property. */
static char *
make_costly (const char *collection, const char *kind, guint n)
{
  g_autoptr (GString) all = g_string_new (NULL);
  gboolean is_rules = g_str_equal (kind, "rules");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (all, is_rules ? "%s{\"pattern\":\"a{%u}\"}" : "%s{\"required\":[\"p%u\"]}",
                            i > 0 ? "," : "", i % 30);

  g_autoptr (GString) properties = g_string_new (NULL);
  for (guint i = 0; i < 30; i++)
    g_string_append_printf (properties, "%s\"p%u\":{\"type\":\"text\"%s%s%s}", i > 0 ? "," : "", i,
                            is_rules && i == 0 ? ",\"validation\":[" : "", is_rules && i == 0 ? all->str : "",
                            is_rules && i == 0 ? "]" : "");
  return is_rules ? g_strdup_printf ("{\"vertices\":[{\"name\":\"%s\",\"properties\":{%s}}]}", collection,
                                     properties->str)
                  : g_strdup_printf ("{\"vertices\":[{\"name\":\"%s\",\"properties\":{%s},\"validation\":[{"
                                     "\"oneOf\":{\"pattern\":[%s]}}]}]}",
                                     collection, properties->str, all->str);
}

/* What it costs to check an object is bounded before an extension is taken, however many extensions say it. */
static void
test_costly_extension (void)
{
  static const struct
  {
    const char *collection, *kind;
    guint n;
    gboolean taken;
  } cases[] = {
    { "a", "alternatives", 64, TRUE },  { "b", "alternatives", 65, FALSE }, { "c", "alternatives", 40, TRUE },
    { "c", "alternatives", 41, FALSE }, { "d", "rules", 32, TRUE },         { "e", "rules", 33, FALSE },
  };
  g_autoptr (CarCoreModel) model = new_model ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *extension = make_costly (cases[i].collection, cases[i].kind, cases[i].n);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s %u", cases[i].kind, cases[i].n);
      g_assert_cmpint (add (model, extension, &error), ==, cases[i].taken);
      if (!cases[i].taken)
        g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
    }
}

static gpointer
read_all_the_time (gpointer data)
{
  CarCoreModel *model = data;

  for (guint i = 0; i < 200; i++)
    {
      g_auto (GStrv) names = car_core_model_get_vertices (model);

      for (char **name = names; *name != NULL; name++)
        g_assert_true (car_core_model_has_property (model, *name, "external_id"));
    }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (CarCoreModel) model = new_model ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("reader", read_all_the_time, model);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *extension = g_strdup_printf ("{\"vertices\":[{\"name\":\"v%u\"}]}", i);

      g_assert_true (add (model, extension, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_true (car_core_model_has_vertex (model, "v19"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core-model/same-as-reference", test_same_as_reference);
  g_test_add_func ("/core-model/values", test_values);
  g_test_add_func ("/core-model/envelopes", test_envelopes);
  g_test_add_func ("/core-model/names", test_names);
  g_test_add_func ("/core-model/named-by-key", test_named_by_key);
  g_test_add_func ("/core-model/extension", test_extension);
  g_test_add_func ("/core-model/huge-extension", test_huge_extension);
  g_test_add_func ("/core-model/costly-extension", test_costly_extension);
  g_test_add_func ("/core-model/threads", test_threads);
  for (guint i = 0; i < G_N_ELEMENTS (bad_extensions); i++)
    {
      g_autofree char *path = g_strdup_printf ("/core-model/bad-extension/%s", bad_extensions[i].name);

      g_test_add_data_func (path, &bad_extensions[i], test_bad_extension);
    }
  return g_test_run ();
}
