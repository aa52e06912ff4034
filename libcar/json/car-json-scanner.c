/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-scanner-private.h>

#include <math.h>
#include <string.h>

gboolean
car_json_scanner_fail (CarJsonScanner *self, const char *problem)
{
  if (self->problem == NULL)
    self->problem = problem;
  return FALSE;
}

gboolean
car_json_scanner_fail_expecting (CarJsonScanner *self, const char *problem)
{
  return car_json_scanner_fail (self, self->at < self->end ? problem : "the text ends too early");
}

/* By the first character of a value. */
const guint8 car_json_types[256] = {
  ['"'] = CAR_JSON_STRING, ['{'] = CAR_JSON_OBJECT, ['['] = CAR_JSON_ARRAY,  ['t'] = CAR_JSON_TRUE,
  ['f'] = CAR_JSON_FALSE,  ['n'] = CAR_JSON_NULL,   ['-'] = CAR_JSON_NUMBER, ['0' ... '9'] = CAR_JSON_NUMBER,
};

/* The number of bytes of the character that begins here, 0 where it is not UTF-8 (RFC 3629, section 4). */
static gsize
utf8_length (const char *at, gsize left)
{
  const guint8 *c = (const guint8 *) at;
  gsize length = c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;

  if (length == 0 || length > left)
    return 0;

  for (gsize i = 1; i < length; i++)
    if ((c[i] & 0xc0) != 0x80)
      return 0;

  gboolean overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
  gboolean surrogate = c[0] == 0xed && c[1] > 0x9f;
  gboolean beyond = c[0] == 0xf4 && c[1] > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

/* The value of four hexadecimal digits, -1 where they are not. */
static int
read_hex (const char *at, const char *end)
{
  int value = 0;

  if (end - at < 4)
    return -1;
  for (int i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (at[i]);
      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }
  return value;
}

static gboolean
read_escape (CarJsonScanner *self)
{
  char c = self->at + 1 < self->end ? self->at[1] : '\0';

  if (c != 'u')
    {
      if (c == '\0' || strchr ("\"\\/bfnrt", c) == NULL)
        return car_json_scanner_fail (self, "there is no such escape sequence");
      self->at += 2;
      return TRUE;
    }

  int unit = read_hex (self->at + 2, self->end);
  if (unit < 0)
    return car_json_scanner_fail (self, "four hexadecimal digits are expected after \\u");
  gsize length = 6;
  if (unit >= 0xd800 && unit < 0xe000)
    {
      const char *next = self->at + 6;
      int low = unit < 0xdc00 && self->end - next >= 6 && next[0] == '\\' && next[1] == 'u'
                    ? read_hex (next + 2, self->end)
                    : -1;
      if (low < 0xdc00 || low > 0xdfff)
        return car_json_scanner_fail (self, "half of a surrogate pair stands alone");
      length = 12;
    }
  self->at += length;
  return TRUE;
}

gboolean
car_json_scanner_read_special_string (CarJsonScanner *self, CarJsonSpan *value)
{
  const char *begin = self->at + 1;
  gboolean escaped = FALSE;

  self->at = begin;
  while (TRUE)
    {
      self->at = car_json_skip_plain (self->at, self->end);
      if (self->at == self->end)
        return car_json_scanner_fail (self, "the text ends within a string");

      guint8 c = *self->at;
      if (c == '"')
        break;
      if (c == '\\')
        {
          escaped = TRUE;
          if (!read_escape (self))
            return FALSE;
        }
      else if (c >= 0x80)
        {
          gsize length = utf8_length (self->at, self->end - self->at);
          if (length == 0)
            return car_json_scanner_fail (self, "the text is not UTF-8");
          self->at += length;
        }
      else
        return car_json_scanner_fail (self, "a control character stands in a string unescaped");
    }

  *value = (CarJsonSpan){ begin, self->at - begin, CAR_JSON_STRING, escaped };
  self->at++;
  return TRUE;
}

static inline gsize
skip_digits (CarJsonScanner *self)
{
  const char *begin = self->at;
  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return self->at - begin;
}

static gboolean
read_number (CarJsonScanner *self, CarJsonSpan *value)
{
  const char *begin = self->at;

  if (*self->at == '-')
    self->at++;
  const char *digits = self->at;
  gsize n_digits = skip_digits (self);
  if (n_digits == 0)
    return car_json_scanner_fail_expecting (self, "a digit is expected");
  if (*digits == '0' && n_digits > 1)
    {
      self->at = digits;
      return car_json_scanner_fail (self, "a number must not begin with 0");
    }

  if (self->at < self->end && *self->at == '.')
    {
      self->at++;
      if (skip_digits (self) == 0)
        return car_json_scanner_fail_expecting (self, "a digit is expected");
    }
  if (self->at < self->end && (*self->at == 'e' || *self->at == 'E'))
    {
      self->at++;
      if (self->at < self->end && (*self->at == '+' || *self->at == '-'))
        self->at++;
      if (skip_digits (self) == 0)
        return car_json_scanner_fail_expecting (self, "a digit is expected");
    }

  *value = (CarJsonSpan){ begin, self->at - begin, CAR_JSON_NUMBER, FALSE };
  return TRUE;
}

static gboolean
read_literal (CarJsonScanner *self, CarJsonSpan *value, CarJsonType type, const char *literal)
{
  gsize length = strlen (literal);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, literal, length) != 0)
    return car_json_scanner_fail (self, "a value is expected");
  *value = (CarJsonSpan){ self->at, length, type, FALSE };
  self->at += length;
  return TRUE;
}

