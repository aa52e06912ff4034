/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What an outsider said, fit for one line of a message: short, without control characters, UTF-8. */
char *car_text_to_printable (const char *text, gssize length);

G_END_DECLS
