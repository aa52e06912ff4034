/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <jose/b64.h>
#include <jose/jwe.h>
#include <openssl/err.h>

/* Not <libcar/car.h>: json-glib and jansson, which libjose brings, both have a json_object_iter_next(). */
#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/settings/car-rsa-oaep-private.h>
#include <libcar/settings/car-secrets-private.h>

#define DEFAULT_FOLDER "/etc/secrets"
#define MAX_FILE_SIZE (64 * 1024)
#define BASE64URL G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"

/* protocol.md, "Settings". Not among them: what takes a password instead of a key and lets the token say how long that
 * takes (PBES2), what is broken (RSA1_5), and what is not known to libjose. */
static const char *const key_algorithms[] = {
  "dir",     "A128KW",         "A192KW",         "A256KW",         "RSA-OAEP", "RSA-OAEP-256",
  "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW", NULL,
};
static const char *const content_algorithms[] = {
  "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM", NULL,
};

struct _CarSecrets
{
  char *credentials; /* NULL: nobody gave any */
  char *folder;
  char *key_path;
  json_t *key; /* once it was needed */
  jose_cfg_t *cfg;
};

/* Without one of our own, libjose writes on standard error. What it says is of no more use than that it failed. */
static void
ignore_error (void *misc, const char *file, int line, uint64_t error, const char *format, va_list args)
{
}

CarSecrets *
car_secrets_new (void)
{
  const char *folder = g_getenv ("CAR_SECRETS_DIR");
  CarSecrets *self = g_new0 (CarSecrets, 1);

  self->credentials = g_strdup (g_getenv ("CREDENTIALS_DIRECTORY"));
  self->folder = g_strdup (folder == NULL || *folder == '\0' ? DEFAULT_FOLDER : folder);
  self->key_path = g_build_filename (self->folder, ".jwk", "key.jwk", NULL);

  return self;
}

/* What of a key is secret, in the memory that jansson keeps it in (RFC 7518, 6). */
static void
free_key (json_t *key)
{
  static const char *const members[] = { "k", "d", "p", "q", "dp", "dq", "qi" };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      json_t *member = json_object_get (key, members[i]);

      if (json_is_string (member))
        explicit_bzero ((char *) json_string_value (member), json_string_length (member));
    }

  json_decref (key);
}

void
car_secrets_free (CarSecrets *self)
{
  if (self->cfg != NULL)
    jose_cfg_decref (self->cfg);
  free_key (self->key);
  g_free (self->key_path);
  g_free (self->folder);
  g_free (self->credentials);
  g_free (self);
}

/* jansson's message about what is wrong would show a piece of the key. */
static gboolean
load_key (CarSecrets *self, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gsize length = 0;

  if (self->key != NULL)
    return TRUE;

  g_autofree char *shown = g_filename_display_name (self->key_path);
  char *text = car_file_read (self->key_path, MAX_FILE_SIZE, &length, &failure);
  if (text == NULL)
    return car_failure_refuse (error, _ ("the key %s cannot be read: %s"), shown, failure->message);

  json_t *key = json_loadb (text, length, JSON_REJECT_DUPLICATES, NULL);
  car_secret_free_sized (text, length);
  if (!json_is_string (json_object_get (key, "kty")))
    {
      free_key (key);
      return car_failure_refuse (error, _ ("the key %s is not a JSON Web Key, an object with “kty”"), shown);
    }

  /* libjose would take the content's algorithm for it. */
  if (g_strcmp0 (json_string_value (json_object_get (key, "alg")), "dir") == 0)
    json_object_del (key, "alg");

  self->key = key;
  self->cfg = jose_cfg ();
  jose_cfg_set_err_func (self->cfg, ignore_error, NULL);
  return TRUE;
}