/* Not recursive: what comes from outside must not choose how much stack is used. `open` has the type of each container
 * that is open, from the outermost one of the whole text on; those around this one are not looked at. */
static gboolean
read_container (CarJsonScanner *self, CarJsonSpan *value, CarJsonType type)
{
  const char *begin = self->at;
  guint outside = self->depth;
  guint8 open[CAR_JSON_MAX_DEPTH];
  CarJsonSpan inner;

  if (!car_json_scanner_enter (self, type))
    return FALSE;
  open[self->depth - 1] = type;
  while (self->depth > outside)
    {
      gboolean more = open[self->depth - 1] == CAR_JSON_OBJECT ? car_json_scanner_next_member (self, &inner)
                                                               : car_json_scanner_next_item (self);
      if (self->problem != NULL)
        return FALSE;
      if (!more)
        continue;

      CarJsonType inner_type = car_json_scanner_peek (self);
      if (inner_type == CAR_JSON_OBJECT || inner_type == CAR_JSON_ARRAY)
        {
          if (!car_json_scanner_enter (self, inner_type))
            return FALSE;
          open[self->depth - 1] = inner_type;
        }
      else if (!car_json_scanner_read (self, &inner))
        return FALSE;
    }

  *value = (CarJsonSpan){ begin, self->at - begin, type, FALSE };
  return TRUE;
}

gboolean
car_json_scanner_read_other (CarJsonScanner *self, CarJsonSpan *value)
{
  CarJsonType type = car_json_scanner_peek (self);

  switch (type)
    {
    case CAR_JSON_STRING:
      return car_json_scanner_read_string (self, value);
    case CAR_JSON_NUMBER:
      return read_number (self, value);
    case CAR_JSON_TRUE:
      return read_literal (self, value, type, "true");
    case CAR_JSON_FALSE:
      return read_literal (self, value, type, "false");
    case CAR_JSON_NULL:
      return read_literal (self, value, type, "null");
    case CAR_JSON_ARRAY:
    case CAR_JSON_OBJECT:
      return read_container (self, value, type);
    case CAR_JSON_INVALID:
      break;
    }
  return FALSE;
}

gboolean
car_json_scanner_enter (CarJsonScanner *self, CarJsonType type)
{
  g_return_val_if_fail (type == CAR_JSON_OBJECT || type == CAR_JSON_ARRAY, FALSE);

  if (car_json_scanner_peek (self) != type)
    return car_json_scanner_fail (self,
                                  type == CAR_JSON_OBJECT ? "an object is expected" : "an array is expected");
  if (self->depth == CAR_JSON_MAX_DEPTH)
    return car_json_scanner_fail (self, "values are nested too deeply");
  self->depth++;
  self->at++;
  return TRUE;
}

