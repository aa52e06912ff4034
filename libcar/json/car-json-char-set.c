/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-char-set-private.h>

#define LAST_CHAR 0x10ffff

static const CarJsonCharRange digits[] = { { '0', '9' } };
static const CarJsonCharRange word[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
static const CarJsonCharRange space[] = {
  { 0x9, 0xd },       { 0x20, 0x20 },     { 0xa0, 0xa0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200a },
  { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff },
};

void
car_json_char_set_init (CarJsonCharSet *self)
{
  self->ranges = g_array_new (FALSE, FALSE, sizeof (CarJsonCharRange));
  self->properties = g_string_new (NULL);
  self->negated = FALSE;
}

void
car_json_char_set_clear (CarJsonCharSet *self)
{
  g_array_unref (self->ranges);
  g_string_free (self->properties, TRUE);
}

static gboolean
is_surrogate (gunichar c)
{
  return c >= 0xd800 && c <= 0xdfff;
}

/* PCRE2 refuses a range that begins or ends with a surrogate. In between they do no harm: no text holds any. */
static void
add_range (GArray *ranges, gunichar first, gunichar last)
{
  if (is_surrogate (first))
    first = 0xe000;
  if (is_surrogate (last))
    last = 0xd7ff;
  if (first <= last)
    g_array_append_val (ranges, ((CarJsonCharRange){ first, last }));
}

void
car_json_char_set_add (CarJsonCharSet *self, gunichar first, gunichar last)
{
  add_range (self->ranges, first, last);
}

/* The ranges must be sorted and apart. */
static void
add_complement (GArray *out, const CarJsonCharRange *ranges, gsize n_ranges)
{
  gunichar next = 0;

  for (gsize i = 0; i < n_ranges; i++)
    {
      if (ranges[i].first > next)
        add_range (out, next, ranges[i].first - 1);
      next = ranges[i].last + 1;
    }
  add_range (out, next, LAST_CHAR);
}

gboolean
car_json_char_set_add_escape (CarJsonCharSet *self, char escape)
{
  switch (escape)
    {
    case 'd':
      g_array_append_vals (self->ranges, digits, G_N_ELEMENTS (digits));
      return TRUE;
    case 'w':
      g_array_append_vals (self->ranges, word, G_N_ELEMENTS (word));
      return TRUE;
    case 's':
      g_array_append_vals (self->ranges, space, G_N_ELEMENTS (space));
      return TRUE;
    case 'D':
      add_complement (self->ranges, digits, G_N_ELEMENTS (digits));
      return TRUE;
    case 'W':
      add_complement (self->ranges, word, G_N_ELEMENTS (word));
      return TRUE;
    case 'S':
      add_complement (self->ranges, space, G_N_ELEMENTS (space));
      return TRUE;
    default:
      return FALSE;
    }
}

static int
compare_ranges (const void *a, const void *b)
{
  const CarJsonCharRange *x = a, *y = b;
  return x->first < y->first ? -1 : x->first > y->first;
}

void
car_json_char_set_normalise (CarJsonCharSet *self)
{
  g_autoptr (GArray) joined = g_array_new (FALSE, FALSE, sizeof (CarJsonCharRange));

  g_array_sort (self->ranges, compare_ranges);
  for (guint i = 0; i < self->ranges->len; i++)
    {
      CarJsonCharRange range = g_array_index (self->ranges, CarJsonCharRange, i);
      CarJsonCharRange *last =
          joined->len > 0 ? &g_array_index (joined, CarJsonCharRange, joined->len - 1) : NULL;
      if (last != NULL && range.first <= last->last + 1)
        last->last = MAX (last->last, range.last);
      else
        g_array_append_val (joined, range);
    }

  g_array_set_size (self->ranges, 0);
  if (self->negated && self->properties->len == 0)
    {
      self->negated = FALSE;
      add_complement (self->ranges, (gpointer) joined->data, joined->len);
    }
  else if (joined->len > 0)
    g_array_append_vals (self->ranges, joined->data, joined->len);
}

void
car_json_char_set_append_regex (const CarJsonCharSet *self, GString *regex)
{
  if (self->ranges->len == 0 && self->properties->len == 0)
    {
      g_string_append (regex, "(?!)");
      return;
    }

  g_string_append (regex, self->negated ? "[^" : "[");
  for (guint i = 0; i < self->ranges->len; i++)
    {
      CarJsonCharRange range = g_array_index (self->ranges, CarJsonCharRange, i);
      if (range.first == range.last)
        g_string_append_printf (regex, "\\x{%x}", range.first);
      else
        g_string_append_printf (regex, "\\x{%x}-\\x{%x}", range.first, range.last);
    }
  g_string_append_printf (regex, "%s]", self->properties->str);
}
