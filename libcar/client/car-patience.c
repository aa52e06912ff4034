/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/client/car-patience-private.h>

static void
start (CarPatience *self, guint delay)
{
  const gint64 now = g_get_monotonic_time ();

  self->delay = delay;
  self->silence = self->limits->max_silence;
  self->word = now + self->limits->max_silence * G_TIME_SPAN_MILLISECOND;
  self->deadline = now + self->limits->job_timeout * G_TIME_SPAN_MILLISECOND;
}

void
car_patience_begin (CarPatience *self, const CarClientLimits *limits)
{
  self->limits = limits;
  start (self, limits->first_poll_delay);
}

void
car_patience_renew (CarPatience *self)
{
  start (self, MAX (self->delay / 2, self->limits->first_poll_delay));
}

/* Whoever watches a run wants to know why nothing happens, but not at every look. */
static void
break_silence (CarPatience *self, const char *job, gint64 left)
{
  const gint64 now = g_get_monotonic_time ();
  if (now < self->word)
    return;

  g_message (_ ("Still waiting for the service's job %s, for %" PRId64 " s more at most"), job, left / 1000);
  self->silence = MIN (self->silence, G_MAXUINT / 2) * 2;
  self->word = now + self->silence * G_TIME_SPAN_MILLISECOND;
}

gboolean
car_patience_spend (CarPatience *self, const char *job, guint *delay, GError **error)
{
  const gint64 left = (self->deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;
  if (left <= 0)
    {
      g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                   ngettext ("the service's job %s is not done after %u second; run again later",
                             "the service's job %s is not done after %u seconds; run again later",
                             self->limits->job_timeout / 1000),
                   job, self->limits->job_timeout / 1000);
      return FALSE;
    }

  break_silence (self, job, left);
  *delay = (guint) MIN (left + 1, (gint64) self->delay);
  self->delay = MIN (self->delay + self->delay / 2 + 1, self->limits->max_poll_delay);
  return TRUE;
}
