/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a transaction touches of users and their accounts, so that users can be grouped anew at its end.
 *
 * Which users are one person: accounts of one name are one account; its users are one, unless it is shared: one of those
 * accounts has more than one user. (The rule of the public service's README, "Unified users and accounts"; it leaves
 * open whether one shared account of a name tells of the others. Here it does: "root" joins nobody once one host shows it
 * shared.) */

/* Numbers that were met, in order. */
typedef struct
{
  GArray *list; /* gint64 */
  GHashTable *known;
} CarServiceIds;

void car_service_ids_init (CarServiceIds *self);
void car_service_ids_clear (CarServiceIds *self);
void car_service_ids_add (CarServiceIds *self, gint64 id);

/* Texts that were met, in order. */
typedef struct
{
  GPtrArray *list;
  GHashTable *known;
} CarServiceTexts;

void car_service_texts_init (CarServiceTexts *self);
void car_service_texts_clear (CarServiceTexts *self);
void car_service_texts_add (CarServiceTexts *self, const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarServiceIds, car_service_ids_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarServiceTexts, car_service_texts_clear)

typedef struct
{
  CarServiceIds users;
  CarServiceIds accounts;
  CarServiceTexts names; /* of accounts */
} CarServiceTouched;

CarServiceTouched *car_service_touched_new (void);
void car_service_touched_free (CarServiceTouched *self);

G_END_DECLS