/* What stands behind the string that begins here; NULL where it does not end. */
static const char *
skip_string (const char *at, const char *end)
{
  for (at++; at < end && *at != '"'; at++)
    if (*at == '\\')
      at++;

  return at < end ? at + 1 : NULL;
}

gboolean
car_json_scanner_skip_item (CarJsonScanner *self)
{
  const char *at = self->at;
  gsize depth = 0;

  while (at != NULL && at < self->end)
    {
      if (depth == 0 && (*at == ',' || *at == ']' || *at == '}'))
        {
          gboolean found = at > self->at;

          self->at = at;
          return found;
        }

      if (*at == '"')
        {
          at = skip_string (at, self->end);
          continue;
        }
      if (*at == '[' || *at == '{')
        depth++;
      else if (*at == ']' || *at == '}')
        depth--;
      at++;
    }
  return FALSE;
}

gboolean
car_json_scanner_finish (CarJsonScanner *self)
{
  if (self->problem != NULL)
    return FALSE;
  car_json_scanner_skip_space (self);
  return self->at == self->end || car_json_scanner_fail (self, "something stands behind the value");
}

void
car_json_scanner_set_error (CarJsonScanner *self, GError **error)
{
  gsize line = 1, column = 1;

  for (const char *c = self->begin; c < self->at; c++)
    if (*c == '\n')
      {
        line++;
        column = 1;
      }
    else if ((*c & 0xc0) != 0x80)
      column++;

  g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_JSON,
               "not JSON (RFC 8259): line %" G_GSIZE_FORMAT ", column %" G_GSIZE_FORMAT ": %s", line, column,
               self->problem != NULL ? self->problem : "a value is expected");
}

