/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* Whether the schema that a service gives back can be the one that was sent to it. A service may give it back in a form of
 * its own: members in another order, those that say nothing (null, false, "", [], {}) left out or added. Any other
 * difference is one. `ours` is JSON text. */
gboolean car_schema_is_covered (const char *ours, const CarJsonSpan *theirs);

G_END_DECLS
