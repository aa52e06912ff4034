/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/schema/car-object-rules-private.h>
#include <libcar/staging/car-conflict-private.h>

#define SHOWN_MEMBERS 3

typedef struct
{
  const CarVertexNames *names;
  CarKey key;
  char *first; /* the text of the object that has it */
} Search;

static gboolean
visit (const CarJsonSpan *object, gpointer user_data)
{
  Search *search = user_data;
  CarJsonMembers members;
  CarKey key;

  car_object_rules_read_vertex (object, &members);
  if (!car_vertex_names_prepare (search->names, &members, &key) || key.high != search->key.high ||
      key.low != search->key.low)
    return TRUE;

  search->first = g_strndup (object->text, object->length);
  return FALSE;
}

static gboolean
has_same (const CarJsonSpan *object, const char *name, const CarJsonSpan *value)
{
  const CarJsonSpan other = car_json_span_get_member (object, name);

  return other.type != CAR_JSON_INVALID &&
         car_json_hash_equal (car_json_hash_value (value), car_json_hash_value (&other));
}

/* Adds the members of one object that the other one has not, or has with another value; `known` are the names so far. */
static void
add_different (const CarJsonSpan *object, const CarJsonSpan *other, GPtrArray *known)
{
  CarJsonScanner scanner;
  CarJsonSpan name;
  CarJsonSpan value;

  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (known->len <= SHOWN_MEMBERS && car_json_scanner_next_member (&scanner, &name) &&
         car_json_scanner_read (&scanner, &value))
    {
      gsize length;
      g_autofree char *text = car_json_span_unescape (&name, &length);

      if (!has_same (other, text, &value) &&
          !g_ptr_array_find_with_equal_func (known, text, g_str_equal, NULL))
        g_ptr_array_add (known, g_steal_pointer (&text));
    }
}

static char *
list_members (const GPtrArray *names)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < MIN (names->len, SHOWN_MEMBERS); i++)
    {
      g_autofree char *shown = car_text_to_printable (names->pdata[i], -1);

      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", shown);
    }
  if (names->len > SHOWN_MEMBERS)
    g_string_append (list, ", …");
  return g_string_free (g_steal_pointer (&list), FALSE);
}

char *
car_conflict_describe (CarBundle *bundle,
                       const char *collection,
                       const CarVertexNames *names,
                       CarKey key,
                       const CarJsonSpan *vertex)
{
  Search search = { names, key, NULL };

  car_bundle_foreach_object (bundle, CAR_BUNDLE_VERTICES, collection, visit, &search, NULL);
  g_autofree char *first = search.first;
  if (first == NULL)
    return NULL;

  const CarJsonSpan before = { first, strlen (first), CAR_JSON_OBJECT, FALSE };
  g_autoptr (GPtrArray) different = g_ptr_array_new_with_free_func (g_free);
  add_different (vertex, &before, different);
  add_different (&before, vertex, different);
  return list_members (different);
}
