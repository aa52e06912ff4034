/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

/* A certificate for a test, made by libcrypto: of 127.0.0.1, signed by itself, for an hour. `rsa_bits`: 0 for a key of
 * an elliptic curve. `usage`: what it may be used for, such as "clientAuth"; NULL: anything. Private key and certificate
 * as PEM. */
char *certificate_maker_make (guint rsa_bits, const char *usage);

/* The certificate alone, in a file of its own: a name for g_unlink(). */
char *certificate_maker_write (const char *pem);

GTlsCertificate *certificate_maker_read (const char *pem);
