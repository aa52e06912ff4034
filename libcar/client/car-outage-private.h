/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-limits-private.h>

G_BEGIN_DECLS

/* How long a client waits for a service that is away: so much in all, whichever calls notice it. In the thread of the
 * client's loop alone. */
typedef struct
{
  gint64 begun; /* monotonic microseconds; 0: the service is there */
  gint64 spent; /* by the outages before */
  gint64 word;  /* when the log says next that it is away */
} CarOutage;

/* An exchange that began then found the service away. Returns: the milliseconds that are left to wait for it. */
guint car_outage_note (CarOutage *self, const CarClientLimits *limits, gint64 exchange_begun);

/* Tells the log that it is waited for, if that was not said for a while. */
void car_outage_tell (CarOutage *self, const CarClientLimits *limits, const char *why);

/* An exchange found it there. */
void car_outage_end (CarOutage *self);

G_END_DECLS
