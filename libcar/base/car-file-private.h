/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A whole regular file of at most `max_size` bytes, with a NUL behind it that `length` does not count. Not blocked by a
 * fifo, not fed for ever by a device. The error says what is wrong without naming the file; G_FILE_ERROR_NOENT and
 * G_FILE_ERROR_NOTDIR: there is none. */
char *car_file_read (const char *path, gsize max_size, gsize *length, GError **error);

/* A file that may hold a secret, or may say what is run: it belongs to this user or to root, nobody else may change it, and
 * not every user may read it. The error says what is wrong without naming the file. TRUE also where there is no regular
 * file: reading it says so. */
gboolean car_file_check_private (const char *path, GError **error);

/* A pipe, a device or the like: it is written into as it is, and never made anew. */
gboolean car_file_is_special (const char *path);

/* Writes a file, whole or not at all; what is no regular file, such as a pipe, is written into. */
gboolean car_file_write (const char *path, const char *text, gsize length, GError **error);

/* Overwrites memory that held a secret, and frees it; NULL is nothing. The second is for what a NUL ends. */
void car_secret_free_sized (char *secret, gsize length);
void car_secret_free (char *text);

G_END_DECLS
