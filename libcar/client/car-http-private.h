/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include <libcar/client/car-loop-private.h>

G_BEGIN_DECLS

/* HTTP exchanges with one service. libsoup's session lives in the thread of a loop, so that any thread can start an
 * exchange. */
typedef struct _CarHttp CarHttp;

typedef struct
{
  const char *authorization;        /* the header's whole value */
  const char *user_agent;           /* likewise */
  gboolean direct;                  /* past every proxy */
  GProxyResolver *proxy_resolver;   /* NULL: the system's */
  GTlsDatabase *tls_database;       /* NULL: the system's */
  GTlsCertificate *tls_certificate; /* the client's own; NULL: none */
} CarHttpOptions;

typedef struct
{
  const char *method;
  GUri *uri;
  GBytes *body;          /* JSON, or NULL */
  const char *report;    /* of the header X-Car-Report; NULL: none */
  const char *timepoint; /* of the header x-hasura-car-timepoint; NULL: none */
  guint idle_timeout;    /* milliseconds in which next to nothing moves, after which the exchange fails */
  gsize max_answer;      /* bytes; a longer answer is G_IO_ERROR_MESSAGE_TOO_LARGE */
} CarHttpRequest;

typedef struct
{
  guint status;
  gint64 retry_after; /* milliseconds, -1: the service said nothing of it */
  GBytes *body;
} CarHttpAnswer;

/* `answer` is NULL, with an error of GIO's or libsoup's, where no whole answer came. */
typedef void (*CarHttpCallback) (const CarHttpAnswer *answer, const GError *error, gpointer user_data);

CarHttp *car_http_new (CarLoop *loop, const CarHttpOptions *options);

/* No exchange is under way any more. The loop runs on. */
void car_http_free (CarHttp *self);

/* In the loop's thread, where the callback is called too. What `request` points to is needed only until this returns.
 *
 * The request goes out once. All retries are made, counted and told in one place, car-operation.c. */
void car_http_send (CarHttp *self,
                    const CarHttpRequest *request,
                    GCancellable *cancellable,
                    CarHttpCallback callback,
                    gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarHttp, car_http_free)

G_END_DECLS
