/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-reader-private.h>

#include "service/store/car-service-error.h"
#include "service/store/car-service-json.h"

gboolean
car_service_object_read (CarServiceObject *object, CarJsonScanner *scanner)
{
  CarServiceMember member;

  if (object->members == NULL)
    object->members = g_array_new (FALSE, FALSE, sizeof (CarServiceMember));
  g_array_set_size (object->members, 0);

  if (!car_json_scanner_enter (scanner, CAR_JSON_OBJECT))
    return FALSE;
  while (car_json_scanner_next_member (scanner, &member.name))
    {
      if (!car_json_scanner_read (scanner, &member.value))
        return FALSE;
      g_array_append_val (object->members, member);
    }

  return scanner->problem == NULL;
}

static const CarServiceMember *
get_member (const CarServiceObject *object, guint i)
{
  return &g_array_index (object->members, CarServiceMember, i);
}

static gboolean
has_twins (const CarServiceObject *object)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < object->members->len; i++)
    if (!g_hash_table_add (names, car_json_span_unescape (&get_member (object, i)->name, NULL)))
      return TRUE;

  return FALSE;
}

gboolean
car_service_object_parse (CarServiceObject *object, GBytes *text, const char *what, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (text, &length);
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, data != NULL ? data : "", length);
  if (car_json_scanner_peek (&scanner) != CAR_JSON_OBJECT)
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400, "%s must be a JSON object", what);
      return FALSE;
    }
  if (!car_service_object_read (object, &scanner) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) problem = NULL;
      car_json_scanner_set_error (&scanner, &problem);
      g_set_error (error, CAR_SERVICE_ERROR, 400, "%s is not JSON: %s", what,
                   problem != NULL ? problem->message : "something stands behind it");
      return FALSE;
    }
  if (has_twins (object))
    {
      g_set_error (error, CAR_SERVICE_ERROR, 400, "%s has two members of one name", what);
      return FALSE;
    }

  return TRUE;
}

void
car_service_object_clear (CarServiceObject *object)
{
  g_clear_pointer (&object->members, g_array_unref);
}

const CarJsonSpan *
car_service_object_get (const CarServiceObject *object, const char *name)
{
  for (guint i = 0; i < object->members->len; i++)
    {
      const CarServiceMember *member = get_member (object, i);

      if (car_json_span_equals (&member->name, name))
        return &member->value;
    }

  return NULL;
}

char *
car_service_object_dup_string (const CarServiceObject *object, const char *name, gboolean *wrong)
{
  const CarJsonSpan *value = car_service_object_get (object, name);
  if (value == NULL)
    return NULL;

  char *text = car_json_span_dup_string (value);
  if (text == NULL)
    *wrong = TRUE;

  return text;
}

static gboolean
is_named (const CarServiceMember *member, const char *const *names)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    if (car_json_span_equals (&member->name, names[i]))
      return TRUE;

  return FALSE;
}

static gboolean
is_changed (const CarServiceMember *member, const CarServiceObject *changes)
{
  if (changes == NULL)
    return FALSE;

  g_autofree char *name = car_json_span_unescape (&member->name, NULL);
  return car_service_object_get (changes, name) != NULL;
}

static void
begin_member (GString *out)
{
  if (out->str[out->len - 1] != '{' && out->str[out->len - 1] != '[')
    g_string_append_c (out, ',');
}

static void
append_members (const CarServiceObject *object,
                const char *const *leave_out,
                const CarServiceObject *changes,
                GString *out)
{
  for (guint i = 0; i < object->members->len; i++)
    {
      const CarServiceMember *member = get_member (object, i);
      if (is_named (member, leave_out) || is_changed (member, changes))
        continue;

      begin_member (out);
      car_json_append_span (out, &member->name);
      g_string_append_c (out, ':');
      car_json_append_span (out, &member->value);
    }
}

void
car_service_object_write (const CarServiceObject *object,
                          const char *const *leave_out,
                          const CarServiceObject *changes,
                          GString *out)
{
  g_string_append_c (out, '{');
  append_members (object, leave_out, changes, out);
  if (changes != NULL)
    append_members (changes, leave_out, NULL, out);
  g_string_append_c (out, '}');
}

void
car_service_json_name (GString *out, const char *name)
{
  begin_member (out);
  car_json_append_string (out, name, -1);
  g_string_append_c (out, ':');
}

void
car_service_json_string (GString *out, const char *name, const char *value)
{
  car_service_json_name (out, name);
  if (value != NULL)
    car_json_append_string (out, value, -1);
  else
    g_string_append (out, "null");
}

void
car_service_json_integer (GString *out, const char *name, gint64 value)
{
  car_service_json_name (out, name);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, value);
}

void
car_service_json_boolean (GString *out, const char *name, gboolean value)
{
  car_service_json_name (out, name);
  g_string_append (out, value ? "true" : "false");
}

GBytes *
car_service_json_finish (GString *out)
{
  return g_string_free_to_bytes (out);
}
