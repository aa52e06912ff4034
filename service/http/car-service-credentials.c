/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>

#include "server/car-server-http.h"
#include "server/car-server-program.h"
#include "service/http/car-service-credentials.h"
#include "service/http/car-service-own-file.h"

#define KEY_BYTES 16
#define SECRET_BYTES 32

void
car_service_credentials_free (CarServiceCredentials *self)
{
  car_secret_free (self->key);
  car_secret_free (self->password);
  car_secret_free (self->token);
  g_free (self);
}

static const char *
get_setting (const char *option, const char *variable)
{
  const char *value = option != NULL ? option : g_getenv (variable);

  return value != NULL && (option != NULL || *value != '\0') ? value : NULL;
}

CarServiceCredentials *
car_service_credentials_new_given (const char *key_option,
                                   const char *password_option,
                                   const char *token_option,
                                   GError **error)
{
  const char *key = get_setting (key_option, "CAR_SERVICE_KEY");
  const char *password = get_setting (password_option, "CAR_SERVICE_PASSWORD");
  const char *token = get_setting (token_option, "CAR_SERVICE_AUTHTOKEN");

  if ((key != NULL) != (password != NULL))
    {
      car_server_refuse (
          error, _ ("A key and a password go together: give both --key (CAR_SERVICE_KEY) and --password "
                    "(CAR_SERVICE_PASSWORD), or neither"));
      return NULL;
    }
  if ((key != NULL && (*key == '\0' || *password == '\0' || strchr (key, ':') != NULL)) ||
      (token != NULL && *token == '\0'))
    {
      car_server_refuse (error, _ ("A key, a password or a token is not empty, and a key holds no colon"));
      return NULL;
    }
  if (key == NULL && token == NULL)
    return NULL;

  CarServiceCredentials *self = g_new0 (CarServiceCredentials, 1);
  *self = (CarServiceCredentials){ g_strdup (key), g_strdup (password), g_strdup (token) };

  return self;
}

static CarServiceCredentials *
make_and_save (const char *path, GError **error)
{
  g_autoptr (CarServiceCredentials) self = g_new0 (CarServiceCredentials, 1);

  self->key = car_server_make_secret (KEY_BYTES, error);
  self->password = self->key != NULL ? car_server_make_secret (SECRET_BYTES, error) : NULL;
  self->token = self->password != NULL ? car_server_make_secret (SECRET_BYTES, error) : NULL;
  if (self->token == NULL)
    return NULL;

  char *text = car_service_credentials_to_shell (self);
  gboolean saved = car_service_own_file_make (path, text, error);
  car_secret_free (text);

  return saved ? g_steal_pointer (&self) : NULL;
}

char *
car_service_credentials_to_shell (const CarServiceCredentials *self)
{
  const char *names[] = { "CAR_SERVICE_KEY", "CAR_SERVICE_PASSWORD", "CAR_SERVICE_AUTHTOKEN" };
  const char *values[] = { self->key, self->password, self->token };
  GString *text = g_string_sized_new (512);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *quoted = values[i] != NULL ? g_shell_quote (values[i]) : NULL;

      if (quoted != NULL)
        g_string_append_printf (text, "%s=%s\n", names[i], quoted);
    }

  return g_string_free (text, FALSE);
}

static CarServiceCredentials *
parse (const char *path, char *text, GError **error)
{
  g_autoptr (CarServiceCredentials) self = g_new0 (CarServiceCredentials, 1);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *equals = strchr (lines[i], '=');
      char *value = equals != NULL ? g_shell_unquote (equals + 1, NULL) : NULL;

      if (value != NULL && *value != '\0' && g_str_has_prefix (lines[i], "CAR_SERVICE_KEY=") &&
          self->key == NULL)
        self->key = g_steal_pointer (&value);
      else if (value != NULL && *value != '\0' && g_str_has_prefix (lines[i], "CAR_SERVICE_PASSWORD=") &&
               self->password == NULL)
        self->password = g_steal_pointer (&value);
      else if (value != NULL && *value != '\0' && g_str_has_prefix (lines[i], "CAR_SERVICE_AUTHTOKEN=") &&
               self->token == NULL)
        self->token = g_steal_pointer (&value);
      car_secret_free (value);
      explicit_bzero (lines[i], strlen (lines[i]));
    }
  if ((self->key != NULL) == (self->password != NULL) && (self->key != NULL || self->token != NULL))
    return g_steal_pointer (&self);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
               _ ("The credentials %s are not what car-service writes: lines of CAR_SERVICE_KEY=…, "
                  "CAR_SERVICE_PASSWORD=…, "
                  "CAR_SERVICE_AUTHTOKEN=…; remove the file, and new ones are made"),
               path);
  return NULL;
}

CarServiceCredentials *
car_service_credentials_load (const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  char *text = car_service_own_file_read (path, &local_error);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if (text == NULL)
    {
      CarServiceCredentials *made = make_and_save (path, &local_error);

      if (g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_EXIST))
        return car_service_credentials_load (path, error);
      if (made == NULL)
        g_propagate_error (error, g_steal_pointer (&local_error));
      return made;
    }

  CarServiceCredentials *self = parse (path, text, error);
  car_secret_free (text);

  return self;
}

static gboolean
is_pair (const CarServiceCredentials *self, const char *given, gsize length)
{
  char *expected = g_strconcat (self->key, ":", self->password, NULL);
  gboolean equal = car_server_is_secret (expected, given, length);
  car_secret_free (expected);

  return equal;
}

gboolean
car_service_credentials_is_pair (const CarServiceCredentials *self, const char *key, const char *password)
{
  if (self->key == NULL || key == NULL || password == NULL)
    return FALSE;

  char *given = g_strconcat (key, ":", password, NULL);
  gboolean equal = is_pair (self, given, strlen (given));
  car_secret_free (given);

  return equal;
}

gboolean
car_service_credentials_is_token (const CarServiceCredentials *self, const char *token)
{
  return self->token != NULL && car_server_is_secret (self->token, token, strlen (token));
}

static gboolean
check_basic (const CarServiceCredentials *self, const char *encoded)
{
  gsize length;
  g_autofree guchar *given = g_base64_decode (encoded, &length);
  gboolean equal = is_pair (self, (const char *) given, length);

  if (given != NULL)
    explicit_bzero (given, length);

  return equal;
}

const char *
car_service_credentials_find_token (const char *authorization)
{
  static const char scheme[] = "car-token ";

  if (authorization == NULL || g_ascii_strncasecmp (authorization, scheme, strlen (scheme)) != 0)
    return NULL;

  return authorization + strlen (scheme) + strspn (authorization + strlen (scheme), " ");
}

gboolean
car_service_credentials_check (const CarServiceCredentials *self, const char *authorization)
{
  const char *space = authorization != NULL ? strchr (authorization, ' ') : NULL;
  if (space == NULL)
    return FALSE;

  gsize scheme = (gsize) (space - authorization);
  while (*space == ' ')
    space++;
  if (self->key != NULL && scheme == strlen ("Basic") &&
      g_ascii_strncasecmp (authorization, "Basic", scheme) == 0)
    return check_basic (self, space);
  const char *token = car_service_credentials_find_token (authorization);

  return token != NULL && car_service_credentials_is_token (self, token);
}
