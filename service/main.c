/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

#include "service/http/car-service-server.h"

typedef struct
{
  int port;
  char *port_file;
  char *database;
  char *credentials_file;
  gboolean in_state_folder; /* the credentials of a database in memory */
  char *key;
  char *password;
  char *token;
  gboolean show_credentials;
  gboolean verbose;
  gboolean version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->port_file);
  g_free (options->database);
  g_free (options->credentials_file);
  g_free (options->key);
  g_free (options->password);
  g_free (options->token);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* What stands on the command line is in the process list: the secrets are taken from there. */
static void
wipe_secrets (int argc, char **argv)
{
  static const char *const names[] = { "--key", "--password", "--token" };

  for (int i = 1; i < argc; i++)
    for (guint k = 0; k < G_N_ELEMENTS (names); k++)
      {
        gsize length = strlen (names[k]);

        if (strcmp (argv[i], names[k]) == 0 && i + 1 < argc)
          memset (argv[i + 1], '*', strlen (argv[i + 1]));
        else if (strncmp (argv[i], names[k], length) == 0 && argv[i][length] == '=')
          memset (argv[i] + length + 1, '*', strlen (argv[i] + length + 1));
      }
}

static gboolean
parse_options (Options *options, int argc, char **argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "port", 0, 0, G_OPTION_ARG_INT, &options->port, N_ ("Listen on this port (default: a free one)"),
      N_ ("PORT") },
    { "port-file", 0, 0, G_OPTION_ARG_FILENAME, &options->port_file,
      N_ ("Write the port to this file once it is listened on"), N_ ("FILE") },
    { "database", 0, 0, G_OPTION_ARG_FILENAME, &options->database,
      N_ ("Keep the data in this file, or in :memory:"), N_ ("FILE") },
    { "credentials", 0, 0, G_OPTION_ARG_FILENAME, &options->credentials_file,
      N_ ("Keep the key, the password and the token that are made in this file"), N_ ("FILE") },
    { "key", 0, 0, G_OPTION_ARG_STRING, &options->key, N_ ("The key (or CAR_SERVICE_KEY)"), N_ ("KEY") },
    { "password", 0, 0, G_OPTION_ARG_STRING, &options->password,
      N_ ("Its password (or CAR_SERVICE_PASSWORD)"), N_ ("PASSWORD") },
    { "token", 0, 0, G_OPTION_ARG_STRING, &options->token, N_ ("The token (or CAR_SERVICE_AUTHTOKEN)"),
      N_ ("TOKEN") },
    { "show-credentials", 0, 0, G_OPTION_ARG_NONE, &options->show_credentials,
      N_ ("Print the credentials as a shell's assignments, and exit: those of a service with the same "
          "--database and --credentials"),
      NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, N_ ("Log every request"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, N_ ("Print the version, and exit"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) arguments = g_new0 (char *, (gsize) argc + 1);

  for (int i = 0; i < argc; i++)
    arguments[i] = g_strdup (argv[i]);
  wipe_secrets (argc, argv);

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (
      context, _ ("A CAR service for this machine: keeps what connectors import, and answers "
                  "questions about it. It can be reached from this machine only."));
  if (!g_option_context_parse_strv (context, &arguments, error))
    return FALSE;
  if (arguments[0] != NULL && arguments[1] != NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is no option; see --help",
                   arguments[1]);
      return FALSE;
    }
  if (options->port < 0 || options->port > G_MAXUINT16)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--port is a number from 0 to 65535");
      return FALSE;
    }

  return TRUE;
}

static gboolean
make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0700) == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "The folder %s cannot be made: %s", folder,
               g_strerror (errno));
  return FALSE;
}

/* The files that are not given: in the user's folder for state, and the credentials beside the database. */
static gboolean
fill_in_files (Options *options, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_state_dir (), "car-service", NULL);

  if (options->database == NULL)
    {
      options->database = g_build_filename (folder, "car.db", NULL);
      if (!make_folder (folder, error))
        return FALSE;
    }
  if (options->credentials_file != NULL)
    return TRUE;

  /* :memory: is beside nothing; its folder is made once the credentials are to be kept there. */
  options->in_state_folder = strcmp (options->database, CAR_SERVICE_STORE_MEMORY) == 0;
  g_autofree char *beside =
      options->in_state_folder ? g_strdup (folder) : g_path_get_dirname (options->database);
  options->credentials_file = g_build_filename (beside, "credentials", NULL);

  return TRUE;
}

static const char *
get_setting (const char *option, const char *variable)
{
  const char *value = option != NULL ? option : g_getenv (variable);

  return value != NULL && (option != NULL || *value != '\0') ? value : NULL;
}

static CarServiceCredentials *
find_credentials (const Options *options, gboolean *from_file, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceCredentials *given = car_service_credentials_new_given (
      get_setting (options->key, "CAR_SERVICE_KEY"), get_setting (options->password, "CAR_SERVICE_PASSWORD"),
      get_setting (options->token, "CAR_SERVICE_AUTHTOKEN"), &problem);

  *from_file = given == NULL && problem == NULL;
  if (*from_file)
    {
      g_autofree char *folder = g_path_get_dirname (options->credentials_file);

      if (options->in_state_folder && !make_folder (folder, error))
        return NULL;
      return car_service_credentials_load (options->credentials_file, error);
    }
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return given;
}

