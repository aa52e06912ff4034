/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-outage-private.h>

static gint64
get_left (const CarOutage *self, const CarClientLimits *limits)
{
  const gint64 spent = self->spent + g_get_monotonic_time () - self->begun;

  return limits->max_outage - spent / G_TIME_SPAN_MILLISECOND;
}

guint
car_outage_note (CarOutage *self, const CarClientLimits *limits, gint64 exchange_begun)
{
  if (self->begun == 0)
    {
      self->begun = exchange_begun;
      self->word = 0;
    }

  return (guint) MAX (get_left (self, limits), 0);
}

void
car_outage_tell (CarOutage *self, const CarClientLimits *limits, const char *why)
{
  const gint64 now = g_get_monotonic_time ();
  if (now < self->word)
    return;

  /* Translators: both numbers are seconds; the text is what went wrong, such as "HTTP 503". */
  g_message (_ ("The CAR service has been away for %" PRId64 " s (%s); waiting for it, for %" PRId64
                " s more at most"),
             (now - self->begun) / G_TIME_SPAN_SECOND, why, MAX (get_left (self, limits), 0) / 1000);
  self->word = now + limits->max_silence * G_TIME_SPAN_MILLISECOND;
}

void
car_outage_end (CarOutage *self)
{
  if (self->begun == 0)
    return;

  const gint64 took = g_get_monotonic_time () - self->begun;
  self->spent += took;
  self->begun = 0;
  g_autofree char *seconds = car_language_format_seconds ((double) took / G_TIME_SPAN_SECOND);
  g_message (_ ("The CAR service answers again, after %s s"), seconds);
}
