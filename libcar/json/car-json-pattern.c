/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-char-set-private.h>
#include <libcar/json/car-json-pattern-private.h>

#include <string.h>

/* GLib gives PCRE2's machine code 32 KiB of stack, and tells running out of it from nothing else that goes wrong. It
 * lasts for shorter texts. */
#define LONG_TEXT 256

struct _CarJsonPattern
{
  char *source;

  GRegex *regex;   /* compiled to machine code; NULL: the text is `min` to `max` characters of the class */
  GRegex *patient; /* the same, interpreted: for texts that are too long for the other one's stack */
  gsize min;
  gsize max;
  guint8 ascii[128];
  gboolean every_non_ascii;
  CarJsonCharRange *ranges;
  gsize n_ranges;
};

typedef struct
{
  const char *begin;
  const char *at;
  const char *end;
  GString *regex;
  GPtrArray *group_names; /* by number from 1, NULL for groups without one */
  GError **error;
} Parser;

static gboolean fail (Parser *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (Parser *self, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_set_error (self->error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "%s at character %ld", reason,
               g_utf8_pointer_to_offset (self->begin, self->at) + 1);
  return FALSE;
}

static inline gboolean
looking_at (const Parser *self, const char *text)
{
  gsize length = strlen (text);
  return (gsize) (self->end - self->at) >= length && memcmp (self->at, text, length) == 0;
}

static inline gboolean
take (Parser *self, const char *text)
{
  if (!looking_at (self, text))
    return FALSE;
  self->at += strlen (text);
  return TRUE;
}

static gboolean
read_hex (Parser *self, int n_digits, gunichar *value)
{
  *value = 0;
  for (int i = 0; i < n_digits; i++)
    {
      int digit = self->at < self->end ? g_ascii_xdigit_value (*self->at) : -1;
      if (digit < 0)
        return fail (self, "%d hexadecimal digits are expected", n_digits);
      *value = *value << 4 | digit;
      self->at++;
    }
  return TRUE;
}

/* Behind `\u`. Two escaped halves of a surrogate pair are one character. */
static gboolean
read_unicode_escape (Parser *self, gunichar *value)
{
  if (take (self, "{"))
    {
      const char *digits = self->at;
      for (*value = 0; self->at < self->end && g_ascii_isxdigit (*self->at) && *value <= 0x10ffff; self->at++)
        *value = *value << 4 | g_ascii_xdigit_value (*self->at);
      if (self->at == digits || *value > 0x10ffff || !take (self, "}"))
        return fail (self, "a code point and } are expected");
      return TRUE;
    }

  if (!read_hex (self, 4, value))
    return FALSE;
  if (*value >= 0xd800 && *value < 0xdc00 && looking_at (self, "\\u") && !looking_at (self, "\\u{"))
    {
      const char *before = self->at;
      gunichar low;
      self->at += 2;
      if (!read_hex (self, 4, &low))
        return FALSE;
      if (low >= 0xdc00 && low < 0xe000)
        *value = 0x10000 + ((*value - 0xd800) << 10) + (low - 0xdc00);
      else
        self->at = before;
    }
  return TRUE;
}

/* An escape that stands for one character; the backslash was passed. */
static gboolean
read_character_escape (Parser *self, gunichar *value)
{
  static const char from[] = "tnvfr", to[] = "\t\n\v\f\r";
  char c = *self->at;
  const char *letter = strchr (from, c);

  if (c != '\0' && letter != NULL)
    {
      *value = to[letter - from];
      self->at++;
      return TRUE;
    }
  if (take (self, "u"))
    return read_unicode_escape (self, value);
  if (take (self, "x"))
    return read_hex (self, 2, value);
  if (c == 'c' && self->at + 1 < self->end && g_ascii_isalpha (self->at[1]))
    {
      *value = self->at[1] & 0x1f;
      self->at += 2;
      return TRUE;
    }
  if (c == '0' && (self->at + 1 == self->end || !g_ascii_isdigit (self->at[1])))
    {
      *value = 0;
      self->at++;
      return TRUE;
    }
  if (g_ascii_isalnum (c))
    return fail (self, "there is no escape sequence \\%c", c);

  /* With the u flag only syntax characters may be escaped; schemas escape commas and colons too. */
  *value = g_utf8_get_char (self->at);
  self->at = g_utf8_next_char (self->at);
  return TRUE;
}

/* ECMA-262 spells general categories out, PCRE2 does not. */
static const char *
get_category (const char *name)
{
  static const struct
  {
    const char *name;
    const char *category;
  } categories[] = {
    { "Cased_Letter", "L&" },
    { "LC", "L&" },
    { "Close_Punctuation", "Pe" },
    { "Combining_Mark", "M" },
    { "Connector_Punctuation", "Pc" },
    { "Control", "Cc" },
    { "cntrl", "Cc" },
    { "Currency_Symbol", "Sc" },
    { "Dash_Punctuation", "Pd" },
    { "Decimal_Number", "Nd" },
    { "digit", "Nd" },
    { "Enclosing_Mark", "Me" },
    { "Final_Punctuation", "Pf" },
    { "Format", "Cf" },
    { "Initial_Punctuation", "Pi" },
    { "Letter", "L" },
    { "Letter_Number", "Nl" },
    { "Line_Separator", "Zl" },
    { "Lowercase_Letter", "Ll" },
    { "Mark", "M" },
    { "Math_Symbol", "Sm" },
    { "Modifier_Letter", "Lm" },
    { "Modifier_Symbol", "Sk" },
    { "Nonspacing_Mark", "Mn" },
    { "Number", "N" },
    { "Open_Punctuation", "Ps" },
    { "Other", "C" },
    { "Other_Letter", "Lo" },
    { "Other_Number", "No" },
    { "Other_Punctuation", "Po" },
    { "Other_Symbol", "So" },
    { "Paragraph_Separator", "Zp" },
    { "Private_Use", "Co" },
    { "Punctuation", "P" },
    { "punct", "P" },
    { "Separator", "Z" },
    { "Space_Separator", "Zs" },
    { "Spacing_Mark", "Mc" },
    { "Surrogate", "Cs" },
    { "Symbol", "S" },
    { "Titlecase_Letter", "Lt" },
    { "Unassigned", "Cn" },
    { "Uppercase_Letter", "Lu" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (categories); i++)
    if (g_str_equal (categories[i].name, name))
      return categories[i].category;
  return name;
}

/* Behind `\p` or `\P`. */
static gboolean
read_property (Parser *self, gboolean negated, CarJsonCharSet *set)
{
  const char *close = looking_at (self, "{") ? memchr (self->at, '}', self->end - self->at) : NULL;
  if (close == NULL)
    return fail (self, "a Unicode property in braces is expected");

  g_autofree char *property = g_strndup (self->at + 1, close - self->at - 1);
  char *value = strchr (property, '=');
  if (value != NULL)
    *value++ = '\0';
  const char *text = value != NULL ? value : property;
  const char *prefix = "";

  if (*text == '\0' ||
      strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != strlen (text))
    return fail (self, "there is no such Unicode property");
  if (value == NULL && g_str_equal (text, "Assigned"))
    {
      text = "Cn";
      negated = !negated;
    }
  else if (value == NULL || g_str_equal (property, "General_Category") || g_str_equal (property, "gc"))
    text = get_category (text);
  else if (g_str_equal (property, "Script") || g_str_equal (property, "sc"))
    prefix = "sc:";
  else if (g_str_equal (property, "Script_Extensions") || g_str_equal (property, "scx"))
    prefix = "scx:";
  else
    return fail (self, "there is no such Unicode property");

  /* PCRE2's own, which ECMA-262 does not have. */
  if (text[0] == 'X' && strlen (text) == 3)
    return fail (self, "there is no such Unicode property");

  g_string_append_printf (set->properties, "\\%c{%s%s}", negated ? 'P' : 'p', prefix, text);
  self->at = close + 1;
  return TRUE;
}

/* One member of a character class: *single tells whether it is one character, which may begin a range. */
static gboolean
read_class_atom (Parser *self, CarJsonCharSet *set, gunichar *value, gboolean *single)
{
  *single = TRUE;
  if (*self->at != '\\')
    {
      *value = g_utf8_get_char (self->at);
      self->at = g_utf8_next_char (self->at);
      return TRUE;
    }

  self->at++;
  if (self->at == self->end)
    return fail (self, "the pattern ends in a backslash");
  if (take (self, "b"))
    {
      *value = '\b';
      return TRUE;
    }
  if (*self->at == 'p' || *self->at == 'P')
    {
      *single = FALSE;
      self->at++;
      return read_property (self, self->at[-1] == 'P', set);
    }
  if (car_json_char_set_add_escape (set, *self->at))
    {
      *single = FALSE;
      self->at++;
      return TRUE;
    }
  return read_character_escape (self, value);
}

/* Behind `[`. */
static gboolean
read_class (Parser *self, CarJsonCharSet *set)
{
  set->negated = take (self, "^");
  while (!take (self, "]"))
    {
      gunichar first, last;
      gboolean first_single, last_single;

      if (self->at == self->end)
        return fail (self, "a character class has no end");
      if (!read_class_atom (self, set, &first, &first_single))
        return FALSE;
      if (!looking_at (self, "-") || looking_at (self, "-]") || self->at + 1 == self->end)
        {
          if (first_single)
            car_json_char_set_add (set, first, first);
          continue;
        }

      self->at++;
      if (!read_class_atom (self, set, &last, &last_single))
        return FALSE;
      if (first_single && last_single)
        {
          if (first > last)
            return fail (self, "a range of characters has no order");
          car_json_char_set_add (set, first, last);
          continue;
        }
      /* Strictly an error; schemas do write [\\w-.], and mean the dash. */
      car_json_char_set_add (set, '-', '-');
      if (first_single)
        car_json_char_set_add (set, first, first);
      if (last_single)
        car_json_char_set_add (set, last, last);
    }
  return TRUE;
}

/* A class, a dot, an escape or a plain character. All become a set, also where PCRE2 has the same escape: PCRE2's dot
 * matches other characters, and its \w and \s depend on flags. */
static gboolean
read_set (Parser *self, CarJsonCharSet *set)
{
  gunichar value;
  gboolean single;

  if (take (self, "["))
    {
      if (!read_class (self, set))
        return FALSE;
    }
  else if (take (self, "."))
    {
      car_json_char_set_add (set, '\n', '\n');
      car_json_char_set_add (set, '\r', '\r');
      car_json_char_set_add (set, 0x2028, 0x2029);
      set->negated = TRUE;
    }
  else if (!read_class_atom (self, set, &value, &single))
    return FALSE;
  else if (single)
    car_json_char_set_add (set, value, value);

  car_json_char_set_normalise (set);
  return TRUE;
}

static gboolean
read_decimal (Parser *self, gsize *value)
{
  const char *digits = self->at;

  *value = 0;
  for (; self->at < self->end && g_ascii_isdigit (*self->at); self->at++)
    *value = *value > G_MAXSIZE / 10 - 1 ? G_MAXSIZE / 2 : *value * 10 + (*self->at - '0');
  return self->at > digits;
}

/* FALSE, without an error, where no quantifier stands. A brace that begins none is a plain character. */
static gboolean
read_quantifier (Parser *self, gsize *min, gsize *max)
{
  const char *before = self->at;

  if (take (self, "*"))
    *min = 0, *max = G_MAXSIZE;
  else if (take (self, "+"))
    *min = 1, *max = G_MAXSIZE;
  else if (take (self, "?"))
    *min = 0, *max = 1;
  else if (take (self, "{") && read_decimal (self, min))
    {
      *max = *min;
      if (take (self, ",") && !read_decimal (self, max))
        *max = G_MAXSIZE;
      if (!take (self, "}"))
        {
          self->at = before;
          return FALSE;
        }
    }
  else
    {
      self->at = before;
      return FALSE;
    }
  /* A lazy one matches the same texts: only what it captures differs. */
  take (self, "?");
  return TRUE;
}

static void
set_table (CarJsonPattern *self, const CarJsonCharSet *set)
{
  self->ranges = g_new (CarJsonCharRange, set->ranges->len + 1);
  for (guint i = 0; i < set->ranges->len; i++)
    {
      CarJsonCharRange range = g_array_index (set->ranges, CarJsonCharRange, i);
      for (gunichar c = range.first; c <= range.last && c < 128; c++)
        self->ascii[c] = 1;
      if (range.last >= 128)
        self->ranges[self->n_ranges++] = range;
      /* Most negated classes: no search is needed for a character that is not ASCII. */
      if (range.first <= 128 && range.last == 0x10ffff)
        self->every_non_ascii = TRUE;
    }
}

/* FALSE, without an error, where the pattern is more than one class with a quantifier, from end to end. */
static gboolean
compile_table (CarJsonPattern *self, gsize length)
{
  Parser parser = { self->source, self->source, self->source + length };
  g_auto (CarJsonCharSet) set;
  car_json_char_set_init (&set);

  if (!take (&parser, "^") || parser.at == parser.end || strchr ("^$(|)*+?{", *parser.at) != NULL)
    return FALSE;
  if (!read_set (&parser, &set) || set.properties->len > 0)
    return FALSE;
  if (!read_quantifier (&parser, &self->min, &self->max))
    self->min = self->max = 1;
  if (self->min > self->max || !take (&parser, "$") || parser.at < parser.end)
    return FALSE;

  set_table (self, &set);
  return TRUE;
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || c == '$' || (guint8) c >= 0x80;
}

/* Behind `(?<` or `\k<`. */
static char *
read_group_name (Parser *self)
{
  const char *name = self->at;

  while (self->at < self->end && is_name_char (*self->at))
    self->at++;
  g_autofree char *text = g_strndup (name, self->at - name);
  if (*text == '\0' || g_ascii_isdigit (*text) || !take (self, ">"))
    {
      fail (self, "a group's name and > are expected");
      return NULL;
    }
  return g_steal_pointer (&text);
}

/* The group's number, 0 where there is none. */
static gsize
find_group (const Parser *self, const char *name)
{
  for (guint i = 0; i < self->group_names->len; i++)
    if (g_strcmp0 (g_ptr_array_index (self->group_names, i), name) == 0)
      return i + 1;
  return 0;
}

/* References may stand before their groups: the groups are counted first. */
static gboolean
collect_groups (Parser *self)
{
  gboolean in_class = FALSE;

  while (self->at < self->end)
    {
      if (take (self, "\\"))
        self->at += self->at < self->end;
      else if (in_class)
        in_class = *self->at++ != ']';
      else if (looking_at (self, "(?<") && !looking_at (self, "(?<=") && !looking_at (self, "(?<!"))
        {
          self->at += 3;
          char *name = read_group_name (self);
          if (name == NULL)
            return FALSE;
          if (find_group (self, name) > 0)
            {
              g_free (name);
              return fail (self, "two groups have one name");
            }
          g_ptr_array_add (self->group_names, name);
        }
      else
        {
          if (*self->at == '(' && !looking_at (self, "(?"))
            g_ptr_array_add (self->group_names, NULL);
          in_class = *self->at++ == '[';
        }
    }
  self->at = self->begin;
  return TRUE;
}

/* A group that took no part matches the empty text in ECMA-262, nothing in PCRE2. */
static gboolean
append_reference (Parser *self, gsize number)
{
  if (number == 0 || number > self->group_names->len)
    return fail (self, "there is no such group");
  g_string_append_printf (self->regex, "(?(%" G_GSIZE_FORMAT ")\\g{%" G_GSIZE_FORMAT "})", number, number);
  return TRUE;
}

static gboolean
translate_named_reference (Parser *self)
{
  g_autofree char *name = read_group_name (self);
  return name != NULL && append_reference (self, find_group (self, name));
}

static gboolean
translate_set (Parser *self)
{
  g_auto (CarJsonCharSet) set;
  car_json_char_set_init (&set);

  if (!read_set (self, &set))
    return FALSE;
  car_json_char_set_append_regex (&set, self->regex);
  return TRUE;
}

/* An escape outside of classes. *repeatable: a quantifier may follow. */
static gboolean
translate_escape (Parser *self, gboolean *repeatable)
{
  gsize number;

  if (take (self, "\\b"))
    {
      /* PCRE2's \b would take letters of all scripts for word characters. */
      g_string_append (self->regex,
                       "(?:(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z]))");
      *repeatable = FALSE;
      return TRUE;
    }
  if (take (self, "\\B"))
    {
      g_string_append (self->regex,
                       "(?:(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z]))");
      *repeatable = FALSE;
      return TRUE;
    }
  if (take (self, "\\k<"))
    return translate_named_reference (self);
  if (self->at + 1 < self->end && self->at[1] >= '1' && self->at[1] <= '9')
    {
      self->at++;
      return read_decimal (self, &number) && append_reference (self, number);
    }
  return translate_set (self);
}

/* Only what ECMA-262 has: none of PCRE2's options, verbs, recursion. */
static gboolean
translate_group (Parser *self)
{
  static const char *const openings[] = { "(?:", "(?=", "(?!", "(?<=", "(?<!" };

  for (gsize i = 0; i < G_N_ELEMENTS (openings); i++)
    if (take (self, openings[i]))
      {
        g_string_append (self->regex, openings[i]);
        return TRUE;
      }
  if (take (self, "(?<"))
    {
      g_autofree char *name = read_group_name (self);
      g_string_append_c (self->regex, '(');
      return name != NULL;
    }
  if (looking_at (self, "(?"))
    return fail (self, "there is no such kind of group");
  self->at++;
  g_string_append_c (self->regex, '(');
  return TRUE;
}

static gboolean
translate_term (Parser *self, gsize *n_open, gboolean *repeatable)
{
  char c = *self->at;

  *repeatable = FALSE;
  switch (c)
    {
    case '^':
    case '|':
      self->at++;
      g_string_append_c (self->regex, c);
      return TRUE;
    case '$':
      /* PCRE2's dollar also matches before a line feed at the end. */
      self->at++;
      g_string_append (self->regex, "\\z");
      return TRUE;
    case '(':
      ++*n_open;
      return translate_group (self);
    case ')':
      if (*n_open == 0)
        return fail (self, "there is no group to close");
      --*n_open;
      self->at++;
      g_string_append_c (self->regex, c);
      *repeatable = TRUE;
      return TRUE;
    case '\\':
      *repeatable = TRUE;
      return translate_escape (self, repeatable);
    default:
      *repeatable = TRUE;
      return translate_set (self);
    }
}

/* The quantifier is copied as it stands: both dialects have the same ones, and `?` behind it. A possessive one
 * (`a++`) is PCRE2's alone: nothing is repeatable behind a quantifier. */
static gboolean
translate (Parser *self)
{
  gsize n_open = 0, min, max;
  gboolean repeatable = FALSE;

  if (!collect_groups (self))
    return FALSE;
  while (self->at < self->end)
    {
      const char *term = self->at;
      if (!read_quantifier (self, &min, &max))
        {
          if (strchr ("*+?", *term) != NULL && *term != '\0')
            return fail (self, "there is nothing to repeat");
          if (!translate_term (self, &n_open, &repeatable))
            return FALSE;
          continue;
        }
      if (!repeatable || min > max)
        return fail (self, repeatable ? "a quantifier has no order" : "there is nothing to repeat");
      g_string_append_len (self->regex, term, self->at - term);
      repeatable = FALSE;
    }
  return n_open == 0 || fail (self, "a group has no end");
}

static gboolean
compile_regex (CarJsonPattern *self, gsize length, GError **error)
{
  g_autoptr (GString) regex = g_string_new (NULL);
  g_autoptr (GPtrArray) group_names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) reason = NULL;
  Parser parser = { self->source, self->source, self->source + length, regex, group_names, error };

  if (!translate (&parser))
    return FALSE;
  self->patient = g_regex_new (regex->str, 0, 0, &reason);
  if (self->patient != NULL)
    self->regex = g_regex_new (regex->str, G_REGEX_OPTIMIZE, 0, &reason);
  if (self->regex == NULL)
    g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA, "it does not compile: %s",
                 reason->message);
  return self->regex != NULL;
}

