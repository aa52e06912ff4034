/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-reader-private.h>
#include <libcar/staging/car-stage-private.h>

G_BEGIN_DECLS

/* What is staged, left in a folder for another process: the files of the bundle, and what was counted. */

/* Whoever calls these holds the bundle's lock. Everything is flushed. Returns: the text of a JSON object that tells of it. */
char *car_kept_write (CarBundle *bundle, CarStage *stage, int folder_fd, GError **error);

/* The other way round, into a bundle and a stage to which nothing was added. The object may be anybody's. The error says what is
 * wrong with it, or with the files. */
gboolean
car_kept_read (CarBundle *bundle, CarStage *stage, int folder_fd, const CarJsonSpan *kept, GError **error);

G_END_DECLS
