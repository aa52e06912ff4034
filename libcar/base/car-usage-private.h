/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Prints the help of a program: the first line names it and these arguments, and the options follow. GLib's own first line has a
 * character that not every terminal can show. */
void car_usage_print (GOptionContext *context, const char *arguments);

G_END_DECLS
