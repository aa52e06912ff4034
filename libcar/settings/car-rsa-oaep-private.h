/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <jose/jwe.h>

G_BEGIN_DECLS

/* RSA-OAEP and RSA-OAEP-256 (RFC 7518, 4.3), which libjose lacks where it was compiled with OpenSSL 3: it looks for them
 * as macros, and they are functions now. The mathematics are OpenSSL's. */
gboolean car_rsa_oaep_is (const char *algorithm);

/* The content key of a token, as a JWK; NULL: it is not encrypted to this key. */
json_t *
car_rsa_oaep_unwrap (jose_cfg_t *cfg, const char *algorithm, const char *encrypted_key, const json_t *key);

/* A content key, a JWK, encrypted to this key, in base64url; NULL: the key cannot, or must not. */
json_t *
car_rsa_oaep_wrap (jose_cfg_t *cfg, const char *algorithm, const json_t *content_key, const json_t *key);

G_END_DECLS
