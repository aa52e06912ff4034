/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A new key, as a JSON Web Key, to which settings are encrypted; freed with car_secret_free(). NULL: there is no randomness. */
char *carctl_jwe_make_key (void);

/* The value as a JWE token in compact form (RFC 7516), encrypted to the key. CAR_APP_ERROR_INVALID_PARAMETER: it is no key, or no
 * key for this. */
char *carctl_jwe_encrypt (const char *key, gsize key_length, const char *value, GError **error);

G_END_DECLS
