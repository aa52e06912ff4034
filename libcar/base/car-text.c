/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-text-private.h>

#define MAX_PRINTABLE 300

char *
car_text_to_printable (const char *text, gssize length)
{
  gsize size = length < 0 ? strlen (text) : (gsize) length;
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) MIN (size, 4 * MAX_PRINTABLE));
  GString *out = g_string_new (NULL);

  const char *at = valid;
  for (; *at && out->len < MAX_PRINTABLE; at = g_utf8_next_char (at))
    {
      gunichar character = g_utf8_get_char (at);
      if (g_unichar_isprint (character))
        g_string_append_unichar (out, character);
      else
        g_string_append_printf (out, "\\u%04x", character);
    }
  if (*at || size > 4 * MAX_PRINTABLE)
    g_string_append (out, "…");

  return g_string_free (out, FALSE);
}
