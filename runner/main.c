/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-usage-private.h>
#include <libcar/log/car-log-private.h>

#include "runner/car-conf.h"

/* car-connector: runs a connector with the settings of a file, by the same rules whoever starts it. */

#define PROGRAM "car-connector"
#define EXIT_WRONG_SETTINGS 2 /* running.md, "Exit codes" */
#define CONNECTOR "CONNECTOR"
#define NAME_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.:-"

typedef struct
{
  char *folder;
  gboolean help;
  gboolean version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What stands behind the verb is the connector's: `arguments` keeps it as it is. */
static GOptionContext *
parse_options (Options *options, char ***arguments, GError **error)
{
  const GOptionEntry entries[] = {
    { "config-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->folder,
      N_ ("Read NAME.conf in this folder, not in the system's"), "FOLDER" },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &options->help, N_ ("Print this help, and exit"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, N_ ("Print the version, and exit"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, _ ("Runs a connector with the settings in a file."));
  g_autofree char *description = g_strdup_printf (
      _ ("Commands:\n"
         "  run NAME [OPTION...]   Read NAME.conf, and run the connector that it names; options are\n"
         "                         handed on to it\n"
         "  check NAME             Only read NAME.conf, and look for that connector\n\n"
         "NAME.conf is in %s.\n"),
      CONFDIR);
  g_option_context_set_description (context, description);

  return g_option_context_parse_strv (context, arguments, error) ? g_steal_pointer (&context) : NULL;
}

/* A name is a systemd instance as it stands, and the name of a file. */
static gboolean
check_name (const char *name, GError **error)
{
  if (*name != '\0' && strchr (".-", *name) == NULL && name[strspn (name, NAME_CHARACTERS)] == '\0')
    return TRUE;

  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("the name of a connection has letters, digits, “_”, “.”, “:” and “-”, and begins "
                          "with none of “.” and “-”"));
  return FALSE;
}

/* systemd reads the file as root and hands it over as a credential, since the connector's user may not read it. */
static CarConf *
read_conf (const char *folder, const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".conf", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *credential =
      credentials == NULL || *credentials == '\0' ? NULL : g_build_filename (credentials, file, NULL);

  if (credential == NULL || !g_file_test (credential, G_FILE_TEST_EXISTS))
    return car_conf_read (path, path, error);

  /* An administrator knows the file, and not its copy. */
  return car_conf_read (credential, g_file_test (path, G_FILE_TEST_EXISTS) ? path : credential, error);
}

/* The log is as the connector's will be. */
static void
set_up_log (const CarConf *conf)
{
  const char *name = conf == NULL ? NULL : car_conf_get (conf, "CAR_LOG_FORMAT");
  CarLogFormat format = CAR_LOG_FORMAT_AUTO;

  if (name == NULL)
    name = g_getenv ("CAR_LOG_FORMAT");
  if (name != NULL)
    car_log_parse_format (name, &format);

  car_log_set_up (format, FALSE, PROGRAM, conf == NULL ? NULL : car_conf_get (conf, "CONNECTION_NAME"),
                  PACKAGE_VERSION);
}

/* By its path, or by its name in PATH. */
static char *
find_connector (const CarConf *conf, GError **error)
{
  const char *connector = car_conf_get (conf, CONNECTOR);
  g_autofree char *place = car_conf_get_place (conf, CONNECTOR);
  g_autofree char *program = NULL;

  if (connector == NULL || *connector == '\0')
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND,
                 _ ("%s: a line CONNECTOR=PROGRAM is missing: which connector is to run"), place);
  else if (strchr (connector, '/') != NULL && !g_path_is_absolute (connector))
    g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                 _ ("%s: CONNECTOR must be the name of a program in PATH, or a path from “/” on"), place);
  else
    {
      program = g_find_program_in_path (connector);
      if (program == NULL)
        g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                     _ ("%s: there is no program %s"), place, connector);
    }

  return g_steal_pointer (&program);
}

static gboolean
execute (const CarConf *conf, const char *program, char **arguments, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add (builder, program);
  g_strv_builder_addv (builder, (const char **) arguments);
  g_auto (GStrv) command = g_strv_builder_end (builder);

  execv (program, command);

  int code = errno;
  g_autofree char *place = car_conf_get_place (conf, CONNECTOR);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("%s: %s cannot be run: %s"), place,
               program, g_strerror (code));
  return FALSE;
}

/* Returns: only where something is wrong, or nothing is to be run. */
static gboolean
run (const char *folder, const char *name, char **arguments, gboolean only_check, GError **error)
{
  g_autoptr (CarConf) conf = check_name (name, error) ? read_conf (folder, name, error) : NULL;

  set_up_log (conf);
  if (conf == NULL)
    return FALSE;

  car_conf_export (conf);
  g_unsetenv (CONNECTOR); /* the file's alone */
  g_autofree char *program = find_connector (conf, error);

  return program != NULL && (only_check || execute (conf, program, arguments, error));
}

static gboolean
obey (const Options *options, char **arguments, GError **error)
{
  const char *folder = options->folder == NULL ? CONFDIR : options->folder;
  guint n = g_strv_length (arguments);
  const char *verb = n > 0 ? arguments[0] : "";
  gboolean check = g_str_equal (verb, "check");

  if (!check && !g_str_equal (verb, "run"))
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                         _ ("the command is missing or unknown: say “run NAME” or “check NAME”; see --help"));
  else if (n < 2 || (check && n > 2))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 check ? _ ("“%s” needs the name of a connection and nothing else: NAME for %s/NAME.conf")
                       : _ ("“%s” needs the name of a connection: NAME for %s/NAME.conf"),
                 verb, folder);
  else
    return run (folder, arguments[1], arguments + 2, check, error);

  return FALSE;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = g_strdupv (argv);

  car_language_begin ();
  g_set_prgname (PROGRAM);
  car_log_install ();
  set_up_log (NULL);

  g_autoptr (GOptionContext) context = parse_options (&options, &arguments, &error);
  if (context != NULL && options.help)
    car_usage_print (context, "[OPTION...] COMMAND NAME");
  else if (context != NULL && options.version)
    g_print ("%s %s\n", PROGRAM, PACKAGE_VERSION);
  else if (context != NULL)
    obey (&options, arguments + 1, &error);
  if (error == NULL && car_output_finish (&error))
    return 0;

  car_log_failure ("%s", error->message);
  return error->domain == CAR_APP_ERROR ? EXIT_FAILURE : EXIT_WRONG_SETTINGS;
}
