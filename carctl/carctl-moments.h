/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

#include "carctl/carctl-changes.h"

G_BEGIN_DECLS

/* The moment that a text is in ISO 8601, such as 2026-01-31T12:00:00Z; without a time, the begin of the day; without an offset, in
 * UTC. NULL: it is none. */
GDateTime *carctl_moment_parse (const char *text);

/* What differs in a car-service between two moments, in one source or in all. It is printed. A key is SOURCE and what names the
 * object there. CAR_APP_ERROR_INVALID_PARAMETER: the second is before the first. */
gboolean carctl_moments_compare (CarClient *client,
                                 GDateTime *from,
                                 GDateTime *to,
                                 const char *source,
                                 CarctlChanges *changes,
                                 GError **error);

G_END_DECLS
