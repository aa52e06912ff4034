/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <jose/jwe.h>
#include <jose/jwk.h>

/* Not <libcar/car.h>: json-glib and jansson, which libjose brings, both have a json_object_iter_next(). */
#include <libcar/base/car-failure-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/settings/car-rsa-oaep-private.h>

#include "carctl/carctl-jwe.h"

#define CONTENT_ALGORITHM "A256GCM"

static void
ignore_error (void *misc, const char *file, int line, uint64_t error, const char *format, va_list args)
{
}

static jose_cfg_t *
make_cfg (void)
{
  jose_cfg_t *cfg = jose_cfg ();

  jose_cfg_set_err_func (cfg, ignore_error, NULL);
  return cfg;
}

char *
carctl_jwe_make_key (void)
{
  jose_cfg_auto_t *cfg = make_cfg ();
  json_auto_t *key = json_pack ("{s:s,s:s}", "kty", "EC", "crv", "P-256");

  return jose_jwk_gen (cfg, key) ? json_dumps (key, JSON_COMPACT) : NULL;
}

/* What libcar takes, for each type of key. */
static const char *
choose_algorithm (const json_t *key)
{
  const char *own = json_string_value (json_object_get (key, "alg"));
  const char *type = json_string_value (json_object_get (key, "kty"));

  if (own != NULL)
    return own;
  if (g_strcmp0 (type, "RSA") == 0)
    return "RSA-OAEP-256";
  return g_strcmp0 (type, "EC") == 0 ? "ECDH-ES+A256KW" : "A256KW";
}

/* libjose has no RSA-OAEP where it was compiled with OpenSSL 3. */
static gboolean
wrap (jose_cfg_t *cfg, json_t *jwe, const char *algorithm, const json_t *key, json_t *content_key)
{
  if (!car_rsa_oaep_is (algorithm))
    return jose_jwe_enc_jwk (cfg, jwe, NULL, key, content_key);

  json_t *encrypted_key = car_rsa_oaep_wrap (cfg, algorithm, content_key, key);
  return encrypted_key != NULL && json_object_set_new (jwe, "encrypted_key", encrypted_key) == 0;
}

/* The compact form has one header: what libjose says of the key beside it goes into it. */
static void
merge_headers (json_t *jwe)
{
  json_object_update (json_object_get (jwe, "protected"), json_object_get (jwe, "header"));
  json_object_del (jwe, "header");
}

static char *
make_compact (const json_t *jwe)
{
  static const char *const members[] = { "protected", "encrypted_key", "iv", "ciphertext", "tag" };
  g_autoptr (GString) token = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      const char *part = json_string_value (json_object_get (jwe, members[i]));

      g_string_append_printf (token, "%s%s", i > 0 ? "." : "", part == NULL ? "" : part);
    }
  return g_string_free (g_steal_pointer (&token), FALSE);
}

static gboolean
encrypt (jose_cfg_t *cfg, json_t *jwe, const json_t *key, const char *value)
{
  const char *algorithm = choose_algorithm (key);
  json_auto_t *content_key = json_pack ("{s:s}", "alg", CONTENT_ALGORITHM);

  json_object_set_new (jwe, "protected", json_pack ("{s:s,s:s}", "alg", algorithm, "enc", CONTENT_ALGORITHM));
  if (!jose_jwk_gen (cfg, content_key) || !wrap (cfg, jwe, algorithm, key, content_key))
    return FALSE;

  merge_headers (jwe);
  return jose_jwe_enc_cek (cfg, jwe, content_key, value, strlen (value));
}

char *
carctl_jwe_encrypt (const char *text, gsize length, const char *value, GError **error)
{
  jose_cfg_auto_t *cfg = make_cfg ();
  json_auto_t *key = json_loadb (text, length, JSON_REJECT_DUPLICATES, NULL);
  json_auto_t *jwe = json_object ();

  if (!json_is_string (json_object_get (key, "kty")))
    car_failure_refuse (error, _ ("it is not a JSON Web Key, an object with “kty”"));
  else if (!encrypt (cfg, jwe, key, value))
    car_failure_refuse (
        error, _ ("settings cannot be encrypted to it: the key is of another type, or for another use"));
  else
    return make_compact (jwe);

  return NULL;
}
