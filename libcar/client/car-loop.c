/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/client/car-loop-private.h>

struct _CarLoop
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
};

static gpointer
run_thread (gpointer user_data)
{
  CarLoop *self = user_data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

CarLoop *
car_loop_new (const char *name)
{
  CarLoop *self = g_new0 (CarLoop, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new (name, run_thread, self);
  return self;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
car_loop_free (CarLoop *self)
{
  car_loop_invoke (self, quit, self->loop, NULL);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

GMainContext *
car_loop_get_context (CarLoop *self)
{
  return self->context;
}

void
car_loop_invoke (CarLoop *self, GSourceFunc function, gpointer data, GDestroyNotify free_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, function, data, free_data);
  g_source_attach (source, self->context);
}
