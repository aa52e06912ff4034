/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* JSON Pointers (RFC 6901). */

/* Appends one part, with its slash before it. */
void car_json_pointer_append (GString *pointer, const char *part, gsize length);
void car_json_pointer_append_index (GString *pointer, gsize index);

/* Reads the part that begins with the slash at `pointer`, and moves `pointer` behind it. NULL where none begins there,
 * or where a tilde stands in it that escapes nothing. */
char *car_json_pointer_read (const char **pointer);

G_END_DECLS
