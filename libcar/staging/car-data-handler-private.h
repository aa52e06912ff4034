/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

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

/* The end of the full import closed so many, which this run did not send. */
void car_data_handler_count_closed (CarDataHandler *self,
                                    CarBundlePart part,
                                    const char *collection,
                                    guint64 n_closed);

G_END_DECLS
