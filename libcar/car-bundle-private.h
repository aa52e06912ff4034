/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

G_BEGIN_DECLS

/* What a run stages on disk before anything is sent: pages ready to be sent (each a whole envelope) and a journal of
 * what was. */

#define CAR_TYPE_BUNDLE (car_bundle_get_type ())
G_DECLARE_FINAL_TYPE (CarBundle, car_bundle, CAR, BUNDLE, GObject)

typedef enum {
  CAR_BUNDLE_VERTICES,
  CAR_BUNDLE_EDGES,
  CAR_BUNDLE_N_PARTS,
} CarBundlePart;

/* The whole pages of a part, in the order they are sent; the page that is still open is flushed first. */
gboolean car_bundle_flush (CarBundle *self, CarBundlePart part, GError **error);
guint car_bundle_get_n_pages (CarBundle *self, CarBundlePart part);
GBytes *car_bundle_load_page (CarBundle *self, CarBundlePart part, guint page, GError **error);

/* The envelope with the source and the report alone. */
GBytes *car_bundle_get_report_envelope (CarBundle *self);

/* Two envelopes with half of the objects each, for a page that the service finds too large. FALSE without an error:
 * it holds a single object. */
gboolean car_bundle_split_page (GBytes *page, GBytes **first, GBytes **second, GError **error);

/* Notes that a page was taken under this job's id, and later that its job is done. */
gboolean car_bundle_note_posted (CarBundle *self, CarBundlePart part, guint page, const char *job, GError **error);
gboolean car_bundle_note_done (CarBundle *self, CarBundlePart part, GError **error);

G_END_DECLS
