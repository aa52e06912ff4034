/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <jose/b64.h>
#include <jose/jwk.h>
#include <jose/openssl.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <libcar/settings/car-rsa-oaep-private.h>

/* Of the largest key that is worth its time. */
#define MAX_BYTES (16384 / 8)

gboolean
car_rsa_oaep_is (const char *algorithm)
{
  return g_str_equal (algorithm, "RSA-OAEP") || g_str_equal (algorithm, "RSA-OAEP-256");
}

/* Whether the key says of itself that it may be used for this. */
static gboolean
is_meant_for (jose_cfg_t *cfg, const json_t *key, const char *algorithm, const char *operation)
{
  const char *own = json_string_value (json_object_get (key, "alg"));

  return (own == NULL || g_str_equal (own, algorithm)) && jose_jwk_prm (cfg, key, false, operation);
}

/* `init` is EVP_PKEY_encrypt_init() or EVP_PKEY_decrypt_init(). */
static EVP_PKEY_CTX *
prepare (EVP_PKEY *key, const char *algorithm, int (*init) (EVP_PKEY_CTX *))
{
  const EVP_MD *digest = g_str_equal (algorithm, "RSA-OAEP") ? EVP_sha1 () : EVP_sha256 ();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (key, NULL);

  if (context != NULL && init (context) > 0 &&
      EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_OAEP_PADDING) > 0 &&
      EVP_PKEY_CTX_set_rsa_oaep_md (context, digest) > 0 &&
      EVP_PKEY_CTX_set_rsa_mgf1_md (context, digest) > 0)
    return context;

  EVP_PKEY_CTX_free (context);
  return NULL;
}

static json_t *
decrypt (EVP_PKEY_CTX *context, const guint8 *encrypted, gsize length)
{
  guint8 plain[MAX_BYTES];
  gsize plain_length = sizeof plain;
  json_t *content_key = NULL;

  if (EVP_PKEY_decrypt (context, plain, &plain_length, encrypted, length) > 0)
    content_key = json_pack ("{s:s,s:o}", "kty", "oct", "k", jose_b64_enc (plain, plain_length));

  explicit_bzero (plain, sizeof plain);
  return content_key;
}

json_t *
car_rsa_oaep_unwrap (jose_cfg_t *cfg, const char *algorithm, const char *encrypted_key, const json_t *key)
{
  const char *kty = json_string_value (json_object_get (key, "kty"));
  guint8 encrypted[MAX_BYTES];
  size_t length = jose_b64_dec_buf (encrypted_key, strlen (encrypted_key), encrypted, sizeof encrypted);

  if (g_strcmp0 (kty, "RSA") != 0 || length > sizeof encrypted ||
      !is_meant_for (cfg, key, algorithm, "unwrapKey"))
    return NULL;

  EVP_PKEY *pkey = jose_openssl_jwk_to_EVP_PKEY (cfg, key);
  gboolean fits = pkey != NULL && EVP_PKEY_get_size (pkey) <= MAX_BYTES;
  EVP_PKEY_CTX *context = fits ? prepare (pkey, algorithm, EVP_PKEY_decrypt_init) : NULL;
  json_t *content_key = context == NULL ? NULL : decrypt (context, encrypted, length);

  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (pkey);

  return content_key;
}

static json_t *
encrypt (EVP_PKEY_CTX *context, const guint8 *plain, gsize length)
{
  guint8 encrypted[MAX_BYTES];
  gsize encrypted_length = sizeof encrypted;

  return EVP_PKEY_encrypt (context, encrypted, &encrypted_length, plain, length) > 0
             ? jose_b64_enc (encrypted, encrypted_length)
             : NULL;
}

json_t *
car_rsa_oaep_wrap (jose_cfg_t *cfg, const char *algorithm, const json_t *content_key, const json_t *key)
{
  guint8 plain[64]; /* the longest content key: A256CBC-HS512 */
  size_t length = jose_b64_dec (json_object_get (content_key, "k"), plain, sizeof plain);
  gboolean fits = length <= sizeof plain && is_meant_for (cfg, key, algorithm, "wrapKey");
  EVP_PKEY *pkey = fits ? jose_openssl_jwk_to_EVP_PKEY (cfg, key) : NULL;
  EVP_PKEY_CTX *context = pkey != NULL && EVP_PKEY_get_size (pkey) <= MAX_BYTES
                              ? prepare (pkey, algorithm, EVP_PKEY_encrypt_init)
                              : NULL;
  json_t *encrypted_key = context == NULL ? NULL : encrypt (context, plain, length);

  explicit_bzero (plain, sizeof plain);
  EVP_PKEY_CTX_free (context);
  EVP_PKEY_free (pkey);

  return encrypted_key;
}
