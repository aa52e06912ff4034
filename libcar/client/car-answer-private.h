/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-reader-private.h>

G_BEGIN_DECLS

/* What a service says in its answers. */

/* An id: a string that is not empty, or an integer, by its spelling; NULL for anything else. */
char *car_answer_dup_id (const CarJsonSpan *value);

/* What a service says of its failure: {"errors":[{"code":…,"message":…}]}, as it says it; NULL where it does not. */
char *car_answer_dup_errors (const CarJsonSpan *object);

G_END_DECLS
