/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A thread that runs a main loop with a context of its own. */
typedef struct _CarLoop CarLoop;

CarLoop *car_loop_new (const char *name);

/* Waits until the thread has run what was invoked before. Not to be called in that thread. */
void car_loop_free (CarLoop *self);

GMainContext *car_loop_get_context (CarLoop *self);

/* Calls the function once in the loop's thread, in the order of the calls; never in the caller's, as
 * g_main_context_invoke() may before the thread has begun. */
void car_loop_invoke (CarLoop *self, GSourceFunc function, gpointer data, GDestroyNotify free_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarLoop, car_loop_free)

G_END_DECLS
