/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The threads that use the store. One writes: the calls that change something, all that wait in one transaction, and
 * between them the jobs, one transaction each. The others only read, each over a connection of its own: one what is
 * answered at once, so that nobody who asks after a job waits for a query; some the queries. */

#define CAR_TYPE_SERVICE_WORKER (car_service_worker_get_type ())
G_DECLARE_FINAL_TYPE (CarServiceWorker, car_service_worker, CAR, SERVICE_WORKER, GObject)

typedef enum
{
  CAR_SERVICE_READ,  /* of little cost */
  CAR_SERVICE_QUERY, /* of any cost */
  CAR_SERVICE_WRITE,
  CAR_SERVICE_WRITE_IN_ORDER, /* after the jobs posted before it: those of its source, or all where it has none */
} CarServiceAccess;

/* Queries that may wait for those that run; more are refused with CAR_SERVICE_ERROR 503. */
#define CAR_SERVICE_MAX_WAITING_QUERIES 64

/* Runs in a thread of the worker's. FALSE with an error: what it wrote is taken back. */
typedef gboolean (*CarServiceCall) (CarServiceStore *store, gpointer data, GError **error);

/* Begins with the jobs that wait in the store; hides it (car_service_store_hide()). */
CarServiceWorker *car_service_worker_new (CarServiceStore *store, GError **error);

/* A connection for the thread that made the worker, for what is read in no time. */
CarServiceStore *car_service_worker_get_reader (CarServiceWorker *self);

/* `source` and `cancellable` may be NULL. The cancellable ends a call that reads. The callback comes in the caller's main
 * context, after what the call wrote is on the disk; `data` must live until then. */
void car_service_worker_call_async (CarServiceWorker *self,
                                    CarServiceAccess access,
                                    const char *source,
                                    CarServiceCall call,
                                    gpointer data,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean car_service_worker_call_finish (CarServiceWorker *self, GAsyncResult *result, GError **error);

/* Lets the job and the calls that run finish, and what waits to be read (cancel what must not); other calls that still
 * wait, and those made later, fail with 503. Jobs that wait stay in the store. */
void car_service_worker_stop (CarServiceWorker *self);

G_END_DECLS
