/* SPDX-License-Identifier: Apache-2.0 */

/* The schemas that are refused. What the others make of values is in the suites (tests/json-schema-suite), and in
 * tests/test-json-validator.c. */

#include "config.h"

#include "json-tests.h"
#include <libcar/base/car-error.h>

static void
assert_refused (const char *json, int code, const char *place, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarJsonSchema) schema = car_json_schema_new (json, strlen (json), &error);

  if (schema != NULL)
    g_error ("compiled: %s", json);
  g_assert_error (error, CAR_SCHEMA_ERROR, code);
  if (strstr (error->message, place) == NULL || strstr (error->message, reason) == NULL)
    g_error ("%s: “%s” says neither “%s” nor “%s”", json, error->message, place, reason);
}

static void
test_unsupported (void)
{
  static const char *const keywords[] = {
    "$anchor",     "$dynamicAnchor", "$dynamicRef", "contains",         "dependentSchemas",
    "maxContains", "minContains",    "prefixItems", "unevaluatedItems", "unevaluatedProperties",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (keywords); i++)
    {
      g_autofree char *root = g_strdup_printf ("{\"%s\": 1}", keywords[i]);
      g_autofree char *deep =
          g_strdup_printf ("{\"$defs\": {\"a/b\": {\"not\": {\"%s\": {}}}}}", keywords[i]);
      g_autofree char *phrase = g_strdup_printf ("the keyword %s is not supported", keywords[i]);
      g_autofree char *root_place = g_strdup_printf ("“/%s”", keywords[i]);
      g_autofree char *deep_place = g_strdup_printf ("“/$defs/a~1b/not/%s”", keywords[i]);
      assert_refused (root, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, root_place, phrase);
      assert_refused (deep, CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, deep_place, phrase);
    }

  assert_refused ("{\"items\": {\"$id\": \"x\"}}", CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, "“/items/$id”",
                  "$id");
  assert_refused ("{\"$schema\": \"https://example.com/mine\"}", CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD,
                  "“/$schema”", "$schema");
  assert_refused ("{\"items\": {\"$ref\": \"https://example.com/s\"}}", CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD,
                  "“/items/$ref”", "https://example.com/s");
  assert_refused ("{\"$id\": \"https://example.com/a\", \"$ref\": \"b#/x\"}",
                  CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, "“/$ref”", "b#/x");
  assert_refused ("{\"$ref\": \"#anchor\"}", CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD, "“/$ref”", "anchor");
  assert_refused ("{\"x\": {\"contains\": {}}, \"$ref\": \"#/x\"}", CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD,
                  "“/x/contains”", "contains");
}

/* Each would be tried with each name. */
static void
test_many_patterns (void)
{
  g_autoptr (GString) text = g_string_new ("{\"patternProperties\": {\"0\": {}");

  for (guint i = 1; i < 257; i++)
    g_string_append_printf (text, ", \"%u\": {}", i);
  g_string_append (text, "}}");
  assert_refused (text->str, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "“/patternProperties”",
                  "more than 256 patterns");
}

