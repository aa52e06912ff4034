/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libsoup/soup.h>

#include "service/http/car-service-credentials.h"
#include "service/store/sql/car-service-tokens.h"

G_BEGIN_DECLS

/* Who is logged in at the page. A login has two secrets, and a call needs both: a cookie, which no script can read, and a
 * pledge, which the page keeps and sends as a header. A cookie alone would not do: a browser sends it to every port of the
 * machine, and so to whatever program listens there. A pledge alone could be read by any script. */
typedef struct _CarServiceLogins CarServiceLogins;

/* The login that was used least lately makes room for a new one. */
#define CAR_SERVICE_MAX_LOGINS 32

/* A login ends when it was not used for this long. */
#define CAR_SERVICE_LOGIN_SECONDS (12 * 60 * 60)

/* What a request to log in may bring. */
#define CAR_SERVICE_MAX_LOGIN_BODY 4096

/* The header that brings the pledge. Whatever its value, who sends it is the page, and wants no Basic prompt. */
#define CAR_SERVICE_PLEDGE "X-Car-Page"

CarServiceLogins *car_service_logins_new (void);
void car_service_logins_free (CarServiceLogins *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceLogins, car_service_logins_free)

/* Whether the request has both secrets of one login, and comes from the page. *digest: of the named token that was given at the
 * login, or NULL. */
gboolean car_service_logins_check (CarServiceLogins *self, SoupServerMessage *message, char **digest);

/* {"key":…,"password":…} or {"token":…} in the body; the token may be one of those with a name, in the store. Both secrets are new; a login that the request had is over. The cookie
 * is set in the answer. The pledge as JSON, or NULL with CAR_SERVICE_ERROR 400 or 403. */
GBytes *car_service_logins_open (CarServiceLogins *self,
                                 const CarServiceCredentials *credentials,
                                 CarServiceStore *store,
                                 SoupServerMessage *message,
                                 GError **error);

/* Ends the request's login, and takes its cookie away. */
void car_service_logins_close (CarServiceLogins *self, SoupServerMessage *message);

G_END_DECLS
