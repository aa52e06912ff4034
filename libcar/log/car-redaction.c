/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/log/car-redaction-private.h>

#define STARS "***"

/* Of a Base64 text that is in the middle of another one. Shorter ones would look like words. */
#define MIN_BASE64_LENGTH 4

/* What is looked for. */
typedef struct
{
  char *text;
  gsize length;
  gboolean is_base64;
} Needle;

struct _CarRedaction
{
  GArray *needles; /* of Needle, the longest first: one may be a part of another */
};

static void
needle_clear (gpointer data)
{
  Needle *self = data;

  car_free_secret (self->text, self->length);
}

CarRedaction *
car_redaction_new (void)
{
  CarRedaction *self = g_new0 (CarRedaction, 1);

  self->needles = g_array_new (FALSE, FALSE, sizeof (Needle));
  g_array_set_clear_func (self->needles, needle_clear);
  return self;
}

void
car_redaction_free (CarRedaction *self)
{
  g_array_unref (self->needles);
  g_free (self);
}

/* Adding. */

static int
compare_lengths (gconstpointer a, gconstpointer b)
{
  const gsize length_a = ((const Needle *) a)->length, length_b = ((const Needle *) b)->length;

  return length_a < length_b ? 1 : length_a > length_b ? -1 : 0;
}

