/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/staging/car-violation-private.h>

/**
 * CarViolation:
 *
 * A rule that objects of a collection broke, and how many of them: see [method@CollectionSummary.list_violations].
 */
G_DEFINE_BOXED_TYPE (CarViolation, car_violation, car_violation_copy, car_violation_free)

/**
 * car_violation_copy:
 * @self: a violation
 *
 * Copies a violation.
 *
 * Returns: (transfer full): a violation
 */
CarViolation *
car_violation_copy (const CarViolation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  CarViolation *copy = g_new0 (CarViolation, 1);

  copy->place = g_strdup (self->place);
  copy->rule = self->rule;
  copy->message = g_strdup (self->message);
  copy->count = self->count;
  return copy;
}

/**
 * car_violation_free:
 * @self: (transfer full) (nullable): a violation
 *
 * Frees a violation.
 */
void
car_violation_free (CarViolation *self)
{
  if (self == NULL)
    return;

  g_free (self->place);
  g_free (self->message);
  g_free (self);
}

/**
 * car_violation_get_place:
 * @self: a violation
 *
 * Gets where in the object the rule was broken.
 *
 * Returns: (transfer none): a JSON Pointer (RFC 6901), such as `/name`; "" for the object as a whole
 */
const char *
car_violation_get_place (const CarViolation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->place;
}

/**
 * car_violation_get_rule:
 * @self: a violation
 *
 * Gets which rule was broken: a keyword of JSON Schema, such as `required`, or a rule that libcar has besides.
 *
 * Returns: (transfer none): the rule's name, which does not depend on the language
 */
const char *
car_violation_get_rule (const CarViolation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->rule;
}

/**
 * car_violation_get_message:
 * @self: a violation
 *
 * Gets what is wrong with the first object that broke the rule: its collection, its key, the place and the rule, for
 * people to read.
 *
 * Returns: (transfer none): a text in UTF-8
 */
const char *
car_violation_get_message (const CarViolation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->message;
}

/**
 * car_violation_get_count:
 * @self: a violation
 *
 * Gets how many objects broke the rule.
 *
 * Returns: a number of objects
 */
guint64
car_violation_get_count (const CarViolation *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->count;
}
