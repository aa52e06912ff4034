/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-usage-private.h>

#include "server/car-server-program.h"

#define EXIT_WRONG_OPTION 2
#define MAX_SECRET_BYTES 64

void
car_server_begin (const char *name)
{
  car_language_begin ();
  g_set_prgname (name);
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
}

static void
wipe_secrets (const char *const *secrets, int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    for (guint k = 0; secrets[k] != NULL; k++)
      {
        gsize length = strlen (secrets[k]);

        if (strcmp (argv[i], secrets[k]) == 0 && i + 1 < argc)
          memset (argv[i + 1], '*', strlen (argv[i + 1]));
        else if (strncmp (argv[i], secrets[k], length) == 0 && argv[i][length] == '=')
          memset (argv[i] + length + 1, '*', strlen (argv[i] + length + 1));
      }
}

gboolean
car_server_refuse (GError **error, const char *format, ...)
{
  va_list values;

  va_start (values, format);
  g_autofree char *message = g_strdup_vprintf (format, values);
  va_end (values);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);

  return FALSE;
}

static gboolean
check_port (int port, GError **error)
{
  return (port >= 0 && port <= G_MAXUINT16) ||
         car_server_refuse (error, _ ("--port is a number from 0 to 65535"));
}

static gboolean
check_surplus (char **arguments, GError **error)
{
  return arguments[0] == NULL || arguments[1] == NULL ||
         car_server_refuse (error, _ ("%s is no option; see --help"), arguments[1]);
}

gboolean
car_server_parse_options (const GOptionEntry *entries,
                          const char *summary,
                          const char *const *secrets,
                          int argc,
                          char **argv,
                          guint16 *port,
                          GError **error)
{
  gboolean help = FALSE, version = FALSE;
  int number = 0;
  const GOptionEntry common[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &number, N_ ("Listen on this port (default: a free one)"), "PORT" },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_ ("Print this help, and exit"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version, and exit"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) arguments = g_new0 (char *, (gsize) argc + 1);

  for (int i = 0; i < argc; i++)
    arguments[i] = g_strdup (argv[i]);
  wipe_secrets (secrets, argc, argv);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, summary);
  if (!g_option_context_parse_strv (context, &arguments, error) || !check_surplus (arguments, error) ||
      !check_port (number, error))
    return FALSE;
  *port = (guint16) number;

  if (help)
    car_usage_print (context, "[OPTIONS]");
  else if (version)
    g_print ("%s %s\n", g_get_prgname (), PACKAGE_VERSION);

  return !help && !version;
}

int
car_server_get_exit_code (const GError *error)
{
  g_autoptr (GError) unwritten = NULL;

  if (error == NULL && car_output_finish (&unwritten))
    return 0;
  if (error == NULL)
    error = unwritten;

  g_printerr ("%s: %s\n", g_get_prgname (), error->message);
  return error->domain == G_OPTION_ERROR ? EXIT_WRONG_OPTION : 1;
}

gboolean
car_server_make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0700) == 0)
    return TRUE;

  int code = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), _ ("The folder %s cannot be made: %s"),
               folder, g_strerror (code));
  return FALSE;
}

gboolean
car_server_write_port_file (const char *file, guint16 port, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%u\n", port);

  return file == NULL || car_file_write (file, text, strlen (text), error);
}

void
car_server_remove_port_file (const char *file)
{
  if (file != NULL && !car_file_is_special (file) && !g_file_test (file, G_FILE_TEST_IS_SYMLINK))
    g_unlink (file);
}

char *
car_server_make_secret (gsize n_bytes, GError **error)
{
  guint8 bytes[MAX_SECRET_BYTES];

  g_assert (n_bytes <= sizeof bytes);
  if (getrandom (bytes, n_bytes, 0) != (gssize) n_bytes)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), _ ("No random bytes are to be had: %s"),
                   g_strerror (code));
      return NULL;
    }

  GString *text = g_string_sized_new (2 * n_bytes);
  for (gsize i = 0; i < n_bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  explicit_bzero (bytes, sizeof bytes);

  return g_string_free (text, FALSE);
}

void
car_server_on_signal (GSourceFunc function, gpointer data)
{
  g_unix_signal_add (SIGTERM, function, data);
  g_unix_signal_add (SIGINT, function, data);
}
