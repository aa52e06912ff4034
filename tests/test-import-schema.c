/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car.h>
#include <libcar/schema/car-import-schema-private.h>

#include <string.h>

static const char envelope_schema[] =
    "{\"$id\": \"car.asset/schemas/schema.json\", \"type\": \"object\", \"properties\": {"
    "\"report\": {\"type\": \"object\", \"properties\": {\"timestamp\": {\"type\": \"number\"}}, "
    "\"required\": [\"timestamp\"]},"
    "\"source\": {\"type\": \"object\", \"properties\": {\"_key\": {\"type\": \"string\", \"pattern\": "
    "\"^[a-z0-9]+$\"},"
    " \"name\": {\"type\": \"string\", \"pattern\": \"^[a-z ]*$\"}}, \"required\": [\"_key\"]},"
    "\"asset\": {\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {"
    " \"external_id\": {\"type\": \"string\", \"pattern\": \"^[^&#^|?<>\\\\[\\\\]]+$\", \"indexed\": true},"
    " \"name\": {\"type\": \"string\"}, \"risk\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 10},"
    " \"tag\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}, \"required\": [\"external_id\", "
    "\"name\"]}},"
    "\"hostname\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/hostname\"}},"
    "\"ipaddress\": {\"$ref\": \"#/$defs/ipaddresses\"},"
    "\"macaddress\": {\"type\": \"array\", \"items\": {\"properties\": {\"name\": {\"type\": \"string\", "
    "\"minLength\": 3}},"
    " \"required\": [\"name\"], \"minProperties\": 2}},"
    "\"asset_ipaddress\": {\"type\": \"array\", \"maxItems\": 3, \"items\": {\"type\": \"object\", "
    "\"properties\": {"
    " \"active\": {\"type\": \"boolean\"}}, \"required\": [\"active\"]}}},"
    "\"$defs\": {\"hostname\": {\"type\": \"object\", \"properties\": {\"host_name\": {\"type\": \"string\"},"
    " \"external_id\": {\"type\": \"string\", \"pattern\": \"^[^&]+$\"}}, \"required\": [\"host_name\"],"
    " \"allOf\": [{\"required\": [\"external_id\"]}]},"
    "\"ipaddresses\": {\"type\": \"array\", \"items\": {\"required\": [\"name\"], \"additionalProperties\": "
    "{\"type\": \"string\"}}}}}";

static CarImportSchema *
new_schema (void)
{
  g_autoptr (GError) error = NULL;
  CarImportSchema *schema = car_import_schema_new (envelope_schema, -1, &error);

  g_assert_no_error (error);
  return schema;
}

static void
assert_object (const char *collection, const char *json, const char *message)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  g_autoptr (GError) error = NULL;
  gboolean ok = car_import_schema_validate_object (schema, collection, json, -1, &error);

  g_assert_cmpstr (error != NULL ? error->message : NULL, ==, message);
  g_assert_true (ok == (message == NULL));
  if (!ok)
    g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
}

static void
assert_envelope (const char *json, const char *message)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  g_autoptr (GError) error = NULL;
  gboolean ok = car_import_schema_validate_envelope (schema, json, -1, &error);

  g_assert_cmpstr (error != NULL ? error->message : NULL, ==, message);
  g_assert_true (ok == (message == NULL));
}

static void
test_collections (void)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  g_auto (GStrv) names = car_import_schema_get_collections (schema);
  g_autofree char *list = g_strjoinv (" ", names);

  g_assert_cmpstr (list, ==, "asset hostname ipaddress macaddress asset_ipaddress");
  g_assert_true (car_import_schema_has_collection (schema, "hostname"));
  g_assert_false (car_import_schema_has_collection (schema, "source"));
  g_assert_false (car_import_schema_has_collection (schema, "report"));
  g_assert_false (car_import_schema_has_collection (schema, "user"));
}

