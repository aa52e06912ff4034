/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>

#include "carctl/carctl-jwe.h"
#include "carctl/carctl.h"

/* carctl encrypt: a setting as connectors read it from /etc/secrets (docs/running.md, "Encrypted settings"). */

#define FOLDER "/etc/secrets"
#define MAX_SIZE (64 * 1024) /* libcar's */

static gboolean
check_variable (const char *variable, GError **error)
{
  if (g_ascii_isalpha (*variable) &&
      variable[strspn (variable, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_")] == '\0')
    return TRUE;
  return car_failure_refuse (error, _ ("“%s” is no name of a variable, such as CAR_SERVICE_PASSWORD"),
                             variable);
}

/* Nobody sees what is typed. */
static gssize
read_hidden (const char *variable, char *buffer, gsize size)
{
  struct termios before, hidden;

  g_printerr (_ ("The value of %s (it is not shown): "), variable);
  tcgetattr (STDIN_FILENO, &before);
  hidden = before;
  hidden.c_lflag &= ~(tcflag_t) ECHO;
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden);
  gssize n = read (STDIN_FILENO, buffer, size);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &before);
  g_printerr ("\n");

  return n;
}

static gssize
read_all (char *buffer, gsize size)
{
  gssize n = 0;
  gsize length = 0;

  while (length < size && ((n = read (STDIN_FILENO, buffer + length, size - length)) > 0 || errno == EINTR))
    length += (gsize) MAX (n, 0);
  return n < 0 ? n : (gssize) length;
}

/* One end of line behind the value is the editor's, and no part of it. */
static char *
read_value (const char *variable, GError **error)
{
  char *value = g_malloc0 (MAX_SIZE + 2);
  gssize n =
      isatty (STDIN_FILENO) ? read_hidden (variable, value, MAX_SIZE + 1) : read_all (value, MAX_SIZE + 1);
  gsize length = (gsize) MAX (n, 0);

  if (length > 0 && value[length - 1] == '\n')
    value[--length] = '\0';
  if (length == 0)
    car_failure_refuse (error, _ ("the value is missing: type it, or hand it over on standard input"));
  else if (length > MAX_SIZE / 2)
    car_failure_refuse (error, _ ("the value is too long for a setting"));
  else if (strlen (value) != length || !g_utf8_validate (value, (gssize) length, NULL))
    car_failure_refuse (error, _ ("the value is not UTF-8 text without NULs"));
  else
    return value;

  car_secret_free_sized (value, MAX_SIZE + 2);
  return NULL;
}

static gboolean
write_file (const char *path, const char *text, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                0600, &problem))
    return TRUE;
  return car_failure_refuse (error, "%s", problem->message);
}

/* The key that is there; where there is none, a new one, which is told: whatever reads the settings needs it. */
static char *
get_key (const char *folder, gsize *length, GError **error)
{
  g_autofree char *key_folder = g_build_filename (folder, ".jwk", NULL);
  g_autofree char *path = g_build_filename (key_folder, "key.jwk", NULL);
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GError) problem = NULL;
  char *key = car_file_read (path, MAX_SIZE, length, &problem);

  if (key != NULL)
    return key;
  if (!g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      car_failure_refuse (error, _ ("the key %s cannot be read: %s"), shown, problem->message);
      return NULL;
    }

  key = carctl_jwe_make_key ();
  if (key == NULL)
    car_failure_refuse (error, _ ("no key can be made"));
  else if (carctl_make_folder (key_folder, error) && write_file (path, key, error))
    {
      g_printerr (_ ("A new key is in %s.\n"), shown);
      *length = strlen (key);
      return key;
    }

  car_secret_free (key);
  return NULL;
}

static gboolean
encrypt (const char *folder, const char *variable, const char *value, GError **error)
{
  g_autofree char *path = g_build_filename (folder, variable, NULL);
  g_autofree char *shown = g_filename_display_name (path);
  gsize length = 0;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return car_failure_refuse (error, _ ("%s is a folder: it cannot hold the setting"), shown);

  char *key = get_key (folder, &length, error);
  g_autofree char *token = key == NULL ? NULL : carctl_jwe_encrypt (key, length, value, error);

  if (key != NULL && token == NULL)
    g_prefix_error (error, "%s/.jwk/key.jwk: ", folder);
  car_secret_free_sized (key, length);
  if (token == NULL || !write_file (path, token, error))
    return FALSE;

  g_print (_ ("%s is in %s.\n"), variable, shown);
  return TRUE;
}

static gboolean
run (CarctlCall *call, GError **error)
{
  const char *variable = call->arguments[0];
  const char *set = g_getenv ("CAR_SECRETS_DIR");
  const char *folder = call->folder != NULL ? call->folder : set != NULL && *set != '\0' ? set : FOLDER;
  char *value = check_variable (variable, error) ? read_value (variable, error) : NULL;
  gboolean done = value != NULL && encrypt (folder, variable, value, error);

  car_secret_free (value);
  return done;
}

const CarctlCommand carctl_encrypt_command = {
  .name = "encrypt",
  .arguments = "VARIABLE",
  .summary = N_ ("Encrypt a setting for /etc/secrets"),
  .options = CARCTL_FOLDER,
  .min_arguments = 1,
  .max_arguments = 1,
  .run = run,
};
