/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Who may call: the key with its password, or the token. Either may be missing (NULL), not both. */
typedef struct
{
  char *key;
  char *password;
  char *token;
} CarServiceCredentials;

void car_service_credentials_free (CarServiceCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceCredentials, car_service_credentials_free)

/* Of what these options give (each may be NULL), or else the variables CAR_SERVICE_KEY, CAR_SERVICE_PASSWORD and
 * CAR_SERVICE_AUTHTOKEN; NULL without an error where nothing is given. Half of a pair is G_OPTION_ERROR_BAD_VALUE. */
CarServiceCredentials *car_service_credentials_new_given (const char *key_option,
                                                          const char *password_option,
                                                          const char *token_option,
                                                          GError **error);

/* Those in the file; where there is none, it is made, with secrets of its own. A file that others can read is refused. */
CarServiceCredentials *car_service_credentials_load (const char *path, GError **error);

/* As assignments that a shell understands. */
char *car_service_credentials_to_shell (const CarServiceCredentials *self);

/* Whether this value of the header Authorization (may be NULL) is right; in a time that does not tell how wrong it is. */
gboolean car_service_credentials_check (const CarServiceCredentials *self, const char *authorization);

/* The token in this value of the header; NULL where there is none. */
const char *car_service_credentials_find_token (const char *authorization);

/* The same of what somebody typed; `key` and `password` may be NULL. */
gboolean
car_service_credentials_is_pair (const CarServiceCredentials *self, const char *key, const char *password);
gboolean car_service_credentials_is_token (const CarServiceCredentials *self, const char *token);

G_END_DECLS
