/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <gio/gio.h>

#include <libcar/json/car-json-scanner-private.h>
#include <service/model/car-address.h>
#include <service/query/car-query-plan.h>
#include <service/store/sqlite/car-sqlite-functions.h>
#include <service/store/sqlite/car-sqlite-json.h>

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

static gboolean
find_member (sqlite3_value **arguments, CarJsonSpan *value)
{
  const char *text = (const char *) sqlite3_value_text (arguments[0]);
  const char *wanted = (const char *) sqlite3_value_text (arguments[1]);
  CarJsonScanner scanner;
  CarJsonSpan name;

  if (text == NULL || wanted == NULL)
    return FALSE;
  car_json_scanner_init (&scanner, text, sqlite3_value_bytes (arguments[0]));
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return FALSE;
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, value))
    if (car_json_span_equals (&name, wanted))
      return TRUE;
  return FALSE;
}

/* car_member (object, name): SQLite's json_extract() would cut strings at a NUL, and reads the whole
 * object first. */
static void
member_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  CarJsonSpan value;

  if (find_member (arguments, &value))
    result_value (context, &value);
}

/* car_json (object, name): the member as it is spelt. */
static void
json_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  CarJsonSpan value;
  gboolean string;

  if (!find_member (arguments, &value) || value.type == CAR_JSON_NULL)
    return;
  string = value.type == CAR_JSON_STRING; /* with its quotes */
  sqlite3_result_text64 (context, value.text - string, value.length + 2 * string, SQLITE_TRANSIENT,
                         SQLITE_UTF8);
}

static gboolean
get_text (sqlite3_value *argument, const char **text, gsize *length)
{
  *text = (const char *) sqlite3_value_text (argument);
  *length = (gsize) sqlite3_value_bytes (argument);
  return *text != NULL;
}

/* car_jsonb (json): see car_sqlite_json_sort_key(). */
static void
jsonb_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *text;
  gsize length;
  char *key =
      get_text (arguments[0], &text, &length) ? car_sqlite_json_sort_key (text, length, &length) : NULL;

  if (key != NULL)
    sqlite3_result_blob64 (context, key, length, g_free);
}

/* car_contains (whole, part) and car_has_key (json, key). */
static void
contains_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *whole, *part;
  gsize whole_length, part_length;

  if (get_text (arguments[0], &whole, &whole_length) && get_text (arguments[1], &part, &part_length))
    sqlite3_result_int (context, car_sqlite_json_contains (whole, whole_length, part, part_length));
}

static void
has_key_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *json, *key;
  gsize length, key_length;

  if (get_text (arguments[0], &json, &length) && get_text (arguments[1], &key, &key_length))
    sqlite3_result_int (context, car_sqlite_json_has_key (json, length, key, key_length));
}

/* Bytes that sort as the addresses do: those of IPv4 first. */
#define INET_LENGTH 18

static void
inet_to_key (const CarInet *inet, guint8 key[INET_LENGTH])
{
  key[0] = (guint8) inet->n_bytes;
  memcpy (key + 1, inet->bytes, sizeof inet->bytes);
  key[INET_LENGTH - 1] = (guint8) inet->prefix;
}

/* car_inet (text) and car_macaddr (text): what is compared; NULL for what is none. */
static void
inet_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *text;
  gsize length;
  CarInet inet;

  if (get_text (arguments[0], &text, &length) && car_inet_parse (text, length, &inet))
    {
      guint8 key[INET_LENGTH];

      inet_to_key (&inet, key);
      sqlite3_result_blob (context, key, sizeof key, SQLITE_TRANSIENT);
    }
}

static void
macaddr_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *text;
  gsize length;
  char *canonical = get_text (arguments[0], &text, &length) ? car_macaddr_canonicalize (text, length) : NULL;

  if (canonical != NULL)
    sqlite3_result_text (context, canonical, -1, g_free);
}

/* car_region (key) and car_address (key): the two parts of an address's key. */
static void
region_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *key = (const char *) sqlite3_value_text (arguments[0]);
  const char *address = key != NULL ? car_ipaddress_skip_region (key) : NULL;

  if (key != NULL && address == key)
    sqlite3_result_text (context, "0", 1, SQLITE_STATIC);
  else if (key != NULL)
    sqlite3_result_text (context, key, (int) (address - key - 1), SQLITE_TRANSIENT);
}

static void
address_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  const char *key = (const char *) sqlite3_value_text (arguments[0]);

  if (key != NULL)
    sqlite3_result_text (context, car_ipaddress_skip_region (key), -1, SQLITE_TRANSIENT);
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
    sqlite3_result_error_code (context, CAR_SQLITE_TOO_COSTLY);
}

