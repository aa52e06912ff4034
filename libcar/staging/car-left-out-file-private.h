/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where the objects that are left out can be read, each on a line: {"collection":…,"reason":…,"object":…}. `object` is the
 * object, or the text that was to be one where it is no JSON. */
typedef struct _CarLeftOutFile CarLeftOutFile;

/* The file is new, and its owner's alone: objects may be confidential. Sets
 * CAR_APP_ERROR_INVALID_PARAMETER. */
CarLeftOutFile *car_left_out_file_open (const char *path, GError **error);

/* Nothing where `self` is NULL. When it cannot be written, a warning says so once, at the end. */
void car_left_out_file_add (CarLeftOutFile *self,
                            const char *collection,
                            const char *reason,
                            const char *text,
                            gsize length);
void car_left_out_file_close (CarLeftOutFile *self);

G_END_DECLS
