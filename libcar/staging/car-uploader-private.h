/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>
#include <libcar/staging/car-bundle-private.h>

G_BEGIN_DECLS

/* Told after each page that was posted, and after each look at the jobs. */
typedef void (*CarUploaderProgress) (guint done, guint total, gpointer user_data);

/* Sends the pages of a part that the last flush left to be sent, in their order, and waits for all of their jobs. The
 * service runs the jobs in the order in which the pages were posted; so a page is posted when the one before was taken. Adds
 * what the service left out of them to `warnings` (element-type CarImportWarning). */
gboolean car_uploader_send (CarClient *client,
                            CarBundle *bundle,
                            CarBundlePart part,
                            CarUploaderProgress progress,
                            gpointer user_data,
                            GPtrArray *warnings,
                            GCancellable *cancellable,
                            GError **error);

/* Sends the envelope with the report alone and waits for its job. */
gboolean
car_uploader_send_report (CarClient *client, CarBundle *bundle, GCancellable *cancellable, GError **error);

G_END_DECLS
