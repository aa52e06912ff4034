/* SPDX-License-Identifier: Apache-2.0 */

/* What the compiler (car-json-schema.c) makes of a schema, as others look it up. */

#include "config.h"

#include "json-tests.h"
#include <libcar/json/car-json-node-private.h>

#define BIT(type) CAR_JSON_TYPE_BIT (CAR_JSON_##type)
#define ALL_SCALARS (BIT (NULL) | BIT (FALSE) | BIT (TRUE) | BIT (NUMBER) | BIT (STRING))

/* A value of a plain type need only be read. Each keyword that looks at the value takes its type away. */
static void
test_plain (void)
{
  static const struct
  {
    const char *schema;
    guint plain_types;
  } cases[] = {
    { "true", ALL_SCALARS },
    { "{}", ALL_SCALARS },
    { "{\"description\": \"x\"}", ALL_SCALARS },
    { "false", 0 },
    { "{\"type\": \"string\"}", BIT (STRING) },
    { "{\"type\": [\"boolean\", \"null\"]}", BIT (NULL) | BIT (FALSE) | BIT (TRUE) },
    { "{\"type\": \"number\"}", BIT (NUMBER) },
    /* Whether a number is one has to be found out. */
    { "{\"type\": \"integer\"}", 0 },
    { "{\"type\": [\"object\", \"array\"]}", 0 },
    { "{\"minimum\": 0}", ALL_SCALARS & ~BIT (NUMBER) },
    { "{\"exclusiveMaximum\": 0}", ALL_SCALARS & ~BIT (NUMBER) },
    { "{\"multipleOf\": 1}", ALL_SCALARS & ~BIT (NUMBER) },
    { "{\"minLength\": 0}", ALL_SCALARS },
    { "{\"minLength\": 1}", ALL_SCALARS & ~BIT (STRING) },
    { "{\"maxLength\": 1}", ALL_SCALARS & ~BIT (STRING) },
    { "{\"pattern\": \"\"}", ALL_SCALARS & ~BIT (STRING) },
    { "{\"enum\": [1]}", 0 },
    { "{\"const\": 1}", 0 },
    { "{\"allOf\": [true]}", 0 },
    { "{\"anyOf\": [true]}", 0 },
    { "{\"oneOf\": [true]}", 0 },
    { "{\"not\": true}", 0 },
    { "{\"if\": true}", 0 },
    { "{\"x\": true, \"$ref\": \"#/x\"}", 0 },
    { "{\"properties\": {\"a\": false}, \"items\": false}", ALL_SCALARS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CarJsonSchema) schema = json_compile (cases[i].schema);
      g_test_message ("%s", cases[i].schema);
      g_assert_cmphex (car_json_schema_get_root (schema)->plain_types, ==, cases[i].plain_types);
    }
  g_assert_cmphex (car_json_anything.plain_types, ==, ALL_SCALARS);
}

static void
test_plain_members (void)
{
  g_autoptr (CarJsonSchema) plain = json_compile ("{\"properties\": {\"a\": {}}, \"required\": [\"b\"]}");
  g_autoptr (CarJsonSchema) patterns = json_compile ("{\"patternProperties\": {\"^a\": {}}}");
  g_autoptr (CarJsonSchema) names = json_compile ("{\"propertyNames\": {}}");

  g_assert_true (car_json_schema_get_root (plain)->plain_members);
  g_assert_true (car_json_anything.plain_members);
  g_assert_false (car_json_schema_get_root (patterns)->plain_members);
  g_assert_false (car_json_schema_get_root (names)->plain_members);
}

/* The name is spelt as it stands in JSON. */
static const CarJsonNode *
get_property (const CarJsonNode *node, const char *quoted)
{
  const CarJsonSpan name = json_span (quoted);

  return car_json_node_get_property (node, car_json_node_find_name (node, &name));
}

static const CarJsonNode *
get_member (const CarJsonNode *node, const char *quoted)
{
  const CarJsonSpan name = json_span (quoted);

  return car_json_node_get_member (node, car_json_node_find_name (node, &name));
}

