/* SPDX-License-Identifier: Apache-2.0 */

/* The validator. The input is a schema, a NUL and a text. An object in a larger text passes as it does alone, and one with
 * fixed members as with the same members of its own. */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-validator-private.h>

#include "fuzz.h"

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
    g_assert_cmpuint (members.digest, ==, members_whole.digest);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize schema_length, length;
  g_autofree char *schema_text = fuzz_take_text (&data, &size, &schema_length);
  g_autofree char *value = g_memdup2 (data, size);
  g_autoptr (CarJsonSchema) schema =
      schema_text != NULL ? car_json_schema_new (schema_text, schema_length, NULL) : NULL;
  CarJsonSpan span;

  length = size;
  if (schema == NULL)
    return 0;

  const gboolean is_json = car_json_read_text (value, length, &span, NULL);
  const gboolean ok = validate (schema, FALSE, value, length, is_json);
  g_assert_true (validate (schema, FALSE, value, length, is_json) == ok);
  validate (schema, TRUE, value, length, is_json);
  if (is_json)
    {
      fuzz_in_place (schema, FALSE, value, length);
      fuzz_in_place (schema, TRUE, value, length);
      fuzz_fixed_members (schema, value, length);
    }
  return 0;
}
