/* SPDX-License-Identifier: Apache-2.0 */

/* How a number's text is read. What bounds and multipleOf make of it is in tests/json-schema/numbers.json. */

#include "config.h"

#include "json-tests.h"
#include <libcar/json/car-json-number-private.h>

#define MAX_EXPONENT G_GINT64_CONSTANT (1000000000000000)

static CarJsonNumber
read_number (const char *text)
{
  const CarJsonSpan span = json_span (text);
  CarJsonNumber number;

  car_json_number_init (&number, &span);
  return number;
}

static void
test_init (void)
{
  static const struct
  {
    const char *text, *digits;
    gint64 exponent;
    gboolean negative;
  } cases[] = {
    { "0", "", 0, FALSE },
    { "-0", "", 0, FALSE },
    { "-0.000e-5", "", 0, FALSE },
    { "0e999999999999999999999", "", 0, FALSE },
    { "7", "7", 0, FALSE },
    { "1.0", "1", 0, FALSE },
    { "-100", "1", 2, TRUE },
    { "1005", "1005", 0, FALSE },
    { "120.50", "1205", -1, FALSE },
    { "0.00120", "12", -4, FALSE },
    { "10.01", "1001", -2, FALSE },
    { "-12.5e1", "125", 0, TRUE },
    { "0.1e1", "1", 0, FALSE },
    { "1E+2", "1", 2, FALSE },
    { "1e400", "1", 400, FALSE },
    { "12e-400", "12", -400, FALSE },
    { "18446744073709551616", "18446744073709551616", 0, FALSE },
    { "1e999999999999999999999", "1", MAX_EXPONENT, FALSE },
    { "1e-999999999999999999999", "1", -MAX_EXPONENT, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonNumber number = read_number (cases[i].text);
      char digits[64];

      g_test_message ("%s", cases[i].text);
      car_json_number_copy_digits (&number, digits);
      g_assert_cmpmem (digits, number.n_digits, cases[i].digits, strlen (cases[i].digits));
      g_assert_cmpint (number.exponent, ==, cases[i].exponent);
      g_assert_cmpint (number.negative, ==, cases[i].negative);
    }
}

static void
test_plain (void)
{
  static const struct
  {
    const char *text, *plain; /* "": it has none */
  } cases[] = {
    { "0", "0" },
    { "-0", "0" },
    { "-0.00", "0" },
    { "0e5", "0" },
    { "7", "7" },
    { "-7", "-7" },
    { "100", "100" },
    { "1e2", "100" },
    { "100.0", "100" },
    { "-12.5e1", "-125" },
    { "3.5", "3.5" },
    { "3.50", "3.5" },
    { "-0.5", "-0.5" },
    { "5E-1", "0.5" },
    { "-12e-4", "-0.0012" },
    { "120.05", "120.05" },
    { "12345678901234567890123456789012", "12345678901234567890123456789012" },
    { "123456789012345678901234567890123", "" },
    { "1e31", "10000000000000000000000000000000" },
    { "1e32", "" },
    { "-1e31", "" },
    { "1.23456789012345678901234567890e0", "1.2345678901234567890123456789" },
    { "1.2345678901234567890123456789012", "" },
    { "1e-30", "0.000000000000000000000000000001" },
    { "1e-31", "" },
    { "1e999999999999999999999", "" },
    { "1e-999999999999999999999", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonSpan span = json_span (cases[i].text);
      const CarJsonNumber number = read_number (cases[i].text);
      char plain[CAR_JSON_NUMBER_MAX_PLAIN];

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (car_json_number_is_plain (&span), ==, g_str_equal (cases[i].text, cases[i].plain));
      const gsize length = car_json_number_write_plain (&number, plain);
      g_assert_cmpmem (plain, length, cases[i].plain, strlen (cases[i].plain));
    }
}

/* Up to 18 digits are an integer of C's, however they are spelt. */
static void
test_small (void)
{
  static const struct
  {
    const char *text;
    gboolean is_small;
    gint64 small;
  } cases[] = {
    { "0", TRUE, 0 },
    { "-0.0", TRUE, 0 },
    { "1.50e1", TRUE, 15 },
    { "-120", TRUE, -120 },
    { "999999999999999999", TRUE, G_GINT64_CONSTANT (999999999999999999) },
    { "-999999999999999999", TRUE, G_GINT64_CONSTANT (-999999999999999999) },
    { "1e17", TRUE, G_GINT64_CONSTANT (100000000000000000) },
    { "1e18", FALSE, 0 },
    { "1000000000000000001", FALSE, 0 },
    { "0.5", FALSE, 0 },
    { "1e400", FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonNumber number = read_number (cases[i].text);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (number.is_small, ==, cases[i].is_small);
      g_assert_cmpint (number.small, ==, cases[i].small);
    }
}

static void
test_integer (void)
{
  static const char *const integers[] = { "0",  "-0.0e-400", "1.0",   "100e-2",
                                          "-5", "1.25000e2", "1e400", "123456789012345678901234567890.0" };
  static const char *const fractions[] = { "0.5",    "1.5",    "-1e-1",
                                           "100e-3", "1e-400", "123456789012345678901234567890.1" };

  for (gsize i = 0; i < G_N_ELEMENTS (integers); i++)
    {
      const CarJsonNumber number = read_number (integers[i]);
      g_test_message ("%s", integers[i]);
      g_assert_true (car_json_number_is_integer (&number));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (fractions); i++)
    {
      const CarJsonNumber number = read_number (fractions[i]);
      g_test_message ("%s", fractions[i]);
      g_assert_false (car_json_number_is_integer (&number));
    }
}

static int
sign (int value)
{
  return value < 0 ? -1 : value > 0;
}

/* In ascending order; each is compared with each, both ways. */
static void
test_compare (void)
{
  static const struct
  {
    int rank;
    const char *text;
  } numbers[] = {
    { 0, "-1e999999999999999999999" },
    { 1, "-1e400" },
    { 1, "-0.01e402" },
    { 2, "-9.99e399" },
    { 3, "-18446744073709551616" },
    { 4, "-1.5000000000000000000001" },
    { 5, "-1.5" },
    { 5, "-15e-1" },
    { 6, "-1" },
    { 7, "-1e-400" },
    { 8, "0" },
    { 8, "-0" },
    { 8, "0.0e400" },
    { 9, "1e-400" },
    { 10, "0.1" },
    { 11, "0.12" },
    { 12, "1" },
    { 12, "1.0" },
    { 13, "9007199254740992" },
    { 14, "9007199254740993" },
    { 14, "9007199254740993.000" },
    { 15, "9007199254740993.0000000000000000001" },
    { 16, "18446744073709551615" },
    { 17, "18446744073709551616" },
    { 17, "1.8446744073709551616e19" },
    { 18, "1e400" },
    { 19, "1e401" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (numbers); j++)
      {
        const CarJsonNumber a = read_number (numbers[i].text), b = read_number (numbers[j].text);
        g_test_message ("%s and %s", numbers[i].text, numbers[j].text);
        g_assert_cmpint (sign (car_json_number_compare (&a, &b)), ==,
                         sign (numbers[i].rank - numbers[j].rank));
      }
}

static void
test_multiple (void)
{
  static const struct
  {
    const char *text, *divisor;
    gboolean is_multiple;
  } cases[] = {
    { "0", "7", TRUE },
    { "0.0e-400", "1e400", TRUE },
    { "-9", "3", TRUE },
    { "10", "3", FALSE },
    { "0.3", "0.1", TRUE },
    { "0.35", "0.1", FALSE },
    { "1e400", "1e-400", TRUE },
    { "1e-400", "1", FALSE },
    { "1e999999999999999999999", "7", FALSE },
    { "7e999999999999999999999", "7", TRUE },
    /* 10^n is a multiple of 2^100 from n = 100 on. */
    { "1e100", "1267650600228229401496703205376", TRUE },
    { "1e99", "1267650600228229401496703205376", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CarJsonNumber number = read_number (cases[i].text), divisor = read_number (cases[i].divisor);
      g_test_message ("%s of %s", cases[i].text, cases[i].divisor);
      g_assert_cmpint (car_json_number_is_multiple (&number, &divisor), ==, cases[i].is_multiple);
    }
}

/* As many digits as a divisor may have, all of them 9: the largest one that the limbs must hold. */
static void
test_largest_divisor (void)
{
  g_autofree char *nines = g_strnfill (CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS, '9');
  g_autofree char *twice = g_strdup_printf ("%s%s", nines, nines);
  g_autofree char *more = g_strdup_printf ("%s%s.5", nines, nines);
  const CarJsonNumber divisor = read_number (nines);
  const CarJsonNumber multiple = read_number (twice), other = read_number (more);

  g_assert_true (car_json_number_is_multiple (&multiple, &divisor));
  g_assert_false (car_json_number_is_multiple (&other, &divisor));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-number/init", test_init);
  g_test_add_func ("/json-number/plain", test_plain);
  g_test_add_func ("/json-number/small", test_small);
  g_test_add_func ("/json-number/integer", test_integer);
  g_test_add_func ("/json-number/compare", test_compare);
  g_test_add_func ("/json-number/multiple", test_multiple);
  g_test_add_func ("/json-number/largest-divisor", test_largest_divisor);
  return g_test_run ();
}
