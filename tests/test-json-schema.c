/* SPDX-License-Identifier: Apache-2.0 */

/* What the suites (tests/json-schema-suite) do not look at: schemas that are refused, what is said of violations, and
 * hostile schemas and values. */

#include "config.h"

#include <libcar/json/car-json-validator-private.h>

#include <string.h>

static CarJsonSchema *
compile (const char *json)
{
  g_autoptr (GError) error = NULL;
  CarJsonSchema *schema = car_json_schema_new (json, strlen (json), &error);

  g_assert_no_error (error);
  return schema;
}

static gboolean
validate (const CarJsonSchema *schema, const char *json, GError **error)
{
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema) };
  g_auto (CarJsonViolation) violation = { NULL };

  if (car_json_validate_text (&check, json, strlen (json), NULL, &violation))
    return TRUE;
  car_json_violation_set_error (&violation, error);
  return FALSE;
}

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

static void
test_invalid_patterns (void)
{
  static const char *const patterns[] = {
    "(",
    "a)",
    "[",
    "[a",
    "a**",
    "*a",
    "a|*",
    "^*",
    "a{2,1}",
    "(?i)a",
    "(?P<x>a)",
    "(?>a)",
    "(?#a)",
    "(?R)",
    "(*UTF)",
    "a++",
    "\\\\a",
    "\\\\Qa",
    "\\\\A",
    "\\\\z",
    "\\\\pL",
    "\\\\x1",
    "\\\\u12",
    "[z-a]",
    "\\\\1",
    "(a)\\\\2",
    "\\\\k<a>",
    "\\\\c1",
    "\\\\01",
    "(?<1>a)",
    "(?<a>a)(?<a>b)",
    "\\\\u{110000}",
    "\\\\p{Foo}",
    "\\\\p{Script}",
    "\\\\p{Foo=Lu}",
    "\\\\p{Xan}",
    "\\\\p{}",
    "\\\\p{L",
    "\\\\",
    "[\\\\",
    "a{99999999999999999999}b|c",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"pattern\": \"%s\"}", patterns[i]);
      assert_refused (json, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "“/pattern”", "pattern");
    }
}

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
      g_autoptr (CarJsonSchema) schema = compile (cases[i].schema);
      g_assert_false (validate (schema, cases[i].value, &error));
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
  g_autoptr (CarJsonSchema) schema = compile ("{\"properties\": {\"a\": {\"not\": {\"type\": \"null\"}}}}");

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (validate (schema, texts[i], &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
    }
}

/* Messages go to logs and terminals: what is in a value must not fill or steer them. */
static void
test_hostile_message (void)
{
  g_autoptr (GString) value = g_string_new ("{\"\\u001b[31m\\n\xe2\x80\xae");
  g_autoptr (CarJsonSchema) schema = compile ("{\"additionalProperties\": {\"type\": \"null\"}}");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 10000; i++)
    g_string_append (value, "é");
  g_string_append (value, "\": \"\x7f\xe2\x80\xae");
  for (int i = 0; i < 10000; i++)
    g_string_append (value, "x");
  g_string_append (value, "\"}");

  g_assert_false (validate (schema, value->str, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
  g_assert_cmpuint (g_utf8_strlen (error->message, -1), <, 300);
  for (const char *c = error->message; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_true (g_unichar_isprint (g_utf8_get_char (c)));
}

/* So do messages of schemas. */
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

static char *
repeat (const char *before, const char *middle, const char *after, int n)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < n; i++)
    g_string_append (text, before);
  g_string_append (text, middle);
  for (int i = 0; i < n; i++)
    g_string_append (text, after);
  return g_string_free (text, FALSE);
}

