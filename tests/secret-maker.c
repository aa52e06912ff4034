/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "secret-maker.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jose/b64.h>
#include <jose/jwe.h>
#include <jose/jwk.h>
#include <jose/openssl.h>
#include <openssl/rsa.h>
#include <string.h>

/* jansson's memory is malloc()'s. */
static char *
dump (const json_t *value)
{
  char *text = json_dumps (value, JSON_COMPACT);
  char *copy = g_strdup (text);

  free (text);
  return copy;
}

static json_t *
parse (const char *text)
{
  json_t *value = json_loads (text, 0, NULL);

  g_assert_nonnull (value);
  return value;
}

char *
secret_maker_make_key (const char *like)
{
  json_auto_t *key = parse (like);

  g_assert_true (jose_jwk_gen (NULL, key));
  return dump (key);
}

char *
secret_maker_get_public_key (const char *key)
{
  json_auto_t *public = parse (key);

  g_assert_true (jose_jwk_pub (NULL, public));
  return dump (public);
}

static const char *
get_part (const json_t *jwe, const char *name)
{
  const char *part = json_string_value (json_object_get (jwe, name));

  return part == NULL ? "" : part;
}

/* What libjose lacks: see car-rsa-oaep-private.h. */
static void
wrap_by_oaep (json_t *jwe, const json_t *key, const char *algorithm, const char *content, json_t *content_key)
{
  EVP_PKEY *pkey = jose_openssl_jwk_to_EVP_PKEY (NULL, key);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (pkey, NULL);
  const EVP_MD *digest = g_str_equal (algorithm, "RSA-OAEP") ? EVP_sha1 () : EVP_sha256 ();
  guint8 plain[128], encrypted[1024];
  gsize length = sizeof encrypted;

  json_object_set_new (content_key, "alg", json_string (content));
  g_assert_true (jose_jwk_gen (NULL, content_key));
  gsize plain_length = jose_b64_dec (json_object_get (content_key, "k"), plain, sizeof plain);

  g_assert_cmpint (EVP_PKEY_encrypt_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_OAEP_PADDING), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_oaep_md (context, digest), ==, 1);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_mgf1_md (context, digest), ==, 1);
  g_assert_cmpint (EVP_PKEY_encrypt (context, encrypted, &length, plain, plain_length), ==, 1);
  json_object_set_new (jwe, "encrypted_key", jose_b64_enc (encrypted, length));

  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (pkey);
}

char *
secret_maker_encrypt (const char *key, const char *header, const char *text, gssize length)
{
  json_auto_t *jwk = parse (key);
  json_auto_t *jwe = json_object ();
  json_auto_t *content_key = json_object ();
  json_t *protected_header = parse (header);

  g_assert_cmpint (json_object_set_new (jwe, "protected", protected_header), ==, 0);
  if (g_str_has_prefix (get_part (protected_header, "alg"), "RSA-OAEP"))
    wrap_by_oaep (jwe, jwk, get_part (protected_header, "alg"), get_part (protected_header, "enc"),
                  content_key);
  else
    g_assert_true (jose_jwe_enc_jwk (NULL, jwe, NULL, jwk, content_key));

  /* The compact form has no place for a header that is not protected. */
  json_object_update_missing (protected_header, json_object_get (jwe, "header"));
  json_object_del (jwe, "header");
  g_assert_true (
      jose_jwe_enc_cek (NULL, jwe, content_key, text, length < 0 ? strlen (text) : (gsize) length));

  return g_strjoin (".", get_part (jwe, "protected"), get_part (jwe, "encrypted_key"), get_part (jwe, "iv"),
                    get_part (jwe, "ciphertext"), get_part (jwe, "tag"), NULL);
}

void
secret_maker_write (const char *folder, const char *name, const char *text, gssize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, length, &error);
  g_assert_no_error (error);
}

char *
secret_maker_make_folder (const char *key)
{
  char *folder = g_dir_make_tmp ("car-secrets-XXXXXX", NULL);
  g_autofree char *key_folder = g_build_filename (folder, ".jwk", NULL);

  g_assert_cmpint (g_mkdir (key_folder, 0700), ==, 0);
  if (key != NULL)
    secret_maker_write (folder, ".jwk/key.jwk", key, -1);

  return folder;
}

void
secret_maker_remove_folder (char *folder)
{
  g_autoptr (GSubprocess) rm = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, NULL, "rm", "-r", folder, NULL);

  g_assert_true (g_subprocess_wait_check (rm, NULL, NULL));
  g_free (folder);
}
