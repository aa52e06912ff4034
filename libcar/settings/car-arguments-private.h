/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/settings/car-settings-private.h>

G_BEGIN_DECLS

/* What the arguments of a program ask for. */
typedef enum
{
  CAR_ARGUMENTS_RUN,
  CAR_ARGUMENTS_HELP,
  CAR_ARGUMENTS_VERSION,
} CarRequest;

/* Takes the options of a program's arguments into the settings. `-source x`, `-source=x`, `--source x` and `--source=x`
 * are one; what follows an option that needs a value is its value, whatever it begins with.
 * CAR_APP_ERROR_INVALID_PARAMETER: what is wrong first; all other options are taken all the same. */
gboolean
car_arguments_parse (CarSettings *settings, int argc, char **argv, CarRequest *request, GError **error);

/* Overwrites the secrets among the arguments in the process's own memory, from where the system's process list reads
 * them; for scripts too, whose arguments stand behind their interpreter's. `argv` tells whether there are any. */
gboolean car_arguments_wipe_secrets (const CarSettings *settings, int argc, char **argv, GError **error);

G_END_DECLS