static void
test_deep (void)
{
  g_autofree char *too_deep = repeat ("{\"not\": ", "true", "}", CAR_JSON_MAX_DEPTH + 1);
  g_autofree char *very_deep = repeat ("{\"not\": ", "true", "}", 100000);
  g_autofree char *value = repeat ("[", "", "]", CAR_JSON_MAX_DEPTH);
  g_autofree char *deep_value = repeat ("[", "", "]", CAR_JSON_MAX_DEPTH + 1);
  g_autoptr (CarJsonSchema) schema = compile ("{\"type\": \"array\", \"items\": {\"$ref\": \"#\"}}");
  g_autoptr (GError) error = NULL;

  assert_refused (too_deep, CAR_SCHEMA_ERROR_INVALID_JSON, "", "too deeply");
  assert_refused (very_deep, CAR_SCHEMA_ERROR_INVALID_JSON, "", "too deeply");
  g_assert_true (validate (schema, value, NULL));
  g_assert_false (validate (schema, deep_value, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
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

  g_autofree char *value = repeat ("[", "", "]", CAR_JSON_MAX_DEPTH);
  g_autofree char *nots = repeat ("{\"not\": ", "{\"items\": {\"$ref\": \"#\"}}", "}", 100);
  g_autoptr (CarJsonSchema) schema = compile (nots);
  g_autoptr (GError) error = NULL;
  g_assert_false (validate (schema, value, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
  g_assert_nonnull (strstr (error->message, "takes too much work"));
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
  g_autofree char *value = repeat ("[", "", "]", CAR_JSON_MAX_DEPTH);

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_autoptr (CarJsonSchema) schema = compile (schemas[i]);
      g_autoptr (GError) error = NULL;
      g_assert_false (validate (schema, value, &error));
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
  g_autofree char *value = repeat ("", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", "", 0);

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++)
    {
      g_autoptr (CarJsonSchema) schema = compile (schemas[i]);
      g_autoptr (GError) error = NULL;
      g_assert_false (validate (schema, value, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
      g_assert_nonnull (strstr (error->message, "takes too much work"));
    }
}

/* What is long is not hostile for that. */
static void
test_long (void)
{
  g_autoptr (CarJsonSchema) alternatives = compile ("{\"pattern\": \"^(?:a|bc|d)*$\"}");
  g_autoptr (CarJsonSchema) table = compile ("{\"pattern\": \"^[a-d]+$\", \"maxLength\": 400000}");
  g_autoptr (CarJsonSchema) unique = compile ("{\"uniqueItems\": true}");
  g_autofree char *letters = repeat ("abcd", "", "", 100000);
  g_autofree char *text = g_strdup_printf ("\"%s\"", letters);
  g_autoptr (GString) numbers = g_string_new ("[");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 200000; i++)
    g_string_append_printf (numbers, "%d.0, ", i);
  g_string_append (numbers, "-1]");

  validate (table, text, &error);
  g_assert_no_error (error);
  validate (alternatives, text, &error);
  g_assert_no_error (error);
  validate (unique, numbers->str, &error);
  g_assert_no_error (error);
  g_string_truncate (numbers, numbers->len - 3);
  g_string_append (numbers, "7]");
  g_assert_false (validate (unique, numbers->str, NULL));
}

/* Objects whose members no schema names are looked through for doubles too, without going through all pairs. */
static void
test_many_members (void)
{
  g_autoptr (CarJsonSchema) schema = compile ("{\"properties\": {\"m7\": {\"type\": \"integer\"}}}");
  g_autoptr (GString) object = g_string_new ("{");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 200000; i++)
    g_string_append_printf (object, "\"m%d\": %d, ", i, i);
  gsize length = object->len;
  g_string_append (object, "\"m\": 1}");
  validate (schema, object->str, &error);
  g_assert_no_error (error);

  g_string_truncate (object, length);
  g_string_append (object, "\"m199999\": 1}");
  g_assert_false (validate (schema, object->str, &error));
  g_assert_nonnull (strstr (error->message, "/m199999 stands in the object twice"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-schema/unsupported", test_unsupported);
  g_test_add_func ("/json-schema/invalid", test_invalid);
  g_test_add_func ("/json-schema/invalid-patterns", test_invalid_patterns);
  g_test_add_func ("/json-schema/messages", test_messages);
  g_test_add_func ("/json-schema/broken-text", test_broken_text);
  g_test_add_func ("/json-schema/hostile-message", test_hostile_message);
  g_test_add_func ("/json-schema/hostile-schema-message", test_hostile_schema_message);
  g_test_add_func ("/json-schema/deep", test_deep);
  g_test_add_func ("/json-schema/chain", test_chain);
  g_test_add_func ("/json-schema/doubling", test_doubling);
  g_test_add_func ("/json-schema/catastrophic-pattern", test_catastrophic_pattern);
  g_test_add_func ("/json-schema/long", test_long);
  g_test_add_func ("/json-schema/many-members", test_many_members);
  return g_test_run ();
}
