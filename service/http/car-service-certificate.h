/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the service proves to its clients that it is. */

/* Of the files: the certificate, with those that signed it behind it, and its private key, as PEM; `key_file` NULL: the key is
 * in the same file. */
GTlsCertificate *
car_service_certificate_read (const char *certificate_file, const char *key_file, GError **error);

/* The one in the file, with its key. Where there is none, it is made: of these names and addresses, signed by itself, for ten
 * years. One that is not of all the names, or is no longer valid, is refused: clients would refuse it. */
GTlsCertificate *car_service_certificate_load (const char *path, const char *const *names, GError **error);

/* The certificate alone, as PEM. */
char *car_service_certificate_to_pem (GTlsCertificate *self);

/* SHA-256, as browsers and openssl show it. */
char *car_service_certificate_to_fingerprint (GTlsCertificate *self);

G_END_DECLS
