/* SPDX-License-Identifier: Apache-2.0 */

/* Feeds hostile texts to the JSON scanner, the schema compiler and the validator, and asserts what must hold for each.
 * An object in a larger text passes as it does alone, and one with fixed members as with the same members of its own.
 * Under `make check` the texts are mutations of a small corpus. For libFuzzer's:
 *
 *   ../configure CC=clang --with-sanitizers=fuzzer-no-link,address,undefined
 *   make libcar/libcar-json.la
 *   make tests/fuzz-json CPPFLAGS=-DUNDER_LIBFUZZER SANITIZER_CFLAGS=-fsanitize=fuzzer,address,undefined
 *   tests/fuzz-json CORPUS-FOLDER
 */

#include "config.h"

#include <libcar/json/car-json-validator-private.h>

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Writes the value anew, as short as it goes. */
static void
rewrite (CarJsonScanner *scanner, GString *out)
{
  CarJsonType type = car_json_scanner_peek (scanner);
  CarJsonSpan span;
  gsize n = 0;

  if (type == CAR_JSON_ARRAY)
    {
      car_json_scanner_enter (scanner, type);
      for (g_string_append_c (out, '['); car_json_scanner_next_item (scanner); n++)
        {
          g_string_append (out, n > 0 ? "," : "");
          rewrite (scanner, out);
        }
      g_string_append_c (out, ']');
    }
  else if (type == CAR_JSON_OBJECT)
    {
      car_json_scanner_enter (scanner, type);
      for (g_string_append_c (out, '{'); car_json_scanner_next_member (scanner, &span); n++)
        {
          gsize length;
          g_autofree char *name = car_json_span_unescape (&span, &length);
          g_string_append (out, n > 0 ? "," : "");
          car_json_append_string (out, name, length);
          g_string_append_c (out, ':');
          rewrite (scanner, out);
        }
      g_string_append_c (out, '}');
    }
  else
    {
      g_assert_true (car_json_scanner_read (scanner, &span));
      gsize length;
      g_autofree char *string = type == CAR_JSON_STRING ? car_json_span_unescape (&span, &length) : NULL;
      if (string != NULL)
        car_json_append_string (out, string, length);
      else
        g_string_append_len (out, span.text, span.length);
    }
}

/* A text is taken or refused as a whole, and what was taken means the same when it is written anew. */
static gboolean
fuzz_scanner (const char *text, gsize length)
{
  CarJsonScanner scanner;
  CarJsonSpan value, again;

  car_json_scanner_init (&scanner, text, length);
  if (!car_json_scanner_read (&scanner, &value) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) error = NULL;
      g_assert_nonnull (scanner.problem);
      g_assert_true (scanner.at >= scanner.begin && scanner.at <= scanner.end);
      car_json_scanner_set_error (&scanner, &error);
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
      return FALSE;
    }
  g_assert_true (g_utf8_validate_len (text, length, NULL));
  g_assert_cmpuint (scanner.depth, ==, 0);

  g_autoptr (GString) rewritten = g_string_new (NULL);
  car_json_scanner_init (&scanner, text, length);
  rewrite (&scanner, rewritten);
  car_json_scanner_init (&scanner, rewritten->str, rewritten->len);
  g_assert_true (car_json_scanner_read (&scanner, &again) && car_json_scanner_finish (&scanner));
  CarJsonHash a = car_json_hash_value (&value), b = car_json_hash_value (&again);
  g_assert_true (a.low == b.low && a.high == b.high);
  return TRUE;
}

static const CarJsonObjectRules *
get_rules (void)
{
  static const char *const wanted[] = { "_key", "c", NULL };
  static const CarJsonStandInName stand_ins[] = { { "host_name", 0 }, { "b", 1 }, { NULL, 0 } };
  static const CarJsonObjectRules *rules;

  if (rules == NULL)
    rules = car_json_object_rules_new (wanted, stand_ins);
  return rules;
}

static gboolean
validate (const CarJsonSchema *schema, gboolean with_rules, const char *text, gsize length, gboolean is_json)
{
  g_auto (CarJsonViolation) violation = { NULL };
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema),
                               .rules = with_rules ? get_rules () : NULL };
  CarJsonMembers members;
  gboolean ok = car_json_validate_text (&check, text, length, &members, &violation);

  g_assert_true (ok == (violation.rule == NULL));
  g_assert_true (!ok || is_json);
  if (!ok)
    {
      g_assert_true (g_utf8_validate (violation.text, -1, NULL));
      g_assert_true (g_utf8_validate (violation.place, -1, NULL));
      g_assert_nonnull (violation.kind);
    }
  return ok;
}

