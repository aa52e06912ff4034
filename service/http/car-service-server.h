/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include "service/http/car-service-credentials.h"
#include "service/store/car-service-worker.h"

G_BEGIN_DECLS

/* The HTTP side: listens, on the loopback unless it is told otherwise, lets in who has the credentials, bounds what is sent, and hands the calls
 * to the worker. */

#define CAR_TYPE_SERVICE_SERVER (car_service_server_get_type ())
G_DECLARE_FINAL_TYPE (CarServiceServer, car_service_server, CAR, SERVICE_SERVER, GObject)

/* What one request may bring, and how long it may take to. */
#define CAR_SERVICE_MAX_BODY (32 * 1024 * 1024)
#define CAR_SERVICE_HEAD_SECONDS 60
#define CAR_SERVICE_BODY_SECONDS 120
#define CAR_SERVICE_LINGER_SECONDS 10
#define CAR_SERVICE_MAX_CONNECTIONS 512

/* What all requests together may have in memory: bodies, as far as they have come, and answers, until they are read. */
#define CAR_SERVICE_MAX_HELD (256 * 1024 * 1024)

/* Takes the credentials. */
CarServiceServer *
car_service_server_new (CarServiceWorker *worker, CarServiceCredentials *credentials, gboolean verbose);

/* By which names and addresses it may be called besides the loopback's. */
void car_service_server_set_names (CarServiceServer *self, const char *const *names);

/* It speaks TLS from then on. */
void car_service_server_set_certificate (CarServiceServer *self, GTlsCertificate *certificate);

/* `address` NULL: the loopback; port 0: a free one. */
gboolean
car_service_server_listen (CarServiceServer *self, GInetAddress *address, guint16 port, GError **error);
guint16 car_service_server_get_port (CarServiceServer *self);

/* Listens no more; requests that come over connections that are there get 503, and so do the queries that run. */
void car_service_server_stop (CarServiceServer *self);

/* Requests that are not answered yet. */
guint car_service_server_get_n_requests (CarServiceServer *self);

G_END_DECLS
