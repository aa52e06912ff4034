/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <libintl.h>

G_BEGIN_DECLS

/* The language of messages (docs/running.md, "Languages"). What is marked with _() or N_() is for people, and po/ has it in each language. */

/* Tells gettext where the messages are, once a process. Everything that translates calls it first. */
void car_language_bind (void);

/* The same, and takes the user's language where the process has taken none yet: programs do that with setlocale(), but
 * neither C's main() nor Python does it by itself. Before there are threads. */
void car_language_begin (void);

/* These two are what _() and ngettext() are in libcar. */
const char *car_language_get (const char *text) G_GNUC_FORMAT (1);
const char *car_language_get_plural (const char *one, const char *many, guint64 n) G_GNUC_FORMAT (1)
    G_GNUC_FORMAT (2);

#define _(text) car_language_get (text)
#define N_(text) (text)
#undef ngettext /* libintl.h may have one, and its domain is the program's */
#define ngettext(one, many, n) car_language_get_plural (one, many, n)

/* Numbers as the user writes them: "1,234,567", "1.234,5". Never for programs. */
char *car_language_format_count (guint64 count);
char *car_language_format_seconds (double seconds);

/* How many columns of a terminal the text fills: a Chinese character fills two, a combining accent none. */
guint car_language_get_width (const char *text);

/* As much of the beginning as fits into so many columns. */
char *car_language_cut (const char *text, guint width);

/* Appends spaces up to `width` columns, behind the text or before it. */
void car_language_append_left (GString *out, const char *text, guint width);
void car_language_append_right (GString *out, const char *text, guint width);

G_END_DECLS
