/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The drawing of a graph in Graphviz's language, made by its program dot. CAR_APP_ERROR_INVALID_PARAMETER: it is not installed. */
char *carctl_svg_make (const char *dot, GError **error);

G_END_DECLS
