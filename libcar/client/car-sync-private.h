/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes a blocking call of an asynchronous one:
 *
 *     g_auto (CarSync) sync = { 0 };
 *     car_sync_begin (&sync);
 *     something_async (self, cancellable, car_sync_return, &sync);
 *     return something_finish (self, car_sync_wait (&sync), error);
 *
 * While it waits, nothing of the caller's own main contexts is dispatched. */
typedef struct
{
  GMainContext *context;
  GAsyncResult *result;
} CarSync;

void car_sync_begin (CarSync *self);
void car_sync_return (GObject *source, GAsyncResult *result, gpointer self);
GAsyncResult *car_sync_wait (CarSync *self);
void car_sync_clear (CarSync *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarSync, car_sync_clear)

G_END_DECLS
