/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/run/car-progress-private.h>

#define REDRAW_INTERVAL (G_USEC_PER_SEC / 10)

struct _CarProgress
{
  CarDataHandler *data_handler;
  gulong handler;
  gint64 last_drawn; /* monotonic microseconds */
};

static const char *
get_words (CarProgressPhase phase)
{
  switch (phase)
    {
    case CAR_PROGRESS_PHASE_READING_VERTICES:
      return _ ("reading vertices");
    case CAR_PROGRESS_PHASE_READING_EDGES:
      return _ ("reading edges");
    case CAR_PROGRESS_PHASE_SENDING_VERTICES:
      return _ ("sending vertices");
    case CAR_PROGRESS_PHASE_SENDING_EDGES:
      return _ ("sending edges");
    default:
      return _ ("working");
    }
}

static void
on_progress (CarDataHandler *data_handler, CarProgressPhase phase, guint64 done, guint64 total, gpointer data)
{
  CarProgress *self = data;
  const char *what = get_words (phase);
  gint64 now = g_get_monotonic_time ();
  gboolean last = total > 0 && done == total;

  if (now - self->last_drawn < REDRAW_INTERVAL && !last)
    return;

  g_autofree char *n_done = car_language_format_count (done);
  g_autofree char *n_total = car_language_format_count (total);
  /* Translators: the progress of a run: "reading vertices: 12 of 100 (12 %)". */
  g_autofree char *line = total > 0 ? g_strdup_printf (_ ("%s: %s of %s (%d %%)"), what, n_done, n_total,
                                                       (int) (100.0 * done / total))
                                    : g_strdup_printf (_ ("%s: %s"), what, n_done);

  car_log_set_status (line);
  self->last_drawn = now;
}

CarProgress *
car_progress_new (CarDataHandler *data_handler)
{
  CarProgress *self = g_new0 (CarProgress, 1);

  self->data_handler = g_object_ref (data_handler);
  if (car_log_is_interactive ())
    self->handler = g_signal_connect (data_handler, "progress", G_CALLBACK (on_progress), self);

  return self;
}

void
car_progress_free (CarProgress *self)
{
  g_clear_signal_handler (&self->handler, self->data_handler);
  g_object_unref (self->data_handler);
  g_free (self);
  car_log_set_status (NULL);
}
