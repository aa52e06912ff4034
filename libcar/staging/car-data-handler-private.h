/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-reader-private.h>
#include <libcar/staging/car-data-handler.h>
#include <libcar/staging/car-stage-private.h>

G_BEGIN_DECLS

/* For the full import's sequence only (protocol.md, "A full import, in order"). */
gboolean car_data_handler_send_report (CarDataHandler *self, GCancellable *cancellable, GError **error);
gboolean car_data_handler_is_empty (CarDataHandler *self, CarBundlePart part);

/* All vertices were added: says which edges lead to none of them, as sending the edges does. */
gboolean car_data_handler_judge_edges (CarDataHandler *self, GError **error);

/* What is staged. */
CarBundle *car_data_handler_get_bundle (CarDataHandler *self);

/* Deletions are staged from now on, and made by car_data_handler_send_deletions(). */
void car_data_handler_defer_deletions (CarDataHandler *self);
gboolean car_data_handler_send_deletions (CarDataHandler *self, GCancellable *cancellable, GError **error);

/* Leaves all that was added in a folder, for another process to send. Nothing is added afterwards. Returns: the text of a JSON
 * object that tells of it. */
char *car_data_handler_keep (CarDataHandler *self, int folder_fd, GError **error);

/* The other way round, in the place of adding anything: the data handler sends what another one left, with that one's source and
 * report. Where that fails it is of no use. */
gboolean
car_data_handler_restore (CarDataHandler *self, int folder_fd, const CarJsonSpan *kept, GError **error);

/* The end of the full import closed so many, which this run did not send. */
void car_data_handler_count_closed (CarDataHandler *self,
                                    CarBundlePart part,
                                    const char *collection,
                                    guint64 n_closed);

G_END_DECLS
