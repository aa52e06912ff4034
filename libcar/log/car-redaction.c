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

  car_secret_free_sized (self->text, self->length);
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

  car_secret_free_sized (encoded, strlen (encoded));
  explicit_bzero (bytes, total);
}

gboolean
car_redaction_is_too_short (const char *secret)
{
  /* What is no UTF-8 may end within a character: with the length said, GLib does not look behind it. */
  return g_utf8_strlen (secret, (gssize) strlen (secret)) < CAR_REDACTION_MIN_LENGTH;
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
  car_secret_free_sized (trimmed, length);
}

/* Reading. A text is read as it is, and then as one that was encoded, in each of some ways, and so on: a secret can stand in a
 * JSON string in a URL. */

#define MAX_LEVELS 3

typedef struct
{
  GByteArray *bytes;
  GArray *begins; /* of gsize: where in the first text each byte begins, and at last where all of it ends */
} Text;

static void
text_init (Text *self, gsize length)
{
  self->bytes = g_byte_array_sized_new ((guint) length);
  self->begins = g_array_sized_new (FALSE, FALSE, sizeof (gsize), (guint) length + 1);
}

static void
text_clear (Text *self)
{
  g_byte_array_unref (self->bytes);
  g_array_unref (self->begins);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Text, text_clear)

static gsize
get_begin (const Text *text, gsize at)
{
  return g_array_index (text->begins, gsize, at);
}

/* What an encoding puts in the place of one character. */
typedef struct
{
  char bytes[8];
  gsize n_bytes;
} Unit;

/* How long the encoded character is that begins here; 0: none does. The text ends with a NUL. */
typedef gsize (*Decoder) (const char *text, Unit *unit);

static gsize
set_byte (Unit *unit, char byte, gsize length)
{
  unit->bytes[0] = byte;
  unit->n_bytes = 1;
  return length;
}

