/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

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

void car_json_scanner_init (CarJsonScanner *self, const char *text, gsize length);

/* The type of the value that begins here (white space is passed over), CAR_JSON_INVALID where none does. */
CarJsonType car_json_scanner_peek (CarJsonScanner *self);

/* Checks one whole value, of any type, and stands behind it. For objects and arrays the span holds the brackets. */
gboolean car_json_scanner_read (CarJsonScanner *self, CarJsonSpan *value);

/* car_json_scanner_enter() goes into the object or array that begins here. Then next_member() (it reads `"name":`)
 * or next_item() answer TRUE while there is one more: the caller reads its value, or enters it. FALSE: the closing
 * bracket was passed, or `problem` is set. */
gboolean car_json_scanner_enter (CarJsonScanner *self, CarJsonType type);
gboolean car_json_scanner_next_member (CarJsonScanner *self, CarJsonSpan *name);
gboolean car_json_scanner_next_item (CarJsonScanner *self);

/* TRUE where only white space is left. */
gboolean car_json_scanner_finish (CarJsonScanner *self);

/* CAR_SCHEMA_ERROR_INVALID_JSON: what is wrong, and the line and column. */
void car_json_scanner_set_error (CarJsonScanner *self, GError **error);

/* The string that a span stands for: unescaped, with a NUL behind it; it may hold NULs (\u0000) itself. */
char *car_json_span_unescape (const CarJsonSpan *string, gsize *length);
/* The same into a buffer of at least the span's length, without a NUL behind it: the length. */
gsize car_json_span_unescape_to (const CarJsonSpan *string, char *buffer);
gboolean car_json_span_equals (const CarJsonSpan *string, const char *unescaped);

/* Appends text as a JSON string with its quotes, escaped as little as RFC 8259 allows. The text must be UTF-8. */
void car_json_append_string (GString *out, const char *text, gssize length);

void car_json_append_int (GString *out, gint64 value);

/* Appends the shortest spelling that reads back as value, which must be finite. */
void car_json_append_double (GString *out, double value);

/* Appends what comes from outside for a person to read: its first 80 characters, those that cannot be printed escaped.
 * The text must be UTF-8. */
void car_json_append_shown (GString *out, const char *text, gsize length);

G_END_DECLS
