/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A regular expression of ECMA-262 with its `u` flag, as JSON Schema wants them. One character class with a quantifier
 * between `^` and `$` becomes a table, everything else an expression of PCRE2's. */
typedef struct _CarJsonPattern CarJsonPattern;

typedef enum
{
  CAR_JSON_PATTERN_MATCHES,
  CAR_JSON_PATTERN_DIFFERS,
  CAR_JSON_PATTERN_TOO_COSTLY, /* PCRE2 gave up at its limits */
} CarJsonPatternResult;

/* `source` is UTF-8. */
CarJsonPattern *car_json_pattern_new (const char *source, gsize length, GError **error);
void car_json_pattern_free (CarJsonPattern *self);

/* NUL-terminated, UTF-8. */
const char *car_json_pattern_get_source (const CarJsonPattern *self);

/* Whether the pattern matches anywhere in the text, which must be UTF-8. */
CarJsonPatternResult car_json_pattern_match (const CarJsonPattern *self, const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarJsonPattern, car_json_pattern_free)

G_END_DECLS
