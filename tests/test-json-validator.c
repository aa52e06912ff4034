/* SPDX-License-Identifier: Apache-2.0 */

/* What the validator finds besides what the suites (tests/json-schema-suite) look at: what it says of violations, what
 * it hands out of an object, and what becomes of hostile schemas and values. */

#include "config.h"

#include <time.h>

#include "json-tests.h"
#include <libcar/base/car-error.h>

static void
test_messages (void)
{
  static const struct
  {
    const char *schema, *value, *message;
  } cases[] = {
    { "{\"properties\": {\"risk\": {\"maximum\": 10}}}", "{\"risk\": 11}",
      "/risk is 11, more than the maximum 10" },
    { "{\"minimum\": 1.50}", "1.4", "it is 1.4, less than the minimum 1.50" },
    { "{\"exclusiveMinimum\": 1}", "1.0", "it is 1.0, not more than the exclusive minimum 1" },
    { "{\"exclusiveMaximum\": 1}", "1.0", "it is 1.0, not less than the exclusive maximum 1" },
    { "{\"multipleOf\": 2}", "3", "it is 3, not a multiple of 2" },
    { "{\"type\": \"string\"}", "[1, 2]", "it is [1, 2], not of the type string" },
    { "{\"type\": [\"number\", \"null\", \"boolean\"]}", "\"x\"",
      "it is \"x\", not of the type null or boolean or number" },
    { "{\"items\": {\"items\": {\"type\": \"integer\"}}}", "[[], [1, 1.5]]",
      "/1/1 is 1.5, not of the type integer" },
    { "{\"minLength\": 2}", "\"é\"", "it is \"é\", shorter than 2 characters" },
    { "{\"maxLength\": 1}", "\"\\n\\n\"", "it is \"\\n\\n\", longer than 1 characters" },
    { "{\"pattern\": \"^a*$\"}", "\"b\"", "it is \"b\", which the pattern ^a*$ does not match" },
    { "{\"required\": [\"a/b\"]}", "{}", "/a~1b is missing, and required" },
    { "{\"dependentRequired\": {\"a\": [\"b\"]}}", "{\"a\": 1}",
      "/b is missing, and required by another member" },
    { "{\"additionalProperties\": false}", "{\"a~b\": 1}",
      "/a~0b is a member that the schema does not allow here" },
    { "{\"minItems\": 2}", "[1]", "it has 1 items, less than 2" },
    { "{\"maxItems\": 1}", "[1, 2]", "it has 2 items, more than 1" },
    { "{\"uniqueItems\": true}", "[1, 2, 1.0]", "/2 is 1.0, which stands in the array twice" },
    { "{\"minProperties\": 1}", "{}", "it has less than 1 members" },
    { "{\"maxProperties\": 0}", "{\"a\": 1}", "it has more than 0 members" },
    { "{\"const\": {\"a\": 1}}", "2", "it is 2, where only {\"a\": 1} may stand" },
    { "{\"enum\": [\"a\", \"b\"]}", "\"c\"", "it is \"c\", which is none of [\"a\", \"b\"]" },
    { "{\"anyOf\": [{\"type\": \"null\"}, false]}", "1", "it fits none of the 2 schemas of anyOf" },
    { "{\"oneOf\": [true, true]}", "1", "it fits more than one of the 2 schemas of oneOf" },
    { "{\"properties\": {\"a\": {\"oneOf\": [false]}}}", "{\"a\": 1}",
      "/a fits none of the 1 schemas of oneOf" },
    { "{\"not\": {}}", "1", "it fits the schema of not" },
    { "{\"allOf\": [{\"$ref\": \"#/x\"}], \"x\": {\"maximum\": 1}}", "2",
      "it is 2, more than the maximum 1" },
    { "{\"if\": true, \"then\": {\"type\": \"null\"}}", "2", "it is 2, not of the type null" },
    { "false", "2", "it must not be there: its schema is false" },
    { "{\"propertyNames\": {\"maxLength\": 1}}", "{\"ab\": 1}", "/ab is \"ab\", longer than 1 characters" },
    { "true", "{\"a\": {\"b\": [{\"c\": 1, \"\\u0063\": 2}]}}", "/a/b/0/c stands in the object twice" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CarJsonSchema) schema = json_compile (cases[i].schema);
      g_assert_false (json_validate (schema, cases[i].value, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_broken_text (void)
{
  static const char *const texts[] = {
    "", "{", "{\"a\": [1, 2}", "{\"a\": 1} 2", "{\"a\": 01}", "[\"\\ud800\"]"
  };
  g_autoptr (CarJsonSchema) schema =
      json_compile ("{\"properties\": {\"a\": {\"not\": {\"type\": \"null\"}}}}");

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (json_validate (schema, texts[i], &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
    }
}

/* Each level looks twice at the next one. */
static void
test_doubling (void)
{
  static const char *const schemas[] = {
    "{\"allOf\": [{\"items\": {\"$ref\": \"#\"}}, {\"items\": {\"$ref\": \"#\"}}]}",
    "{\"oneOf\": [{\"items\": {\"$ref\": \"#\"}}, {\"items\": {\"$ref\": \"#\"}, \"minItems\": 9}]}",
    "{\"not\": {\"items\": {\"not\": {\"anyOf\": [{\"$ref\": \"#\"}, {\"$ref\": \"#\"}]}}}}",
  };
  g_autofree char *value = json_nest ("[", "", "]", CAR_JSON_MAX_DEPTH);

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_autoptr (CarJsonSchema) schema = json_compile (schemas[i]);
      g_autoptr (GError) error = NULL;
      g_assert_false (json_validate (schema, value, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
      g_assert_nonnull (strstr (error->message, "takes too much work"));
    }
}

static void
test_catastrophic_pattern (void)
{
  static const char *const schemas[] = {
    "{\"pattern\": \"^(?:(?:a+)+)+$\"}",
    "{\"not\": {\"pattern\": \"^(?:(?:a+)+)+$\"}}",
    "{\"anyOf\": [{\"pattern\": \"^(?:(?:a+)+)+$\"}, true]}",
  };
  g_autofree char *value = json_nest ("", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", "", 0);

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_autoptr (CarJsonSchema) schema = json_compile (schemas[i]);
      g_autoptr (GError) error = NULL;
      g_assert_false (json_validate (schema, value, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
      g_assert_nonnull (strstr (error->message, "takes too much work"));
    }
}

/* Objects whose members no schema names are looked through for doubles too, without going through all pairs. */
static void
test_many_members (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile ("{\"properties\": {\"m7\": {\"type\": \"integer\"}}}");
  g_autoptr (GString) object = g_string_new ("{");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 200000; i++)
    g_string_append_printf (object, "\"m%d\": %d, ", i, i);
  gsize length = object->len;
  g_string_append (object, "\"m\": 1}");
  json_validate (schema, object->str, &error);
  g_assert_no_error (error);

  g_string_truncate (object, length);
  g_string_append (object, "\"m199999\": 1}");
  g_assert_false (json_validate (schema, object->str, &error));
  g_assert_nonnull (strstr (error->message, "/m199999 stands in the object twice"));
}

/* Schemas behind one another for each level of a value: the limit is on both together. */
static void
test_nested_schemas (void)
{
  g_autofree char *value = json_nest ("[", "", "]", CAR_JSON_MAX_DEPTH);
  g_autofree char *nots = json_nest ("{\"not\": ", "{\"items\": {\"$ref\": \"#\"}}", "}", 100);
  g_autoptr (CarJsonSchema) schema = json_compile (nots);
  g_autoptr (GError) error = NULL;

  g_assert_false (json_validate (schema, value, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
  g_assert_nonnull (strstr (error->message, "takes too much work"));
}

static void
test_depth (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile ("{\"type\": \"array\", \"items\": {\"$ref\": \"#\"}}");

  for (int depth = CAR_JSON_MAX_DEPTH - 1; depth <= CAR_JSON_MAX_DEPTH + 1; depth++)
    {
      g_autofree char *value = json_nest ("[", "", "]", depth);
      g_autoptr (GError) error = NULL;
      if (json_validate (schema, value, &error))
        g_assert_cmpint (depth, <=, CAR_JSON_MAX_DEPTH);
      else
        {
          g_assert_cmpint (depth, ==, CAR_JSON_MAX_DEPTH + 1);
          g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
        }
    }
}

/* What is long is not hostile for that. */
static void
test_long (void)
{
  g_autoptr (CarJsonSchema) unique = json_compile ("{\"uniqueItems\": true}");
  g_autoptr (GString) numbers = g_string_new ("[");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 200000; i++)
    g_string_append_printf (numbers, "%d.0, ", i);
  g_string_append (numbers, "-1]");
  json_validate (unique, numbers->str, &error);
  g_assert_no_error (error);
  g_string_truncate (numbers, numbers->len - 3);
  g_string_append (numbers, "7]");
  g_assert_false (json_validate (unique, numbers->str, NULL));
}

/* ---- What is asked of an object besides its schema ------------------------------------------------------------- */

enum
{
  WANTED_KEY,
  WANTED_ID,
};

static const char *const wanted_names[] = { [WANTED_KEY] = "_key", [WANTED_ID] = "id", NULL };

/* Rules stay: each test needs the same. */
static const CarJsonObjectRules *
get_rules (void)
{
  static const CarJsonStandInName stand_ins[] = { { "name", WANTED_KEY }, { "id", WANTED_KEY }, { NULL, 0 } };
  static CarJsonObjectRules *rules;

  if (rules == NULL)
    rules = car_json_object_rules_new (wanted_names, stand_ins);
  return rules;
}

static gboolean
check_object (const char *schema_text,
              const char *object,
              CarJsonMembers *members,
              CarJsonViolation *violation)
{
  g_autoptr (CarJsonSchema) schema = json_compile (schema_text);
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema), .rules = get_rules () };

  return car_json_validate_text (&check, object, strlen (object), members, violation);
}

/* Values of the object itself: not of objects in it, and once, whoever looks at it again. */
static void
test_wanted (void)
{
  static const char *const schemas[] = {
    "true",
    "{\"properties\": {\"_key\": {\"type\": \"string\"}, \"q\": {\"type\": \"object\"}}}",
    "{\"allOf\": [{\"not\": {\"required\": [\"z\"]}}], \"anyOf\": [{\"properties\": {\"q\": {}}}]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      CarJsonMembers members;

      check_object (schemas[i],
                    "{\"q\": {\"id\": 1, \"_key\": 2}, \"_k\\u0065y\": \"a\\n\", \"r\": [{\"id\": 3}]}",
                    &members, &violation);
      g_assert_cmpstr (violation.text, ==, NULL);
      g_assert_true (car_json_span_equals (&members.values[WANTED_KEY], "a\n"));
      g_assert_cmpint (members.values[WANTED_ID].type, ==, CAR_JSON_INVALID);
    }
}

/* A member that is missing is checked as if it had the other one's value, and the one that is there is blamed. */
static void
test_stand_ins (void)
{
  static const char schema[] =
      "{\"properties\": {\"name\": {\"type\": \"string\", \"pattern\": \"^[a-z]+$\"}},"
      " \"required\": [\"name\", \"id\"], \"maxProperties\": 3}";
  static const struct
  {
    const char *object, *text; /* NULL: valid */
  } cases[] = {
    { "{\"_key\": \"a\"}", NULL },
    { "{\"name\": \"a\", \"id\": 1}", NULL },
    { "{\"_key\": \"A\", \"name\": \"a\"}", NULL },
    { "{\"_key\": \"A\"}", "/_key is \"A\", which the pattern ^[a-z]+$ does not match" },
    { "{\"_key\": 1}", "/_key is 1, not of the type string" },
    { "{\"_key\": \"a\", \"n\\u0061me\": \"B\"}",
      "/name is \"B\", which the pattern ^[a-z]+$ does not match" },
    { "{\"name\": \"a\"}", "/id is missing, and required" },
    { "{\"_key\": \"a\", \"more\": 1}", "it has more than 3 members" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      CarJsonMembers members;

      g_test_message ("%s", cases[i].object);
      g_assert_cmpint (check_object (schema, cases[i].object, &members, &violation), ==,
                       cases[i].text == NULL);
      g_assert_cmpstr (violation.text, ==, cases[i].text);
    }

  /* No member that only stands in is handed out. */
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonMembers members;
  g_assert_true (check_object (schema, "{\"_key\": \"a\"}", &members, &violation));
  g_assert_cmpint (members.values[WANTED_ID].type, ==, CAR_JSON_INVALID);
}

static CarJsonMembers
read_members (const char *object)
{
  static const char *const none[] = { NULL };
  static const CarJsonStandInName no_stand_ins[] = { { NULL, 0 } };
  static CarJsonObjectRules *rules;
  g_autoptr (CarJsonSchema) schema =
      json_compile ("{\"properties\": {\"a\": {}, \"b\": {}}, \"allOf\": [{}]}");
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonMembers members;

  if (rules == NULL)
    rules = car_json_object_rules_new (none, no_stand_ins);
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema), .rules = rules };
  car_json_validate_text (&check, object, strlen (object), &members, &violation);
  g_assert_cmpstr (violation.text, ==, NULL);
  return members;
}

/* Members in any order, and values in any spelling. */
static void
test_digests (void)
{
  const guint64 digest = read_members ("{\"a\": \"1\", \"b\": {\"c\": 2}}").digest;
  static const char *const others[] = {
    "{\"a\": 1, \"b\": {\"c\": 2}}",     "{\"a\": \"1\", \"b\": {\"c\": 2.5}}",
    "{\"b\": \"1\", \"a\": {\"c\": 2}}", "{\"a\": \"1\", \"b\": {\"d\": 2}}",
    "{\"a\": \"1\", \"b\": [\"c\", 2]}", "{\"a\": \"1\"}",
  };

  g_assert_cmphex (read_members ("{ \"b\":{\"\\u0063\":2.0}, \"\\u0061\":\"\\u0031\" }").digest, ==, digest);
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmphex (read_members (others[i]).digest, !=, digest);
}

/* Which names the schema does not list, whatever their values are. */
static void
test_unnamed (void)
{
  const guint64 unnamed = read_members ("{\"a\": 1, \"c\": 1, \"d\": 2}").unnamed;

  g_assert_cmphex (unnamed, !=, 0);
  g_assert_cmphex (read_members ("{\"\\u0064\": {\"e\": 1}, \"c\": 2}").unnamed, ==, unnamed);
  g_assert_cmphex (read_members ("{\"c\": 1}").unnamed, !=, unnamed);
  g_assert_cmphex (read_members ("{\"b\": {\"c\": 1}, \"a\": 1}").unnamed, ==, 0);
}

/* `n` schemas behind one another, each with so many patterns, tried with the names of so many members. */
static gboolean
try_patterns (guint n, guint n_patterns, guint n_members, CarJsonViolation *violation)
{
  g_autoptr (GString) patterns = g_string_new ("{\"patternProperties\":{");
  g_autoptr (GString) schema_text = g_string_new ("{\"allOf\":[");
  g_autoptr (GString) object = g_string_new ("{");

  for (guint i = 0; i < n_patterns; i++)
    g_string_append_printf (patterns, "%s\"^(a|b)+%u$\":{}", i > 0 ? "," : "", i);
  g_string_append (patterns, "}}");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (schema_text, "%s%s", i > 0 ? "," : "", patterns->str);
  g_string_append (schema_text, "]}");
  for (guint i = 0; i < n_members; i++)
    g_string_append_printf (object, "%s\"m%u\":1", i > 0 ? "," : "", i);
  g_string_append_c (object, '}');

  g_autoptr (CarJsonSchema) schema = json_compile (schema_text->str);
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema) };
  return car_json_validate_text (&check, object->str, object->len, NULL, violation);
}

/* Whatever the schema and the object are, the work for an object is bounded before it is done. */
static void
test_pattern_effort (void)
{
  g_auto (CarJsonViolation) few = { NULL }, many = { NULL };
  const clock_t begin = clock ();

  g_assert_true (try_patterns (1, 256, 100, &few));
  g_assert_false (try_patterns (20, 256, 3000, &many));
  g_assert_cmpstr (many.rule, ==, CAR_JSON_RULE_EFFORT);
  /* It would be minutes, of this process alone: a machine may have much else to do. */
  g_assert_cmpint (clock () - begin, <, 60 * CLOCKS_PER_SEC);
}

static const CarJsonObjectRules *
find_rules_of_items (const CarJsonPlace *place, gpointer user_data)
{
  return place != NULL && place->name == NULL ? get_rules () : NULL;
}

static void
test_find_rules (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile (
      "{\"required\": [\"list\"], \"properties\": {\"list\": {\"items\": {\"required\": [\"name\"]}}}}");
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema), .find_rules = find_rules_of_items };
  static const struct
  {
    const char *json, *text; /* NULL: valid */
  } cases[] = {
    { "{\"list\": [{\"_key\": \"a\"}, {\"name\": \"b\"}]}", NULL },
    { "{\"list\": [{\"_key\": \"a\"}, {}]}", "/list/1/name is missing, and required" },
    { "{\"_key\": \"a\"}", "/list is missing, and required" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      car_json_validate_text (&check, cases[i].json, strlen (cases[i].json), NULL, &violation);
      g_assert_cmpstr (violation.text, ==, cases[i].text);
    }
}

/* One value of several: the scanner stands behind it, and what is wrong is told by where the value stands. */
static void
test_in_passing (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile ("{\"maximum\": 2}");
  const CarJsonSpan name = json_span ("\"risk\"");
  const CarJsonPlace place = { NULL, &name };
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema), .place = &place };
  g_auto (CarJsonViolation) violation = { NULL };
  const char text[] = "[1, 3]";
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, strlen (text));
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  g_assert_true (car_json_scanner_next_item (&scanner));
  g_assert_true (car_json_validate (&check, &scanner, NULL, &violation));
  g_assert_true (scanner.at == text + 2);
  g_assert_true (car_json_scanner_next_item (&scanner));
  g_assert_false (car_json_validate (&check, &scanner, NULL, &violation));
  g_assert_cmpstr (violation.text, ==, "/risk is 3, more than the maximum 2");
}

