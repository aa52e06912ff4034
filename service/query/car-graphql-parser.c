/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-graphql-parser.h>

/* Our own: Debian 12 packages no GraphQL parser for C, and what a query needs of the
 * language is small. */

#define MAX_TOKENS 100000

typedef enum
{
  TOKEN_END,
  TOKEN_PUNCTUATOR, /* one character, or "..." as '.' */
  TOKEN_NAME,
  TOKEN_INT,
  TOKEN_FLOAT,
  TOKEN_STRING,
} TokenType;

typedef struct
{
  CarGraphqlDocument *document;
  const char *begin;
  const char *end;
  const char *at;
  char *problem;
  guint depth;
  guint n_tokens;

  /* the token that comes next */
  TokenType type;
  const char *start;
  char punctuator;
  const char *text;
  gsize length;
} Parser;

gpointer
car_graphql_document_alloc (CarGraphqlDocument *self, gsize size)
{
  gpointer room = g_malloc0 (size);

  g_ptr_array_add (self->pool, room);
  return room;
}

void
car_graphql_document_free (CarGraphqlDocument *self)
{
  g_ptr_array_unref (self->pool);
  g_free (self);
}

const CarGraphqlValue *
car_graphql_value_find (const CarGraphqlValue *first, const char *name)
{
  for (; first != NULL; first = first->next)
    if (g_str_equal (first->name, name))
      return first;
  return NULL;
}

static gboolean G_GNUC_PRINTF (3, 4) fail (Parser *self, const char *where, const char *format, ...)
{
  g_autofree char *what = NULL;
  guint line = 1, column = 1;
  va_list args;

  if (self->problem != NULL)
    return FALSE;
  for (const char *c = self->begin; c < where; c++)
    {
      if (*c == '\n')
        {
          line++;
          column = 1;
        }
      else if ((*c & 0xc0) != 0x80)
        column++;
    }
  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  self->problem = g_strdup_printf ("not a GraphQL document: line %u, column %u: %s", line, column, what);
  return FALSE;
}

static const char *
keep (Parser *self, const char *text, gsize length)
{
  char *copy = car_graphql_document_alloc (self->document, length + 1);

  memcpy (copy, text, length);
  return copy;
}

static gboolean
is_name_start (char c)
{
  return g_ascii_isalpha (c) || c == '_';
}

static void
skip_ignored (Parser *self)
{
  while (self->at < self->end)
    {
      if (strchr (" \t\r\n,", *self->at) != NULL && *self->at != '\0')
        self->at++;
      else if (*self->at == '#')
        while (self->at < self->end && *self->at != '\n' && *self->at != '\r')
          self->at++;
      else if (self->end - self->at >= 3 && memcmp (self->at, "\xef\xbb\xbf", 3) == 0)
        self->at += 3;
      else
        return;
    }
}

static gboolean
lex_number (Parser *self)
{
  const char *c = self->at;

#define DIGIT() (c < self->end && g_ascii_isdigit (*c))
  self->type = TOKEN_INT;
  if (*c == '-')
    c++;
  if (!DIGIT ())
    return fail (self, c, "a digit is expected");
  if (*c == '0' && c + 1 < self->end && g_ascii_isdigit (c[1]))
    return fail (self, c, "a number does not begin with 0");
  while (DIGIT ())
    c++;
  if (c < self->end && *c == '.')
    {
      self->type = TOKEN_FLOAT;
      c++;
      if (!DIGIT ())
        return fail (self, c, "a digit is expected");
      while (DIGIT ())
        c++;
    }
  if (c < self->end && (*c == 'e' || *c == 'E'))
    {
      self->type = TOKEN_FLOAT;
      c++;
      if (c < self->end && (*c == '+' || *c == '-'))
        c++;
      if (!DIGIT ())
        return fail (self, c, "a digit is expected");
      while (DIGIT ())
        c++;
    }
#undef DIGIT
  if (c < self->end && (is_name_start (*c) || *c == '.'))
    return fail (self, c, "a number ends before this");
  self->text = keep (self, self->at, c - self->at);
  self->length = c - self->at;
  self->at = c;
  return TRUE;
}

