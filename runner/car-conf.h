/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The settings of one connection, NAME.conf: a line each, VARIABLE=value. car-connector(1) states the rules. */
typedef struct _CarConf CarConf;

/* Reads the file. Messages call it `shown`, and never show a value, which may be secret.
 * G_FILE_ERROR: it cannot be read, or others may change it. G_KEY_FILE_ERROR: "FILE:LINE: what is wrong". */
CarConf *car_conf_read (const char *path, const char *shown, GError **error);

/* The same of a text. */
CarConf *car_conf_parse (const char *text, gsize length, const char *shown, GError **error);

void car_conf_free (CarConf *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarConf, car_conf_free)

/* NULL: the file does not set the variable. */
const char *car_conf_get (const CarConf *self, const char *variable);

/* "FILE:LINE", where the variable is set; "FILE" where it is not. */
char *car_conf_get_place (const CarConf *self, const char *variable);

/* Puts all variables into the environment, over what is there. */
void car_conf_export (const CarConf *self);

G_END_DECLS
