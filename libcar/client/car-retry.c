/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <gio/gio.h>

#include <libcar/client/car-retry-private.h>

gboolean
car_retry_is_for_status (guint status)
{
  switch (status)
    {
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
    case 507:
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
car_retry_is_away (guint status)
{
  return status == 502 || status == 503 || status == 504;
}

/* A certificate that is not trusted, or an answer without end, will be so the next time. */
gboolean
car_retry_is_for_error (const GError *error)
{
  return error->domain != G_TLS_ERROR && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);
}

/* Doubled with each retry, with some chance, so that many connectors do not come back together. */
guint
car_retry_get_delay (const CarClientLimits *limits, guint attempt, gint64 retry_after)
{
  if (retry_after >= 0)
    return (guint) MIN (retry_after, limits->max_retry_delay);

  const guint64 delay =
      MIN ((guint64) limits->first_retry_delay << MIN (attempt, 16), limits->max_retry_delay);
  return (guint) (delay / 2 + (guint64) (g_random_double () * (double) (delay - delay / 2)));
}

gboolean
car_retry_is_recoverable (guint status)
{
  switch (status)
    {
    case 302:
    case 400:
    case 401:
    case 403:
    case 500:
      return TRUE;
    default:
      return car_retry_is_for_status (status);
    }
}
