/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <service/query/car-query-private.h>

static void
result_number (sqlite3_context *context, const CarJsonSpan *span)
{
  g_autofree char *text = g_strndup (span->text, span->length);
  gint64 integer;

  if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &integer, NULL))
    sqlite3_result_int64 (context, integer);
  else
    sqlite3_result_double (context, g_ascii_strtod (text, NULL));
}

static void
result_value (sqlite3_context *context, const CarJsonSpan *span)
{
  switch (span->type)
    {
    case CAR_JSON_STRING:
      {
        gsize length;
        char *text;

        if (!span->escaped)
          {
            sqlite3_result_text64 (context, span->text, span->length, SQLITE_TRANSIENT, SQLITE_UTF8);
            return;
          }
        text = car_json_span_unescape (span, &length);
        sqlite3_result_text64 (context, text, length, g_free, SQLITE_UTF8);
        return;
      }
    case CAR_JSON_NUMBER:
      result_number (context, span);
      return;
    case CAR_JSON_TRUE:
    case CAR_JSON_FALSE:
      sqlite3_result_int (context, span->type == CAR_JSON_TRUE);
      return;
    case CAR_JSON_ARRAY:
    case CAR_JSON_OBJECT:
      sqlite3_result_text64 (context, span->text, span->length, SQLITE_TRANSIENT, SQLITE_UTF8);
      return;
    default:
      sqlite3_result_null (context);
    }
}

/* car_member (object, name): SQLite's json_extract() would cut strings at a NUL, and reads the whole
 * object first. */
static void
member_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *text = (const char *) sqlite3_value_text (arguments[0]);
  const char *wanted = (const char *) sqlite3_value_text (arguments[1]);
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  if (text == NULL || wanted == NULL)
    return;
  car_json_scanner_init (&scanner, text, sqlite3_value_bytes (arguments[0]));
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return;
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    if (car_json_span_equals (&name, wanted))
      {
        result_value (context, &value);
        return;
      }
}

static const char *
next_character (const char *at, const char *end)
{
  return MIN (g_utf8_next_char (at), end);
}

static gboolean
same_character (const char *a, const char *b, gboolean ignore_case)
{
  gunichar one = g_utf8_get_char (a), two = g_utf8_get_char (b);

  return one == two || (ignore_case && g_unichar_tolower (one) == g_unichar_tolower (two));
}

/* About a second: nothing can interrupt a function. */
#define MAX_STEPS 100000000

/* LIKE as PostgreSQL has it: % any text, _ any character, a backslash before one that means itself. After
 * a failure only the last % is tried again, which is enough, and keeps the worst case at the product of
 * the lengths; -1 where that would take too long. */
static int
matches (const char *text,
         const char *text_end,
         const char *pattern,
         const char *pattern_end,
         gboolean ignore_case)
{
  const char *again_text = NULL, *again_pattern = NULL;
  guint n_steps = 0;

  while (text < text_end || pattern < pattern_end)
    {
      if (++n_steps > MAX_STEPS)
        return -1;
      if (pattern < pattern_end && *pattern == '%')
        {
          again_pattern = ++pattern;
          again_text = text;
          continue;
        }
      if (pattern < pattern_end && text < text_end)
        {
          gboolean any = *pattern == '_';
          const char *literal = *pattern == '\\' && pattern + 1 < pattern_end ? pattern + 1 : pattern;

          if (any || same_character (text, literal, ignore_case))
            {
              text = next_character (text, text_end);
              pattern = next_character (literal, pattern_end);
              continue;
            }
        }
      if (again_pattern == NULL || again_text >= text_end)
        return FALSE;
      again_text = next_character (again_text, text_end);
      text = again_text;
      pattern = again_pattern;
    }
  return TRUE;
}

/* car_like (text, pattern, ignore_case). Both are UTF-8: bodies and patterns come from JSON that was
 * checked. */
static void
like_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *text = (const char *) sqlite3_value_text (arguments[0]);
  const char *pattern = (const char *) sqlite3_value_text (arguments[1]);

  if (text == NULL || pattern == NULL)
    return;

  int result = matches (text, text + sqlite3_value_bytes (arguments[0]), pattern,
                        pattern + sqlite3_value_bytes (arguments[1]), sqlite3_value_int (arguments[2]));
  if (result >= 0)
    sqlite3_result_int (context, result);
  else
    sqlite3_result_error_code (context, CAR_QUERY_TOO_COSTLY);
}

gboolean
car_query_add_functions (sqlite3 *db, GError **error)
{
  const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
  sqlite3_stmt *probe = NULL;

  /* Adding them anew would make SQLite prepare every statement of the connection again. */
  if (sqlite3_prepare_v2 (db, "SELECT car_member ('{}', 'a'), car_like ('a', 'a', 0)", -1, &probe, NULL) ==
      SQLITE_OK)
    {
      sqlite3_finalize (probe);
      return TRUE;
    }
  if (sqlite3_create_function (db, "car_member", 2, flags, NULL, member_function, NULL, NULL) == SQLITE_OK &&
      sqlite3_create_function (db, "car_like", 3, flags, NULL, like_function, NULL, NULL) == SQLITE_OK)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database takes no functions: %s",
               sqlite3_errmsg (db));
  return FALSE;
}
