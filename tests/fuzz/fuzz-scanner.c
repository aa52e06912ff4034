/* SPDX-License-Identifier: Apache-2.0 */

/* The JSON scanner and what writes JSON. The input is a text. */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-scanner-private.h>

#include "fuzz.h"

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
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;
  CarJsonScanner scanner;
  CarJsonSpan value, again;

  car_json_scanner_init (&scanner, text, size);
  if (!car_json_scanner_read (&scanner, &value) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) error = NULL;
      g_assert_nonnull (scanner.problem);
      g_assert_true (scanner.at >= scanner.begin && scanner.at <= scanner.end);
      car_json_scanner_set_error (&scanner, &error);
      g_assert_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON);
      fuzz_assert_message (error);
      return 0;
    }
  g_assert_true (g_utf8_validate_len (text, size, NULL));
  g_assert_cmpuint (scanner.depth, ==, 0);

  g_autoptr (GString) rewritten = g_string_new (NULL);
  car_json_scanner_init (&scanner, text, size);
  rewrite (&scanner, rewritten);
  car_json_scanner_init (&scanner, rewritten->str, rewritten->len);
  g_assert_true (car_json_scanner_read (&scanner, &again) && car_json_scanner_finish (&scanner));
  CarJsonHash a = car_json_hash_value (&value), b = car_json_hash_value (&again);
  g_assert_true (a.low == b.low && a.high == b.high);
  return 0;
}
