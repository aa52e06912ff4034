/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

#include <libcar/client/car-limits-private.h>

G_BEGIN_DECLS

/* What is tried again, and when; and what a failure means for the next run (protocol.md, "Failures"). */

gboolean car_retry_is_for_status (guint status);

/* For an exchange without an answer: the service is away. */
gboolean car_retry_is_for_error (const GError *error);

/* Whether what stands before the service, or what is left of it, says that it is away. */
gboolean car_retry_is_away (guint status);

/* The wait before the retry number `attempt` (from 0 on), in milliseconds; `retry_after` is -1 where the service did not
 * say how long. */
guint car_retry_get_delay (const CarClientLimits *limits, guint attempt, gint64 retry_after);

/* Whether no gap in the data is possible after this status. */
gboolean car_retry_is_recoverable (guint status);

G_END_DECLS
