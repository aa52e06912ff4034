/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/settings/car-settings-private.h>

G_BEGIN_DECLS

/* What `--help` prints: all settings, the connector's first. `description` is the connector's, or NULL. */
char *car_help_make (const CarSettings *settings, const char *program, const char *description);

G_END_DECLS