/* Other text before and behind it makes no difference to a value. */
static void
fuzz_in_place (const CarJsonSchema *schema, gboolean with_rules, const char *value, gsize length)
{
  g_autoptr (GString) text = g_string_new ("[");
  g_auto (CarJsonViolation) alone = { NULL }, in_place = { NULL };
  const CarJsonCheck check = { .node = car_json_schema_get_root (schema),
                               .rules = with_rules ? get_rules () : NULL };
  CarJsonMembers members = { 0 }, members_in_place = { 0 };
  CarJsonScanner scanner;

  g_string_append_len (text, value, length);
  const gsize end = text->len;
  g_string_append (text, ",]\"");
  car_json_scanner_init (&scanner, text->str, text->len);
  scanner.at++;

  gboolean ok = car_json_validate (&check, &scanner, &members_in_place, &in_place);
  g_assert_true (car_json_validate_text (&check, value, length, &members, &alone) == ok);
  g_assert_cmpstr (in_place.text, ==, alone.text);
  if (!ok)
    return;

  g_assert_cmpuint (scanner.depth, ==, 0);
  car_json_scanner_init (&scanner, scanner.at, text->str + end - scanner.at);
  g_assert_true (car_json_scanner_finish (&scanner));

  const CarJsonSpan *key = &members.values[0], *key_in_place = &members_in_place.values[0];
  g_assert_cmpint (key->type, ==, key_in_place->type);
  g_assert_true (key->type == CAR_JSON_INVALID || key_in_place->text - text->str - 1 == key->text - value);
  g_assert_cmpuint (members.digest, ==, members_in_place.digest);
}

#define FIXED "\"a\":\"x\",\"source\":\"s\",\"zz\":1.5e2"

/* The object with the fixed members behind its own. NULL where the text is none. */
static GString *
add_fixed_members (const char *object, gsize length)
{
  g_autoptr (GString) text = g_string_new_len (object, length);
  CarJsonScanner scanner;
  CarJsonSpan name;

  car_json_scanner_init (&scanner, object, length);
  if (car_json_scanner_peek (&scanner) != CAR_JSON_OBJECT)
    return NULL;

  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  gboolean empty = !car_json_scanner_next_member (&scanner, &name);
  g_string_truncate (text, strrchr (text->str, '}') - text->str);
  g_string_append (text, empty ? FIXED "}" : "," FIXED "}");
  return g_steal_pointer (&text);
}

/* Members that were checked once are as good as in the object itself. */
static void
fuzz_fixed_members (const CarJsonSchema *schema, const char *value, gsize length)
{
  const CarJsonNode *node = car_json_schema_get_root (schema);
  g_autoptr (CarJsonFixedMembers) fixed = car_json_fixed_members_new (node, "{" FIXED "}");
  g_autoptr (GString) whole = add_fixed_members (value, length);
  CarJsonMembers members, members_whole;
  g_auto (CarJsonViolation) violation = { NULL }, violation_whole = { NULL };

  if (fixed == NULL || whole == NULL)
    return;

  const CarJsonCheck check = { .node = node, .rules = get_rules (), .fixed = fixed };
  const CarJsonCheck check_whole = { .node = node, .rules = get_rules () };
  gboolean ok = car_json_validate_text (&check, value, length, &members, &violation);
  g_assert_true (
      car_json_validate_text (&check_whole, whole->str, whole->len, &members_whole, &violation_whole) == ok);
  if (ok)
    {
      g_assert_cmpuint (members.digest, ==, members_whole.digest);
    }
}

