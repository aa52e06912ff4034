/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* car-service token add|list|revoke: makes and unmakes tokens in a database, which a running service may have; `argv` begins
 * with "token". An error is to be told, and ends the program as car_server_get_exit_code() says. */
gboolean car_service_token_command (int argc, char **argv, const char *default_database, GError **error);

G_END_DECLS
