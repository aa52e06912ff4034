/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-number-private.h>

#include <string.h>

#define MAX_EXPONENT G_GINT64_CONSTANT (1000000000000000)

static gint64
read_exponent (const char *at, const char *end)
{
  gint64 exponent = 0;
  gboolean negative = *at == '-';

  if (*at == '-' || *at == '+')
    at++;
  for (; at < end && exponent < MAX_EXPONENT; at++)
    exponent = exponent * 10 + (*at - '0');
  exponent = MIN (exponent, MAX_EXPONENT);
  return negative ? -exponent : exponent;
}

/* The value of a small integer: digits and zeros are 18 at most, which a gint64 holds. */
static gint64
read_small (const CarJsonNumber *self)
{
  gint64 value = 0;
  const char *at = self->digits;

  for (gsize i = 0; i < self->n_digits; at++)
    if (*at != '.')
      {
        value = value * 10 + (*at - '0');
        i++;
      }
  for (gint64 i = 0; i < self->exponent; i++)
    value *= 10;
  return self->negative ? -value : value;
}

void
car_json_number_init (CarJsonNumber *self, const CarJsonSpan *number)
{
  const char *at = number->text, *end = at + number->length;
  const char *first = NULL, *last = NULL; /* digits other than 0 */
  const char *point = NULL;               /* the decimal point, or where one would stand */

  *self = (CarJsonNumber){ .is_small = TRUE };
  if (*at == '-')
    {
      self->negative = TRUE;
      at++;
    }
  for (; at < end && (*at | 0x20) != 'e'; at++)
    if (*at == '.')
      point = at;
    else if (*at != '0')
      {
        if (first == NULL)
          first = at;
        last = at;
      }
  if (first == NULL)
    {
      self->negative = FALSE;
      return;
    }

  if (point == NULL)
    point = at;
  /* The distance counts the point too, where it stands between the two. Digits behind the last one, up to the point,
   * are zeros that raise the exponent: 1200 is 12 * 10^2. Behind the point it falls: 0.012 is 12 * 10^-3. */
  self->digits = first;
  self->n_digits = last - first + (last < point || first > point);
  self->exponent = last < point ? point - last - 1 : point - last;
  if (at < end)
    self->exponent += read_exponent (at + 1, end);

  self->is_small =
      self->exponent >= 0 && self->n_digits <= 18 && self->exponent <= 18 - (gint64) self->n_digits;
  if (self->is_small)
    self->small = read_small (self);
}

gboolean
car_json_number_is_integer (const CarJsonNumber *self)
{
  return self->n_digits == 0 || self->exponent >= 0;
}

void
car_json_number_copy_digits (const CarJsonNumber *self, char *digits)
{
  const char *at = self->digits;

  for (gsize i = 0; i < self->n_digits; at++)
    if (*at != '.')
      digits[i++] = *at;
}

gsize
car_json_number_write_plain (const CarJsonNumber *self, char plain[CAR_JSON_NUMBER_MAX_PLAIN])
{
  const gint64 n_digits = (gint64) self->n_digits;
  const gint64 n_before =
      n_digits + self->exponent; /* digits before the point; below 1, a zero stands there */
  gint64 length = self->negative;
  char *at = plain + self->negative;

  if (n_before <= 0)
    length += strlen ("0.") - n_before + n_digits;
  else
    length += self->exponent < 0 ? n_digits + 1 : n_before;
  if (n_digits == 0)
    length = 1;
  if (length > CAR_JSON_NUMBER_MAX_PLAIN)
    return 0;

  memset (plain, '0', length);
  if (self->negative)
    plain[0] = '-';
  if (n_digits == 0)
    return length;

  car_json_number_copy_digits (self, n_before <= 0 ? at + strlen ("0.") - n_before : at);
  if (n_before <= 0)
    at[1] = '.';
  else if (self->exponent < 0)
    {
      memmove (at + n_before + 1, at + n_before, n_digits - n_before);
      at[n_before] = '.';
    }
  return length;
}