static void
test_members (void)
{
  g_autoptr (CarJsonSchema) schema =
      json_compile ("{\"properties\": {\"a\": {\"type\": \"string\"}, \"\": true, \"n\\u0000\": false},"
                    " \"required\": [\"b\"], \"additionalProperties\": {\"type\": \"null\"}}");
  const CarJsonNode *root = car_json_schema_get_root (schema);
  const CarJsonNode *a = get_property (root, "\"a\"");

  g_assert_cmphex (a->types, ==, BIT (STRING));
  g_assert_true (get_property (root, "\"\\u0061\"") == a);
  g_assert_true (get_property (root, "\"n\\u0000\"")->refuses);
  g_assert_nonnull (get_property (root, "\"\""));
  g_assert_null (get_property (root, "\"n\""));
  /* A name that has to be there is known, and nothing else is said of it. */
  g_assert_null (get_property (root, "\"b\""));
  g_assert_null (get_property (root, "\"c\""));

  g_assert_true (get_member (root, "\"a\"") == a);
  g_assert_true (get_member (root, "\"b\"") == root->additional_properties);
  g_assert_true (get_member (root, "\"c\"") == root->additional_properties);
  g_assert_true (get_member (&car_json_anything, "\"a\"") == &car_json_anything);
}

/* More names than one word of the mask holds, and a name that the compiler meets twice. */
static void
test_required (void)
{
  const CarJsonValue *none = NULL;
  CarJsonNode *node = car_json_node_new (none);
  g_autoptr (GArray) required = g_array_new (FALSE, FALSE, sizeof (guint));
  const guint wanted[] = { 0, 63, 64, 130 };

  for (guint i = 0; i < 131; i++)
    {
      g_autofree char *name = g_strdup_printf ("m%u", i);
      g_assert_cmpuint (car_json_node_add_property (node, name, strlen (name)), ==, i);
      g_assert_cmpuint (car_json_node_add_property (node, name, strlen (name)), ==, i);
    }
  g_array_append_vals (required, wanted, G_N_ELEMENTS (wanted));
  car_json_node_seal (node, required);

  g_assert_cmpuint (node->properties->len, ==, 131);
  g_assert_cmpuint (node->n_words, ==, 3);
  g_assert_cmphex (node->required[0], ==, G_GUINT64_CONSTANT (1) << 63 | 1);
  g_assert_cmphex (node->required[1], ==, 1);
  g_assert_cmphex (node->required[2], ==, 1 << 2);
  car_json_node_free (node);
}

/* References are followed: alone, and beside other keywords. */
static void
test_items (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile (
      "{\"$defs\": {\"list\": {\"items\": {\"type\": \"null\"}}, \"alias\": {\"$ref\": \"#/$defs/list\"},"
      " \"beside\": {\"minItems\": 1, \"$ref\": \"#/$defs/alias\"},"
      " \"own\": {\"items\": true, \"$ref\": \"#/$defs/list\"}, \"none\": {}},"
      " \"properties\": {\"list\": {\"$ref\": \"#/$defs/list\"}, \"alias\": {\"$ref\": \"#/$defs/alias\"},"
      " \"beside\": {\"$ref\": \"#/$defs/beside\"}, \"own\": {\"$ref\": \"#/$defs/own\"},"
      " \"none\": {\"$ref\": \"#/$defs/none\"}}}");
  const CarJsonNode *root = car_json_schema_get_root (schema);

  g_assert_cmphex (car_json_node_get_items (get_property (root, "\"list\""))->types, ==, BIT (NULL));
  g_assert_cmphex (car_json_node_get_items (get_property (root, "\"alias\""))->types, ==, BIT (NULL));
  g_assert_cmphex (car_json_node_get_items (get_property (root, "\"beside\""))->types, ==, BIT (NULL));
  g_assert_cmphex (car_json_node_get_items (get_property (root, "\"own\""))->types & BIT (STRING), !=, 0);
  g_assert_true (car_json_node_get_items (get_property (root, "\"none\"")) == &car_json_anything);
}

static void
test_branches (void)
{
  g_autoptr (CarJsonSchema) schema =
      json_compile ("{\"allOf\": [{}, {}], \"anyOf\": [{}], \"oneOf\": [{}], \"not\": false, \"if\": {},"
                    " \"then\": {}, \"else\": {}, \"x\": {}, \"$ref\": \"#/x\"}");
  g_autoptr (CarJsonSchema) without_if = json_compile ("{\"then\": {}, \"else\": {}}");
  g_autoptr (GPtrArray) branches = car_json_node_list_branches (car_json_schema_get_root (schema));
  g_autoptr (GPtrArray) none = car_json_node_list_branches (car_json_schema_get_root (without_if));

  g_assert_cmpuint (branches->len, ==, 9);
  g_assert_cmpuint (none->len, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-node/plain", test_plain);
  g_test_add_func ("/json-node/plain-members", test_plain_members);
  g_test_add_func ("/json-node/members", test_members);
  g_test_add_func ("/json-node/required", test_required);
  g_test_add_func ("/json-node/items", test_items);
  g_test_add_func ("/json-node/branches", test_branches);
  return g_test_run ();
}
