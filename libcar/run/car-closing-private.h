/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-data-handler-private.h>

G_BEGIN_DECLS

/* What the end of a full import closes: all that the service holds of the source, and that the run did not send
 * (protocol.md, "Closing"). It must be measured before the end. */
typedef struct _CarClosing CarClosing;

/* Fewer objects are never too many: of a collection to close, of a run to leave out. */
#define CAR_CLOSING_MIN_REFUSED 50

/* Everything was sent. NULL, with an error: the run is stopped, or the service is away. With `needs_answer` FALSE, a service that
 * is away is one that does not tell. */
CarClosing *car_closing_measure (CarClient *client,
                                 CarImportSchema *schema,
                                 CarDataHandler *data_handler,
                                 gboolean needs_answer,
                                 GCancellable *cancellable,
                                 GError **error);
void car_closing_free (CarClosing *self);

/* Whether the service told of all collections: "guarded", "partly guarded" or "not guarded". */
const char *car_closing_get_guard (const CarClosing *self);

/* Why not all is guarded; NULL where all is. */
const char *car_closing_get_refusal (const CarClosing *self);

/* Sets CAR_APP_ERROR_CLOSING_REFUSED where more than this share of a collection would be closed, and at least 50 objects, or
 * anything at all by a run that sent no vertex. At 100 everything may be closed. */
gboolean car_closing_check (const CarClosing *self, guint max_percent, GError **error);

/* Asks whether the service holds exactly what was sent. Then the end has happened, whatever became of its answer. FALSE also
 * where the service does not tell. */
gboolean car_closing_has_happened (const CarClosing *self,
                                   CarClient *client,
                                   const char *source,
                                   GCancellable *cancellable);

/* It happened: the data handler counts it. */
void car_closing_count (const CarClosing *self, CarDataHandler *data_handler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarClosing, car_closing_free)

G_END_DECLS