/* SQL's regular expressions (SIMILAR TO) as Perl's: they fit the whole text; % and _ are as in LIKE, and what means
 * something in Perl's alone means itself. */
static char *
similar_to_perl (const char *pattern)
{
  GString *out = g_string_new ("\\A(?:");
  gboolean in_class = FALSE;

  for (const char *at = pattern; *at != '\0'; at++)
    {
      if (*at == '\\' && at[1] != '\0')
        {
          at++;
          g_string_append_printf (out, g_ascii_isalnum (*at) || (guchar) *at >= 0x80 ? "%c" : "\\%c", *at);
          continue;
        }
      if (*at == '[' || *at == ']')
        in_class = *at == '[';
      if (!in_class && *at == '%')
        g_string_append (out, ".*");
      else if (!in_class && *at == '_')
        g_string_append_c (out, '.');
      else if (!in_class && strchr ("^$.", *at) != NULL)
        g_string_append_printf (out, "\\%c", *at);
      else
        g_string_append_c (out, *at);
    }
  g_string_append (out, ")\\z");
  return g_string_free (out, FALSE);
}

static void
regex_free (gpointer data)
{
  g_regex_unref (data);
}

/* Compiled once a statement. */
static GRegex *
get_regex (sqlite3_context *context, sqlite3_value **arguments)
{
  const char *pattern = (const char *) sqlite3_value_text (arguments[1]);
  int kind = sqlite3_value_int (arguments[2]);
  g_autofree char *perl = NULL;
  GRegex *regex = sqlite3_get_auxdata (context, 1);
  GRegexCompileFlags flags = G_REGEX_OPTIMIZE;

  if (regex != NULL)
    return g_regex_ref (regex);
  if (kind == CAR_QUERY_SIMILAR)
    {
      perl = similar_to_perl (pattern);
      pattern = perl;
      flags |= G_REGEX_DOTALL;
    }
  if (kind == CAR_QUERY_REGEX_CASELESS)
    flags |= G_REGEX_CASELESS;
  regex = g_regex_new (pattern, flags, 0, NULL);
  if (regex != NULL)
    sqlite3_set_auxdata (context, 1, g_regex_ref (regex), regex_free);
  return regex;
}

/* car_regex (text, pattern, kind): CAR_QUERY_SIMILAR, _REGEX or _REGEX_CASELESS. PCRE2 itself bounds what one comparison may cost. */
static void
regex_function (sqlite3_context *context, int n_arguments, sqlite3_value **arguments)
{
  g_autoptr (GRegex) regex = NULL;
  g_autoptr (GError) problem = NULL;
  const char *text, *pattern;
  gsize length, pattern_length;
  gboolean found;

  if (!get_text (arguments[0], &text, &length) || !get_text (arguments[1], &pattern, &pattern_length))
    return;
  regex = strlen (pattern) == pattern_length ? get_regex (context, arguments) : NULL;
  if (regex == NULL)
    {
      sqlite3_result_error_code (context, CAR_SQLITE_BAD_PATTERN);
      return;
    }
  found = g_regex_match_full (regex, text, (gssize) length, 0, 0, NULL, &problem);
  if (problem != NULL)
    sqlite3_result_error_code (context, CAR_SQLITE_TOO_COSTLY);
  else
    sqlite3_result_int (context, found);
}

gboolean
car_sqlite_add_functions (sqlite3 *db, GError **error)
{
  static const struct
  {
    const char *name;
    int n_arguments;
    void (*function) (sqlite3_context *context, int n_arguments, sqlite3_value **arguments);
  } functions[] = {
    { "car_member", 2, member_function },   { "car_json", 2, json_function },
    { "car_jsonb", 1, jsonb_function },     { "car_contains", 2, contains_function },
    { "car_has_key", 2, has_key_function }, { "car_inet", 1, inet_function },
    { "car_macaddr", 1, macaddr_function }, { "car_region", 1, region_function },
    { "car_address", 1, address_function }, { "car_like", 3, like_function },
    { "car_regex", 3, regex_function },
  };

  /* Innocuous: the database's indices may call them. */
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (sqlite3_create_function (db, functions[i].name, functions[i].n_arguments,
                                 SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                 functions[i].function, NULL, NULL) != SQLITE_OK)
      {
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the database takes no functions: %s",
                     sqlite3_errmsg (db));
        return FALSE;
      }
  return TRUE;
}
