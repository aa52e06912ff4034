/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <locale.h>

#include <libcar/base/car-language-private.h>

void
car_language_bind (void)
{
  static gsize bound = 0;

  if (g_once_init_enter (&bound))
    {
      /* A test has the messages elsewhere than they are installed. */
      const char *folder = g_getenv ("CAR_LOCALE_DIR");

      bindtextdomain (GETTEXT_PACKAGE, folder != NULL ? folder : LOCALEDIR);
      bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
      g_once_init_leave (&bound, 1);
    }
}

/* Not LC_NUMERIC: a program that reads and writes numbers with C's functions would do it in another way. */
void
car_language_begin (void)
{
  car_language_bind ();
  if (g_strcmp0 (setlocale (LC_MESSAGES, NULL), "C") != 0)
    return;

  if (g_strcmp0 (setlocale (LC_CTYPE, NULL), "C") == 0)
    setlocale (LC_CTYPE, "");
  setlocale (LC_MESSAGES, "");
}

/* An empty text would be answered with the head of the catalogue. */
const char *
car_language_get (const char *text)
{
  car_language_bind ();
  return *text == '\0' ? text : dgettext (GETTEXT_PACKAGE, text);
}

const char *
car_language_get_plural (const char *one, const char *many, guint64 n)
{
  car_language_bind ();
  /* No language counts beyond a million in another way than up to it, and the rules look at the last digits. */
  return dngettext (GETTEXT_PACKAGE, one, many, n > 1000000 ? n % 1000000 + 1000000 : n);
}

/* Prints with the user's own rules for numbers, whatever the process has. */
static char *G_GNUC_PRINTF (1, 2) print_number (const char *format, ...)
{
  const locale_t numbers = newlocale (LC_NUMERIC_MASK | LC_CTYPE_MASK, "", (locale_t) 0);
  const locale_t before = numbers == (locale_t) 0 ? (locale_t) 0 : uselocale (numbers);
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);

  if (numbers != (locale_t) 0)
    {
      uselocale (before);
      freelocale (numbers);
    }
  return g_utf8_make_valid (text, -1);
}

char *
car_language_format_count (guint64 count)
{
  return print_number ("%'" G_GUINT64_FORMAT, count);
}

char *
car_language_format_seconds (double seconds)
{
  return print_number ("%'.1f", seconds);
}

static guint
get_columns (gunichar c)
{
  return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
}

guint
car_language_get_width (const char *text)
{
  guint width = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    width += get_columns (g_utf8_get_char (at));
  return width;
}

char *
car_language_cut (const char *text, guint width)
{
  const char *end = text;
  guint used = 0;

  while (*end != '\0' && (used += get_columns (g_utf8_get_char (end))) <= width)
    end = g_utf8_next_char (end);
  return g_strndup (text, end - text);
}

static void
append_spaces (GString *out, const char *text, guint width)
{
  for (guint used = car_language_get_width (text); used < width; used++)
    g_string_append_c (out, ' ');
}

void
car_language_append_left (GString *out, const char *text, guint width)
{
  g_string_append (out, text);
  append_spaces (out, text, width);
}

void
car_language_append_right (GString *out, const char *text, guint width)
{
  append_spaces (out, text, width);
  g_string_append (out, text);
}
