/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/settings/car-settings-private.h>

G_BEGIN_DECLS

/* Rewrites the arguments of a program so that GOption takes the public contract's spellings too: `-source x` and
 * `-source=x` become `--source=x`. What follows an option is its value, whatever it begins with. The value of an
 * option that is not known is cut off into an argument of its own, so that no message about it can show a secret. */
char **car_arguments_normalise (const CarSettings *settings, const char *const *arguments);

/* Overwrites the secrets among the arguments in the process's own memory, from where the system's process list reads
 * them; for scripts too, whose arguments stand behind their interpreter's. `normalised` tells whether there are any. */
gboolean
car_arguments_wipe_secrets (const CarSettings *settings, const char *const *normalised, GError **error);

G_END_DECLS
