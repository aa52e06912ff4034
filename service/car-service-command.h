/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Commands of car-service: what is done to the database of a service, which may run meanwhile. The arguments begin with the
 * command's name. An error is to be told, and ends the program as car_server_get_exit_code() says. */
typedef gboolean (*CarServiceCommand) (int argc, char **argv, GError **error);

gboolean car_service_token_command (int argc, char **argv, GError **error);
gboolean car_service_backup_command (int argc, char **argv, GError **error);
gboolean car_service_copy_command (int argc, char **argv, GError **error);
gboolean car_service_check_command (int argc, char **argv, GError **error);
gboolean car_service_usage_command (int argc, char **argv, GError **error);
gboolean car_service_vacuum_command (int argc, char **argv, GError **error);

/* Reads options; `entries` are the command's own, and may be NULL: --database and --help come with them. `usage` begins with
 * the command's name. The words that are no options are for g_strfreev(), the database for g_free(); `words` NULL: the command
 * takes none. FALSE without an error: the
 * help was asked for, and printed. */
gboolean car_service_command_parse (const GOptionEntry *entries,
                                    const char *usage,
                                    const char *summary,
                                    int argc,
                                    char **argv,
                                    char **database,
                                    GStrv *words,
                                    GError **error);

G_END_DECLS