/* The five parts of the compact form; the encrypted key and the ciphertext may be empty. */
static json_t *
split_token (char *token, gsize length, GError **error)
{
  static const char *const names[] = { "protected", "encrypted_key", "iv", "ciphertext", "tag" };
  gboolean whole = strlen (token) == length;
  g_auto (GStrv) parts = g_strsplit (g_strchomp (token), ".", G_N_ELEMENTS (names) + 1);
  json_auto_t *jwe = json_object ();

  whole = whole && g_strv_length (parts) == G_N_ELEMENTS (names) && *parts[0] != '\0';
  for (guint i = 0; whole && i < G_N_ELEMENTS (names); i++)
    whole = parts[i][strspn (parts[i], BASE64URL)] == '\0' &&
            json_object_set_new (jwe, names[i], json_string (parts[i])) == 0;

  if (!whole)
    {
      car_failure_refuse (
          error, _ ("it is not a JWE token in its compact form, five parts in base64url with dots between"));
      return NULL;
    }

  return json_incref (jwe);
}

/* As libjose will read it, but that no member may come twice. */
static json_t *
read_header (const json_t *jwe)
{
  const json_t *encoded = json_object_get (jwe, "protected");
  gsize size = json_string_length (encoded);
  g_autofree char *text = g_malloc (size);
  size_t length = jose_b64_dec_buf (json_string_value (encoded), size, text, size);

  return length > size ? NULL : json_loadb (text, length, JSON_REJECT_DUPLICATES, NULL);
}

static const char *
get_string (const json_t *object, const char *name)
{
  return json_string_value (json_object_get (object, name));
}

static gboolean
check_algorithm (const json_t *header, const char *member, const char *const *known, GError **error)
{
  const char *name = get_string (header, member);

  if (name != NULL && g_strv_contains (known, name))
    return TRUE;

  g_autofree char *all = g_strjoinv (", ", (char **) known);
  return car_failure_refuse (error, _ ("its “%s” is none of %s"), member, all);
}

/* Before anything is decrypted: what the token asks for is not what is done. */
static gboolean
check_header (const json_t *jwe, GError **error)
{
  static const char *const refused[] = { "zip", "crit" };
  json_auto_t *header = read_header (jwe);

  if (!json_is_object (header))
    return car_failure_refuse (error, _ ("its header is not a JSON object"));

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    if (json_object_get (header, refused[i]) != NULL)
      return car_failure_refuse (error, _ ("its header has “%s”, which is not supported"), refused[i]);

  return check_algorithm (header, "alg", key_algorithms, error) &&
         check_algorithm (header, "enc", content_algorithms, error);
}

static json_t *
unwrap (CarSecrets *self, const json_t *jwe)
{
  json_auto_t *header = read_header (jwe);
  const char *algorithm = get_string (header, "alg");

  return car_rsa_oaep_is (algorithm)
             ? car_rsa_oaep_unwrap (self->cfg, algorithm, get_string (jwe, "encrypted_key"), self->key)
             : jose_jwe_dec_jwk (self->cfg, jwe, NULL, self->key);
}

/* Into memory of our own: no cipher here makes a text longer than what it was encrypted to. Returns: FALSE where the
 * token is not one of this key. */
static gboolean
decrypt_to (CarSecrets *self, const json_t *jwe, char *text, gsize *length)
{
  const char *ciphertext = get_string (jwe, "ciphertext");
  json_t *content_key = unwrap (self, jwe);
  jose_io_auto_t *out = jose_io_buffer (self->cfg, text, length);
  jose_io_auto_t *decryption =
      content_key == NULL ? NULL : jose_jwe_dec_cek_io (self->cfg, jwe, content_key, out);
  jose_io_auto_t *decoding = decryption == NULL ? NULL : jose_b64_dec_io (decryption);

  free_key (content_key);

  return decoding != NULL && decoding->feed (decoding, ciphertext, strlen (ciphertext)) &&
         decoding->done (decoding);
}

static gboolean
check_text (const char *text, gsize length, GError **error)
{
  if (strlen (text) == length && g_utf8_validate (text, length, NULL))
    return TRUE;

  return car_failure_refuse (error, _ ("what it holds is not UTF-8 text without NULs"));
}

