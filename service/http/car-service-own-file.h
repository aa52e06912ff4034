/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Small files with secrets, which only their owner can read. */

/* Never over a file that is there, which is G_FILE_ERROR_EXIST: of several processes that make one at once, one wins. */
gboolean car_service_own_file_make (const char *path, const char *text, GError **error);

/* The text, a secret; NULL without an error where there is no file. One that others can read is refused. */
char *car_service_own_file_read (const char *path, GError **error);

G_END_DECLS