static void
test_invalid (void)
{
  static const struct
  {
    const char *schema, *place, *reason;
  } cases[] = {
    { "1", "“/”", "must be an object, true or false" },
    { "[]", "“/”", "must be an object" },
    { "{\"items\": null}", "“/items”", "must be an object" },
    { "{\"type\": \"int\"}", "“/type”", "no such type" },
    { "{\"type\": 1}", "“/type”", "no such type" },
    { "{\"type\": []}", "“/type”", "empty" },
    { "{\"type\": [\"string\", \"x\"]}", "“/type/1”", "no such type" },
    { "{\"minimum\": \"1\"}", "“/minimum”", "must be a number" },
    { "{\"multipleOf\": 0.0}", "“/multipleOf”", "more than 0" },
    { "{\"multipleOf\": -1}", "“/multipleOf”", "more than 0" },
    { "{\"minLength\": -1}", "“/minLength”", "whole number" },
    { "{\"maxItems\": 1.5}", "“/maxItems”", "whole number" },
    { "{\"maxProperties\": \"1\"}", "“/maxProperties”", "whole number" },
    { "{\"uniqueItems\": 1}", "“/uniqueItems”", "true or false" },
    { "{\"pattern\": 1}", "“/pattern”", "must be a string" },
    { "{\"pattern\": \"(\"}", "“/pattern”", "group has no end" },
    { "{\"patternProperties\": {\"[\": {}}}", "“/patternProperties/[”", "has no end" },
    { "{\"patternProperties\": []}", "“/patternProperties”", "must be an object" },
    { "{\"properties\": {\"a\": 1}}", "“/properties/a”", "must be an object" },
    { "{\"required\": \"a\"}", "“/required”", "must be an array" },
    { "{\"required\": [1]}", "“/required/0”", "must be a string" },
    { "{\"required\": [\"a\", \"b\", \"a\"]}", "“/required/2”", "twice" },
    { "{\"dependentRequired\": {\"a\": {}}}", "“/dependentRequired/a”", "must be an array" },
    { "{\"enum\": {}}", "“/enum”", "must be an array" },
    { "{\"allOf\": []}", "“/allOf”", "empty" },
    { "{\"anyOf\": {}}", "“/anyOf”", "must be an array" },
    { "{\"$defs\": []}", "“/$defs”", "must be an object" },
    { "{\"$id\": \"x#y\"}", "“/$id”", "fragment" },
    { "{\"$ref\": 1}", "“/$ref”", "must be a string" },
    { "{\"$ref\": \"#/$defs/a\"}", "“/$ref”", "leads nowhere" },
    { "{\"$ref\": \"#/%zz\"}", "“/$ref”", "percent-encoded" },
    { "{\"a\": [{}], \"$ref\": \"#/a/00\"}", "“/$ref”", "leads nowhere" },
    { "{\"a\": [{}], \"$ref\": \"#/a/1\"}", "“/$ref”", "leads nowhere" },
    { "{\"a~b\": {}, \"$ref\": \"#/a~b\"}", "“/$ref”", "leads nowhere" },
    { "{\"$ref\": \"#\"}", "“/”", "without end" },
    { "{\"allOf\": [{\"not\": {\"$ref\": \"#\"}}]}", "", "without end" },
    { "{\"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"anyOf\": [{\"$ref\": \"#/$defs/a\"}]}}}",
      "/$defs/", "without end" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_refused (cases[i].schema, CAR_SCHEMA_ERROR_INVALID_SCHEMA, cases[i].place, cases[i].reason);

  assert_refused ("{\"type\": \"string\",}", CAR_SCHEMA_ERROR_INVALID_JSON, "line 1, column 19", "name");
  assert_refused ("{\"type\": \"string\", \"t\\u0079pe\": \"number\"}", CAR_SCHEMA_ERROR_INVALID_JSON,
                  "line 1", "two members");
}

/* Messages go to logs and terminals: what is in a schema must not fill or steer them. */
static void
test_hostile_schema_message (void)
{
  g_autofree char *noise = g_strnfill (10000, 'x');
  char *schemas[] = {
    g_strdup_printf ("{\"properties\": {\"\\u001b%s\": 1}}", noise),
    g_strdup_printf ("{\"$ref\": \"#/\\u001b%s\"}", noise),
    g_strdup_printf ("{\"$ref\": \"http://\\u001b%s\"}", noise),
    g_strdup_printf ("{\"$ref\": \"#\\u001b%s\"}", noise),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_json_schema_new (schemas[i], strlen (schemas[i]), &error));
      g_assert_cmpuint (g_utf8_strlen (error->message, -1), <, 400);
      g_assert_null (strchr (error->message, 0x1b));
      g_free (schemas[i]);
    }
}

static void
test_deep (void)
{
  g_autofree char *deep = json_nest ("{\"not\": ", "true", "}", CAR_JSON_MAX_DEPTH - 1);
  g_autofree char *too_deep = json_nest ("{\"not\": ", "true", "}", CAR_JSON_MAX_DEPTH + 1);
  g_autofree char *very_deep = json_nest ("{\"not\": ", "true", "}", 100000);
  g_autoptr (CarJsonSchema) schema = json_compile (deep);

  g_assert_nonnull (schema);
  assert_refused (too_deep, CAR_SCHEMA_ERROR_INVALID_JSON, "", "too deeply");
  assert_refused (very_deep, CAR_SCHEMA_ERROR_INVALID_JSON, "", "too deeply");
}

/* A long chain of references must neither use up the stack when it is compiled nor when it is run. */
static void
test_chain (void)
{
  g_autoptr (GString) json = g_string_new ("{\"$ref\": \"#/$defs/0\", \"$defs\": {");

  for (int i = 0; i < 50000; i++)
    g_string_append_printf (json, "\"%d\": {\"$ref\": \"#/$defs/%d\", \"minimum\": 0}, ", i, i + 1);
  g_string_append (json, "\"50000\": {}}}");
  assert_refused (json->str, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "/$defs/", "behind one another");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-schema/unsupported", test_unsupported);
  g_test_add_func ("/json-schema/invalid", test_invalid);
  g_test_add_func ("/json-schema/many-patterns", test_many_patterns);
  g_test_add_func ("/json-schema/hostile-schema-message", test_hostile_schema_message);
  g_test_add_func ("/json-schema/deep", test_deep);
  g_test_add_func ("/json-schema/chain", test_chain);
  return g_test_run ();
}