/* Of a string that was read: each escape is whole, and a high surrogate has its low one behind it. */
static gunichar
unescape_char (const char **at)
{
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *c = *at + 1;

  if (*c != 'u')
    {
      const char *letter = strchr (from, *c);
      *at += 2;
      return letter != NULL ? to[letter - from] : *c;
    }

  gunichar unit = read_hex (c + 1, c + 5);
  *at += 6;
  if (unit >= 0xd800 && unit < 0xdc00)
    {
      gunichar low = read_hex (c + 7, c + 11);
      *at += 6;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  return unit;
}

gsize
car_json_span_unescape_to (const CarJsonSpan *string, char *buffer)
{
  const char *at = string->text;
  const char *end = at + string->length;
  char *out = buffer;

  while (at < end)
    {
      const char *backslash = string->escaped ? memchr (at, '\\', end - at) : NULL;
      gsize plain = (backslash != NULL ? backslash : end) - at;
      memcpy (out, at, plain);
      out += plain;
      at += plain;
      if (backslash != NULL)
        out += g_unichar_to_utf8 (unescape_char (&at), out);
    }
  return out - buffer;
}

char *
car_json_span_unescape (const CarJsonSpan *string, gsize *length)
{
  char *buffer = g_malloc (string->length + 1);
  gsize n_bytes = car_json_span_unescape_to (string, buffer);

  buffer[n_bytes] = '\0';
  if (length != NULL)
    *length = n_bytes;
  return buffer;
}

/* An escape is longer than what it stands for. */
gboolean
car_json_span_unescapes_to (const CarJsonSpan *string, const char *text, gsize length)
{
  if (string->length < length)
    return FALSE;

  gsize n_bytes;
  g_autofree char *unescaped = car_json_span_unescape (string, &n_bytes);
  return n_bytes == length && memcmp (unescaped, text, length) == 0;
}

/* Of a character that RFC 8259, section 7, wants escaped. */
static void
append_escape (GString *out, char c)
{
  switch (c)
    {
    case '"':
      g_string_append_len (out, "\\\"", 2);
      break;
    case '\\':
      g_string_append_len (out, "\\\\", 2);
      break;
    case '\n':
      g_string_append_len (out, "\\n", 2);
      break;
    case '\r':
      g_string_append_len (out, "\\r", 2);
      break;
    case '\t':
      g_string_append_len (out, "\\t", 2);
      break;
    case '\b':
      g_string_append_len (out, "\\b", 2);
      break;
    case '\f':
      g_string_append_len (out, "\\f", 2);
      break;
    default:
      g_string_append_printf (out, "\\u%04x", (guint) c);
    }
}

void
car_json_append_span (GString *out, const CarJsonSpan *value)
{
  const char *quote = value->type == CAR_JSON_STRING ? "\"" : "";

  g_string_append (out, quote);
  g_string_append_len (out, value->text, (gssize) value->length);
  g_string_append (out, quote);
}

void
car_json_append_string (GString *out, const char *text, gssize length)
{
  const char *end = text + (length < 0 ? strlen (text) : (gsize) length);

  g_string_append_c (out, '"');
  while (text < end)
    {
      const char *plain = text;
      while ((text = car_json_skip_plain (text, end)) < end && (guint8) *text >= 0x80)
        text++;
      g_string_append_len (out, plain, text - plain);
      if (text < end)
        append_escape (out, *text++);
    }
  g_string_append_c (out, '"');
}

/* Writes digits from their end on; a decimal point comes before the last `decimals` of them, where there are any. */
static void
append_digits (GString *out, gboolean negative, guint64 digits, guint decimals)
{
  char spelling[24];
  char *at = spelling + sizeof spelling;

  for (guint n = 0; n <= decimals || digits != 0; n++)
    {
      if (n == decimals && n > 0)
        *--at = '.';
      *--at = '0' + digits % 10;
      digits /= 10;
    }
  if (negative)
    *--at = '-';

  const gsize length = spelling + sizeof spelling - at;
  memcpy (car_json_extend (out, length), at, length);
}

void
car_json_append_int (GString *out, gint64 value)
{
  append_digits (out, value < 0, value < 0 ? -(guint64) value : (guint64) value, 0);
}

/* Most doubles from outside have few decimals. Where a whole number below 10^15 divided by a power of ten is the
 * double, the two spell it: both are exact, and a quotient is rounded as a text that is read back is. */
static gboolean
append_short_decimal (GString *out, double value)
{
  double magnitude = fabs (value);
  double scale = 10;

  if (magnitude < 1e-4 || magnitude >= 1e15)
    return FALSE;

  for (guint decimals = 1; decimals <= 6; decimals++, scale *= 10)
    {
      guint64 digits = (guint64) (magnitude * scale + 0.5);

      if (digits >= G_GUINT64_CONSTANT (1000000000000000))
        return FALSE;
      if ((double) digits / scale == magnitude)
        {
          append_digits (out, value < 0, digits, decimals);
          return TRUE;
        }
    }
  return FALSE;
}

/* printf writes 1e+22 and 1e-07, where 1e22 and 1e-7 read back as the same. */
static void
shorten_exponent (char *spelling)
{
  char *exponent = strchr (spelling, 'e');
  if (exponent == NULL)
    return;

  char *from = exponent + 1, *to = exponent + 1;
  if (*from == '+')
    from++;
  else if (*from == '-')
    *to++ = *from++;
  while (*from == '0')
    from++;
  memmove (to, from, strlen (from) + 1);
}

void
car_json_append_double (GString *out, double value)
{
  char spelling[G_ASCII_DTOSTR_BUF_SIZE];

  g_return_if_fail (isfinite (value));

  if (fabs (value) < 1e15 && value == (gint64) value && (value != 0 || !signbit (value)))
    {
      car_json_append_int (out, (gint64) value);
      return;
    }
  if (append_short_decimal (out, value))
    return;

  /* What 15 digits can tell apart reads back from at most 15; a subnormal number may need fewer than it would print. */
  for (int digits = isnormal (value) ? 15 : 1; digits <= 17; digits++)
    {
      char format[] = "%.00g";
      format[2] += digits / 10;
      format[3] += digits % 10;
      g_ascii_formatd (spelling, sizeof spelling, format, value);
      if (g_ascii_strtod (spelling, NULL) == value)
        break;
    }
  shorten_exponent (spelling);
  g_string_append (out, spelling);
}
