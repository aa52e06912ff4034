/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/staging/car-violation.h>

G_BEGIN_DECLS

struct _CarViolation
{
  char *place;      /* of the first one: a JSON Pointer into the object, "" for the whole */
  const char *rule; /* static: a keyword of JSON Schema, or a rule of the engine's or of CAR's own */
  char *message;
  guint64 count;
};

G_END_DECLS
