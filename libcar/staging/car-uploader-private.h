/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>
#include <libcar/staging/car-bundle-private.h>

G_BEGIN_DECLS

/* Who is told of a send, in the thread that sends. */
typedef struct
{
  /* (nullable) After each page that was posted, and after each look at the jobs. */
  void (*progress) (guint done, guint total, gpointer user_data);

  /* The service finds this object too large (HTTP 413), also alone: it is not sent. */
  void (*too_large) (const char *collection, const CarJsonSpan *object, gpointer user_data);

  /* (nullable) Whether an object is still to be sent, asked before its page is. */
  CarPageKeeps keeps;

  gpointer user_data;
} CarUploaderListener;

/* Sends the pages of a part that the last flush left to be sent, in their order, and waits for all of their jobs. The
 * service runs the jobs in the order in which the pages were posted; so a page is posted when the one before was taken. A page that
 * the service finds too large goes in parts, and how large the parts may be is kept for the rest of the run. Adds
 * what the service left out of them to `warnings` (element-type CarImportWarning). */
gboolean car_uploader_send (CarClient *client,
                            CarBundle *bundle,
                            CarBundlePart part,
                            const CarUploaderListener *listener,
                            GPtrArray *warnings,
                            GCancellable *cancellable,
                            GError **error);

/* Sends the envelope with the report alone and waits for its job. */
gboolean
car_uploader_send_report (CarClient *client, CarBundle *bundle, GCancellable *cancellable, GError **error);

G_END_DECLS
