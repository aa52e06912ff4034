/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include <libcar/client/car-call-private.h>
#include <libcar/client/car-client.h>
#include <libcar/client/car-patience-private.h>

G_BEGIN_DECLS

/* One asynchronous function of the client: steps with calls and waits between them, all in the thread of the client's
 * loop. A waiting operation holds no thread. Its GTask returns in the caller's context. */
typedef struct _CarOperation CarOperation;

/* Looks at what the last step brought and says what comes next, with car_operation_call(), car_operation_wait() or
 * what is built on them. If it says nothing, the operation is done. FALSE: the operation failed. */
typedef gboolean (*CarStep) (CarOperation *self, GError **error);

struct _CarOperation
{
  CarCaller *caller;
  CarCall call;     /* the one that car_operation_call() runs, or ran last */
  CarAnswer answer; /* to it */
  GError *error;    /* what is wrong with the arguments: then nothing is sent */

  /* A call that sends no data leaves no gap in them: all its failures are recoverable. */
  gboolean sends_no_data;

  /* The operation's own: arguments that later steps need, and results. */
  char *text;
  gpointer data;
  GDestroyNotify free_data;

  /* The job that is waited for (car-client-jobs.c). */
  char *job;
  CarPatience patience;
  CarStep after_job;

  /* car-operation.c's own. */
  GTask *task;
  GCancellable *cancellable; /* the caller's */
  gulong handler;
  GCancellable *stop;
  void (*pending) (CarOperation *self);
  CarStep next;
  guint delay;
  guint attempt;
  gint64 begun;
};

/* The tag is the public function that makes it. Ends with car_operation_start(). */
CarOperation *car_operation_new (CarClient *client,
                                 gpointer tag,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/* The operation is no longer the caller's. */
void car_operation_start (CarOperation *self);

/* Begins a call, for the caller to complete and then to run. */
CarCall *
car_operation_make_call (CarOperation *self, CarApiVersion version, const char *method, const char *path);

/* These take effect when the step that says them is over, or when the operation is started. `next` may be NULL. */
void car_operation_go_to (CarOperation *self, CarStep next);
void car_operation_call (CarOperation *self, CarStep next);
void car_operation_wait (CarOperation *self, guint milliseconds, CarStep next);

/* The answer is JSON, but not what it should be: a recoverable failure. Always FALSE. */
gboolean car_operation_set_unexpected (CarOperation *self, const char *what, GError **error);

/* NULL: it failed. The operation stays the task's: its results can be stolen. */
CarOperation *car_operation_finish (CarClient *client, gpointer tag, GAsyncResult *result, GError **error);

G_END_DECLS
