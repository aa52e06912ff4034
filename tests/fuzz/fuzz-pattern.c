/* SPDX-License-Identifier: Apache-2.0 */

/* Patterns. The input is a pattern, a NUL and a text. A pattern's table and PCRE2 say the same of it. */

#include "config.h"

#include <libcar/json/car-json-pattern-private.h>

#include "fuzz.h"

/* The same pattern in a group is no single class with a quantifier any more, so PCRE2 takes it. NULL where that is too long, or
 * where a group would change what it means. */
static CarJsonPattern *
make_by_pcre (const char *source)
{
  g_autofree char *grouped = g_strdup_printf ("(?:%s)", source);

  return car_json_pattern_new (grouped, strlen (grouped), NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize source_length;
  g_autofree char *source = fuzz_take_text (&data, &size, &source_length);
  g_autofree char *text = g_memdup2 (data, size);
  g_autoptr (GError) error = NULL;
  if (source == NULL || !g_utf8_validate_len (source, source_length, NULL) ||
      !g_utf8_validate_len (text != NULL ? text : "", size, NULL))
    return 0;

  g_autoptr (CarJsonPattern) pattern = car_json_pattern_new (source, source_length, &error);
  if (pattern == NULL)
    {
      fuzz_assert_message (error);
      return 0;
    }
  g_assert_cmpstr (car_json_pattern_get_source (pattern), ==, source);

  const CarJsonPatternResult result = car_json_pattern_match (pattern, text != NULL ? text : "", size);
  g_autoptr (CarJsonPattern) by_pcre = make_by_pcre (source);
  if (by_pcre == NULL)
    return 0;

  const CarJsonPatternResult again = car_json_pattern_match (by_pcre, text != NULL ? text : "", size);
  g_assert_true (result == again || result == CAR_JSON_PATTERN_TOO_COSTLY ||
                 again == CAR_JSON_PATTERN_TOO_COSTLY);
  return 0;
}
