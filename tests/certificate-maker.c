/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "certificate-maker.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void
add_extension (X509 *certificate, int nid, const char *value)
{
  X509V3_CTX context;

  X509V3_set_ctx_nodb (&context);
  X509V3_set_ctx (&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  g_assert_nonnull (extension);
  g_assert_true (X509_add_ext (certificate, extension, -1));
  X509_EXTENSION_free (extension);
}

static X509 *
make_certificate (EVP_PKEY *key, const char *usage)
{
  X509 *certificate = X509_new ();
  X509_NAME *name = X509_get_subject_name (certificate);

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -60);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 60 * 60);
  X509_set_pubkey (certificate, key);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC, (const guchar *) "127.0.0.1", -1, -1, 0);
  X509_set_issuer_name (certificate, name);
  add_extension (certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension (certificate, NID_subject_alt_name, "IP:127.0.0.1");
  if (usage != NULL)
    add_extension (certificate, NID_ext_key_usage, usage);
  g_assert_true (X509_sign (certificate, key, EVP_sha256 ()) > 0);
  return certificate;
}

char *
certificate_maker_make (guint rsa_bits, const char *usage)
{
  EVP_PKEY *key = rsa_bits > 0 ? EVP_RSA_gen (rsa_bits) : EVP_EC_gen ("P-256");
  X509 *certificate = make_certificate (key, usage);
  BIO *out = BIO_new (BIO_s_mem ());
  char *text;

  g_assert_true (PEM_write_bio_PrivateKey (out, key, NULL, NULL, 0, NULL, NULL));
  g_assert_true (PEM_write_bio_X509 (out, certificate));
  const long length = BIO_get_mem_data (out, &text);
  char *pem = g_strndup (text, length);

  BIO_free (out);
  X509_free (certificate);
  EVP_PKEY_free (key);
  return pem;
}

char *
certificate_maker_write (const char *pem)
{
  g_autoptr (GError) error = NULL;
  char *path = NULL;
  const int fd = g_file_open_tmp (NULL, &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  g_file_set_contents (path, strstr (pem, "-----BEGIN CERTIFICATE"), -1, &error);
  g_assert_no_error (error);
  return path;
}

GTlsCertificate *
certificate_maker_read (const char *pem)
{
  g_autoptr (GError) error = NULL;
  GTlsCertificate *certificate = g_tls_certificate_new_from_pem (pem, -1, &error);

  g_assert_no_error (error);
  return certificate;
}