CarJsonPattern *
car_json_pattern_new (const char *source, gsize length, GError **error)
{
  g_autoptr (CarJsonPattern) self = g_new0 (CarJsonPattern, 1);

  self->source = g_strndup (source, length);
  if (strlen (self->source) < length)
    {
      g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_INVALID_SCHEMA,
                   "a pattern holds U+0000: write \\u0000");
      return NULL;
    }
  if (!compile_table (self, length) && !compile_regex (self, length, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
car_json_pattern_free (CarJsonPattern *self)
{
  g_free (self->source);
  g_free (self->ranges);
  g_clear_pointer (&self->regex, g_regex_unref);
  g_clear_pointer (&self->patient, g_regex_unref);
  g_free (self);
}

const char *
car_json_pattern_get_source (const CarJsonPattern *self)
{
  return self->source;
}

static gboolean
ranges_hold (const CarJsonPattern *self, gunichar c)
{
  gsize low = 0, high = self->n_ranges;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      if (c > self->ranges[middle].last)
        low = middle + 1;
      else if (c < self->ranges[middle].first)
        high = middle;
      else
        return TRUE;
    }
  return FALSE;
}

static gboolean
table_matches (const CarJsonPattern *self, const char *text, gsize length)
{
  const char *end = text + length;
  gsize n_chars = 0;

  for (; text < end; n_chars++)
    if ((guint8) *text < 128)
      {
        if (!self->ascii[(guint8) *text])
          return FALSE;
        text++;
      }
    else
      {
        if (!self->every_non_ascii && !ranges_hold (self, g_utf8_get_char (text)))
          return FALSE;
        text = g_utf8_next_char (text);
      }
  return n_chars >= self->min && n_chars <= self->max;
}

CarJsonPatternResult
car_json_pattern_match (const CarJsonPattern *self, const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;

  if (self->regex == NULL)
    return table_matches (self, text, length) ? CAR_JSON_PATTERN_MATCHES : CAR_JSON_PATTERN_DIFFERS;
  if (g_regex_match_full (self->regex, text, length, 0, 0, NULL, &error))
    return CAR_JSON_PATTERN_MATCHES;
  if (error != NULL && length >= LONG_TEXT)
    {
      g_clear_error (&error);
      if (g_regex_match_full (self->patient, text, length, 0, 0, NULL, &error))
        return CAR_JSON_PATTERN_MATCHES;
    }
  return error != NULL ? CAR_JSON_PATTERN_TOO_COSTLY : CAR_JSON_PATTERN_DIFFERS;
}
