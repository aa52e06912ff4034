/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>

#include "service/http/car-service-certificate.h"
#include "service/http/car-service-own-file.h"

#define DAY (24 * 60 * 60)
#define VALID_DAYS 3650
#define SERIAL_BYTES 16

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_crt_t, gnutls_x509_crt_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (gnutls_x509_privkey_t, gnutls_x509_privkey_deinit, NULL)

/* Always FALSE. */
static gboolean
set_failure (int code, GError **error)
{
  g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_MISC, _ ("No certificate can be made: %s"),
               gnutls_strerror (code));
  return FALSE;
}

static int
add_name (gnutls_x509_crt_t certificate, const char *name)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (name);

  if (address == NULL)
    return gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_DNSNAME, name,
                                                 (unsigned int) strlen (name), GNUTLS_FSAN_APPEND);
  return gnutls_x509_crt_set_subject_alt_name (
      certificate, GNUTLS_SAN_IPADDRESS, g_inet_address_to_bytes (address),
      (unsigned int) g_inet_address_get_native_size (address), GNUTLS_FSAN_APPEND);
}

static int
set_serial (gnutls_x509_crt_t certificate)
{
  guint8 serial[SERIAL_BYTES];
  int code = gnutls_rnd (GNUTLS_RND_NONCE, serial, sizeof serial);

  serial[0] = (serial[0] & 0x7f) | 1; /* positive, and of this length */
  return code < 0 ? code : gnutls_x509_crt_set_serial (certificate, serial, sizeof serial);
}

/* Of a server alone: whoever trusts it trusts nothing that its key signs. */
static int
describe (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key)
{
  static const char name[] = "car-service";
  time_t now = time (NULL);
  guint8 id[64];
  gsize length = sizeof id;
  const int codes[] = {
    gnutls_x509_crt_set_version (certificate, 3),
    set_serial (certificate),
    gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, sizeof name - 1),
    gnutls_x509_crt_set_activation_time (certificate, now - DAY), /* a client's clock may be behind */
    gnutls_x509_crt_set_expiration_time (certificate, now + (time_t) VALID_DAYS * DAY),
    gnutls_x509_crt_set_key (certificate, key),
    gnutls_x509_crt_set_basic_constraints (certificate, 0, -1),
    gnutls_x509_crt_set_key_usage (certificate, GNUTLS_KEY_DIGITAL_SIGNATURE),
    gnutls_x509_crt_set_key_purpose_oid (certificate, GNUTLS_KP_TLS_WWW_SERVER, 0),
    gnutls_x509_crt_get_key_id (certificate, 0, id, &length),
    gnutls_x509_crt_set_subject_key_id (certificate, id, length),
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (codes[i] < 0)
      return codes[i];
  return 0;
}

static char *
to_text (gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, GError **error)
{
  gnutls_datum_t secret = { NULL, 0 }, open = { NULL, 0 };
  int code = gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &secret);
  char *text = NULL;

  if (code >= 0)
    code = gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &open);
  if (code < 0)
    set_failure (code, error);
  else
    text = g_strdup_printf ("%.*s%.*s", (int) secret.size, (char *) secret.data, (int) open.size,
                            (char *) open.data);
  if (secret.data != NULL)
    explicit_bzero (secret.data, secret.size);
  gnutls_free (secret.data);
  gnutls_free (open.data);

  return text;
}

/* Private key and certificate. */
static char *
make (const char *const *names, GError **error)
{
  g_auto (gnutls_x509_crt_t) certificate = NULL;
  g_auto (gnutls_x509_privkey_t) key = NULL;
  int code = gnutls_x509_crt_init (&certificate);

  if (code >= 0)
    code = gnutls_x509_privkey_init (&key);
  if (code >= 0)
    code = gnutls_x509_privkey_generate (key, GNUTLS_PK_ECDSA,
                                         GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0);
  if (code >= 0)
    code = describe (certificate, key);
  for (guint i = 0; code >= 0 && names[i] != NULL; i++)
    code = add_name (certificate, names[i]);
  if (code >= 0)
    code = gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
  if (code < 0)
    {
      set_failure (code, error);
      return NULL;
    }

  return to_text (certificate, key, error);
}

static gboolean
make_file (const char *path, const char *const *names, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *text = make (names, error);
  gboolean made = text != NULL && car_service_own_file_make (path, text, &problem);

  car_secret_free (text);
  /* Another process has made it meanwhile. */
  if (made || g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_EXIST))
    return TRUE;
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));

  return FALSE;
}

static gboolean
is_of (GTlsCertificate *self, const char *name)
{
  g_autoptr (GSocketConnectable) identity = g_network_address_new (name, 0);

  return (g_tls_certificate_verify (self, identity, NULL) & G_TLS_CERTIFICATE_BAD_IDENTITY) == 0;
}

static gboolean
check (GTlsCertificate *self, const char *path, const char *const *names, GError **error)
{
  GTlsCertificateFlags flags = g_tls_certificate_verify (self, NULL, NULL);

  if ((flags & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED)) != 0)
    {
      g_set_error (
          error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
          _ ("The certificate %s is not valid now: look at the clock, or remove the file, and a new one is "
             "made, which clients have to take then"),
          path);
      return FALSE;
    }
  for (guint i = 0; names[i] != NULL; i++)
    if (!is_of (self, names[i]))
      {
        g_set_error (
            error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
            _ ("The certificate %s was made without the name %s: remove the file, and a new one is made, "
               "which clients have to take then"),
            path, names[i]);
        return FALSE;
      }

  return TRUE;
}

GTlsCertificate *
car_service_certificate_load (const char *path, const char *const *names, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS) && !make_file (path, names, error))
    return NULL;

  g_autoptr (GError) problem = NULL;
  char *text = car_service_own_file_read (path, error);
  if (text == NULL)
    return NULL;

  g_autoptr (GTlsCertificate) self = g_tls_certificate_new_from_pem (text, -1, &problem);
  car_secret_free (text);
  if (self == NULL)
    {
      g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
                   _ ("The certificate %s cannot be read: %s; remove the file, and a new one is made"), path,
                   problem->message);
      return NULL;
    }

  return check (self, path, names, error) ? g_steal_pointer (&self) : NULL;
}

GTlsCertificate *
car_service_certificate_read (const char *certificate_file, const char *key_file, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GTlsCertificate) self = g_tls_certificate_new_from_files (certificate_file, key_file, &problem);
  g_autoptr (GByteArray) key = NULL;

  if (self != NULL)
    g_object_get (self, "private-key", &key, NULL);
  if (key != NULL)
    return g_steal_pointer (&self);

  g_set_error (
      error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
      _ ("The certificate %s and its private key %s cannot be used: %s; both are PEM, without a password"),
      certificate_file, key_file, problem != NULL ? problem->message : _ ("there is no private key"));
  return NULL;
}

char *
car_service_certificate_to_pem (GTlsCertificate *self)
{
  char *pem;

  g_object_get (self, "certificate-pem", &pem, NULL);
  return pem;
}

char *
car_service_certificate_to_fingerprint (GTlsCertificate *self)
{
  g_autoptr (GByteArray) bytes = NULL;
  GString *text = g_string_new (NULL);

  g_object_get (self, "certificate", &bytes, NULL);
  g_autofree char *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes->data, bytes->len);
  for (guint i = 0; digest[i] != '\0'; i += 2)
    g_string_append_printf (text, "%s%c%c", i > 0 ? ":" : "", g_ascii_toupper (digest[i]),
                            g_ascii_toupper (digest[i + 1]));

  return g_string_free (text, FALSE);
}
