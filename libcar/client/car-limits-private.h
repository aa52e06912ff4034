/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long a client waits, in milliseconds. The properties of CarClient set some of it; tests shorten the rest. */
typedef struct
{
  guint idle_timeout;      /* an HTTP exchange in which nothing moves for so long fails */
  guint first_retry_delay; /* doubled, with some chance, at each further one */
  guint max_retry_delay;   /* also the most that a Retry-After is honoured */
  guint max_retries;
  guint max_outage;       /* so long, in all, a service that is away is waited for when no retry is left */
  guint first_poll_delay; /* between looks at a job; grows up to max_poll_delay */
  guint max_poll_delay;
  guint job_timeout; /* a job that is not done by then is a recoverable failure */
  guint
      max_silence; /* after so long the log says that a job is waited for, and again at intervals that double */
} CarClientLimits;

G_END_DECLS
