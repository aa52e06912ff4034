/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* HTTP exchanges with one service, made from any thread: libsoup's session lives in a thread of its own, with its own
 * main context. So HTTP/2 connections are shared, a whole exchange has one deadline, waiting for it ends at once when it
 * is cancelled, and no caller's main context is touched. */
typedef struct _CarHttp CarHttp;

typedef struct
{
  const char *method;
  GUri *uri;
  GBytes *body;     /* JSON, or NULL */
  guint timeout;    /* milliseconds, for all of the exchange */
  gsize max_answer; /* bytes; a longer answer is G_IO_ERROR_MESSAGE_TOO_LARGE */
} CarHttpRequest;

typedef struct
{
  guint status;
  gint64 retry_after; /* milliseconds, -1: the service said nothing of it */
  GBytes *body;
} CarHttpAnswer;

/* `direct`: past every proxy. `authorization` is the whole value of the header. */
CarHttp *car_http_new (const char *authorization, gboolean direct);
void car_http_free (CarHttp *self);
void car_http_set_user_agent (CarHttp *self, const char *user_agent);

/* FALSE: no answer came. Errors are GIO's and libsoup's. */
gboolean car_http_exchange (CarHttp *self,
                            const CarHttpRequest *request,
                            CarHttpAnswer *answer,
                            GCancellable *cancellable,
                            GError **error);

void car_http_answer_clear (CarHttpAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarHttp, car_http_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarHttpAnswer, car_http_answer_clear)

G_END_DECLS