/* Four hexadecimal digits, or any number of them in braces. */
static gboolean
lex_code_point (Parser *self, gunichar *code)
{
  const char *start = self->at;
  gboolean braces = self->at < self->end && *self->at == '{';
  guint n = 0;

  *code = 0;
  if (braces)
    self->at++;
  for (; self->at < self->end && g_ascii_isxdigit (*self->at) && n < (braces ? 8u : 4u); n++)
    *code = *code << 4 | (gunichar) g_ascii_xdigit_value (*self->at++);
  if (n < (braces ? 1u : 4u) || (braces && (self->at == self->end || *self->at++ != '}')))
    return fail (self, start, "hexadecimal digits are expected");
  return TRUE;
}

static gboolean
lex_unicode_escape (Parser *self, GString *out)
{
  const char *start = self->at;
  gunichar code, low;

  if (!lex_code_point (self, &code))
    return FALSE;
  if (code >= 0xd800 && code <= 0xdbff && self->end - self->at >= 2 && self->at[0] == '\\' &&
      self->at[1] == 'u')
    {
      self->at += 2;
      if (!lex_code_point (self, &low))
        return FALSE;
      if (low >= 0xdc00 && low <= 0xdfff)
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return fail (self, start, "this is no Unicode character");
  if (code == 0)
    g_string_append_c (out, '\0');
  else
    g_string_append_unichar (out, code);
  return TRUE;
}

static gboolean
lex_escape (Parser *self, GString *out)
{
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *found;

  self->at++;
  if (self->at < self->end && *self->at == 'u')
    {
      self->at++;
      return lex_unicode_escape (self, out);
    }
  found = self->at < self->end && *self->at != '\0' ? strchr (names, *self->at) : NULL;
  if (found == NULL)
    return fail (self, self->at, "no such escape in a string");
  g_string_append_c (out, meanings[found - names]);
  self->at++;
  return TRUE;
}

static gboolean
lex_string (Parser *self)
{
  g_autoptr (GString) out = g_string_new (NULL);

  self->at++;
  while (self->at < self->end && *self->at != '"')
    {
      if (*self->at == '\\')
        {
          if (!lex_escape (self, out))
            return FALSE;
        }
      else if ((guchar) *self->at < 0x20 && *self->at != '\t')
        return fail (self, self->at, "a string ends on the line it began on, without control characters");
      else
        g_string_append_c (out, *self->at++);
    }
  if (self->at == self->end)
    return fail (self, self->start, "this string does not end");
  self->at++;
  self->type = TOKEN_STRING;
  self->text = keep (self, out->str, out->len);
  self->length = out->len;
  return TRUE;
}

static gsize
indent_of (const char *line)
{
  return strspn (line, " \t");
}

/* Takes off what all lines but the first are indented by, and blank lines at both ends (specification,
 * 2.9.4). */
static void
keep_block (Parser *self, const char *raw)
{
  g_auto (GStrv) lines = g_strsplit (raw, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);
  guint n = g_strv_length (lines), first = 0;
  gsize common = G_MAXSIZE;

  for (guint i = 1; i < n; i++)
    if (lines[i][indent_of (lines[i])] != '\0')
      common = MIN (common, indent_of (lines[i]));
  while (n > 0 && lines[n - 1][indent_of (lines[n - 1])] == '\0')
    n--;
  while (first < n && lines[first][indent_of (lines[first])] == '\0')
    first++;
  for (guint i = first; i < n; i++)
    {
      gsize cut = i > 0 ? MIN (common, indent_of (lines[i])) : 0;

      g_string_append_printf (out, "%s%s", i > first ? "\n" : "", lines[i] + cut);
    }
  self->text = keep (self, out->str, out->len);
  self->length = out->len;
}

static gboolean
lex_block_string (Parser *self)
{
  g_autoptr (GString) raw = g_string_new (NULL);

  self->at += 3;
  while (self->end - self->at >= 3 && memcmp (self->at, "\"\"\"", 3) != 0)
    {
      if (*self->at == '\0')
        return fail (self, self->at, "a NUL cannot stand here");
      if (self->end - self->at >= 4 && memcmp (self->at, "\\\"\"\"", 4) == 0)
        {
          g_string_append (raw, "\"\"\"");
          self->at += 4;
          continue;
        }
      if (*self->at != '\r')
        g_string_append_c (raw, *self->at);
      else if (self->at[1] != '\n')
        g_string_append_c (raw, '\n');
      self->at++;
    }
  if (self->end - self->at < 3)
    return fail (self, self->start, "this string does not end");
  self->at += 3;
  self->type = TOKEN_STRING;
  keep_block (self, raw->str);
  return TRUE;
}

static gboolean
lex_name (Parser *self)
{
  while (self->at < self->end && (is_name_start (*self->at) || g_ascii_isdigit (*self->at)))
    self->at++;
  self->type = TOKEN_NAME;
  self->length = self->at - self->start;
  self->text = keep (self, self->start, self->length);
  return TRUE;
}

/* Reads the token that comes next. */
static gboolean
advance (Parser *self)
{
  gsize left;

  skip_ignored (self);
  self->start = self->at;
  left = self->end - self->at;
  if (++self->n_tokens > MAX_TOKENS)
    return fail (self, self->at, "the document is too long");
  if (left == 0)
    {
      self->type = TOKEN_END;
      return TRUE;
    }
  if (is_name_start (*self->at))
    return lex_name (self);
  if (g_ascii_isdigit (*self->at) || *self->at == '-')
    return lex_number (self);
  if (*self->at == '"')
    return left >= 3 && memcmp (self->at, "\"\"\"", 3) == 0 ? lex_block_string (self) : lex_string (self);

  self->type = TOKEN_PUNCTUATOR;
  self->punctuator = *self->at;
  if (left >= 3 && memcmp (self->at, "...", 3) == 0)
    self->at += 3;
  else if (*self->at != '\0' && strchr ("!$&():=@[]{|}", *self->at) != NULL)
    self->at++;
  else
    return fail (self, self->at, "this character cannot stand here");
  return TRUE;
}

static gboolean
is_punctuator (Parser *self, char punctuator)
{
  return self->type == TOKEN_PUNCTUATOR && self->punctuator == punctuator;
}

static gboolean
is_word (Parser *self, const char *word)
{
  return self->type == TOKEN_NAME && g_str_equal (self->text, word);
}

static gboolean
expect (Parser *self, char punctuator)
{
  if (!is_punctuator (self, punctuator))
    return fail (self, self->start, "“%c” is expected", punctuator);
  return advance (self);
}

static gboolean
expect_name (Parser *self, const char **name)
{
  if (self->type != TOKEN_NAME)
    return fail (self, self->start, "a name is expected");
  *name = self->text;
  return advance (self);
}

static gboolean
go_deeper (Parser *self)
{
  if (++self->depth > CAR_GRAPHQL_MAX_DEPTH)
    return fail (self, self->start, "the document is nested more than %d deep", CAR_GRAPHQL_MAX_DEPTH);
  return TRUE;
}

static CarGraphqlValue *parse_value (Parser *self, gboolean constant);

static gboolean
parse_named_values (Parser *self, char close, gboolean constant, CarGraphqlValue **first)
{
  CarGraphqlValue **last = first;

  while (!is_punctuator (self, close))
    {
      const char *start = self->start;
      const char *name = NULL;
      CarGraphqlValue *value;

      if (!expect_name (self, &name) || !expect (self, ':'))
        return FALSE;
      if (car_graphql_value_find (*first, name) != NULL)
        return fail (self, start, "“%s” stands here twice", name);
      value = parse_value (self, constant);
      if (value == NULL)
        return FALSE;
      value->name = name;
      *last = value;
      last = &value->next;
    }
  return advance (self);
}

static gboolean
parse_items (Parser *self, gboolean constant, CarGraphqlValue **first)
{
  CarGraphqlValue **last = first;

  while (!is_punctuator (self, ']'))
    {
      CarGraphqlValue *item = parse_value (self, constant);

      if (item == NULL)
        return FALSE;
      *last = item;
      last = &item->next;
    }
  return advance (self);
}

static CarGraphqlType
type_of_name (const char *name)
{
  if (g_str_equal (name, "null"))
    return CAR_GRAPHQL_NULL;
  if (g_str_equal (name, "true") || g_str_equal (name, "false"))
    return CAR_GRAPHQL_BOOLEAN;
  return CAR_GRAPHQL_ENUM;
}

static gboolean
parse_compound (Parser *self, CarGraphqlValue *value, gboolean constant)
{
  gboolean list = is_punctuator (self, '[');
  gboolean done;

  value->type = list ? CAR_GRAPHQL_LIST : CAR_GRAPHQL_OBJECT;
  if (!go_deeper (self) || !advance (self))
    return FALSE;
  done = list ? parse_items (self, constant, &value->items)
              : parse_named_values (self, '}', constant, &value->items);
  self->depth--;
  return done;
}

static CarGraphqlValue *
parse_value (Parser *self, gboolean constant)
{
  CarGraphqlValue *value = car_graphql_document_alloc (self->document, sizeof (CarGraphqlValue));
  gboolean done;

  value->text = self->text;
  value->length = self->length;
  if (is_punctuator (self, '[') || is_punctuator (self, '{'))
    return parse_compound (self, value, constant) ? value : NULL;
  if (is_punctuator (self, '$') && !constant)
    {
      value->type = CAR_GRAPHQL_VARIABLE;
      return advance (self) && expect_name (self, &value->text) ? value : NULL;
    }
  switch (self->type)
    {
    case TOKEN_NAME:
      value->type = type_of_name (self->text);
      break;
    case TOKEN_INT:
      value->type = CAR_GRAPHQL_INT;
      break;
    case TOKEN_FLOAT:
      value->type = CAR_GRAPHQL_FLOAT;
      break;
    case TOKEN_STRING:
      value->type = CAR_GRAPHQL_STRING;
      break;
    default:
      fail (self, self->start, "a value is expected");
      return NULL;
    }
  done = advance (self);
  return done ? value : NULL;
}

static gboolean
parse_arguments (Parser *self, gboolean constant, CarGraphqlValue **first)
{
  if (!is_punctuator (self, '('))
    return TRUE;
  if (!advance (self))
    return FALSE;
  if (is_punctuator (self, ')'))
    return fail (self, self->start, "an argument is expected");
  return parse_named_values (self, ')', constant, first);
}

static gboolean
parse_directives (Parser *self, gboolean constant, CarGraphqlValue **first)
{
  CarGraphqlValue **last = first;

  while (is_punctuator (self, '@'))
    {
      CarGraphqlValue *directive = car_graphql_document_alloc (self->document, sizeof (CarGraphqlValue));

      directive->type = CAR_GRAPHQL_OBJECT;
      if (!advance (self) || !expect_name (self, &directive->name) ||
          !parse_arguments (self, constant, &directive->items))
        return FALSE;
      *last = directive;
      last = &directive->next;
    }
  return TRUE;
}

static gboolean parse_selections (Parser *self, CarGraphqlSelection **first);

static gboolean
parse_field (Parser *self, CarGraphqlSelection *selection)
{
  selection->kind = CAR_GRAPHQL_FIELD;
  if (!expect_name (self, &selection->name))
    return FALSE;
  selection->alias = selection->name;
  if (is_punctuator (self, ':') && (!advance (self) || !expect_name (self, &selection->name)))
    return FALSE;
  return parse_arguments (self, FALSE, &selection->arguments) &&
         parse_directives (self, FALSE, &selection->directives) &&
         (!is_punctuator (self, '{') || parse_selections (self, &selection->children));
}

static gboolean
parse_fragment_use (Parser *self, CarGraphqlSelection *selection)
{
  if (!advance (self))
    return FALSE;
  if (self->type == TOKEN_NAME && !is_word (self, "on"))
    {
      selection->kind = CAR_GRAPHQL_SPREAD;
      return expect_name (self, &selection->name) && parse_directives (self, FALSE, &selection->directives);
    }
  selection->kind = CAR_GRAPHQL_INLINE_FRAGMENT;
  if (is_word (self, "on") && (!advance (self) || !expect_name (self, &selection->name)))
    return FALSE;
  return parse_directives (self, FALSE, &selection->directives) &&
         parse_selections (self, &selection->children);
}

static gboolean
parse_selections (Parser *self, CarGraphqlSelection **first)
{
  CarGraphqlSelection **last = first;

  if (!go_deeper (self) || !expect (self, '{'))
    return FALSE;
  if (is_punctuator (self, '}'))
    return fail (self, self->start, "a field is expected");
  while (!is_punctuator (self, '}'))
    {
      CarGraphqlSelection *selection =
          car_graphql_document_alloc (self->document, sizeof (CarGraphqlSelection));

      if (!(is_punctuator (self, '.') ? parse_fragment_use (self, selection) : parse_field (self, selection)))
        return FALSE;
      *last = selection;
      last = &selection->next;
    }
  self->depth--;
  return advance (self);
}

static gboolean
parse_type (Parser *self, CarGraphqlVariable *variable)
{
  gboolean list = is_punctuator (self, '[');

  if (list)
    {
      if (!go_deeper (self) || !advance (self) || !parse_type (self, variable) || !expect (self, ']'))
        return FALSE;
      self->depth--;
      variable->is_list = TRUE;
    }
  else if (!expect_name (self, &variable->type))
    return FALSE;
  variable->non_null = is_punctuator (self, '!');
  return !variable->non_null || advance (self);
}

static gboolean
parse_variables (Parser *self, CarGraphqlVariable **first)
{
  CarGraphqlVariable **last = first;

  if (!is_punctuator (self, '('))
    return TRUE;
  if (!advance (self))
    return FALSE;
  do
    {
      CarGraphqlVariable *variable = car_graphql_document_alloc (self->document, sizeof (CarGraphqlVariable));
      CarGraphqlValue *directives = NULL;

      if (!expect (self, '$') || !expect_name (self, &variable->name) || !expect (self, ':') ||
          !parse_type (self, variable))
        return FALSE;
      for (CarGraphqlVariable *other = *first; other != NULL; other = other->next)
        if (g_str_equal (other->name, variable->name))
          return fail (self, self->start, "the variable “%s” is declared twice", variable->name);
      if (is_punctuator (self, '=') &&
          (!advance (self) || (variable->fallback = parse_value (self, TRUE)) == NULL))
        return FALSE;
      if (!parse_directives (self, TRUE, &directives))
        return FALSE;
      *last = variable;
      last = &variable->next;
    }
  while (!is_punctuator (self, ')'));
  return advance (self);
}

static gboolean
parse_operation (Parser *self)
{
  CarGraphqlOperation *operation = car_graphql_document_alloc (self->document, sizeof (CarGraphqlOperation));
  CarGraphqlValue *directives = NULL;
  CarGraphqlOperation **last = &self->document->operations;

  operation->type = "query";
  if (self->type == TOKEN_NAME)
    {
      if (!expect_name (self, &operation->type))
        return FALSE;
      if (self->type == TOKEN_NAME && !expect_name (self, &operation->name))
        return FALSE;
      if (!parse_variables (self, &operation->variables) || !parse_directives (self, FALSE, &directives))
        return FALSE;
    }
  while (*last != NULL)
    last = &(*last)->next;
  *last = operation;
  return parse_selections (self, &operation->selections);
}

static gboolean
parse_fragment (Parser *self)
{
  CarGraphqlFragment *fragment = car_graphql_document_alloc (self->document, sizeof (CarGraphqlFragment));
  CarGraphqlValue *directives = NULL;

  if (!advance (self) || !expect_name (self, &fragment->name))
    return FALSE;
  if (!is_word (self, "on"))
    return fail (self, self->start, "“on” is expected");
  if (!advance (self) || !expect_name (self, &fragment->on) || !parse_directives (self, FALSE, &directives))
    return FALSE;
  fragment->next = self->document->fragments;
  self->document->fragments = fragment;
  return parse_selections (self, &fragment->selections);
}

static gboolean
parse_definition (Parser *self)
{
  if (is_word (self, "fragment"))
    return parse_fragment (self);
  if (is_punctuator (self, '{') || is_word (self, "query") || is_word (self, "mutation") ||
      is_word (self, "subscription"))
    return parse_operation (self);
  return fail (self, self->start, "“query”, “fragment” or “{” is expected");
}

CarGraphqlDocument *
car_graphql_parse (const char *text, gsize length, char **problem)
{
  g_autoptr (CarGraphqlDocument) document = g_new0 (CarGraphqlDocument, 1);
  Parser self = { .document = document, .begin = text, .end = text + length, .at = text };
  gboolean good;

  document->pool = g_ptr_array_new_with_free_func (g_free);
  good = advance (&self);
  while (good && self.type != TOKEN_END)
    good = parse_definition (&self);
  if (good && document->operations == NULL)
    good = fail (&self, self.at, "there is no query in it");
  *problem = self.problem;
  return good ? g_steal_pointer (&document) : NULL;
}
