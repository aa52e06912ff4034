/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Settings in files that are named like their variables. They are of two kinds:
 *
 * - credentials (systemd.exec(5), "CREDENTIALS"), in the folder that the variable CREDENTIALS_DIRECTORY names: each holds
 *   the value itself, and may have one end of line behind it;
 * - encrypted settings (protocol.md, "Settings"), each a JWE token in its compact form (RFC 7516), encrypted to the JWK in
 *   `.jwk/key.jwk`. */
typedef struct _CarSecrets CarSecrets;

/* The folder of the encrypted settings is /etc/secrets, or the one in the variable CAR_SECRETS_DIR, which is for tests and
 * containers. Nothing is read yet: without files of settings no key is needed. */
CarSecrets *car_secrets_new (void);
void car_secrets_free (CarSecrets *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarSecrets, car_secrets_free)

/* The value of a variable; NULL where there is no file for it. A credential wins over an encrypted setting: it is the
 * unit's alone. The value is UTF-8 without NULs, and freed with car_secret_free(). CAR_APP_ERROR_INVALID_PARAMETER, which
 * names the file: there is one, and it cannot be used. */
gboolean car_secrets_read (CarSecrets *self, const char *variable, char **value, GError **error);

G_END_DECLS
