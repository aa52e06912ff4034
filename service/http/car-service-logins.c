/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-file-private.h>

#include "server/car-server-http.h"
#include "server/car-server-program.h"
#include "service/http/car-service-logins.h"
#include "service/http/car-service-origin.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

#define SECRET_BYTES 32

typedef struct
{
  char *cookie;
  char *pledge;
  char *digest; /* of the token that was given; NULL: the owner's credentials were */
  gint64 used;  /* monotonic */
} Login;

struct _CarServiceLogins
{
  GPtrArray *logins;
};

static void
login_free (gpointer data)
{
  Login *login = data;

  car_secret_free (login->cookie);
  car_secret_free (login->pledge);
  g_free (login->digest);
  g_free (login);
}

CarServiceLogins *
car_service_logins_new (void)
{
  CarServiceLogins *self = g_new0 (CarServiceLogins, 1);

  self->logins = g_ptr_array_new_with_free_func (login_free);
  return self;
}

void
car_service_logins_free (CarServiceLogins *self)
{
  g_ptr_array_unref (self->logins);
  g_free (self);
}

/* Cookies do not know ports, so the name does: two services of one machine would take each other's cookie away. */
static char *
make_cookie_name (SoupMessageHeaders *headers)
{
  const char *host = soup_message_headers_get_one (headers, "Host");
  const char *colon = host != NULL ? strrchr (host, ':') : NULL;
  guint64 port = 80;

  if (colon != NULL)
    g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL);
  return g_strdup_printf ("car-service-%" G_GUINT64_FORMAT, port);
}

static char *
find_cookie (SoupMessageHeaders *headers)
{
  const char *text = soup_message_headers_get_list (headers, "Cookie");
  g_autofree char *name = make_cookie_name (headers);
  g_auto (GStrv) pairs = g_strsplit (text != NULL ? text : "", ";", -1);
  gsize length = strlen (name);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      const char *pair = g_strstrip (pairs[i]);

      if (strncmp (pair, name, length) == 0 && pair[length] == '=')
        return g_strdup (pair + length + 1);
    }
  return NULL;
}

static void
end_old_ones (CarServiceLogins *self)
{
  gint64 limit = g_get_monotonic_time () - (gint64) CAR_SERVICE_LOGIN_SECONDS * G_USEC_PER_SEC;

  for (guint i = self->logins->len; i-- > 0;)
    if (((Login *) self->logins->pdata[i])->used < limit)
      g_ptr_array_remove_index_fast (self->logins, i);
}

/* Looks at all of them, in a time that tells nothing of which it is. */
static Login *
find_login (CarServiceLogins *self, SoupMessageHeaders *headers)
{
  const char *pledge = soup_message_headers_get_one (headers, CAR_SERVICE_PLEDGE);
  g_autofree char *cookie = find_cookie (headers);
  Login *found = NULL;

  end_old_ones (self);
  if (pledge == NULL || cookie == NULL)
    return NULL;

  for (guint i = 0; i < self->logins->len; i++)
    {
      Login *login = self->logins->pdata[i];
      gboolean has_cookie = car_server_is_secret (login->cookie, cookie, strlen (cookie));
      gboolean has_pledge = car_server_is_secret (login->pledge, pledge, strlen (pledge));

      if (has_cookie & has_pledge)
        found = login;
    }
  car_secret_free (g_steal_pointer (&cookie));

  return found;
}

gboolean
car_service_logins_check (CarServiceLogins *self, SoupServerMessage *message, char **digest)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  Login *login = car_service_origin_is_page (message) ? find_login (self, headers) : NULL;

  if (login == NULL)
    return FALSE;
  login->used = g_get_monotonic_time ();
  *digest = g_strdup (login->digest);

  return TRUE;
}

/* Whether this is a named token; *digest is its digest then. */
static gboolean
is_named_token (CarServiceStore *store, const char *token, char **digest)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (CarServiceToken) found = NULL;

  *digest = car_service_token_to_digest (token);
  if (!car_service_tokens_find (store, *digest, &found, &problem))
    g_warning ("The tokens cannot be read: %s", problem->message);
  if (found == NULL)
    g_clear_pointer (digest, g_free);

  return found != NULL;
}

