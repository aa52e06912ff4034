/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

G_BEGIN_DECLS

/* A strict, allocation-free scanner of RFC 8259 texts (UTF-8, no NUL needed at the end): what stands in the text is
 * handed out as spans into it, numbers keep their spelling. json-glib's parser is not strict enough for what comes
 * from outside (see docs/architecture.md). */

#define CAR_JSON_MAX_DEPTH 128

typedef enum
{
  CAR_JSON_INVALID,
  CAR_JSON_NULL,
  CAR_JSON_FALSE,
  CAR_JSON_TRUE,
  CAR_JSON_NUMBER,
  CAR_JSON_STRING,
  CAR_JSON_ARRAY,
  CAR_JSON_OBJECT,
} CarJsonType;

/* A piece of the text. Of a string: what stands between its quotes, still escaped. */
typedef struct
{
  const char *text;
  gsize length;
  CarJsonType type;
  gboolean escaped; /* a string with at least one backslash */
} CarJsonSpan;

typedef struct
{
  const char *begin;
  const char *end;
  const char *at;
  const char *problem; /* static text, once something was wrong: `at` stands where */
  guint depth;
} CarJsonScanner;

static inline void car_json_scanner_init (CarJsonScanner *self, const char *text, gsize length);

/* The type of the value that begins here (white space is passed over), CAR_JSON_INVALID where none does. */
static inline CarJsonType car_json_scanner_peek (CarJsonScanner *self);

/* Checks one whole value, of any type, and stands behind it. For objects and arrays the span holds the brackets. */
static inline gboolean car_json_scanner_read (CarJsonScanner *self, CarJsonSpan *value);

/* car_json_scanner_enter() goes into the object or array that begins here. Then next_member() (it reads `"name":`)
 * or next_item() answer TRUE while there is one more: the caller reads its value, or enters it. FALSE: the closing
 * bracket was passed, or `problem` is set. */
gboolean car_json_scanner_enter (CarJsonScanner *self, CarJsonType type);
static inline gboolean car_json_scanner_next_member (CarJsonScanner *self, CarJsonSpan *name);
static inline gboolean car_json_scanner_next_item (CarJsonScanner *self);

/* Goes to the end of an array's item that is no value: to the comma or bracket behind it, by its strings and brackets
 * alone. FALSE where there is no item, or no end of it. */
gboolean car_json_scanner_skip_item (CarJsonScanner *self);

/* TRUE where only white space is left. */
gboolean car_json_scanner_finish (CarJsonScanner *self);

/* CAR_SCHEMA_ERROR_INVALID_JSON: what is wrong, and the line and column. */
void car_json_scanner_set_error (CarJsonScanner *self, GError **error);

/* The string that a span stands for: unescaped, with a NUL behind it; it may hold NULs (\u0000) itself. */
char *car_json_span_unescape (const CarJsonSpan *string, gsize *length);
/* The same into a buffer of at least the span's length, without a NUL behind it: the length. */
gsize car_json_span_unescape_to (const CarJsonSpan *string, char *buffer);
/* Whether it stands for this text. */
gboolean car_json_span_unescapes_to (const CarJsonSpan *string, const char *text, gsize length);
static inline gboolean car_json_span_is (const CarJsonSpan *string, const char *text, gsize length);
static inline gboolean car_json_span_equals (const CarJsonSpan *string, const char *text);

/* Appends a value as it stands in its text; a string gets its quotes back. */
void car_json_append_span (GString *out, const CarJsonSpan *value);

/* Appends text as a JSON string with its quotes, escaped as little as RFC 8259 allows. The text must be UTF-8. */
void car_json_append_string (GString *out, const char *text, gssize length);

/* Makes room behind the text, for the caller to fill. */
static inline char *
car_json_extend (GString *text, gsize length)
{
  const gsize begin = text->len;

  if (G_UNLIKELY (begin + length >= text->allocated_len))
    g_string_set_size (text, begin + length);
  text->len = begin + length;
  text->str[text->len] = '\0';
  return text->str + begin;
}

void car_json_append_int (GString *out, gint64 value);

/* Appends the shortest spelling that reads back as value, which must be finite. */
void car_json_append_double (GString *out, double value);

/* ---- What every object goes through is inline, and leaves what is rare to functions --------------------------- */

extern const guint8 car_json_types[256]; /* CarJsonType, by the first character of a value */

/* Both FALSE, for the caller to return; of several problems the first stays. */
gboolean car_json_scanner_fail (CarJsonScanner *self, const char *problem);
gboolean car_json_scanner_fail_expecting (CarJsonScanner *self, const char *problem);
gboolean car_json_scanner_read_special_string (CarJsonScanner *self, CarJsonSpan *value);
gboolean car_json_scanner_read_other (CarJsonScanner *self, CarJsonSpan *value);

#define CAR_JSON_BYTES(byte) (~G_GUINT64_CONSTANT (0) / 255 * (byte))

/* Of eight bytes: the high bit of the first one is set that is a control character, a quote, a backslash or not ASCII,
 * and perhaps of some behind it, where a borrow came through. 0 where there is none. */
static inline guint64
car_json_find_special (const char *text)
{
  guint64 bytes;

  memcpy (&bytes, text, sizeof bytes);
  bytes = GUINT64_FROM_LE (bytes);
  guint64 quote = bytes ^ CAR_JSON_BYTES ('"');
  guint64 backslash = bytes ^ CAR_JSON_BYTES ('\\');
  return (((bytes - CAR_JSON_BYTES (' ')) & ~bytes) | ((quote - CAR_JSON_BYTES (1)) & ~quote) |
          ((backslash - CAR_JSON_BYTES (1)) & ~backslash) | bytes) &
         CAR_JSON_BYTES (0x80);
}

