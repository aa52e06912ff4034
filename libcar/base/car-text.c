/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-text-private.h>

#define MAX_SENTENCES 300
#define MAX_NAME_LENGTH 128

gboolean
car_text_is_name (const char *text)
{
  const gsize length = strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");

  return length > 0 && length <= MAX_NAME_LENGTH && text[length] == '\0' && !g_ascii_isdigit (text[0]);
}

/* A character of UTF-8 has four bytes at most: no more of a long text is looked at than can be shown. */
void
car_text_append_printable (GString *out, const char *text, gsize length, gsize max_chars)
{
  const gsize looked_at = length / 4 < max_chars ? length : 4 * max_chars;
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) looked_at);
  gsize n = 0;

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at), n++)
    {
      gunichar character = g_utf8_get_char (at);
      if (n == max_chars)
        break;
      if (g_unichar_isprint (character))
        g_string_append_unichar (out, character);
      else
        g_string_append_printf (out, character > 0xffff ? "\\U%08x" : "\\u%04x", character);
    }
  if (n == max_chars && (looked_at < length || g_utf8_strlen (valid, -1) > (glong) max_chars))
    g_string_append (out, "…");
}

char *
car_text_to_printable (const char *text, gssize length)
{
  GString *out = g_string_new (NULL);

  car_text_append_printable (out, text, length < 0 ? strlen (text) : (gsize) length, MAX_SENTENCES);
  return g_string_free (out, FALSE);
}
