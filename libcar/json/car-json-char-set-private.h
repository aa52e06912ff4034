/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Ranges of code points, as a character class of a pattern has them. */
typedef struct
{
  gunichar first;
  gunichar last;
} CarJsonCharRange;

typedef struct
{
  GArray *ranges;      /* of CarJsonCharRange, in any order until normalised */
  GString *properties; /* Unicode properties, as PCRE2 writes them */
  gboolean negated;
} CarJsonCharSet;

void car_json_char_set_init (CarJsonCharSet *self);
void car_json_char_set_clear (CarJsonCharSet *self);

void car_json_char_set_add (CarJsonCharSet *self, gunichar first, gunichar last);

/* ECMA-262's \d \w \s, and what each leaves out: \D \W \S. */
gboolean car_json_char_set_add_escape (CarJsonCharSet *self, char escape);

/* Sorts and joins the ranges, and takes their complement where the set is negated and holds no property. */
void car_json_char_set_normalise (CarJsonCharSet *self);

/* Appends the (normalised) set as PCRE2 writes it. */
void car_json_char_set_append_regex (const CarJsonCharSet *self, GString *regex);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarJsonCharSet, car_json_char_set_clear)

G_END_DECLS
