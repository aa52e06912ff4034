/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* SIGINT and SIGTERM cancel a cancellable, from a thread of their own: the one that runs the import is busy in a
 * connector's method. The second one ends the process, as if nobody had watched. So does the time, where the run does not
 * stop: whoever sent the signal waits ten seconds, in many places, before it kills. */
typedef struct _CarSignals CarSignals;

#define CAR_SIGNALS_PATIENCE_SECONDS 5

/* Says why the process ends now, in a thread of its own. The thread that runs the import is still busy. */
typedef void (*CarSignalsOverdue) (int signal, gpointer user_data);

/* `are_watched`: FALSE leaves both signals to the program. */
CarSignals *car_signals_new (GCancellable *cancellable,
                             gboolean are_watched,
                             CarSignalsOverdue overdue,
                             gpointer user_data);
void car_signals_free (CarSignals *self);

/* The run has stopped, and is about to end: it takes the time that it needs. */
void car_signals_be_patient (CarSignals *self);

/* The signal that came, or 0. */
int car_signals_get_caught (CarSignals *self);

/* A cancellable for what must be tried once more and must not take long: no signal cancels it, but this time does. */
GCancellable *car_signals_new_deadline (CarSignals *self, guint seconds);

G_END_DECLS
