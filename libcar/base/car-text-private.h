/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether the text can name a collection or one of its properties, which go into URLs, envelopes and queries as they are:
 * letters, digits and _, no digit first, 128 at most. All of them are ASCII. */
gboolean car_text_is_name (const char *text);

/* How many characters of a name or value a message shows. */
#define CAR_TEXT_SHORT 80

/* Appends what an outsider said so that it is fit for a message: UTF-8, on one line, with escapes for what cannot be
 * printed, and cut after `max_chars` characters. */
void car_text_append_printable (GString *out, const char *text, gsize length, gsize max_chars);

/* The same as a text of its own: a sentence or two. */
char *car_text_to_printable (const char *text, gssize length);

G_END_DECLS
