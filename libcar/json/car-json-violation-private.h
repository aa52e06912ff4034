/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* Where a value stands: the way up to the root. */
typedef struct _CarJsonPlace CarJsonPlace;
struct _CarJsonPlace
{
  const CarJsonPlace *parent;
  const CarJsonSpan *name; /* NULL: an item */
  gsize index;
  const CarJsonSpan *shown; /* (nullable): the name of the member that stands for this one in the text */
};

/* Rules that are no keywords of JSON Schema. */
#define CAR_JSON_RULE_JSON "json"           /* the text is no JSON, or the value is none that JSON can hold */
#define CAR_JSON_RULE_DUPLICATE "duplicate" /* an object has two members of one name */
#define CAR_JSON_RULE_EFFORT "effort"       /* the check would take too much work */

/* What a check finds wrong: the first thing. All zero: nothing is wrong. */
typedef struct
{
  const char *
      rule; /* static: the keyword of JSON Schema that is broken, or a rule from above; NULL: nothing is wrong */
  CarSchemaError code;
  char *place; /* of the value, or of the member that is missing: a JSON Pointer, "" for the whole */
  char
      *kind; /* the same for all violations of one rule at one place, whatever item of an array they are in */
  char *text; /* for people, with the place */

  /* The validator's own. */
  guint quiet;        /* above 0, what is wrong is no violation: another schema may fit */
  gboolean explained; /* the words of the schema's author were looked for */
} CarJsonViolation;

/* Always FALSE, for the caller to return: "PLACE is VALUE, REASON", or without a value "PLACE REASON". The first one
 * stays. */
gboolean car_json_violate (CarJsonViolation *self,
                           const CarJsonPlace *place,
                           const CarJsonSpan *value,
                           const char *rule,
                           const char *format,
                           ...) G_GNUC_PRINTF (5, 6);

/* The same where a check cannot be brought to its end: the value is refused, whatever the schema would make of it. It
 * counts even where other violations are quiet. */
gboolean car_json_give_up (CarJsonViolation *self, const CarJsonPlace *place, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* The same where JSON cannot hold the value: "PLACE REASON". */
gboolean car_json_cannot_hold (CarJsonViolation *self, const CarJsonPlace *place, const char *reason);

/* The same where the scanner found something wrong with the text. */
gboolean car_json_violate_text (CarJsonViolation *self, CarJsonScanner *scanner);

/* A value as messages show it. */
void car_json_violation_append_value (GString *out, const CarJsonSpan *value, gsize max_chars);

/* Puts a text before or behind the one for people. */
void car_json_violation_prefix (CarJsonViolation *self, const char *prefix);
void car_json_violation_append (CarJsonViolation *self, const char *text);

/* Sets the violation's code. */
void car_json_violation_set_error (const CarJsonViolation *self, GError **error);

/* `copy` is overwritten. */
void car_json_violation_copy (const CarJsonViolation *self, CarJsonViolation *copy);
void car_json_violation_free_texts (CarJsonViolation *self);

static inline void
car_json_violation_clear (CarJsonViolation *self)
{
  if (G_UNLIKELY (self->rule != NULL))
    car_json_violation_free_texts (self);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarJsonViolation, car_json_violation_clear)

G_END_DECLS