static gboolean
has_credentials (const CarServiceCredentials *credentials,
                 CarServiceStore *store,
                 GBytes *body,
                 char **digest,
                 GError **error)
{
  g_auto (CarServiceObject) members = { NULL };
  gboolean wrong = FALSE;

  if (!car_service_object_parse (&members, body, "The login", error))
    return FALSE;

  char *key = car_service_object_dup_string (&members, "key", &wrong);
  char *password = car_service_object_dup_string (&members, "password", &wrong);
  char *token = car_service_object_dup_string (&members, "token", &wrong);
  gboolean right = !wrong && (token != NULL ? car_service_credentials_is_token (credentials, token) ||
                                                  is_named_token (store, token, digest)
                                            : car_service_credentials_is_pair (credentials, key, password));
  car_secret_free (key);
  car_secret_free (password);
  car_secret_free (token);
  if (!right)
    g_set_error (error, CAR_SERVICE_ERROR, 403, "The key and password, or the token, are wrong");

  return right;
}

/* Room for one more. */
static void
make_room (CarServiceLogins *self)
{
  while (self->logins->len >= CAR_SERVICE_MAX_LOGINS)
    {
      guint oldest = 0;

      for (guint i = 1; i < self->logins->len; i++)
        if (((Login *) self->logins->pdata[i])->used < ((Login *) self->logins->pdata[oldest])->used)
          oldest = i;
      g_ptr_array_remove_index_fast (self->logins, oldest);
    }
}

static Login *
add_login (CarServiceLogins *self, const char *digest, GError **error)
{
  g_autofree char *cookie = car_server_make_secret (SECRET_BYTES, error);
  g_autofree char *pledge = cookie != NULL ? car_server_make_secret (SECRET_BYTES, error) : NULL;
  if (pledge == NULL)
    return NULL;

  Login *login = g_new0 (Login, 1);
  login->cookie = g_steal_pointer (&cookie);
  login->pledge = g_steal_pointer (&pledge);
  login->digest = g_strdup (digest);
  login->used = g_get_monotonic_time ();
  make_room (self);
  g_ptr_array_add (self->logins, login);

  return login;
}

static void
set_cookie (SoupServerMessage *message, const char *value, const char *attributes)
{
  g_autofree char *name = make_cookie_name (soup_server_message_get_request_headers (message));
  gboolean tls = strcmp (g_uri_get_scheme (soup_server_message_get_uri (message)), "https") == 0;
  g_autofree char *text = g_strdup_printf ("%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name, value,
                                           tls ? "; Secure" : "", attributes);

  soup_message_headers_append (soup_server_message_get_response_headers (message), "Set-Cookie", text);
}

GBytes *
car_service_logins_open (CarServiceLogins *self,
                         const CarServiceCredentials *credentials,
                         CarServiceStore *store,
                         SoupServerMessage *message,
                         GError **error)
{
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_autofree char *digest = NULL;

  if (!has_credentials (credentials, store, body, &digest, error))
    return NULL;

  Login *before = find_login (self, soup_server_message_get_request_headers (message));
  if (before != NULL)
    g_ptr_array_remove_fast (self->logins, before);

  const Login *login = add_login (self, digest, error);
  if (login == NULL)
    return NULL;

  GString *out = g_string_new ("{");
  car_service_json_string (out, "pledge", login->pledge);
  g_string_append_c (out, '}');
  set_cookie (message, login->cookie, "");

  return car_service_json_finish (out);
}

void
car_service_logins_close (CarServiceLogins *self, SoupServerMessage *message)
{
  Login *login = find_login (self, soup_server_message_get_request_headers (message));

  if (login != NULL)
    g_ptr_array_remove_fast (self->logins, login);
  set_cookie (message, "", "; Max-Age=0");
}
