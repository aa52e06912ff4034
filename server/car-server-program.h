/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What car-service, car-fault-service and car-asset-server share as programs: how they begin, are called, and end. */

/* The first call of main(). The language is the user's. A reader of what is printed may go away, and a file may not grow
 * (ulimit -f): both are errors of the write, and no end of the program. */
void car_server_begin (const char *name);

/* Reads the options, which end with an empty entry; --help, --version and --port come with them. What follows `secrets`
 * (a NULL-ended list such as "--password") is taken out of the process list, which everybody can read.
 *
 * TRUE: go on. FALSE without an error: what was asked for was printed. FALSE with a G_OPTION_ERROR: the command line is
 * wrong. */
gboolean car_server_parse_options (const GOptionEntry *entries,
                                   const char *summary,
                                   const char *const *secrets,
                                   int argc,
                                   char **argv,
                                   guint16 *port,
                                   GError **error);

/* Sets a G_OPTION_ERROR: the command line is wrong. FALSE, for the caller to return. */
gboolean car_server_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Prints the error, where there is one, to standard error. One is also that standard output could not be written. What main()
 * returns: 0, 2 for a G_OPTION_ERROR, else 1. */
int car_server_get_exit_code (const GError *error);

/* Makes a folder that is the user's alone, and those above it. */
gboolean car_server_make_folder (const char *folder, GError **error);

/* Writes the port for whoever started the program; `file` may be NULL. Whoever reads the file finds all of it. */
gboolean car_server_write_port_file (const char *file, guint16 port, GError **error);

/* What is no regular file, or leads to one, was there before, and stays. `file` may be NULL. */
void car_server_remove_port_file (const char *file);

/* Hexadecimal digits of so many random bytes; NULL with an error. */
char *car_server_make_secret (gsize n_bytes, GError **error);

/* Calls the function at SIGTERM and SIGINT; it stays as long as it returns G_SOURCE_CONTINUE. */
void car_server_on_signal (GSourceFunc function, gpointer data);

G_END_DECLS
