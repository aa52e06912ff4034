/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <stdio.h>

#include <libcar/base/car-language-private.h>

#include "fault/car-fault-server.h"
#include "server/car-server-program.h"
#include "service/http/car-service-server.h"

typedef struct
{
  guint16 port;
  char *port_file;
  char *service_port_file;
  char *database;
  char *key;
  char *password;
  char *token;
  char **faults;
  char *script;
  gboolean list;
  gboolean verbose;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->port_file);
  g_free (options->service_port_file);
  g_free (options->database);
  g_free (options->key);
  g_free (options->password);
  g_free (options->token);
  g_strfreev (options->faults);
  g_free (options->script);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* As car_server_parse_options(). */
static gboolean
parse_options (Options *options, int argc, char **argv, GError **error)
{
  static const char *const secrets[] = { "--key", "--password", "--token", NULL };
  const GOptionEntry entries[] = {
    { "fault", 'f', 0, G_OPTION_ARG_STRING_ARRAY, &options->faults,
      N_ ("Let a fault strike a call: CALL:FAULT[,OPTION=VALUE…], such as import:503,times=2"), "RULE" },
    { "script", 0, 0, G_OPTION_ARG_FILENAME, &options->script,
      N_ ("Read such rules from this file, one a line"), "FILE" },
    { "list", 'l', 0, G_OPTION_ARG_NONE, &options->list, N_ ("Print all calls and all faults, and exit"),
      NULL },
    { "port-file", 0, 0, G_OPTION_ARG_FILENAME, &options->port_file,
      N_ ("Write the port to this file once it is listened on"), "FILE" },
    { "service-port-file", 0, 0, G_OPTION_ARG_FILENAME, &options->service_port_file,
      N_ ("Write the port where no fault strikes to this file before that"), "FILE" },
    { "database", 0, 0, G_OPTION_ARG_FILENAME, &options->database,
      N_ ("Keep the data in this file (default: in memory)"), "FILE" },
    { "key", 0, 0, G_OPTION_ARG_STRING, &options->key, N_ ("The key (or CAR_SERVICE_KEY)"), "KEY" },
    { "password", 0, 0, G_OPTION_ARG_STRING, &options->password,
      N_ ("Its password (or CAR_SERVICE_PASSWORD)"), "PASSWORD" },
    { "token", 0, 0, G_OPTION_ARG_STRING, &options->token, N_ ("The token (or CAR_SERVICE_AUTHTOKEN)"),
      "TOKEN" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose,
      N_ ("Print every request, and not only those that a fault strikes"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  return car_server_parse_options (
      entries,
      _ ("A CAR service that fails as it is told, to see what a connector makes of it: a car-service, with "
         "faults before it. It can be reached from this machine only."),
      secrets, argc, argv, &options->port, error);
}

static CarFaultRules *
read_rules (const Options *options, GError **error)
{
  g_autoptr (CarFaultRules) rules = car_fault_rules_new ();

  for (guint i = 0; options->faults != NULL && options->faults[i] != NULL; i++)
    if (!car_fault_rules_add (rules, options->faults[i], error))
      return NULL;
  if (options->script != NULL && !car_fault_rules_add_script (rules, options->script, error))
    return NULL;
  return g_steal_pointer (&rules);
}

static CarServiceCredentials *
find_credentials (const Options *options, GError **error)
{
  g_autoptr (GError) problem = NULL;
  CarServiceCredentials *credentials =
      car_service_credentials_new_given (options->key, options->password, options->token, &problem);

  if (credentials == NULL && problem == NULL)
    car_server_refuse (
        error,
        _ ("Give the key and the password that the connector is to use, of your choice: CAR_SERVICE_KEY "
           "and CAR_SERVICE_PASSWORD, or --key and --password"));
  else if (credentials == NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return credentials;
}

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static void
announce (guint16 port, guint16 service_port)
{
  g_print (_ ("car-fault-service listens on http://127.0.0.1:%u/api/car/v2\n"), port);
  g_print (_ ("No fault strikes at http://127.0.0.1:%u/api/car/v2\n"), service_port);
  fflush (stdout);
}

static gboolean
serve (const Options *options, GError **error)
{
  /* One of an earlier run would be taken for ours. */
  car_server_remove_port_file (options->port_file);

  g_autoptr (CarFaultRules) rules = read_rules (options, error);
  g_autoptr (CarServiceCredentials) credentials = rules != NULL ? find_credentials (options, error) : NULL;
  if (credentials == NULL)
    return FALSE;

  const char *database = options->database != NULL ? options->database : CAR_SERVICE_STORE_MEMORY;
  g_autoptr (CarServiceStore) store = car_service_store_open (database, error);
  g_autoptr (CarServiceWorker) worker = store != NULL ? car_service_worker_new (store, error) : NULL;
  if (worker == NULL)
    return FALSE;

  g_autoptr (CarServiceServer) service =
      car_service_server_new (worker, g_steal_pointer (&credentials), FALSE);
  if (!car_service_server_listen (service, NULL, 0, error))
    return FALSE;

  const guint16 service_port = car_service_server_get_port (service);
  g_autoptr (CarFaultServer) server =
      car_fault_server_new (g_steal_pointer (&rules), service_port, options->verbose);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  car_server_on_signal (on_signal, loop); /* before anybody is told that it is there */
  const guint16 port = car_fault_server_listen (server, options->port, error);
  if (port == 0 || !car_server_write_port_file (options->service_port_file, service_port, error) ||
      !car_server_write_port_file (options->port_file, port, error))
    return FALSE;
  announce (port, service_port);

  g_main_loop_run (loop);
  car_service_server_stop (service);
  car_service_worker_stop (worker);
  car_server_remove_port_file (options->port_file);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) error = NULL;

  car_server_begin ("car-fault-service");

  if (parse_options (&options, argc, argv, &error))
    {
      if (options.list)
        {
          g_autofree char *text = car_fault_rules_describe ();
          g_print ("%s", text);
        }
      else
        serve (&options, &error);
    }

  return car_server_get_exit_code (error);
}