static char *
decrypt (CarSecrets *self, const json_t *jwe, GError **error)
{
  gsize size = strlen (get_string (jwe, "ciphertext")) + 1;
  char *text = g_malloc0 (size);
  gsize length = size - 1;

  if (!decrypt_to (self, jwe, text, &length))
    {
      g_autofree char *shown = g_filename_display_name (self->key_path);

      ERR_clear_error (); /* what OpenSSL has noted for the thread is not for its next user */
      car_failure_refuse (
          error, _ ("it cannot be decrypted with the key %s: it was encrypted to another key, or changed"),
          shown);
    }
  else if (check_text (text, length, error))
    return text;

  car_secret_free_sized (text, size);
  return NULL;
}

static char *
decrypt_token (CarSecrets *self, char *token, gsize length, GError **error)
{
  json_auto_t *jwe = split_token (token, length, error);

  return jwe != NULL && check_header (jwe, error) && load_key (self, error) ? decrypt (self, jwe, error)
                                                                            : NULL;
}

/* A link to nothing is a secret that is not there yet: no reason to go on without it. */
static gboolean
is_missing (const char *path, const GError *error)
{
  return (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT) &&
          !g_file_test (path, G_FILE_TEST_IS_SYMLINK)) ||
         g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
}

/* The value itself. Editors and echo end a line, and no secret ends with one. */
static char *
take_credential (CarSecrets *self, char *text, gsize length, GError **error)
{
  if (!check_text (text, length, error))
    return NULL;
  if (length > 0 && text[length - 1] == '\n')
    text[length - 1] = '\0';

  return g_strdup (text);
}

typedef struct
{
  gboolean is_plain;
  char *(*take) (CarSecrets *self, char *text, gsize length, GError **error);
} CarSecretKind;

static const CarSecretKind credential = { TRUE, take_credential };
static const CarSecretKind encrypted_setting = { FALSE, decrypt_token };

/* The same for each setting, so that it is told once. */
static gboolean
refuse_folder (const char *folder, int code, GError **error)
{
  g_autofree char *shown = g_filename_display_name (folder);

  return car_failure_refuse (error, _ ("the folder %s, which may have settings, cannot be read: %s"), shown,
                             g_strerror (code));
}

static gboolean
read_secret (CarSecrets *self,
             const CarSecretKind *kind,
             const char *folder,
             const char *variable,
             char **value,
             GError **error)
{
  g_autofree char *path = g_build_filename (folder, variable, NULL);
  g_autoptr (GError) failure = NULL;
  gsize length = 0;

  char *text = car_file_read (path, MAX_FILE_SIZE, &length, &failure);
  if (text == NULL && is_missing (path, failure))
    return TRUE;
  if (text == NULL && g_access (folder, X_OK) != 0)
    return refuse_folder (folder, errno, error);

  if (text != NULL && (!kind->is_plain || car_file_check_private (path, &failure)))
    *value = kind->take (self, text, length, &failure);
  car_secret_free_sized (text, length);
  if (*value != NULL)
    return TRUE;

  g_autofree char *shown = g_filename_display_name (path);
  return kind->is_plain
             ? car_failure_refuse (error, _ ("the credential %s cannot be used: %s"), shown, failure->message)
             : car_failure_refuse (error, _ ("the encrypted setting %s cannot be used: %s"), shown,
                                   failure->message);
}

gboolean
car_secrets_read (CarSecrets *self, const char *variable, char **value, GError **error)
{
  *value = NULL;
  if (strchr (variable, '/') != NULL)
    return TRUE; /* no name of a file */

  if (self->credentials != NULL && *self->credentials != '\0' &&
      !read_secret (self, &credential, self->credentials, variable, value, error))
    return FALSE;

  return *value != NULL || read_secret (self, &encrypted_setting, self->folder, variable, value, error);
}