static void
test_length (void)
{
  g_autofree char *text = g_strconcat (envelope_schema, "garbage", NULL);
  g_autoptr (CarImportSchema) schema = car_import_schema_new (text, strlen (envelope_schema), NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (schema);
  g_assert_true (car_import_schema_validate_object (schema, "user", "{}garbage", 2, &error));
  g_assert_no_error (error);
  g_assert_true (car_import_schema_validate_envelope (schema, "{}garbage", 2, &error));
  g_assert_no_error (error);
  g_assert_null (car_import_schema_new (text, -1, &error));
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
}

static void
test_no_import_schema (void)
{
  static const struct
  {
    const char *json;
    int code;
  } cases[] = {
    { "{\"version\": \"2\", \"schema\": {\"properties\": {}}}", CAR_SCHEMA_ERROR_INVALID_SCHEMA },
    { "true", CAR_SCHEMA_ERROR_INVALID_SCHEMA },
    { "[]", CAR_SCHEMA_ERROR_INVALID_SCHEMA },
    { "<html>", CAR_SCHEMA_ERROR_INVALID_JSON },
    { "{\"properties\": {\"asset\": {\"contains\": {}}}}", CAR_SCHEMA_ERROR_UNSUPPORTED_KEYWORD },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (car_import_schema_new (cases[i].json, -1, &error));
      g_assert_error (error, CAR_SCHEMA_ERROR, cases[i].code);
    }
}

static void
test_object (void)
{
  assert_object (
      "asset", " {\"external_id\": \"a1\", \"name\": \"x\", \"risk\": 10, \"tag\": [\"t\"], \"other\": {}} ",
      NULL);
  assert_object ("asset", "{\"risk\": 11, \"external_id\": \"a1\", \"name\": \"x\"}",
                 "asset “a1”: /risk is 11, more than the maximum 10");
  assert_object ("asset", "{\"external_id\": \"a1\"}", "asset “a1”: /name is missing, and required");
  assert_object ("asset", "{\"name\": \"x\"}", "asset: /external_id is missing, and required");
  assert_object (
      "asset", "{\"external_id\": \"a[1\", \"name\": \"x\"}",
      "asset “a[1”: /external_id is \"a[1\", which the pattern ^[^&#^|?<>\\[\\]]+$ does not match");
  assert_object ("asset", "{\"external_id\": \"a1\", \"name\": \"x\", \"tag\": [\"t\", 1]}",
                 "asset “a1”: /tag/1 is 1, not of the type string");
  assert_object ("asset", "{\"external_id\": \"a1\", \"name\": \"x\", \"\\u006eame\": \"x\"}",
                 "asset “a1”: /name stands in the object twice");
  assert_object ("asset", "{\"external_id\": \"a1\", \"name\": \"x\", \"q\": {\"r\": 1, \"r\": 1}}",
                 "asset “a1”: /q/r stands in the object twice");
  assert_object ("asset", "[]", "asset: it is no object");
  assert_object ("asset_ipaddress",
                 "{\"active\": 1, \"_from_external_id\": \"a1\", \"_to\": \"ipaddress/10.0.0.1\"}",
                 "asset_ipaddress “a1” → “ipaddress/10.0.0.1”: /active is 1, not of the type boolean");
}

static void
test_unnamed_collection (void)
{
  assert_object ("user", "{\"anything\": [1, {\"a\": null}]}", NULL);
  assert_object ("user", "[]", "user: it is no object");
  assert_object ("user", "1", "user: it is no object");
  assert_object ("user", "{\"_key\": \"k\", \"a\": {\"b\": 1, \"b\": 2}}",
                 "user “k”: /a/b stands in the object twice");
}

static void
test_from_key (void)
{
  assert_object ("hostname", "{\"_key\": \"h\"}", NULL);
  assert_object ("hostname", "{\"\\u005fkey\": \"h\"}", NULL);
  assert_object ("hostname", "{\"_key\": \"h\", \"host_name\": \"n\", \"external_id\": \"e\"}", NULL);
  assert_object ("hostname", "{\"external_id\": \"e\"}", "hostname “e”: /host_name is missing, and required");
  assert_object ("hostname", "{\"_key\": \"h&\", \"host_name\": \"n\"}",
                 "hostname “h&”: /_key is \"h&\", which the pattern ^[^&]+$ does not match");
  assert_object ("hostname", "{\"_key\": \"h&\", \"external_id\": \"e\"}", NULL);
  assert_object ("hostname", "{\"_key\": 7, \"external_id\": \"e\"}",
                 "hostname “e”: /_key is 7, not of the type string");
  assert_object ("hostname", "{\"_key\": \"h\", \"host\\u005fname\": 1}",
                 "hostname “h”: /host_name is 1, not of the type string");
  assert_object ("ipaddress", "{\"_key\": \"10.0.0.1\"}", NULL);
  assert_object ("ipaddress", "{\"_key\": 1}", "ipaddress: /_key is 1, not of the type string");
  assert_object ("macaddress", "{\"_key\": \"aa\"}",
                 "macaddress “aa”: /_key is \"aa\", shorter than 3 characters");
  assert_object ("macaddress", "{\"_key\": \"aaa\"}", NULL);
  assert_object ("asset", "{\"_key\": \"a\", \"external_id\": \"a\"}",
                 "asset “a”: /name is missing, and required");
}

static void
test_envelope (void)
{
  assert_envelope ("{}", NULL);
  assert_envelope (
      "{\"source\": {\"_key\": \"s\"}, \"report\": {\"timestamp\": 1.5}, \"asset\": [],"
      " \"hostname\": [{\"_key\": \"h\"}], \"ipaddress\": [{\"_key\": \"10.0.0.1\"}], \"user\": [{}, {}]}",
      NULL);
  assert_envelope ("[]", "it is no object");
  assert_envelope ("{\"report\": {}}", "/report/timestamp is missing, and required");
  assert_envelope ("{\"source\": []}", "/source is [], not of the type object");
  assert_envelope ("{\"asset\": {}}", "/asset is {}, not of the type array");
  assert_envelope ("{\"user\": {}}", "/user is {}, not of the type array");
  assert_envelope ("{\"user\": [{}, []]}", "user: /user/1 is [], not of the type object");
  assert_envelope ("{\"user\": [], \"user\": []}", "/user stands in the object twice");
  assert_envelope ("{\"asset\": [], \"asset\": []}", "/asset stands in the object twice");
  assert_envelope ("{\"user\": [{\"a\": 1, \"a\": 1}]}", "user: /user/0/a stands in the object twice");
  assert_envelope ("{\"asset\": [{\"external_id\": \"a0\", \"name\": \"\"}, {\"name\": \"\", \"risk\": -1, "
                   "\"external_id\": \"a1\"}]}",
                   "asset “a1”: /asset/1/risk is -1, less than the minimum 0");
  assert_envelope ("{\"hostname\": [{\"_key\": \"h\"}, {\"_key\": \"h&\"}]}",
                   "hostname “h&”: /hostname/1/_key is \"h&\", which the pattern ^[^&]+$ does not match");
  assert_envelope ("{\"asset_ipaddress\": [{\"active\": true}, {\"active\": true}, {\"active\": true}, "
                   "{\"active\": true}]}",
                   "/asset_ipaddress has 4 items, more than 3");
}

static void
test_source_name (void)
{
  assert_envelope ("{\"source\": {\"_key\": \"s1\"}}", NULL);
  assert_envelope ("{\"source\": {\"_key\": \"s 1\"}}",
                   "/source/_key is \"s 1\", which the pattern ^[a-z0-9]+$ does not match");
  assert_envelope ("{\"source\": {\"_key\": \"\"}}",
                   "/source/_key is \"\", which the pattern ^[a-z0-9]+$ does not match");
  assert_envelope ("{\"source\": {\"_key\": 1}}", "/source/_key is 1, not of the type string");
  assert_envelope ("{\"source\": {}}", "/source/_key is missing, and required");
  assert_envelope ("{\"source\": {\"_key\": \"s\", \"name\": \"1\"}}",
                   "/source/name is \"1\", which the pattern ^[a-z ]*$ does not match");
}

static void
test_root_rules (void)
{
  g_autoptr (CarImportSchema) schema = car_import_schema_new (
      "{\"properties\": {\"asset\": {\"type\": \"array\"}, \"source\": {}, \"report\": true},"
      " \"required\": [\"source\"], \"additionalProperties\": false}",
      -1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (car_import_schema_validate_envelope (schema, "{\"source\": {}, \"asset\": [{}]}", -1, NULL));
  g_assert_false (car_import_schema_validate_envelope (schema, "{\"asset\": []}", -1, NULL));
  g_assert_false (car_import_schema_validate_envelope (schema, "{\"source\": {}, \"user\": []}", -1, &error));
  g_assert_cmpstr (error->message, ==, "/user is a member that the schema does not allow here");
}

/* What the schema names need not be a collection, and other rules of the root do not forget that. */
static void
test_root_members (void)
{
  g_autoptr (CarImportSchema) schema = car_import_schema_new (
      "{\"$ref\": \"#/$defs/root\", \"properties\": {}, \"$defs\": {\"root\": {}}}", -1, NULL);
  g_autoptr (CarImportSchema) other = car_import_schema_new (
      "{\"properties\": {\"meta\": {\"type\": \"string\"}}, \"allOf\": [{\"minProperties\": 1}]}", -1, NULL);

  g_assert_true (car_import_schema_validate_envelope (schema, "{\"user\": [{}]}", -1, NULL));
  g_assert_false (car_import_schema_validate_envelope (schema, "{\"user\": [1]}", -1, NULL));
  g_assert_true (car_import_schema_validate_envelope (other, "{\"meta\": \"text\"}", -1, NULL));
  g_assert_false (car_import_schema_validate_envelope (other, "{\"meta\": []}", -1, NULL));
  g_assert_false (car_import_schema_validate_envelope (other, "{}", -1, NULL));
}

static gboolean
try_scan (const CarCollectionSchema *collection,
          gboolean is_edge,
          const char *json,
          CarJsonMembers *result,
          CarJsonViolation *violation)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, json, strlen (json));
  gboolean ok = car_collection_schema_scan (collection, is_edge, NULL, &scanner, result, violation);
  g_assert_true (!ok || car_json_scanner_finish (&scanner));
  return ok;
}

