/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* Divisors of more digits are refused when a schema is compiled. */
#define CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS 100

/* The exact value of a number's text: its significant digits, of which the last one counts 10^exponent. Nothing is
 * allocated, and the text must outlive it. Exponents beyond +-10^15 are taken for that. */
typedef struct
{
  const char *digits; /* the first significant digit; a decimal point may stand among them */
  gsize n_digits;     /* 0: the value is zero */
  gint64 exponent;
  gboolean negative;
  gboolean is_small; /* an integer of at most 18 digits: `small` */
  gint64 small;
} CarJsonNumber;

void car_json_number_init (CarJsonNumber *self, const CarJsonSpan *number);

/* JSON Schema's integers are values without a fraction: 1.0 and 1e2 are two. */
gboolean car_json_number_is_integer (const CarJsonNumber *self);

int car_json_number_compare (const CarJsonNumber *a, const CarJsonNumber *b);
gboolean car_json_number_is_multiple (const CarJsonNumber *self, const CarJsonNumber *divisor);

/* The plain spelling of a value is the one without an exponent, and without zeros that say nothing: 100, -0.5. One of more
 * characters is none. */
#define CAR_JSON_NUMBER_MAX_PLAIN 32

static inline gboolean
car_json_number_is_plain (const CarJsonSpan *number)
{
  const char *text = number->text;
  gboolean has_fraction = FALSE;

  if (number->length == 1)
    return TRUE;
  if (number->length > CAR_JSON_NUMBER_MAX_PLAIN)
    return FALSE;
  for (gsize i = 0; i < number->length; i++)
    {
      if ((text[i] | 0x20) == 'e')
        return FALSE;
      has_fraction |= text[i] == '.';
    }
  return has_fraction ? text[number->length - 1] != '0' : text[0] != '-' || text[1] != '0';
}

/* Writes it: its length, or 0 where the value has none. */
gsize car_json_number_write_plain (const CarJsonNumber *self, char plain[CAR_JSON_NUMBER_MAX_PLAIN]);

/* Writes the significant digits, n_digits of them. */
void car_json_number_copy_digits (const CarJsonNumber *self, char *digits);

G_END_DECLS
