/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* Tokens that have names, beside the credentials of the service's owner, which may do everything. The database holds what they
 * may do, and a digest, from which nobody finds the token: it is 256 random bits, so that nothing slower than SHA-256 is needed,
 * and no salt. */
typedef struct
{
  char *name;
  char *digest;
  gboolean read_only;
  GStrv sources; /* those that it may write; empty: all */
  gint64 made_at;
  gint64 used_at; /* 0: never */
} CarServiceToken;

#define CAR_SERVICE_TOKEN_BYTES 32

void car_service_token_free (CarServiceToken *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarServiceToken, car_service_token_free)

char *car_service_token_to_digest (const char *token);

/* CAR_SERVICE_ERROR 409 where there is one of this name. A source is a line of text. */
gboolean car_service_tokens_add (CarServiceStore *store,
                                 const char *name,
                                 const char *token,
                                 gboolean read_only,
                                 const char *const *sources,
                                 GError **error);

/* CAR_SERVICE_ERROR 404 where there is none of this name. */
gboolean car_service_tokens_revoke (CarServiceStore *store, const char *name, GError **error);

/* By its digest: *found is NULL where there is none. */
gboolean
car_service_tokens_find (CarServiceStore *store, const char *digest, CarServiceToken **found, GError **error);

/* All, by name. */
GPtrArray *car_service_tokens_list (CarServiceStore *store, GError **error);

gboolean car_service_tokens_note_use (CarServiceStore *store, const char *name, gint64 now, GError **error);

/* CAR_SERVICE_ERROR 403 where the token, which may be NULL, may not write this source. */
gboolean car_service_token_check_source (const CarServiceToken *self, const char *source, GError **error);

G_END_DECLS