/* The schema, a NUL, the value. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *nul = size > 0 ? memchr (data, '\0', size) : NULL;
  gsize schema_length = nul != NULL ? (gsize) (nul - data) : size;
  gsize value_length = nul != NULL ? size - schema_length - 1 : size;
  g_autofree char *schema_text = g_memdup2 (data, schema_length);
  g_autofree char *value = g_memdup2 (data + size - value_length, value_length);
  g_autoptr (GError) error = NULL;

  gboolean is_json = fuzz_scanner (value, value_length);
  g_autoptr (CarJsonSchema) schema = car_json_schema_new (schema_text, schema_length, &error);
  g_assert_true ((schema == NULL) == (error != NULL));
  if (schema != NULL)
    {
      gboolean ok = validate (schema, FALSE, value, value_length, is_json);
      g_assert_true (validate (schema, FALSE, value, value_length, is_json) == ok);
      validate (schema, TRUE, value, value_length, is_json);
    }
  if (schema != NULL && is_json)
    {
      fuzz_in_place (schema, FALSE, value, value_length);
      fuzz_in_place (schema, TRUE, value, value_length);
      fuzz_fixed_members (schema, value, value_length);
    }
  return 0;
}

#ifndef UNDER_LIBFUZZER

#define ROUNDS 20000

static const char *const schemas[] = {
  "{\"type\":[\"object\",\"null\"],\"properties\":{\"a\":{\"maximum\":1e3},\"b\\u00e9\":{\"pattern\":\"^[^a-"
  "c\\\\d]+$\"}},"
  "\"required\":[\"a\"],\"additionalProperties\":{\"multipleOf\":0.01}}",
  "{\"$defs\":{\"t\":{\"items\":{\"$ref\":\"#/$defs/t\"},\"uniqueItems\":true,\"maxItems\":3}},\"$ref\":\"#/"
  "$defs/t\"}",
  "{\"patternProperties\":{\"^(a|b)+?\\\\1$\":{\"minLength\":2}},\"propertyNames\":{\"maxLength\":9},"
  "\"minProperties\":1}",
  "{\"if\":{\"const\":{\"a\":[1,2.0]}},\"then\":{\"not\":{\"enum\":[1,\"x\",null]}},\"else\":{\"anyOf\":["
  "false,{\"type\":\"integer\"}]}}",
  "{\"properties\":{\"hostname\":{\"items\":{\"required\":[\"host_name\"]}},\"source\":{\"properties\":{\"_"
  "key\":{\"pattern\":"
  "\"^\\\\p{L}{1,4}$\"}}}},\"dependentRequired\":{\"a\":[\"b\"]},\"oneOf\":[{\"minProperties\":1},{"
  "\"maxProperties\":0}]}",
  "{\"properties\":{\"_to\":{\"type\":\"string\"},\"source\":{\"maxLength\":1},\"b\":false},\"required\":["
  "\"a\"],"
  "\"minProperties\":6,\"maxProperties\":7,\"additionalProperties\":{\"type\":[\"string\",\"number\"]},"
  "\"dependentRequired\":{\"zz\":[\"_from\"]}}",
};

static const char *const values[] = {
  "{\"a\":1.50e2,\"b\\u00e9\":\"x\\ud83d\\ude00y\",\"c\":[true,false,null,-0]}",
  "[[],[[1]],[1,1.0,\"\\u0000\"]]",
  "{\"aa\":\"\",\"bb\":\"\xc3\xa9\xe2\x82\xac\",\"source\":{\"_key\":\"s\"},\"hostname\":[{\"_key\":\"h\"}]}",
  "  \"plain text that is longer than eight bytes\\n\" ",
  "-123456789012345678901234567890.5e-17",
  "{\"_from\":\"asset/1\",\"_t\\u006f\":\"hostname/h\", \"c\":1 }\n",
  "{\"zz\":[],\"_from_external_id\":\"1\",\"_to\":\"hostname/h\"}",
  "{ }",
};

static const char *const pieces[] = {
  "{",           "}",
  "[",           "]",
  ",",           ":",
  "\"",          "\\",
  "\\u",         "\\ud800",
  "0",           "-",
  "1e999999999", ".",
  "null",        "\xff",
  "\xc3",        "\n",
  " ",           "{\"$ref\":\"#\"}",
  "\"not\":",    "\"pattern\":\"",
  "(?",          "\\\\p{",
  "*",           "[[[[[[[[[[[[[[[[",
  "\x01",
};

/* Takes away, doubles, overwrites or puts in. */
static void
mutate (GString *text)
{
  gsize at = g_test_rand_int_range (0, text->len + 1);
  gsize length = g_test_rand_int_range (0, MIN (text->len - at, 16) + 1);
  g_autofree char *part = g_strndup (text->str + at, length);

  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
      g_string_erase (text, at, length);
      break;
    case 1:
      g_string_insert_len (text, g_test_rand_int_range (0, text->len + 1), part, strlen (part));
      break;
    case 2:
      if (length > 0)
        text->str[at] = g_test_rand_int_range (1, 256);
      break;
    default:
      g_string_insert (text, at, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
    }
}

static void
test_mutations (void)
{
  for (int i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GString) schema = g_string_new (schemas[g_test_rand_int_range (0, G_N_ELEMENTS (schemas))]);
      g_autoptr (GString) value = g_string_new (values[g_test_rand_int_range (0, G_N_ELEMENTS (values))]);
      /* Most mutated schemas do not compile: every other one is left alone. */
      for (int j = g_test_rand_int_range (-3, 4); j > 0; j--)
        mutate (schema);
      for (int j = g_test_rand_int_range (0, 4); j > 0; j--)
        mutate (value);
      g_string_append_c (schema, '\0');
      g_string_append_len (schema, value->str, value->len);
      LLVMFuzzerTestOneInput ((const guint8 *) schema->str, schema->len);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fuzz-json/mutations", test_mutations);
  return g_test_run ();
}

#endif