static void
scan (const CarCollectionSchema *collection, gboolean is_edge, const char *json, CarJsonMembers *result)
{
  g_auto (CarJsonViolation) violation = { NULL };

  try_scan (collection, is_edge, json, result, &violation);
  g_assert_cmpstr (violation.text, ==, NULL);
}

static void
test_scan (void)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  const CarCollectionSchema *asset = car_import_schema_lookup (schema, "asset");
  const CarCollectionSchema *user = car_import_schema_lookup (schema, "user");
  CarJsonMembers a, b;
  g_auto (CarJsonViolation) no_json = { NULL }, no_id = { NULL };

  g_assert_true (car_import_schema_lookup (schema, "user") == user);
  g_assert_true (asset != user);

  scan (asset, FALSE,
        "{\"external_id\": \"a\\n1\", \"name\": \"x\", \"_key\": \"k\", \"q\": {\"external_id\": 1}}", &a);
  g_assert_true (car_json_span_equals (&a.values[CAR_VERTEX_EXTERNAL_ID], "a\n1"));
  g_assert_true (car_json_span_equals (&a.values[CAR_VERTEX_KEY], "k"));

  scan (user, FALSE, "{\"external_id\": 1, \"q\": {\"_key\": \"k\"}}", &a);
  g_assert_cmpint (a.values[CAR_VERTEX_EXTERNAL_ID].type, ==, CAR_JSON_NUMBER);
  g_assert_cmpint (a.values[CAR_VERTEX_KEY].type, ==, CAR_JSON_INVALID);

  g_assert_false (try_scan (user, FALSE, "{\"a\": 1,}", &a, &no_json));
  g_assert_cmpint (no_json.code, ==, CAR_SCHEMA_ERROR_INVALID_JSON);
  g_assert_true (g_str_has_prefix (no_json.text, "user: "));
  g_assert_false (try_scan (asset, FALSE, "{\"name\": \"x\"}", &b, &no_id));
  g_assert_cmpint (no_id.code, ==, CAR_SCHEMA_ERROR_VIOLATION);
  g_assert_cmpstr (no_id.rule, ==, "required");
  g_assert_cmpstr (no_id.place, ==, "/external_id");
}

