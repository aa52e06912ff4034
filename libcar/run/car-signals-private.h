/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* SIGINT and SIGTERM cancel a cancellable, from a thread of their own: the one that runs the import is busy in a
 * connector's method. The second one ends the process, as if nobody had watched. */
typedef struct _CarSignals CarSignals;

CarSignals *car_signals_watch (GCancellable *cancellable);

/* Ends the watch. Returns: the signal that came, or 0. */
int car_signals_unwatch (CarSignals *self);

G_END_DECLS