static gboolean
has_needle (const CarRedaction *self, const char *text, gsize length)
{
  for (guint i = 0; i < self->needles->len; i++)
    {
      const Needle *needle = &g_array_index (self->needles, Needle, i);
      if (needle->length == length && memcmp (needle->text, text, length) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
add_needle (CarRedaction *self, const char *text, gsize length, gboolean is_base64)
{
  const Needle needle = { g_strndup (text, length), length, is_base64 };

  g_array_append_val (self->needles, needle);
}

/* What Base64 makes of the secret behind so many other bytes: the characters that the secret alone decides. A character stands for
 * six bits. Where nothing follows either, the last one is known too. */
static void
add_base64 (CarRedaction *self, const char *secret, gsize length, gsize n_before)
{
  const gsize total = n_before + length;
  g_autofree char *bytes = g_malloc0 (total);
  memcpy (bytes + n_before, secret, length);

  char *encoded = g_base64_encode ((const guchar *) bytes, total);
  const gsize first = (n_before * 8 + 5) / 6, end = total * 8 / 6;
  if (end - first >= MIN_BASE64_LENGTH)
    add_needle (self, encoded + first, end - first, TRUE);

  car_free_secret (encoded, strlen (encoded));
  explicit_bzero (bytes, total);
}

gboolean
car_redaction_is_too_short (const char *secret)
{
  return g_utf8_strlen (secret, -1) < CAR_REDACTION_MIN_LENGTH;
}

void
car_redaction_add (CarRedaction *self, const char *secret)
{
  char *trimmed = g_strstrip (g_strdup (secret));
  const gsize length = strlen (trimmed);

  if (!car_redaction_is_too_short (trimmed) && !has_needle (self, trimmed, length))
    {
      add_needle (self, trimmed, length, FALSE);
      for (gsize n_before = 0; n_before < 3; n_before++)
        add_base64 (self, trimmed, length, n_before);
      g_array_sort (self->needles, compare_lengths);
    }
  car_free_secret (trimmed, length);
}

/* A text may be read in more than one way: “%41” is itself, or an A. Each way is tried for the whole of a secret. */
typedef struct
{
  gboolean by_spelling; /* what can be a spelling of the next character is one */
  guint n_levels;       /* how often something was encoded: a JSON string in another one, a URL in a URL */
} Reading;

static const Reading readings[] = { { FALSE, 0 }, { TRUE, 0 },  { FALSE, 1 },
                                    { TRUE, 1 },  { FALSE, 2 }, { TRUE, 2 } };

/* Reading one character of a text, spelt in some way. Each of these functions answers how long the spelling is, 0 where there is
 * none, and the bytes that it stands for. */

typedef struct
{
  char bytes[8];
  gsize n_bytes;
} Unit;

static gboolean
set_character (Unit *unit, guint64 character)
{
  if (character == 0 || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
    return FALSE;

  unit->n_bytes = (gsize) g_unichar_to_utf8 ((gunichar) character, unit->bytes);
  return TRUE;
}

static gboolean
read_hex (const char *text, gsize n_digits, guint64 *value)
{
  *value = 0;
  for (gsize i = 0; i < n_digits; i++)
    {
      if (!g_ascii_isxdigit (text[i]))
        return FALSE;
      *value = *value * 16 + (guint64) g_ascii_xdigit_value (text[i]);
    }
  return TRUE;
}

/* "%2F"; once more that is "%252F". */
static gsize
read_percent (const char *text, gboolean once_more, Unit *unit)
{
  const char *at = text + 1;
  guint64 value;

  if (once_more && g_str_has_prefix (at, "25") && g_ascii_isxdigit (at[2]) && g_ascii_isxdigit (at[3]))
    at += 2;
  if (!read_hex (at, 2, &value) || value == 0)
    return 0;

  unit->bytes[0] = (char) value;
  unit->n_bytes = 1;
  return (gsize) (at + 2 - text);
}

static gsize
read_u_escape (const char *at, Unit *unit)
{
  guint64 high, low;

  if (!read_hex (at, 4, &high))
    return 0;
  if (high < 0xd800 || high >= 0xdc00)
    return set_character (unit, high) ? 4 : 0;

  const gsize n_backslashes = strspn (at + 4, "\\");
  const char *second = at + 4 + n_backslashes;
  if (n_backslashes == 0 || *second != 'u' || !read_hex (second + 1, 4, &low) || low < 0xdc00 ||
      low >= 0xe000)
    return 0;
  set_character (unit, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
  return (gsize) (second + 5 - at);
}

/* "\/", "\u002f", "\n"; and "\\u002f", which is that in another string. */
static gsize
read_backslash (const char *text, Unit *unit)
{
  static const char letters[] = "bfnrt\"/'", meanings[] = "\b\f\n\r\t\"/'";
  const gsize n_backslashes = strspn (text, "\\");
  const char *at = text + n_backslashes;

  if (*at == 'u')
    {
      const gsize length = read_u_escape (at + 1, unit);
      if (length > 0)
        return n_backslashes + 1 + length;
    }

  const char *letter = *at != '\0' ? strchr (letters, *at) : NULL;
  if (letter == NULL)
    return 0;
  unit->bytes[0] = meanings[letter - letters];
  unit->n_bytes = 1;
  return n_backslashes + 1;
}

/* "&#47;" and "&#x2F;". */
static gsize
read_numeric_reference (const char *at, Unit *unit)
{
  const gboolean is_hex = at[1] == 'x' || at[1] == 'X';
  const char *digits = at + (is_hex ? 2 : 1);
  char *end;

  if (!(is_hex ? g_ascii_isxdigit (*digits) : g_ascii_isdigit (*digits)))
    return 0;
  const guint64 value = g_ascii_strtoull (digits, &end, is_hex ? 16 : 10);
  return *end == ';' && set_character (unit, value) ? (gsize) (end + 1 - at) : 0;
}

/* "&lt;"; once more that is "&amp;lt;". */
static gsize
read_ampersand (const char *text, gboolean once_more, Unit *unit)
{
  static const struct
  {
    const char *name;
    char character;
  } names[] = { { "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' } };
  const char *at = text + 1;

  if (once_more && g_str_has_prefix (at, "amp;"))
    at += strlen ("amp;");
  if (*at == '#')
    {
      const gsize length = read_numeric_reference (at, unit);
      return length > 0 ? (gsize) (at + length - text) : 0;
    }

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_has_prefix (at, names[i].name))
      {
        unit->bytes[0] = names[i].character;
        unit->n_bytes = 1;
        return (gsize) (at + strlen (names[i].name) - text);
      }
  return 0;
}

static gsize
read_spelling (const char *text, const Reading *reading, Unit *unit)
{
  switch (*text)
    {
    case '%':
      return read_percent (text, reading->n_levels > 1, unit);
    case '\\':
      return read_backslash (text, unit);
    case '&':
      return read_ampersand (text, reading->n_levels > 1, unit);
    default:
      return 0;
    }
}

/* Finding. */

/* base64url has other signs for two of Base64's; a form has `+` for a space. */
static gboolean
is_alike (const Needle *needle, char wanted, char found)
{
  if (wanted == found)
    return TRUE;
  if (needle->is_base64)
    return (wanted == '+' && found == '-') || (wanted == '/' && found == '_');
  return wanted == ' ' && found == '+';
}

/* As it is. Answers how much of the text is read, 0 where it is something else; *n_bytes of the needle are. */
static gsize
match_literally (const Needle *needle, gsize at, const char *text, const Reading *reading, gsize *n_bytes)
{
  *n_bytes = 1;
  if (needle->text[at] == '\\')
    {
      const gsize n_backslashes = (gsize) 1 << reading->n_levels;
      return strspn (text, "\\") >= n_backslashes ? n_backslashes : 0;
    }
  return *text != '\0' && is_alike (needle, needle->text[at], *text) ? 1 : 0;
}

static gsize
match_spelling (const Needle *needle, gsize at, const char *text, const Reading *reading, gsize *n_bytes)
{
  Unit unit;
  const gsize length = read_spelling (text, reading, &unit);
  if (length == 0 || unit.n_bytes > needle->length - at)
    return 0;

  *n_bytes = unit.n_bytes;
  for (gsize i = 0; i < unit.n_bytes; i++)
    if (!is_alike (needle, needle->text[at + i], unit.bytes[i]))
      return 0;
  return length;
}

/* How long what the needle matches is; 0: it does not match here. */
static gsize
match (const Needle *needle, const char *text, const Reading *reading)
{
  const char *end = text;

  for (gsize at = 0, n_bytes; at < needle->length; at += n_bytes)
    {
      gsize length = reading->by_spelling ? match_spelling (needle, at, end, reading, &n_bytes)
                                          : match_literally (needle, at, end, reading, &n_bytes);
      if (length == 0)
        length = reading->by_spelling ? match_literally (needle, at, end, reading, &n_bytes)
                                      : match_spelling (needle, at, end, reading, &n_bytes);
      if (length == 0)
        return 0;
      end += length;
    }
  return (gsize) (end - text);
}

/* The longest secret that begins here, and whether it is in Base64. */
static gsize
find_here (const CarRedaction *self, const char *text, gboolean *is_base64)
{
  const gboolean may_be_spelt = strchr ("%\\&", *text) != NULL;
  gsize longest = 0;

  for (guint i = 0; i < self->needles->len; i++)
    {
      const Needle *needle = &g_array_index (self->needles, Needle, i);
      if (!may_be_spelt && !is_alike (needle, needle->text[0], *text))
        continue;

      for (guint j = 0; j < G_N_ELEMENTS (readings); j++)
        {
          const gsize length = match (needle, text, &readings[j]);
          if (length > longest)
            *is_base64 = needle->is_base64;
          longest = MAX (longest, length);
        }
    }
  return longest;
}

/* A slash is not among them: it ends a segment of a URL more often. */
static gboolean
is_base64_sign (char character)
{
  return g_ascii_isalnum (character) || strchr ("+-_", character) != NULL;
}

/* Where a part of a Base64 text is a secret, the rest of it says more than it seems to: the whole of it goes. */
static void
hide_base64_before (GString *out, gsize begin)
{
  while (out->len > begin && is_base64_sign (out->str[out->len - 1]))
    g_string_truncate (out, out->len - 1);
}

static const char *
skip_base64 (const char *at)
{
  while (*at != '\0' && is_base64_sign (*at))
    at++;
  return at + strspn (at, "=");
}

char *
car_redaction_hide (const CarRedaction *self, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_sized_new (strlen (valid));
  gsize begin = 0; /* of what is no secret */

  for (const char *at = valid; *at != '\0';)
    {
      gboolean is_base64 = FALSE;
      const gsize length = find_here (self, at, &is_base64);
      if (length == 0)
        {
          g_string_append_c (out, *at++);
          continue;
        }

      if (is_base64)
        hide_base64_before (out, begin);
      g_string_append (out, STARS);
      begin = out->len;
      at = is_base64 ? skip_base64 (at + length) : at + length;
    }
  return g_string_free (out, FALSE);
}