/* The words of a schema's author stand behind the rule that they are about. */
static void
test_explained (void)
{
  g_autoptr (CarJsonSchema) schema = json_compile (
      "{\"properties\": {\"town\": {\"type\": \"string\", \"pattern\": \"^[A-Z]\", \"maxLength\": 3,"
      " \"error_message\": \"A capital\\u001b\"}, \"n\": {\"maximum\": 1, \"error_message\": 1}},"
      " \"required\": [\"name\"], \"oneOf\": [{\"required\": [\"town\"]}, {\"required\": [\"land\"]}],"
      " \"error_message\": \"Town or land\"}");
  static const struct
  {
    const char *json, *message;
  } cases[] = {
    { "{\"name\": \"n\", \"town\": \"x\"}",
      "/town is \"x\", which the pattern ^[A-Z] does not match: A capital\\u001b" },
    { "{\"name\": \"n\", \"town\": \"XXXX\"}", "/town is \"XXXX\", longer than 3 characters" },
    { "{\"name\": \"n\", \"town\": 1}", "/town is 1, not of the type string" },
    { "{\"name\": \"n\", \"n\": 2}", "/n is 2, more than the maximum 1" },
    { "{\"town\": \"X\"}", "/name is missing, and required" },
    { "{\"name\": \"n\"}", "it fits none of the 2 schemas of oneOf: Town or land" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (json_validate (schema, cases[i].json, &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-validator/messages", test_messages);
  g_test_add_func ("/json-validator/broken-text", test_broken_text);
  g_test_add_func ("/json-validator/explained", test_explained);
  g_test_add_func ("/json-validator/wanted", test_wanted);
  g_test_add_func ("/json-validator/stand-ins", test_stand_ins);
  g_test_add_func ("/json-validator/unnamed", test_unnamed);
  g_test_add_func ("/json-validator/digests", test_digests);
  g_test_add_func ("/json-validator/pattern-effort", test_pattern_effort);
  g_test_add_func ("/json-validator/find-rules", test_find_rules);
  g_test_add_func ("/json-validator/in-passing", test_in_passing);
  g_test_add_func ("/json-validator/depth", test_depth);
  g_test_add_func ("/json-validator/nested-schemas", test_nested_schemas);
  g_test_add_func ("/json-validator/doubling", test_doubling);
  g_test_add_func ("/json-validator/catastrophic-pattern", test_catastrophic_pattern);
  g_test_add_func ("/json-validator/long", test_long);
  g_test_add_func ("/json-validator/many-members", test_many_members);
  return g_test_run ();
}
