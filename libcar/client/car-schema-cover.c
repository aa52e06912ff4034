/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/client/car-schema-cover-private.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-reader-private.h>

static gboolean covers (const CarJsonSpan *ours, const CarJsonSpan *theirs);

static gboolean
says_nothing (const CarJsonSpan *value)
{
  switch (value->type)
    {
    case CAR_JSON_NULL:
    case CAR_JSON_FALSE:
    case CAR_JSON_INVALID:
      return TRUE;
    case CAR_JSON_STRING:
      return value->length == 0;
    case CAR_JSON_ARRAY:
    case CAR_JSON_OBJECT:
      for (gsize i = 1; i + 1 < value->length; i++)
        if (!car_json_is_space (value->text[i]))
          return FALSE;
      return TRUE;
    case CAR_JSON_TRUE:
    case CAR_JSON_NUMBER:
    default:
      return FALSE;
    }
}

/* Members by name. A table, because a schema may have thousands of properties. */
static GHashTable *
get_members (const CarJsonSpan *object)
{
  GHashTable *members =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_free);
  CarJsonScanner scanner;
  CarJsonSpan name;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name))
    {
      CarJsonSpan value;
      gsize length;
      car_json_scanner_read (&scanner, &value);
      char *text = car_json_span_unescape (&name, &length);
      g_hash_table_insert (members, g_bytes_new_take (text, length), g_memdup2 (&value, sizeof value));
    }
  return members;
}

static gboolean
covers_object (const CarJsonSpan *ours, const CarJsonSpan *theirs)
{
  g_autoptr (GHashTable) our_members = get_members (ours);
  g_autoptr (GHashTable) their_members = get_members (theirs);
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, our_members);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      const CarJsonSpan *there = g_hash_table_lookup (their_members, name);
      if (there == NULL ? !says_nothing (value) : !covers (value, there))
        return FALSE;
      g_hash_table_remove (their_members, name);
    }

  g_hash_table_iter_init (&iter, their_members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!says_nothing (value))
      return FALSE;
  return TRUE;
}

static gboolean
covers_array (const CarJsonSpan *ours, const CarJsonSpan *theirs)
{
  g_autoptr (GArray) our_items = car_json_span_get_items (ours);
  g_autoptr (GArray) their_items = car_json_span_get_items (theirs);

  if (our_items->len != their_items->len)
    return FALSE;
  for (guint i = 0; i < our_items->len; i++)
    if (!covers (&g_array_index (our_items, CarJsonSpan, i), &g_array_index (their_items, CarJsonSpan, i)))
      return FALSE;
  return TRUE;
}

static gboolean
covers (const CarJsonSpan *ours, const CarJsonSpan *theirs)
{
  if (car_json_hash_equal (car_json_hash_value (ours), car_json_hash_value (theirs)))
    return TRUE;
  if (says_nothing (ours) && says_nothing (theirs))
    return TRUE;
  if (ours->type != theirs->type)
    return FALSE;
  if (ours->type == CAR_JSON_OBJECT)
    return covers_object (ours, theirs);
  return ours->type == CAR_JSON_ARRAY && covers_array (ours, theirs);
}

gboolean
car_schema_is_covered (const char *ours, const CarJsonSpan *theirs)
{
  CarJsonSpan value;

  return !car_json_read_text (ours, strlen (ours), &value, NULL) || covers (&value, theirs);
}