/* The place of the first significant digit decides, then the digits from there on. */
static int
compare_magnitudes (const CarJsonNumber *a, const CarJsonNumber *b)
{
  gint64 a_magnitude = (gint64) a->n_digits + a->exponent;
  gint64 b_magnitude = (gint64) b->n_digits + b->exponent;
  if (a_magnitude != b_magnitude)
    return a_magnitude < b_magnitude ? -1 : 1;

  const char *a_at = a->digits, *b_at = b->digits;
  for (gsize i = 0; i < MIN (a->n_digits, b->n_digits); i++)
    {
      a_at += *a_at == '.';
      b_at += *b_at == '.';
      if (*a_at != *b_at)
        return *a_at < *b_at ? -1 : 1;
      a_at++;
      b_at++;
    }
  /* The last significant digit is never 0: the longer one is the larger one. */
  return a->n_digits == b->n_digits ? 0 : a->n_digits < b->n_digits ? -1 : 1;
}

static int
sign (const CarJsonNumber *self)
{
  return self->n_digits == 0 ? 0 : self->negative ? -1 : 1;
}

int
car_json_number_compare (const CarJsonNumber *a, const CarJsonNumber *b)
{
  if (a->is_small && b->is_small)
    return a->small < b->small ? -1 : a->small > b->small;
  if (sign (a) != sign (b))
    return sign (a) < sign (b) ? -1 : 1;
  return sign (a) * compare_magnitudes (a, b);
}

/* A whole number of up to CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS digits and one more, the lowest 32 bits first. */
#define N_LIMBS 11

typedef struct
{
  guint32 limbs[N_LIMBS];
} Whole;

G_STATIC_ASSERT (N_LIMBS * 32 > (CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS + 1) * 10 / 3);

static void
whole_append_digit (Whole *self, guint digit)
{
  guint64 carry = digit;

  for (gsize i = 0; i < N_LIMBS; i++)
    {
      carry += self->limbs[i] * (guint64) 10;
      self->limbs[i] = (guint32) carry;
      carry >>= 32;
    }
}

static gboolean
whole_is_less (const Whole *a, const Whole *b)
{
  for (gsize i = N_LIMBS; i-- > 0;)
    if (a->limbs[i] != b->limbs[i])
      return a->limbs[i] < b->limbs[i];
  return FALSE;
}

static void
whole_subtract (Whole *self, const Whole *other)
{
  gint64 borrow = 0;

  for (gsize i = 0; i < N_LIMBS; i++)
    {
      gint64 difference = (gint64) self->limbs[i] - other->limbs[i] + borrow;
      self->limbs[i] = (guint32) difference;
      borrow = difference >> 32;
    }
}

/* Long division, a digit at a time, of which only the remainder is kept. It is less than the divisor before, so less
 * than ten times the divisor after: the loop runs nine times at most. */
static void
append_digit_modulo (Whole *remainder, guint digit, const Whole *divisor)
{
  whole_append_digit (remainder, digit);
  while (!whole_is_less (remainder, divisor))
    whole_subtract (remainder, divisor);
}

gboolean
car_json_number_is_multiple (const CarJsonNumber *self, const CarJsonNumber *divisor)
{
  static const Whole zero;
  Whole whole_divisor = zero, remainder = zero;
  gint64 zeros = self->exponent - divisor->exponent;

  g_return_val_if_fail (divisor->n_digits > 0, FALSE);
  g_return_val_if_fail (divisor->n_digits <= CAR_JSON_NUMBER_MAX_DIVISOR_DIGITS, FALSE);

  if (self->is_small && divisor->is_small)
    return self->small % divisor->small == 0;
  if (self->n_digits == 0)
    return TRUE;
  /* Significant digits do not end in 0: there is no multiple of 10 among them. */
  if (zeros < 0)
    return FALSE;

  /* Both count units of 10^(divisor's exponent) now: the divisor's digits, and this one's with `zeros` behind them. */
  const char *at = divisor->digits;
  for (gsize i = 0; i < divisor->n_digits; at++)
    if (*at != '.')
      {
        whole_append_digit (&whole_divisor, *at - '0');
        i++;
      }
  at = self->digits;
  for (gsize i = 0; i < self->n_digits; at++)
    if (*at != '.')
      {
        append_digit_modulo (&remainder, *at - '0', &whole_divisor);
        i++;
      }

  /* There may be 10^15 zeros. Each one multiplies by 2 and 5, and a divisor of N_LIMBS * 32 bits has no more factors
   * of either than it has bits: further zeros change nothing about what it divides. */
  zeros = MIN (zeros, N_LIMBS * 32);
  for (gint64 i = 0; i < zeros; i++)
    append_digit_modulo (&remainder, 0, &whole_divisor);
  return memcmp (&remainder, &zero, sizeof zero) == 0;
}
