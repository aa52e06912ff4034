/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

#include "carctl/carctl-changes.h"

G_BEGIN_DECLS

/* The moment that a text is in ISO 8601, such as 2026-01-31T12:00:00Z; without a time, the begin of the day; without an offset, in
 * UTC. NULL: it is none. */
GDateTime *carctl_moment_parse (const char *text);

/* An object as it was at the first moment, and as it is at the second; NULL: it is not there. A key is SOURCE and what names the
 * object there, or both ends of an edge. */
typedef gboolean (*CarctlMomentsFunc) (const char *collection,
                                       const char *key,
                                       const CarJsonSpan *before,
                                       const CarJsonSpan *after,
                                       gpointer user_data,
                                       GError **error);

/* Calls for each object of a car-service that differs between two moments (ISO 8601, UTC), in one source or in all. */
gboolean carctl_moments_read (CarClient *client,
                              const char *from,
                              const char *to,
                              const char *source,
                              CarctlMomentsFunc func,
                              gpointer user_data,
                              GError **error);

/* The same, printed. CAR_APP_ERROR_INVALID_PARAMETER: the second moment is before the first. */
gboolean carctl_moments_compare (CarClient *client,
                                 GDateTime *from,
                                 GDateTime *to,
                                 const char *source,
                                 CarctlChanges *changes,
                                 GError **error);

G_END_DECLS
