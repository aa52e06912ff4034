/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* What the calls of the page (docs/page.md) share. Contracts of other services have none of these calls. */

/* Begins an item of an array or list of members: a comma where it is not the first, and the brace. */
void car_service_view_begin_item (GString *out);

/* "collection", "id", "source" and "label" of a row that has them in these four columns. */
void car_service_view_append_vertex (GString *out, CarServiceRow *row, int column);

G_END_DECLS