static gboolean
same_digest (const CarCollectionSchema *collection, const char *x, const char *y)
{
  g_autofree char *x_text = g_strconcat ("{\"_from\": \"asset/1\", \"_to\": \"ipaddress/2\", ", x + 1, NULL);
  g_autofree char *y_text = g_strconcat ("{\"_from\": \"asset/1\", \"_to\": \"ipaddress/2\", ", y + 1, NULL);
  CarJsonMembers a, b;

  scan (collection, TRUE, x_text, &a);
  scan (collection, TRUE, y_text, &b);
  return a.digest == b.digest;
}

/* Edges are told apart by all of their members. What makes values equal is the engine's (tests/test-json-hash.c). */
static void
test_members_hash (void)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  const CarCollectionSchema *edge = car_import_schema_lookup (schema, "asset_ipaddress");

  g_assert_true (same_digest (edge, "{\"active\": true, \"a\": 1}", "{\"a\": 1.0, \"active\": true}"));
  g_assert_false (same_digest (edge, "{\"active\": true, \"a\": 1}", "{\"active\": true, \"a\": 2}"));
  g_assert_false (same_digest (edge, "{\"active\": true, \"a\": 1}", "{\"active\": true}"));
}

/* protocol.md, "The envelope": how an end is read. */
static void
test_edge_ends (void)
{
  static const char edges[] = "{\"properties\":{\"asset\":{},\"ipaddress\":{},\"xx_site\":{},\"asset_"
                              "ipaddress\":{},\"xx_site_asset\":{},"
                              "\"asset_vulnerability\":{}}}";
  static const struct
  {
    const char *collection;
    const char *ends;
    const char *rule; /* NULL: it is taken */
  } cases[] = {
    { "asset_ipaddress", "\"_from\":\"asset/1\",\"_to\":\"ipaddress/10.0.0.1\"", NULL },
    { "asset_ipaddress", "\"_from_external_id\":\"1\",\"_to\":\"10.0.0.1\"", NULL },
    { "asset_ipaddress", "\"_from\":\"1\",\"_to\":\"10.0.0.0/8\"", NULL },
    { "asset_ipaddress", "\"_from\":\"a/b\",\"_to\":\"0/10.0.0.1\"", NULL },
    { "asset_ipaddress", "\"_from\":\"1\",\"_to\":\"ipaddres\\u0073\\/10.0.0.1\"", NULL },
    { "asset_ipaddress", "\"_from\":\"1\",\"_to\":\"asset/10.0.0.1\"", "collection" },
    { "asset_ipaddress", "\"_from\":\"1\",\"_to\":\"as\\u0073et/10.0.0.1\"", "collection" },
    { "asset_ipaddress", "\"_from\":\"xx_site/1\",\"_to\":\"1.1.1.1\"", "collection" },
    { "asset_ipaddress", "\"_from\":\"1\",\"_to\":\"ipaddress/\"", "to" },
    { "asset_ipaddress", "\"_from\":\"\",\"_to\":\"1.1.1.1\"", "from" },
    { "asset_ipaddress", "\"_to\":\"1.1.1.1\"", "from" },
    { "asset_ipaddress", "\"_from\":\"1\",\"_to\":7", "to" },
    { "xx_site_asset", "\"_from\":\"xx_site/1\",\"_to\":\"2\"", NULL },
    { "xx_site_asset", "\"_from\":\"asset/1\",\"_to\":\"2\"", "collection" },
    { "asset_vulnerability", "\"_from\":\"asset/1\",\"_to\":\"2\"",
      "to" }, /* the schema has no vulnerability */
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (CarImportSchema) schema = car_import_schema_new (edges, -1, &error);
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      g_autofree char *json = g_strdup_printf ("{%s}", cases[i].ends);
      CarJsonMembers members;

      try_scan (car_import_schema_lookup (schema, cases[i].collection), TRUE, json, &members, &violation);
      if (g_strcmp0 (violation.rule, cases[i].rule) != 0)
        g_error ("%s %s: %s", cases[i].collection, json, violation.text);
    }
}

