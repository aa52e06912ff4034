/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `connection.type.displayName` of a connector's configurations/config.json; NULL where there is none. A file that is
 * there and cannot be used is worth a warning, no more: it gives a name for the log. */
char *car_connector_name_from_file (const char *path);

/* A program's name, without the ending of a script: a connector is called alike in every language. */
char *car_connector_name_from_program (const char *program);

G_END_DECLS
