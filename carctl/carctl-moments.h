/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

G_BEGIN_DECLS

/* Whether the text is a moment in ISO 8601, such as 2026-01-31T12:00:00Z, and no name of a folder that is there. */
gboolean carctl_is_moment (const char *text);

/* What differs in a car-service between two moments, in one source or in all: the objects as they were, and as they are. Each is a
 * table, collection → (key → text of the object); a key is SOURCE and what names the object there. What did not change is in
 * neither. */
gboolean carctl_moments_read (CarClient *client,
                              const char *from,
                              const char *to,
                              const char *source,
                              GHashTable **before,
                              GHashTable **after,
                              GError **error);

G_END_DECLS
