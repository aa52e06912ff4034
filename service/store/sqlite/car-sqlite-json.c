/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-value-private.h>
#include <service/store/sqlite/car-sqlite-json.h>

/* From here on doubles skip whole numbers. */
#define EXACT_UP_TO 9007199254740992.0

/* PostgreSQL's order of types: null < string < number < boolean < array < object. */
static const char ranks[] = {
  [CAR_JSON_NULL] = '0', [CAR_JSON_STRING] = '1', [CAR_JSON_NUMBER] = '2', [CAR_JSON_FALSE] = '3',
  [CAR_JSON_TRUE] = '4', [CAR_JSON_ARRAY] = '5',  [CAR_JSON_OBJECT] = '6',
};

/* Zeros end a text: those in it are written as two bytes that still sort first. */
static void
append_text (GString *key, const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      g_string_append_c (key, text[i]);
      if (text[i] == '\0')
        g_string_append_c (key, '\1');
    }
  g_string_append_len (key, "\0", 2);
}

/* The bits of a double sort as the numbers do once those of negative ones are turned round. */
static void
append_number (GString *key, const CarJsonSpan *span)
{
  g_autofree char *text = g_strndup (span->text, span->length);
  double number = g_ascii_strtod (text, NULL) + 0.0;
  guint64 bits;

  memcpy (&bits, &number, sizeof bits);
  bits = (bits & (G_GUINT64_CONSTANT (1) << 63)) != 0 ? ~bits : bits | (G_GUINT64_CONSTANT (1) << 63);
  g_string_append_printf (key, "%016" G_GINT64_MODIFIER "x", bits);
  if (ABS (number) >= EXACT_UP_TO)
    append_text (key, text, span->length);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const CarJsonValue *one = *(const CarJsonValue *const *) a, *two = *(const CarJsonValue *const *) b;
  int order = memcmp (one->name, two->name, MIN (one->name_length, two->name_length));

  return order != 0 ? order : one->name_length < two->name_length ? -1 : one->name_length > two->name_length;
}

static void
append_key (GString *key, const CarJsonValue *value)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new ();

  g_string_append_c (key, ranks[value->span.type]);
  if (value->span.type == CAR_JSON_STRING)
    append_text (key, value->string, value->string_length);
  else if (value->span.type == CAR_JSON_NUMBER)
    append_number (key, &value->span);
  if (value->values == NULL)
    return;
  g_string_append_printf (key, "%08x", value->values->len);
  g_ptr_array_extend (members, value->values, NULL, NULL);
  if (value->span.type == CAR_JSON_OBJECT)
    g_ptr_array_sort (members, compare_names);
  for (guint i = 0; i < members->len; i++)
    {
      const CarJsonValue *member = members->pdata[i];

      if (value->span.type == CAR_JSON_OBJECT)
        append_text (key, member->name, member->name_length);
      append_key (key, member);
    }
}

char *
car_sqlite_json_sort_key (const char *json, gsize length, gsize *key_length)
{
  g_autoptr (CarJsonValue) value = car_json_value_new (json, length, NULL);
  GString *key;

  if (value == NULL)
    return NULL;
  key = g_string_new (NULL);
  append_key (key, value);
  *key_length = key->len;
  return g_string_free (key, FALSE);
}

static gboolean
equal (const CarJsonValue *a, const CarJsonValue *b)
{
  g_autoptr (GString) one = g_string_new (NULL);
  g_autoptr (GString) two = g_string_new (NULL);

  append_key (one, a);
  append_key (two, b);
  return g_string_equal (one, two);
}

static gboolean
is_container (const CarJsonValue *value)
{
  return value->span.type == CAR_JSON_ARRAY || value->span.type == CAR_JSON_OBJECT;
}

static gboolean contains (const CarJsonValue *whole, const CarJsonValue *part);

static gboolean
array_contains (const CarJsonValue *array, const CarJsonValue *part)
{
  for (gsize i = 0; i < car_json_value_get_length (array); i++)
    {
      const CarJsonValue *item = car_json_value_get (array, i);

      if (is_container (part) ? contains (item, part) : equal (item, part))
        return TRUE;
    }
  return FALSE;
}

static gboolean
contains (const CarJsonValue *whole, const CarJsonValue *part)
{
  if (whole->span.type != part->span.type)
    return FALSE;
  if (!is_container (part))
    return equal (whole, part);
  for (gsize i = 0; i < car_json_value_get_length (part); i++)
    {
      const CarJsonValue *item = car_json_value_get (part, i);
      const CarJsonValue *there;

      if (part->span.type == CAR_JSON_ARRAY)
        {
          if (!array_contains (whole, item))
            return FALSE;
          continue;
        }
      there = car_json_value_get_member (whole, item->name);
      if (there == NULL || !contains (there, item))
        return FALSE;
    }
  return TRUE;
}

/* As PostgreSQL's @>: an array holds a single value too. */
gboolean
car_sqlite_json_contains (const char *whole, gsize whole_length, const char *part, gsize part_length)
{
  g_autoptr (CarJsonValue) outer = car_json_value_new (whole, whole_length, NULL);
  g_autoptr (CarJsonValue) inner = car_json_value_new (part, part_length, NULL);

  if (outer == NULL || inner == NULL)
    return FALSE;
  return contains (outer, inner) ||
         (outer->span.type == CAR_JSON_ARRAY && !is_container (inner) && array_contains (outer, inner));
}

static gboolean
is_string (const CarJsonValue *value, const char *text, gsize length)
{
  return value->span.type == CAR_JSON_STRING && value->string_length == length &&
         memcmp (value->string, text, length) == 0;
}

/* As PostgreSQL's ?: a member's name, a text in an array, or the text itself. */
gboolean
car_sqlite_json_has_key (const char *json, gsize length, const char *key, gsize key_length)
{
  g_autoptr (CarJsonValue) value = car_json_value_new (json, length, NULL);

  if (value == NULL)
    return FALSE;
  if (value->span.type == CAR_JSON_OBJECT)
    return strlen (key) == key_length && car_json_value_get_member (value, key) != NULL;
  for (gsize i = 0; value->span.type == CAR_JSON_ARRAY && i < car_json_value_get_length (value); i++)
    if (is_string (car_json_value_get (value, i), key, key_length))
      return TRUE;
  return is_string (value, key, key_length);
}
