/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Standard output of a program. Words go through g_print(), which writes them in the locale's charset. */

/* Writes a text as it is: JSON is UTF-8 in every locale. CAR_APP_ERROR_GENERAL says why it cannot. */
gboolean car_output_write (const char *text, GError **error);

/* The same, and the end of the line. */
gboolean car_output_write_line (const char *text, GError **error);

/* Whether all that was printed and written until now has arrived; the same error. Whoever closed the other end, such as “head”, has
 * all that it wanted. */
gboolean car_output_finish (GError **error);

G_END_DECLS
