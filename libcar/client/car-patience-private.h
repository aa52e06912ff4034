/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

#include <libcar/client/car-limits-private.h>

G_BEGIN_DECLS

/* The growing waits between looks at jobs, and their end. */
typedef struct
{
  const CarClientLimits *limits;
  guint delay;
  guint silence;
  gint64 word; /* when the log says next that a job is waited for */
  gint64 deadline;
} CarPatience;

void car_patience_begin (CarPatience *self, const CarClientLimits *limits);

/* A job was seen to be done: the time for the others begins anew. */
void car_patience_renew (CarPatience *self);

/* Answers the next wait in milliseconds. Sets CAR_RECOVERABLE_FAILURE where no job was done for too long; `job` names one
 * that is waited for, fit for a message. */
gboolean car_patience_spend (CarPatience *self, const char *job, guint *delay, GError **error);

G_END_DECLS