static void
test_envelope_head (void)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  g_autoptr (GError) source = NULL, report = NULL, error = NULL;

  g_assert_true (
      car_import_schema_check_envelope_head (schema, "{\"_key\":\"s1\"}", "{\"timestamp\":1}", &error));
  g_assert_no_error (error);
  g_assert_false (
      car_import_schema_check_envelope_head (schema, "{\"_key\":\"a b\"}", "{\"timestamp\":1}", &source));
  g_assert_cmpstr (source->message, ==,
                   "/source/_key is \"a b\", which the pattern ^[a-z0-9]+$ does not match");
  g_assert_false (car_import_schema_check_envelope_head (schema, "{\"_key\":\"s1\"}", "{}", &report));
  g_assert_cmpstr (report->message, ==, "/report/timestamp is missing, and required");
}

/* The words of a schema's author are shown. Behind which rules they stand is the engine's (tests/test-json-validator.c). */
static void
test_error_message (void)
{
  g_autoptr (CarImportSchema) schema = car_import_schema_new (
      "{\"properties\":{\"site\":{\"items\":{\"properties\":{\"town\":{\"pattern\":\"^[A-Z]\","
      "\"error_message\":\"A town begins with a capital\"}}}}}}",
      -1, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (car_import_schema_validate_object (schema, "site", "{\"town\":\"x\"}", -1, &error));
  g_assert_cmpstr (
      error->message, ==,
      "site: /town is \"x\", which the pattern ^[A-Z] does not match: A town begins with a capital");
}

/* As a binding makes it, without the constructor. */
static void
test_properties (void)
{
  g_autoptr (CarImportSchema) empty = g_object_new (CAR_TYPE_IMPORT_SCHEMA, NULL);
  g_autoptr (CarImportSchema) bad = g_object_new (CAR_TYPE_IMPORT_SCHEMA, "json", "{", NULL);
  g_autoptr (CarImportSchema) good = g_object_new (CAR_TYPE_IMPORT_SCHEMA, "json", envelope_schema, NULL);
  g_auto (GStrv) names = car_import_schema_get_collections (empty);
  g_autoptr (GError) object = NULL, envelope = NULL, json = NULL, violation = NULL;

  g_assert_cmpuint (g_strv_length (names), ==, 0);
  g_assert_false (car_import_schema_has_collection (empty, "asset"));
  g_assert_false (car_import_schema_validate_object (empty, "asset", "{}", -1, &object));
  g_assert_error (object, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
  g_assert_false (car_import_schema_validate_envelope (empty, "{}", -1, &envelope));
  g_assert_error (envelope, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA);
  g_assert_false (car_import_schema_validate_envelope (bad, "{}", -1, &json));
  g_assert_error (json, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
  g_assert_true (car_import_schema_has_collection (good, "asset"));
  g_assert_false (car_import_schema_validate_object (good, "asset", "{}", -1, &violation));
  g_assert_error (violation, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_VIOLATION);
}

static gpointer
look_up (gpointer schema)
{
  const CarCollectionSchema *last = NULL;
  char name[16];

  for (int i = 0; i < 2000; i++)
    {
      g_snprintf (name, sizeof name, "c%d", i % 100);
      last = car_import_schema_lookup (schema, name);
      CarJsonMembers result;
      scan (last, FALSE, "{\"a\": 1}", &result);
    }
  return (gpointer) last;
}

static void
test_threads (void)
{
  g_autoptr (CarImportSchema) schema = new_schema ();
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, look_up, schema);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_true (g_thread_join (threads[i]) == car_import_schema_lookup (schema, "c99"));
}

/* The schema that the public service hands out. */
static void
test_reference (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("TOP_SRCDIR") != NULL ? g_getenv ("TOP_SRCDIR") : ".",
                                            "..", "shared", "reference-data", "importSchema_v2.json", NULL);
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  if (!g_file_get_contents (path, &json, &length, NULL))
    {
      g_test_skip ("the reference data is not there");
      return;
    }
  g_autoptr (CarImportSchema) schema = car_import_schema_new (json, length, &error);
  g_assert_no_error (error);

  car_import_schema_validate_object (schema, "macaddress", "{\"_key\": \"00:11:22:33:44:55\"}", -1, &error);
  g_assert_no_error (error);
  g_assert_false (car_import_schema_validate_object (schema, "macaddress",
                                                     "{\"_key\": \"00-11-22-33-44-55\"}", -1, NULL));
  car_import_schema_validate_object (schema, "ipaddress", "{\"_key\": \"fe80::1\"}", -1, &error);
  g_assert_no_error (error);
  g_assert_false (car_import_schema_validate_object (schema, "ipaddress", "{\"_key\": \"here\"}", -1, NULL));
  car_import_schema_validate_object (schema, "hostname", "{\"_key\": \"h\"}", -1, &error);
  g_assert_no_error (error);
  g_assert_false (car_import_schema_validate_object (schema, "hostname", "{\"_key\": \"h#\"}", -1, NULL));
  g_assert_false (
      car_import_schema_validate_object (schema, "hostname", "{\"description\": \"\"}", -1, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/import-schema/collections", test_collections);
  g_test_add_func ("/import-schema/length", test_length);
  g_test_add_func ("/import-schema/no-import-schema", test_no_import_schema);
  g_test_add_func ("/import-schema/object", test_object);
  g_test_add_func ("/import-schema/unnamed-collection", test_unnamed_collection);
  g_test_add_func ("/import-schema/from-key", test_from_key);
  g_test_add_func ("/import-schema/envelope", test_envelope);
  g_test_add_func ("/import-schema/source-name", test_source_name);
  g_test_add_func ("/import-schema/root-rules", test_root_rules);
  g_test_add_func ("/import-schema/root-members", test_root_members);
  g_test_add_func ("/import-schema/scan", test_scan);
  g_test_add_func ("/import-schema/members-hash", test_members_hash);
  g_test_add_func ("/import-schema/edge-ends", test_edge_ends);
  g_test_add_func ("/import-schema/envelope-head", test_envelope_head);
  g_test_add_func ("/import-schema/error-message", test_error_message);
  g_test_add_func ("/import-schema/properties", test_properties);
  g_test_add_func ("/import-schema/threads", test_threads);
  g_test_add_func ("/import-schema/reference", test_reference);
  return g_test_run ();
}
