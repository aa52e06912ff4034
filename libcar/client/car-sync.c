/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/client/car-sync-private.h>

void
car_sync_begin (CarSync *self)
{
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
}

void
car_sync_return (GObject *source, GAsyncResult *result, gpointer self)
{
  ((CarSync *) self)->result = g_object_ref (result);
}

GAsyncResult *
car_sync_wait (CarSync *self)
{
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  return self->result;
}

void
car_sync_clear (CarSync *self)
{
  g_main_context_pop_thread_default (self->context);
  g_clear_object (&self->result);
  g_clear_pointer (&self->context, g_main_context_unref);
}
