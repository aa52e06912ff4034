/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* What must be right for an envelope to be taken at all: strict JSON, with a source that has a key, and a report;
 * CAR_SERVICE_ERROR 400 where it is not. *source is the source's key. *report, which may be asked for by NULL, is the
 * report's; NULL where it has none. */
gboolean car_service_envelope_check (GBytes *envelope, char **source, char **report, GError **error);

/* Checks the envelope against the import schema and writes all that is in it, in a transaction of the caller's. A failure
 * of either kind leaves it half written: roll back.
 *
 * An object that the import schema takes, and that cannot be kept all the same (its collection is unknown, an end of an
 * edge is nowhere or of another collection), is left out. *warnings is a JSON array that tells of those,
 * [{"collection","index","count","message"}]: how many of a collection were left out for one reason, and the place of
 * the first in the envelope's array; NULL where all were kept. */
gboolean
car_service_envelope_import (CarServiceStore *store, GBytes *envelope, char **warnings, GError **error);

G_END_DECLS
