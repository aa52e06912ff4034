/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <libcar/base/car-language-private.h>

#include "connectors/reference/asset-server/asset-server-http.h"
#include "server/car-server-program.h"

#define NOT_GIVEN G_MININT64
#define PASSWORD_BYTES 24

#define PASSWORD_VARIABLE "CAR_ASSET_SERVER_PASSWORD"
#define USERNAME_VARIABLE "CAR_ASSET_SERVER_USERNAME"

typedef struct
{
  char *database;
  char *port_file;
  char *username;
  char *password;
  char *password_file; /* that the password is kept in; NULL: it was given */
  guint16 port;
  gint64 populate;
  gint64 keep_history;
  gboolean reset;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->database);
  g_free (options->port_file);
  g_free (options->username);
  g_free (options->password);
  g_free (options->password_file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* As car_server_parse_options(). */
static gboolean
parse_options (Options *options, int argc, char **argv, GError **error)
{
  static const char *const secrets[] = { "--password", NULL };
  const GOptionEntry entries[] = {
    { "port-file", 0, 0, G_OPTION_ARG_FILENAME, &options->port_file, N_ ("Write the port to this file"),
      "FILE" },
    { "database", 0, 0, G_OPTION_ARG_FILENAME, &options->database,
      N_ ("Keep the inventory in this file (:memory: keeps nothing)"), "FILE" },
    { "populate", 0, 0, G_OPTION_ARG_INT64, &options->populate, N_ ("Fill an empty inventory with N assets"),
      "N" },
    { "reset", 0, 0, G_OPTION_ARG_NONE, &options->reset, N_ ("Empty the inventory first"), NULL },
    { "keep-history", 0, 0, G_OPTION_ARG_INT64, &options->keep_history,
      N_ ("Forget all but the last N entries of the change log"), "N" },
    { "username", 0, 0, G_OPTION_ARG_STRING, &options->username,
      N_ ("The user (CAR_ASSET_SERVER_USERNAME; admin)"), "NAME" },
    { "password", 0, 0, G_OPTION_ARG_STRING, &options->password,
      N_ ("The user's password (CAR_ASSET_SERVER_PASSWORD; made at the first start)"), "PASSWORD" },
    G_OPTION_ENTRY_NULL,
  };

  return car_server_parse_options (entries, _ ("An inventory of assets, over HTTP."), secrets, argc, argv,
                                   &options->port, error);
}

/* The option's value, or else the variable's. */
static void
take_variable (char **option, const char *variable)
{
  if (!*option)
    *option = g_strdup (g_getenv (variable));
}

static gboolean
complete_options (Options *options, GError **error)
{
  take_variable (&options->username, USERNAME_VARIABLE);
  take_variable (&options->password, PASSWORD_VARIABLE);
  if (!options->username)
    options->username = g_strdup ("admin");

  if (options->populate != NOT_GIVEN && (options->populate < 0 || options->populate > ASSET_POPULATE_MAX))
    return car_server_refuse (error, _ ("--populate must be from 0 to 1000000"));
  if (options->keep_history != NOT_GIVEN && options->keep_history < 0)
    return car_server_refuse (error, _ ("--keep-history must be 0 or more"));
  if (options->database && options->database[0] == '\0')
    return car_server_refuse (error, _ ("--database must name a file"));
  if (options->username[0] == '\0' || strchr (options->username, ':'))
    return car_server_refuse (
        error, _ ("--username (CAR_ASSET_SERVER_USERNAME) must not be empty, nor hold a colon"));
  if (options->password && options->password[0] == '\0')
    return car_server_refuse (error, _ ("--password (CAR_ASSET_SERVER_PASSWORD) must not be empty"));
  return TRUE;
}

/* ---- the password ---- */

static gboolean
make_password (Options *options, GError **error)
{
  options->password = car_server_make_secret (PASSWORD_BYTES, error);
  if (options->password == NULL)
    return FALSE;

  g_autofree char *line = g_strconcat (options->password, "\n", NULL);
  return g_file_set_contents_full (options->password_file, line, -1,
                                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

/* A password that is not given is made once, and kept beside the database. */
static gboolean
find_password (Options *options, const char *state_folder, GError **error)
{
  if (options->password)
    return TRUE;

  if (g_str_equal (options->database, ":memory:"))
    options->password_file = g_build_filename (state_folder, "memory.password", NULL);
  else
    options->password_file = g_strconcat (options->database, ".password", NULL);
  if (!g_file_test (options->password_file, G_FILE_TEST_EXISTS))
    return make_password (options, error);

  if (!g_file_get_contents (options->password_file, &options->password, NULL, error))
    return FALSE;
  g_strchomp (options->password);
  if (options->password[0] != '\0')
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
               _ ("%s is empty: write a password into it, or remove it"), options->password_file);
  return FALSE;
}

/* The folder for what has no place given. */
static gboolean
find_places (Options *options, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_state_dir (), "car-asset-server", NULL);
  gboolean in_memory = options->database && g_str_equal (options->database, ":memory:");

  if ((!options->database || (in_memory && !options->password)) && !car_server_make_folder (folder, error))
    return FALSE;
  if (!options->database)
    options->database = g_build_filename (folder, "inventory.db", NULL);
  return find_password (options, folder, error);
}

/* ---- running ---- */

static gboolean
fill (const Options *options, AssetStore *store, GError **error)
{
  if (options->reset && !asset_store_reset (store, error))
    return FALSE;
  if (options->populate == NOT_GIVEN)
    return TRUE;

  gint64 state = options->reset ? 0 : asset_store_get_state (store, error);
  if (state > 0)
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        ngettext ("%s is in use (%" PRId64 " change so far): --populate fills only what is empty; add "
                  "--reset to lose what is there",
                  "%s is in use (%" PRId64 " changes so far): --populate fills only what is empty; add "
                  "--reset to lose what is there",
                  (guint64) state),
        options->database, state);
  return state == 0 && asset_store_populate (store, options->populate, error);
}

static gboolean
quit (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
announce (const Options *options, AssetHttp *http, GError **error)
{
  if (!car_server_write_port_file (options->port_file, asset_http_get_port (http), error))
    return FALSE;

  if (options->password_file)
    g_print (_ ("http://127.0.0.1:%u/ answers user %s; the password is in %s\n"), asset_http_get_port (http),
             options->username, options->password_file);
  else
    g_print (_ ("http://127.0.0.1:%u/ answers user %s\n"), asset_http_get_port (http), options->username);
  return TRUE;
}

static gboolean
serve (const Options *options, AssetStore *store, GError **error)
{
  g_autoptr (AssetHttp) http =
      asset_http_new (store, options->port, options->username, options->password, error);
  if (!http)
    return FALSE;

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  car_server_on_signal (quit, loop);
  if (!announce (options, http, error))
    return FALSE;

  g_main_loop_run (loop);
  return TRUE;
}

static gboolean
run (Options *options, GError **error)
{
  if (!find_places (options, error))
    return FALSE;

  g_autoptr (AssetStore) store = asset_store_open (options->database, options->keep_history, error);
  return store && fill (options, store, error) && serve (options, store, error);
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { .populate = NOT_GIVEN, .keep_history = NOT_GIVEN };
  g_autoptr (GError) error = NULL;

  car_server_begin ("car-asset-server");
  umask (077);
  if (parse_options (&options, argc, argv, &error) && complete_options (&options, &error))
    run (&options, &error);

  return car_server_get_exit_code (error);
}
