/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-tls-private.h>

/* The least that a service must do (protocol.md, "We do"), whatever GnuTLS would take. GnuTLS goes by the system's policy and
 * by the variable G_TLS_GNUTLS_PRIORITY, which an administrator may make stricter: that stays so. A library must
 * not set the variable for a whole process, and GIO has no other way to say what is too old or too weak. So the
 * connection is looked at once it stands, before a byte of the request goes out. */

/* RSA's 2048 bits, or 224 of an elliptic curve (NIST SP 800-57). */
#define MIN_SECURITY_BITS 112

static X509 *
to_x509 (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  g_object_get (certificate, "certificate", &der, NULL);

  const guchar *at = der->data;
  return d2i_X509 (NULL, &at, der->len);
}

static gboolean
is_too_weak (X509 *certificate)
{
  const EVP_PKEY *key = X509_get0_pubkey (certificate);

  return key == NULL || EVP_PKEY_get_security_bits (key) < MIN_SECURITY_BITS;
}

static const char *
find_certificate_problem (GTlsCertificate *certificate, gboolean is_server)
{
  X509 *x509 = to_x509 (certificate);
  const char *problem = NULL;

  if (x509 == NULL)
    problem = _ ("its certificate cannot be read");
  else if (is_too_weak (x509))
    problem = _ ("its certificate has a key that is too short");
  else if (is_server && X509_check_purpose (x509, X509_PURPOSE_SSL_SERVER, 0) != 1)
    problem = _ ("its certificate is not one for servers");
  X509_free (x509);
  return problem;
}

const char *
car_tls_find_problem (GTlsProtocolVersion version, GTlsCertificate *certificate)
{
  const char *problem = version == G_TLS_PROTOCOL_VERSION_UNKNOWN || version >= G_TLS_PROTOCOL_VERSION_TLS_1_2
                            ? NULL
                            : _ ("the service speaks a TLS that is older than 1.2");

  /* The service's own comes first, and behind it those that signed it. */
  for (GTlsCertificate *at = certificate; at != NULL && problem == NULL;
       at = g_tls_certificate_get_issuer (at))
    problem = find_certificate_problem (at, at == certificate);
  return problem;
}
