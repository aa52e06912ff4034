/* SPDX-License-Identifier: Apache-2.0 */

/* An object with fixed members is checked, and summed up, as one that has the same members itself. */

#include "config.h"

#include "json-tests.h"
#include <libcar/json/car-json-fixed-members-private.h>

static const char fixed_text[] = "{\"active\": true, \"n\": 1.0, \"other\": [1], \"\\u0071\": \"x\"}";
static const char schema_text[] =
    "{\"properties\": {\"active\": {\"type\": \"boolean\"}, \"n\": {\"type\": \"number\", \"minimum\": 1},"
    " \"q\": {\"type\": \"string\"}, \"own\": {\"type\": \"null\"}},"
    " \"required\": [\"active\", \"q\", \"own\"], \"maxProperties\": 6}";

static gboolean
check (const CarJsonNode *node,
       const CarJsonFixedMembers *fixed,
       const char *object,
       CarJsonMembers *members,
       CarJsonViolation *violation)
{
  static const char *const wanted[] = { "own", NULL };
  static const CarJsonStandInName none[] = { { NULL, 0 } };
  static CarJsonObjectRules *rules;

  if (rules == NULL)
    rules = car_json_object_rules_new (wanted, none);
  const CarJsonCheck check = { .node = node, .rules = rules, .fixed = fixed };
  return car_json_validate_text (&check, object, strlen (object), members, violation);
}

static void
test_same (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile (schema_text);
  const CarJsonNode *root = car_json_schema_get_root (schema);
  g_autoptr (CarJsonFixedMembers) fixed = car_json_fixed_members_new (root, fixed_text);
  static const struct
  {
    const char *own, *whole, *rule; /* NULL: both are valid */
  } cases[] = {
    { "{\"own\": null}", "{\"own\": null, \"active\": true, \"n\": 1, \"other\": [1], \"q\": \"x\"}", NULL },
    { "{\"z\": 7, \"own\": null}",
      "{\"q\": \"x\", \"z\": 7, \"other\": [1.0], \"own\": null, \"n\": 1, \"active\": true}", NULL },
    { "{}", "{\"active\": true, \"n\": 1, \"other\": [1], \"q\": \"x\"}", "required" },
    { "{\"own\": null, \"y\": 1, \"z\": 1}",
      "{\"own\": null, \"y\": 1, \"z\": 1, \"active\": true, \"n\": 1, \"other\": [1], \"q\": \"x\"}",
      "maxProperties" },
    /* A member that is fixed cannot stand in the object too: one that the schema names, one that it does not. */
    { "{\"own\": null, \"active\": true}",
      "{\"own\": null, \"active\": true, \"active\": true, \"n\": 1, \"other\": [1], \"q\": \"x\"}",
      "duplicate" },
    { "{\"own\": null, \"q\": \"x\"}",
      "{\"own\": null, \"q\": \"x\", \"active\": true, \"n\": 1, \"other\": [1], \"q\": \"x\"}",
      "duplicate" },
    { "{\"own\": null, \"oth\\u0065r\": 1}",
      "{\"own\": null, \"other\": 1, \"active\": true, \"n\": 1, \"other\": [1], \"q\": \"x\"}",
      "duplicate" },
  };

  g_assert_nonnull (fixed);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CarJsonMembers own, whole;
      g_auto (CarJsonViolation) own_violation = { NULL }, whole_violation = { NULL };

      g_test_message ("%s", cases[i].own);
      const gboolean own_ok = check (root, fixed, cases[i].own, &own, &own_violation);
      const gboolean whole_ok = check (root, NULL, cases[i].whole, &whole, &whole_violation);
      g_assert_cmpstr (own_violation.rule, ==, cases[i].rule);
      g_assert_cmpstr (whole_violation.rule, ==, cases[i].rule);
      g_assert_cmpint (own_ok, ==, whole_ok);
      if (!own_ok)
        continue;
      g_assert_cmphex (own.digest, ==, whole.digest);
      g_assert_cmpint (own.values[0].type, ==, CAR_JSON_NULL);
    }
}

/* Where the schema refuses a member, or looks at the whole object, each object has to be looked at. */
static void
test_no (void)
{
  static const char *const schemas[] = {
    "false",
    "{\"properties\": {\"active\": {\"type\": \"string\"}}}",
    "{\"properties\": {\"active\": false}}",
    "{\"properties\": {\"n\": {\"minimum\": 2}}}",
    "{\"properties\": {\"q\": {\"type\": \"null\"}}}",
    "{\"additionalProperties\": false}",
    "{\"patternProperties\": {\"^a\": {}}}",
    "{\"propertyNames\": {}}",
    "{\"enum\": [{}]}",
    "{\"const\": {}}",
    "{\"allOf\": [true]}",
    "{\"anyOf\": [true]}",
    "{\"oneOf\": [true]}",
    "{\"not\": false}",
    "{\"if\": true}",
    "{\"$defs\": {\"x\": {\"not\": false}}, \"$ref\": \"#/$defs/x\"}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_autoptr (CarJsonSchema) schema = json_compile (schemas[i]);
      g_test_message ("%s", schemas[i]);
      g_assert_null (car_json_fixed_members_new (car_json_schema_get_root (schema), fixed_text));
    }
}

/* A schema that only refers to another one is that one. */
static void
test_alias (void)
{
  g_autofree char *text =
      g_strdup_printf ("{\"properties\": {\"a\": {\"$ref\": \"#/x\"}}, \"x\": %s}", schema_text);
  g_autoptr (CarJsonSchema) schema = json_compile (text);
  const CarJsonNode *root = car_json_schema_get_root (schema);
  const CarJsonNode *alias = car_json_node_get_property (root, car_json_names_lookup (&root->names, "a", 1));
  g_autoptr (CarJsonFixedMembers) fixed = car_json_fixed_members_new (alias, fixed_text);
  CarJsonMembers members;
  g_auto (CarJsonViolation) violation = { NULL };

  g_assert_nonnull (fixed);
  check (alias, fixed, "{\"own\": null}", &members, &violation);
  g_assert_cmpstr (violation.text, ==, NULL);
}

/* The schema of everything, and no member at all. */
static void
test_empty (void)
{
  g_autoptr (CarJsonFixedMembers) none = car_json_fixed_members_new (&car_json_anything, "{}");
  g_autoptr (CarJsonFixedMembers) some = car_json_fixed_members_new (&car_json_anything, fixed_text);
  CarJsonMembers with, without;
  g_auto (CarJsonViolation) violation = { NULL };

  g_assert_true (check (&car_json_anything, none, "{\"a\": 1}", &with, &violation));
  g_assert_true (check (&car_json_anything, NULL, "{\"a\": 1}", &without, &violation));
  g_assert_cmphex (with.digest, ==, without.digest);
  g_assert_true (check (&car_json_anything, some, "{\"a\": 1}", &with, &violation));
  g_assert_cmphex (with.digest, !=, without.digest);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-fixed-members/same", test_same);
  g_test_add_func ("/json-fixed-members/no", test_no);
  g_test_add_func ("/json-fixed-members/alias", test_alias);
  g_test_add_func ("/json-fixed-members/empty", test_empty);
  return g_test_run ();
}
