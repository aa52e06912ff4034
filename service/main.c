/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <libcar/base/car-language-private.h>

#include "server/car-server-program.h"
#include "service/car-service-command.h"
#include "service/car-service-database.h"
#include "service/car-service-listening.h"
#include "service/http/car-service-certificate.h"
#include "service/store/car-service-retention.h"

typedef struct
{
  guint16 port;
  char *port_file;
  char *database;
  char *credentials_file;
  gboolean in_state_folder; /* the credentials of a database in memory */
  char *key;
  char *password;
  char *token;
  char *keep_history;
  CarServiceRetention retention; /* what that says */
  CarServiceListening listening;
  char *made_certificate; /* the file of the one that --tls makes */
  gboolean show_credentials;
  gboolean show_certificate;
  gboolean verbose;
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
  g_free (options->keep_history);
  car_service_listening_clear (&options->listening);
  g_free (options->made_certificate);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* As car_server_parse_options(). */
static gboolean
parse_options (Options *options, int argc, char **argv, GError **error)
{
  static const char *const secrets[] = { "--key", "--password", "--token", NULL };
  const GOptionEntry entries[] = {
    { "port-file", 0, 0, G_OPTION_ARG_FILENAME, &options->port_file,
      N_ ("Write the port to this file once it is listened on"), "FILE" },
    { "database", 0, 0, G_OPTION_ARG_FILENAME, &options->database,
      N_ ("Keep the data in this file, in :memory:, or in PostgreSQL (postgresql://USER@HOST/NAME; or "
          "CAR_SERVICE_DATABASE)"),
      "FILE" },
    { "credentials", 0, 0, G_OPTION_ARG_FILENAME, &options->credentials_file,
      N_ ("Keep the key, the password and the token that are made in this file"), "FILE" },
    { "key", 0, 0, G_OPTION_ARG_STRING, &options->key, N_ ("The key (or CAR_SERVICE_KEY)"), "KEY" },
    { "password", 0, 0, G_OPTION_ARG_STRING, &options->password,
      N_ ("Its password (or CAR_SERVICE_PASSWORD)"), "PASSWORD" },
    { "token", 0, 0, G_OPTION_ARG_STRING, &options->token, N_ ("The token (or CAR_SERVICE_AUTHTOKEN)"),
      "TOKEN" },
    { "keep-history", 0, 0, G_OPTION_ARG_STRING, &options->keep_history,
      N_ ("Keep history for so many days, or while the database has no more bytes than these, such as 500MB "
          "or 2GB"),
      "LIMIT" },
    { "show-credentials", 0, 0, G_OPTION_ARG_NONE, &options->show_credentials,
      N_ ("Print the credentials as a shell's assignments, and exit: those of a service with the same "
          "--database and --credentials"),
      NULL },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &options->listening.listen,
      N_ ("Listen on this address (default: this machine's loopback alone)"), "ADDRESS" },
    { "host-name", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->listening.host_names,
      N_ ("Answer to this name or address, too; several times for several"), "NAME" },
    { "tls", 0, 0, G_OPTION_ARG_NONE, &options->listening.tls,
      N_ ("Speak TLS, by a certificate that is made once"), NULL },
    { "certificate", 0, 0, G_OPTION_ARG_FILENAME, &options->listening.certificate,
      N_ ("Speak TLS by this certificate (PEM), which others signed"), "FILE" },
    { "certificate-key", 0, 0, G_OPTION_ARG_FILENAME, &options->listening.certificate_key,
      N_ ("Its private key (PEM), where it is not in the same file"), "FILE" },
    { "without-tls", 0, 0, G_OPTION_ARG_NONE, &options->listening.without_tls,
      N_ ("Listen beyond the loopback without TLS, which a proxy before the service speaks"), NULL },
    { "show-certificate", 0, 0, G_OPTION_ARG_NONE, &options->show_certificate,
      N_ ("Print the certificate (PEM) for clients to trust, and exit: that of a service with the same "
          "options"),
      NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, N_ ("Log every request"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  gboolean parsed = car_server_parse_options (
      entries,
      _ ("A CAR service for this machine, or a small company: keeps what "
         "connectors import, and answers questions about it. It can be reached "
         "from this machine only, unless --listen says otherwise. Commands for its database: token, "
         "backup, check, usage, vacuum, copy; see car-service COMMAND --help."),
      secrets, argc, argv, &options->port, error);
  car_service_database_hide_passwords (argc, argv);

  return parsed;
}

/* Both have secrets, and so they are beside each other. */
static char *
make_certificate_name (const Options *options)
{
  g_autofree char *folder = g_path_get_dirname (options->credentials_file);

  return g_build_filename (folder, "certificate.pem", NULL);
}

/* The files that are not given: in the user's folder for state, and the credentials beside the database. */
static gboolean
fill_in_files (Options *options, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_state_dir (), "car-service", NULL);

  gboolean chosen = options->database != NULL || g_getenv ("CAR_SERVICE_DATABASE") != NULL;
  options->database = car_service_database_choose (options->database);
  if (!chosen && !car_server_make_folder (folder, error))
    return FALSE;
  if (options->credentials_file != NULL)
    {
      options->made_certificate = make_certificate_name (options);
      return TRUE;
    }

  /* What is no file is beside nothing; its folder is made once the credentials are to be kept there. */
  options->in_state_folder = !car_service_store_is_file (options->database);
  g_autofree char *beside =
      options->in_state_folder ? g_strdup (folder) : g_path_get_dirname (options->database);
  options->credentials_file = g_build_filename (beside, "credentials", NULL);
  options->made_certificate = make_certificate_name (options);

  return TRUE;
}

static CarServiceCredentials *
find_credentials (const Options *options, gboolean *from_file, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceCredentials *given =
      car_service_credentials_new_given (options->key, options->password, options->token, &problem);

  *from_file = given == NULL && problem == NULL;
  if (*from_file)
    {
      g_autofree char *folder = g_path_get_dirname (options->credentials_file);

      if (options->in_state_folder && !car_server_make_folder (folder, error))
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
announce_certificate (const Options *options, GTlsCertificate *certificate)
{
  g_autofree char *fingerprint = car_service_certificate_to_fingerprint (certificate);

  g_print (_ ("The fingerprint of its certificate (SHA-256) is %s.\n"), fingerprint);
  if (options->listening.certificate == NULL)
    g_print (
        "%s\n",
        _ ("Print the certificate by the same options and --show-certificate, and give the file to clients: "
           "-car-service-ca FILE, or CAR_SERVICE_CA=FILE."));
}

static void
announce (const Options *options, CarServiceServer *server, GTlsCertificate *certificate, gboolean from_file)
{
  g_autofree char *url =
      car_service_listening_to_url (&options->listening, car_service_server_get_port (server));
  g_autofree char *file = g_shell_quote (options->credentials_file);
  g_autofree char *database = car_service_store_name_database (options->database);

  g_print (_ ("car-service listens on %s\n"), url);
  if (certificate != NULL)
    announce_certificate (options, certificate);
  g_print (_ ("Its data is in %s.\n"), database);
  if (!from_file)
    {
      g_print ("%s\n", _ ("It takes the credentials that were given to it."));
      return;
    }
  g_print (
      _ ("Its key, password and token are in %s, which only you can read. For a connector in this shell:\n"),
      options->credentials_file);
  g_print ("\n  . %s\n"
           "  export CAR_SERVICE_KEY CAR_SERVICE_PASSWORD CAR_SERVICE_URL=%s\n\n",
           file, url);
  g_print ("%s\n\n"
           "  curl -u \"$CAR_SERVICE_KEY:$CAR_SERVICE_PASSWORD\" \"$CAR_SERVICE_URL/databases\"\n",
           _ ("With curl:"));
}

static gboolean
load_certificate (const Options *options, GTlsCertificate **certificate, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (options->made_certificate);

  return (!options->listening.tls || !options->in_state_folder || car_server_make_folder (folder, error)) &&
         car_service_listening_load_certificate (&options->listening, options->made_certificate, certificate,
                                                 error);
}

static gboolean
check_history (Options *options, GError **error)
{
  return options->keep_history == NULL ||
         car_service_retention_parse (options->keep_history, &options->retention, error);
}

/* As the call does, before somebody can make it. */
static gboolean
set_history (const Options *options, CarServiceStore *store, GError **error)
{
  return options->keep_history == NULL || car_service_retention_set (store, &options->retention, error);
}

static gboolean
serve (const Options *options, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  gboolean from_file;

  /* One of an earlier run would be taken for ours. */
  car_server_remove_port_file (options->port_file);

  g_autoptr (CarServiceCredentials) credentials =
      load_certificate (options, &certificate, error) ? find_credentials (options, &from_file, error) : NULL;
  g_autoptr (CarServiceStore) store =
      credentials != NULL ? car_service_store_open (options->database, error) : NULL;
  g_autoptr (CarServiceWorker) worker =
      store != NULL && set_history (options, store, error) ? car_service_worker_new (store, error) : NULL;
  if (worker == NULL)
    return FALSE;

  g_autoptr (CarServiceServer) server =
      car_service_server_new (worker, g_steal_pointer (&credentials), options->verbose);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Service service = { loop, server, worker, 0 };
  car_server_on_signal (on_signal, &service); /* before anybody is told that it is there */
  if (!car_service_listening_begin (&options->listening, server, certificate, options->port, error) ||
      !car_server_write_port_file (options->port_file, car_service_server_get_port (server), error))
    return FALSE;
  announce (options, server, certificate, from_file);
  fflush (stdout);

  g_main_loop_run (loop);
  car_server_remove_port_file (options->port_file);

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
    g_printerr (_ ("car-service: these were given by options or in the environment (CAR_SERVICE_KEY, "
                   "CAR_SERVICE_PASSWORD, CAR_SERVICE_AUTHTOKEN): %s was not read\n"),
                options->credentials_file);
  else if (!there)
    g_printerr (
        _ ("car-service: %s was made: where a service runs already, give its --database or --credentials\n"),
        options->credentials_file);

  g_autofree char *text = car_service_credentials_to_shell (credentials);
  g_print ("%s", text);

  return TRUE;
}

static gboolean
show_certificate (const Options *options, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (!load_certificate (options, &certificate, error))
    return FALSE;
  if (certificate == NULL)
    return car_server_refuse (
        error, _ ("--show-certificate goes with --tls or --certificate FILE, as the service has them"));

  g_autofree char *pem = car_service_certificate_to_pem (certificate);
  g_print ("%s", pem);

  return TRUE;
}

/* NULL where the first argument names none. */
static CarServiceCommand
find_command (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    CarServiceCommand command;
  } commands[] = {
    { "token", car_service_token_command },   { "backup", car_service_backup_command },
    { "check", car_service_check_command },   { "usage", car_service_usage_command },
    { "vacuum", car_service_vacuum_command }, { "copy", car_service_copy_command },
  };

  for (guint i = 0; argc > 1 && i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      return commands[i].command;

  return NULL;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) error = NULL;

  car_server_begin ("car-service");

  CarServiceCommand command = find_command (argc, argv);
  if (command != NULL)
    command (argc - 1, argv + 1, &error);
  else if (parse_options (&options, argc, argv, &error) &&
           car_service_listening_check (&options.listening, &error) && check_history (&options, &error) &&
           fill_in_files (&options, &error))
    {
      if (options.show_credentials)
        show_credentials (&options, &error);
      else if (options.show_certificate)
        show_certificate (&options, &error);
      else
        serve (&options, &error);
    }

  return car_server_get_exit_code (error);
}