typedef struct
{
  GMainLoop *loop;
  CarServiceServer *server;
  CarServiceWorker *worker;
  guint patience; /* looks at what is not answered yet, before the service ends in spite of it */
} Service;

static gboolean
on_stopping (gpointer data)
{
  Service *service = data;

  if (car_service_server_get_n_requests (service->server) > 0 && service->patience-- > 0)
    return G_SOURCE_CONTINUE;

  g_main_loop_quit (service->loop);
  return G_SOURCE_REMOVE;
}

/* No more connections, the job that runs is finished, what can be answered is; then the loop ends. */
static gboolean
on_signal (gpointer data)
{
  Service *service = data;

  car_service_server_stop (service->server);
  car_service_worker_stop (service->worker);
  service->patience = 100;
  g_timeout_add (20, on_stopping, service);

  return G_SOURCE_REMOVE;
}

static void
announce (const Options *options, CarServiceServer *server, gboolean from_file)
{
  guint port = car_service_server_get_port (server);
  g_autofree char *file = g_shell_quote (options->credentials_file);

  g_print ("car-service listens on http://127.0.0.1:%u/api/car/v2\n", port);
  g_print ("Its data is in %s.\n", options->database);
  if (!from_file)
    {
      g_print ("It takes the credentials that were given to it.\n");
      return;
    }
  g_print (
      "Its key, password and token are in %s, which only you can read. For a connector in this shell:\n\n"
      "  . %s\n"
      "  export CAR_SERVICE_KEY CAR_SERVICE_PASSWORD CAR_SERVICE_URL=http://127.0.0.1:%u/api/car/v2\n\n"
      "With curl:\n\n"
      "  curl -u \"$CAR_SERVICE_KEY:$CAR_SERVICE_PASSWORD\" \"$CAR_SERVICE_URL/databases\"\n",
      options->credentials_file, file, port);
}

static gboolean
write_port_file (const Options *options, CarServiceServer *server, GError **error)
{
  if (options->port_file == NULL)
    return TRUE;

  g_autofree char *text = g_strdup_printf ("%u\n", car_service_server_get_port (server));
  return g_file_set_contents_full (options->port_file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}

static gboolean
serve (const Options *options, GError **error)
{
  gboolean from_file;

  /* One of an earlier run would be taken for ours. */
  if (options->port_file != NULL)
    g_unlink (options->port_file);

  g_autoptr (CarServiceCredentials) credentials = find_credentials (options, &from_file, error);
  g_autoptr (CarServiceStore) store =
      credentials != NULL ? car_service_store_open (options->database, error) : NULL;
  g_autoptr (CarServiceWorker) worker = store != NULL ? car_service_worker_new (store, error) : NULL;
  if (worker == NULL)
    return FALSE;

  g_autoptr (CarServiceServer) server =
      car_service_server_new (worker, g_steal_pointer (&credentials), options->verbose);
  if (!car_service_server_listen (server, (guint16) options->port, error) ||
      !write_port_file (options, server, error))
    return FALSE;
  announce (options, server, from_file);
  fflush (stdout);

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Service service = { loop, server, worker, 0 };
  g_unix_signal_add (SIGTERM, on_signal, &service);
  g_unix_signal_add (SIGINT, on_signal, &service);
  g_main_loop_run (loop);
  if (options->port_file != NULL)
    g_unlink (options->port_file);

  return TRUE;
}

/* What is not as one may think goes to standard error: the rest is for a shell to read. */
static gboolean
show_credentials (const Options *options, GError **error)
{
  gboolean from_file;
  gboolean there = g_file_test (options->credentials_file, G_FILE_TEST_EXISTS);
  g_autoptr (CarServiceCredentials) credentials = find_credentials (options, &from_file, error);
  if (credentials == NULL)
    return FALSE;

  if (!from_file)
    g_printerr ("car-service: these were given by options or in the environment (CAR_SERVICE_KEY, "
                "CAR_SERVICE_PASSWORD, CAR_SERVICE_AUTHTOKEN): %s was not read\n",
                options->credentials_file);
  else if (!there)
    g_printerr (
        "car-service: %s was made: where a service runs already, give its --database or --credentials\n",
        options->credentials_file);

  g_autofree char *text = car_service_credentials_to_shell (credentials);
  g_print ("%s", text);

  return TRUE;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("car-service");
  signal (SIGPIPE, SIG_IGN); /* a reader of what is printed may go away */

  if (parse_options (&options, argc, argv, &error) && options.version)
    {
      g_print ("car-service %s\n", PACKAGE_VERSION);
      return 0;
    }
  if (error == NULL && fill_in_files (&options, &error))
    {
      if (options.show_credentials)
        show_credentials (&options, &error);
      else
        serve (&options, &error);
    }
  if (error == NULL)
    return 0;

  g_printerr ("car-service: %s\n", error->message);
  return error->domain == G_OPTION_ERROR ? 2 : 1;
}