static gsize
set_character (Unit *unit, guint64 character, gsize length)
{
  if (character == 0 || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
    return 0;

  unit->n_bytes = (gsize) g_unichar_to_utf8 ((gunichar) character, unit->bytes);
  return length;
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

/* %2F */
static gsize
decode_percent (const char *text, Unit *unit)
{
  guint64 value;

  return *text == '%' && read_hex (text + 1, 2, &value) && value != 0 ? set_byte (unit, (char) value, 3) : 0;
}

/* \u00e9, and \ud83d\udd11, which is one character. */
static gsize
decode_json_number (const char *text, Unit *unit)
{
  guint64 high, low;

  if (!read_hex (text + 2, 4, &high))
    return 0;
  if (high < 0xd800 || high >= 0xdc00)
    return set_character (unit, high, 6);
  if (text[6] != '\\' || text[7] != 'u' || !read_hex (text + 8, 4, &low) || low < 0xdc00 || low >= 0xe000)
    return 0;
  return set_character (unit, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12);
}

/* What languages write in their strings is much the same: \' is not JSON's. */
static gsize
decode_json (const char *text, Unit *unit)
{
  static const char letters[] = "bfnrt\"/\\'", meanings[] = "\b\f\n\r\t\"/\\'";

  if (text[0] != '\\' || text[1] == '\0')
    return 0;
  if (text[1] == 'u')
    return decode_json_number (text, unit);

  const char *letter = strchr (letters, text[1]);
  return letter != NULL ? set_byte (unit, meanings[letter - letters], 2) : 0;
}

/* &#47; and &#x2F; */
static gsize
decode_html_number (const char *text, Unit *unit)
{
  const gboolean is_hex = text[2] == 'x' || text[2] == 'X';
  const char *digits = text + (is_hex ? 3 : 2);
  char *end;

  if (!(is_hex ? g_ascii_isxdigit (*digits) : g_ascii_isdigit (*digits)))
    return 0;

  const guint64 value = g_ascii_strtoull (digits, &end, is_hex ? 16 : 10);
  return *end == ';' ? set_character (unit, value, (gsize) (end + 1 - text)) : 0;
}

static gsize
decode_html (const char *text, Unit *unit)
{
  static const struct
  {
    const char *name;
    char character;
  } names[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };

  if (text[0] != '&')
    return 0;
  if (text[1] == '#')
    return decode_html_number (text, unit);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_has_prefix (text, names[i].name))
      return set_byte (unit, names[i].character, strlen (names[i].name));
  return 0;
}

/* ~1 and ~0 */
static gsize
decode_pointer (const char *text, Unit *unit)
{
  if (text[0] != '~' || (text[1] != '0' && text[1] != '1'))
    return 0;
  return set_byte (unit, text[1] == '0' ? '~' : '/', 2);
}

static const Decoder decoders[] = { decode_percent, decode_json, decode_html, decode_pointer };

static void
append_byte (Text *text, char byte, gsize begin)
{
  const guint8 value = (guint8) byte;

  g_byte_array_append (text->bytes, &value, 1);
  g_array_append_val (text->begins, begin);
}

/* A NUL ends the bytes that is not counted. */
static void
end_text (Text *text, gsize end)
{
  append_byte (text, '\0', end);
  g_byte_array_set_size (text->bytes, text->bytes->len - 1);
}

/* FALSE where nothing in it is encoded so. */
static gboolean
decode (const Text *from, Decoder decoder, Text *to)
{
  const char *bytes = (const char *) from->bytes->data;
  gboolean is_encoded = FALSE;

  for (gsize at = 0; at < from->bytes->len;)
    {
      Unit unit = { .n_bytes = 0 };
      const gsize length = decoder (bytes + at, &unit);

      is_encoded |= length > 0;
      if (length == 0)
        set_byte (&unit, bytes[at], 1);
      for (gsize i = 0; i < unit.n_bytes; i++)
        append_byte (to, unit.bytes[i], get_begin (from, at));
      at += MAX (length, 1);
    }
  end_text (to, get_begin (from, from->bytes->len));
  return is_encoded;
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

static gboolean
is_here (const Needle *needle, const char *text, gsize length)
{
  if (length < needle->length)
    return FALSE;

  for (gsize i = 0; i < needle->length; i++)
    if (!is_alike (needle, needle->text[i], text[i]))
      return FALSE;
  return TRUE;
}

/* A slash is not among them: it ends a segment of a URL more often. */
static gboolean
is_base64_sign (char character)
{
  return g_ascii_isalnum (character) || strchr ("+-_", character) != NULL;
}

/* Where a part of a Base64 text is a secret, the rest of it says more than it seems to: the whole of it goes. */
static void
widen_base64 (const Text *text, gsize *begin, gsize *end)
{
  const char *bytes = (const char *) text->bytes->data;

  while (*begin > 0 && is_base64_sign (bytes[*begin - 1]))
    (*begin)--;
  while (*end < text->bytes->len && is_base64_sign (bytes[*end]))
    (*end)++;
  while (*end < text->bytes->len && bytes[*end] == '=')
    (*end)++;
}

/* Marks the bytes of the first text that are a secret's. */
static void
mark_secrets (const CarRedaction *self, const Text *text, gboolean *marks)
{
  const char *bytes = (const char *) text->bytes->data;

  for (gsize at = 0; at < text->bytes->len; at++)
    for (guint i = 0; i < self->needles->len; i++)
      {
        const Needle *needle = &g_array_index (self->needles, Needle, i);
        if (!is_here (needle, bytes + at, text->bytes->len - at))
          continue;

        gsize begin = at, end = at + needle->length;
        if (needle->is_base64)
          widen_base64 (text, &begin, &end);
        for (gsize j = get_begin (text, begin); j < get_begin (text, end); j++)
          marks[j] = TRUE;
        at = end - 1;
        break;
      }
}

static void
mark_all (const CarRedaction *self, const Text *text, guint n_levels, gboolean *marks)
{
  mark_secrets (self, text, marks);
  for (guint i = 0; n_levels > 0 && i < G_N_ELEMENTS (decoders); i++)
    {
      g_auto (Text) decoded;
      text_init (&decoded, text->bytes->len);
      if (decode (text, decoders[i], &decoded))
        mark_all (self, &decoded, n_levels - 1, marks);
    }
}

char *
car_redaction_hide (const CarRedaction *self, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const gsize length = strlen (valid);
  g_autofree gboolean *marks = g_new0 (gboolean, length);
  GString *out = g_string_sized_new (length);
  g_auto (Text) whole;

  text_init (&whole, length);
  for (gsize i = 0; i < length; i++)
    append_byte (&whole, valid[i], i);
  end_text (&whole, length);
  mark_all (self, &whole, MAX_LEVELS, marks);

  for (gsize i = 0; i < length; i++)
    if (!marks[i])
      g_string_append_c (out, valid[i]);
    else if (i == 0 || !marks[i - 1])
      g_string_append (out, STARS);
  return g_string_free (out, FALSE);
}
