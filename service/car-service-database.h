/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which database a program is told to use: --database, else CAR_SERVICE_DATABASE, else the file in the user's folder for state, which
 * is not made. `given` is what the option gave, or NULL; it is taken. */
char *car_service_database_choose (char *given);

/* Whoever lists processes sees their arguments: passwords in URIs are wiped from them. */
void car_service_database_hide_passwords (int argc, char **argv);

G_END_DECLS