/* Where the first such character is: what stands before it stands for itself in a string, and is ASCII. */
static G_ALWAYS_INLINE inline const char *
car_json_skip_plain (const char *at, const char *end)
{
  guint64 special;

#ifdef __SSE2__
  for (; end - at >= 16; at += 16)
    {
      __m128i bytes;
      memcpy (&bytes, at, sizeof bytes);
      /* As signed bytes, those from 0x80 on are below a space too. */
      __m128i found = _mm_or_si128 (_mm_cmplt_epi8 (bytes, _mm_set1_epi8 (' ')),
                                    _mm_or_si128 (_mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('"')),
                                                  _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('\\'))));
      guint mask = _mm_movemask_epi8 (found);
      if (mask != 0)
        return at + __builtin_ctz (mask);
    }
#endif
  for (; end - at >= 8; at += 8)
    if ((special = car_json_find_special (at)) != 0)
      return at + __builtin_ctzll (special) / 8;
  while (at < end && *at != '"' && *at != '\\' && (guint8) *at >= ' ' && (guint8) *at < 0x80)
    at++;
  return at;
}

static inline gboolean
car_json_span_is (const CarJsonSpan *string, const char *text, gsize length)
{
  if (G_LIKELY (!string->escaped))
    return string->length == length && memcmp (string->text, text, length) == 0;
  return car_json_span_unescapes_to (string, text, length);
}

static inline gboolean
car_json_span_equals (const CarJsonSpan *string, const char *text)
{
  return car_json_span_is (string, text, strlen (text));
}

static inline void
car_json_scanner_init (CarJsonScanner *self, const char *text, gsize length)
{
  /* An empty text may be NULL, to which nothing can be added. */
  *self = (CarJsonScanner){ .begin = text, .end = length > 0 ? text + length : text, .at = text };
}

/* White space (RFC 8259, section 2). */
static inline gboolean
car_json_is_space (char c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void
car_json_scanner_skip_space (CarJsonScanner *self)
{
  const char *at = self->at;

  if (G_LIKELY (at < self->end && (guint8) *at > ' '))
    return;
  while (at < self->end && car_json_is_space (*at))
    at++;
  self->at = at;
}

static inline CarJsonType
car_json_scanner_peek (CarJsonScanner *self)
{
  if (G_UNLIKELY (self->problem != NULL))
    return CAR_JSON_INVALID;

  car_json_scanner_skip_space (self);
  CarJsonType type =
      G_LIKELY (self->at < self->end) ? car_json_types[(guint8) *self->at] : (guint8) CAR_JSON_INVALID;
  if (G_UNLIKELY (type == CAR_JSON_INVALID))
    car_json_scanner_fail_expecting (self, "a value is expected");
  return type;
}

/* Stands at the opening quote. */
static G_ALWAYS_INLINE inline gboolean
car_json_scanner_read_string (CarJsonScanner *self, CarJsonSpan *value)
{
  const char *begin = self->at + 1;
  const char *at = car_json_skip_plain (begin, self->end);

  if (G_UNLIKELY (at == self->end || *at != '"'))
    return car_json_scanner_read_special_string (self, value);

  *value = (CarJsonSpan){ begin, at - begin, CAR_JSON_STRING, FALSE };
  self->at = at + 1;
  return TRUE;
}

static G_ALWAYS_INLINE inline gboolean
car_json_scanner_read (CarJsonScanner *self, CarJsonSpan *value)
{
  if (G_LIKELY (self->problem == NULL && self->at < self->end && *self->at == '"'))
    return car_json_scanner_read_string (self, value);
  return car_json_scanner_read_other (self, value);
}

/* Goes to the next member or item. No value ends in an opening bracket: one right before means that none was read. */
static inline gboolean
car_json_scanner_advance (CarJsonScanner *self, char open, char close, const char *problem)
{
  if (G_UNLIKELY (self->problem != NULL))
    return FALSE;

  gboolean first = self->at[-1] == open;
  car_json_scanner_skip_space (self);
  if (G_UNLIKELY (self->at == self->end))
    return car_json_scanner_fail_expecting (self, problem);
  if (*self->at == close)
    {
      self->at++;
      self->depth--;
      return FALSE;
    }
  if (first)
    return TRUE;
  if (G_UNLIKELY (*self->at != ','))
    return car_json_scanner_fail (self, problem);
  self->at++;
  return TRUE;
}

static G_ALWAYS_INLINE inline gboolean
car_json_scanner_next_member (CarJsonScanner *self, CarJsonSpan *name)
{
  if (!car_json_scanner_advance (self, '{', '}', "a comma or the end of the object is expected"))
    return FALSE;

  car_json_scanner_skip_space (self);
  if (G_UNLIKELY (self->at == self->end || *self->at != '"'))
    return car_json_scanner_fail_expecting (self, "a member's name is expected");
  if (G_UNLIKELY (!car_json_scanner_read_string (self, name)))
    return FALSE;

  car_json_scanner_skip_space (self);
  if (G_UNLIKELY (self->at == self->end || *self->at != ':'))
    return car_json_scanner_fail_expecting (self, "a colon is expected");
  self->at++;
  return TRUE;
}

static inline gboolean
car_json_scanner_next_item (CarJsonScanner *self)
{
  return car_json_scanner_advance (self, '[', ']', "a comma or the end of the array is expected");
}

G_END_DECLS
