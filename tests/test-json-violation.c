/* SPDX-License-Identifier: Apache-2.0 */

/* What is told of a violation. Which rule tells what is in tests/test-json-validator.c. */

#include "config.h"

#include "json-tests.h"
#include <libcar/base/car-error.h>
#include <libcar/json/car-json-violation-private.h>

static void
test_places (void)
{
  const CarJsonSpan a = json_span ("\"a/b~\""), escaped = json_span ("\"\\u0063\"");
  const CarJsonSpan shown = json_span ("\"_key\""), value = json_span ("[1,  2]"), text = json_span ("\"x\"");
  const CarJsonPlace member = { NULL, &a }, item = { &member, NULL, 3 }, deep = { &item, &escaped };
  const CarJsonPlace stand_in = { &item, &a, 0, &shown };
  const struct
  {
    const CarJsonPlace *place;
    const CarJsonSpan *value;
    const char *pointer, *kind, *text;
  } cases[] = {
    { NULL, NULL, "", " rule", "it is wrong" },
    { NULL, &value, "", " rule", "it is [1,  2], is wrong" },
    { &member, &text, "/a~1b~0", "/a~1b~0 rule", "/a~1b~0 is \"x\", is wrong" },
    { &item, NULL, "/a~1b~0/3", "/a~1b~0/* rule", "/a~1b~0/3 is wrong" },
    { &deep, NULL, "/a~1b~0/3/c", "/a~1b~0/*/c rule", "/a~1b~0/3/c is wrong" },
    { &stand_in, NULL, "/a~1b~0/3/_key", "/a~1b~0/*/_key rule", "/a~1b~0/3/_key is wrong" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      g_assert_false (
          car_json_violate (&violation, cases[i].place, cases[i].value, "rule", "%s", "is wrong"));
      g_assert_cmpstr (violation.rule, ==, "rule");
      g_assert_cmpint (violation.code, ==, CAR_SCHEMA_ERROR_VIOLATION);
      g_assert_cmpstr (violation.place, ==, cases[i].pointer);
      g_assert_cmpstr (violation.kind, ==, cases[i].kind);
      g_assert_cmpstr (violation.text, ==, cases[i].text);
    }
}

/* Of several the first one stays, whatever the others are. */
static void
test_first (void)
{
  g_auto (CarJsonViolation) violation = { NULL };
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, "{", 1);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  car_json_scanner_next_item (&scanner);
  car_json_violate (&violation, NULL, NULL, "first", "is the first");
  car_json_violate (&violation, NULL, NULL, "second", "is the second");
  car_json_give_up (&violation, NULL, "of the third");
  car_json_cannot_hold (&violation, NULL, "is the fourth");
  car_json_violate_text (&violation, &scanner);
  g_assert_cmpstr (violation.rule, ==, "first");
  g_assert_cmpstr (violation.text, ==, "it is the first");
}

/* Where another schema may fit, a violation is none; that the check came to no end is one. */
static void
test_quiet (void)
{
  g_auto (CarJsonViolation) violation = { .quiet = 1 };

  g_assert_false (car_json_violate (&violation, NULL, NULL, "rule", "is wrong"));
  g_assert_null (violation.rule);
  g_assert_false (car_json_give_up (&violation, NULL, "%d ways", 7));
  g_assert_cmpstr (violation.rule, ==, CAR_JSON_RULE_EFFORT);
  g_assert_cmpstr (violation.text, ==, "it takes too much work to check: 7 ways");
}

static void
test_cannot_hold (void)
{
  const CarJsonSpan name = json_span ("\"a\"");
  const CarJsonPlace place = { NULL, &name };
  g_auto (CarJsonViolation) violation = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (car_json_cannot_hold (&violation, &place, "is not a number"));
  car_json_violation_set_error (&violation, &error);
  g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
  g_assert_cmpstr (error->message, ==, "/a is not a number");
  g_assert_cmpstr (violation.kind, ==, "/a json");
}

/* Two texts that are broken in two ways are two kinds; where they break is none of it. */
static void
test_text (void)
{
  static const struct
  {
    const char *text;
    int kind;
  } cases[] = { { "[1,]", 0 }, { "[1, 2, ]", 0 }, { "[1 2]", 1 }, { "[12 34]", 1 } };
  char *kinds[G_N_ELEMENTS (cases)];

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (CarJsonViolation) violation = { NULL };
      CarJsonScanner scanner;
      CarJsonSpan value;

      car_json_scanner_init (&scanner, cases[i].text, strlen (cases[i].text));
      g_assert_false (car_json_scanner_read (&scanner, &value));
      g_assert_false (car_json_violate_text (&violation, &scanner));
      g_assert_cmpint (violation.code, ==, CAR_SCHEMA_ERROR_INVALID_JSON);
      g_assert_cmpstr (violation.rule, ==, CAR_JSON_RULE_JSON);
      g_assert_cmpstr (violation.place, ==, "");
      g_assert_nonnull (strstr (violation.text, "line 1, column "));
      kinds[i] = g_strdup (violation.kind);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (cases); j++)
      g_assert_cmpint (g_str_equal (kinds[i], kinds[j]), ==, cases[i].kind == cases[j].kind);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_free (kinds[i]);
}

static void
test_words (void)
{
  g_auto (CarJsonViolation) violation = { NULL }, copy = { NULL };

  car_json_violate (&violation, NULL, NULL, "rule", "is wrong");
  car_json_violation_prefix (&violation, "asset: ");
  car_json_violation_append (&violation, ": see there");
  car_json_violation_copy (&violation, &copy);
  car_json_violation_clear (&violation);
  g_assert_null (violation.rule);
  g_assert_cmpstr (copy.text, ==, "asset: it is wrong: see there");
  g_assert_cmpstr (copy.place, ==, "");
  g_assert_cmpstr (copy.kind, ==, " rule");
}

/* Messages go to logs and terminals: what is in a value must not fill or steer them. */
static void
test_hostile (void)
{
  g_autofree char *name_text = json_nest ("é", "\\u001b[31m\\n\\u0000\xe2\x80\xae", "x", 10000);
  g_autofree char *quoted = g_strdup_printf ("\"\\u001b%s\"", name_text);
  g_autofree char *value_text = g_strdup_printf ("\"\x7f\xe2\x80\xae%s\"", name_text);
  const CarJsonSpan name = json_span (quoted), value = json_span (value_text);
  const CarJsonPlace place = { NULL, &name };
  g_auto (CarJsonViolation) violation = { NULL };

  car_json_violate (&violation, &place, &value, "rule", "is wrong");
  g_assert_true (g_str_has_suffix (violation.text, ", is wrong"));
  g_assert_cmpuint (g_utf8_strlen (violation.text, -1), <, 300);
  for (const char *c = violation.text; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_true (g_unichar_isprint (g_utf8_get_char (c)));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-violation/places", test_places);
  g_test_add_func ("/json-violation/first", test_first);
  g_test_add_func ("/json-violation/quiet", test_quiet);
  g_test_add_func ("/json-violation/cannot-hold", test_cannot_hold);
  g_test_add_func ("/json-violation/text", test_text);
  g_test_add_func ("/json-violation/words", test_words);
  g_test_add_func ("/json-violation/hostile", test_hostile);
  return g_test_run ();
}
