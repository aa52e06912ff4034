/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-collection.h"
#include "carctl/carctl-folders.h"
#include "carctl/carctl-objects.h"

/* Objects are compared as multisets: a folder may hold several that one name names, or some that nothing names, and a connector's
 * author wants to see of each what became of it. So those that are the same go first, in pairs; of what is left, those of one name
 * go in pairs in the order of the files, and are told of as changed; the rest came or went. */

/* What names an object: an edge by its ends, and where two edges have the same ends, by its id too. */
static const char *const names[] = { "external_id",       "_key", "_from",
                                     "_from_external_id", "_to",  "_to_external_id" };

static gboolean
is_name (const CarJsonSpan *value)
{
  return value->type != CAR_JSON_INVALID && value->type != CAR_JSON_NULL && value->length > 0;
}

/* An object that nothing names is named by all of it. */
static gboolean
hash_name (const CarJsonSpan *object, CarJsonHash *hash, gconstpointer user_data)
{
  gboolean found = FALSE;

  *hash = (CarJsonHash){ 0 };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const CarJsonSpan value = car_json_span_get_member (object, names[i]);

      if (is_name (&value))
        {
          const CarJsonHash member = car_json_hash_member (car_json_hash_text (names[i], strlen (names[i])),
                                                           car_json_hash_value (&value));

          found = TRUE;
          hash->low += member.low;
          hash->high += member.high;
        }
    }
  if (!found)
    *hash = car_json_hash_value (object);
  return TRUE;
}

static char *
dup_name (const CarJsonSpan *object)
{
  g_autoptr (GString) name = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const CarJsonSpan value = car_json_span_get_member (object, names[i]);
      g_autofree char *text = car_json_span_dup_string (&value);

      if (!is_name (&value))
        continue;
      g_string_append (name, name->len > 0 ? " → " : "");
      g_string_append_len (name, text != NULL ? text : value.text,
                           text != NULL ? (gssize) strlen (text) : (gssize) value.length);
    }
  return name->len > 0 ? g_string_free (g_steal_pointer (&name), FALSE)
                       : g_strndup (object->text, object->length);
}

static int
compare_hashes (const CarJsonHash *a, const CarJsonHash *b)
{
  return a->high != b->high ? (a->high < b->high ? -1 : 1)
         : a->low != b->low ? (a->low < b->low ? -1 : 1)
                            : 0;
}

static int
compare_alike (const CarctlEntry *a, const CarctlEntry *b, gboolean by_value)
{
  int order = compare_hashes (&a->name, &b->name);

  return order != 0 || !by_value ? order : compare_hashes (&a->value, &b->value);
}

static int
compare_entries (gconstpointer a, gconstpointer b, gpointer by_value)
{
  const CarctlEntry *first = *(const CarctlEntry *const *) a;
  const CarctlEntry *second = *(const CarctlEntry *const *) b;
  int order = compare_alike (first, second, GPOINTER_TO_INT (by_value));

  return order != 0 ? order : (first->place > second->place) - (first->place < second->place);
}

static GPtrArray *
list_single (const CarctlCollection *collection, gboolean by_value)
{
  GPtrArray *single = g_ptr_array_new ();

  for (guint i = 0; i < collection->entries->len; i++)
    {
      CarctlEntry *entry = &g_array_index (collection->entries, CarctlEntry, i);

      if (entry->partner == NULL)
        g_ptr_array_add (single, entry);
    }
  g_ptr_array_sort_with_data (single, compare_entries, GINT_TO_POINTER (by_value));
  return single;
}

/* Pairs those of one name, or with `by_value` those that are the same, of what has no partner yet. */
static void
pair (CarctlCollection *a, CarctlCollection *b, gboolean by_value)
{
  g_autoptr (GPtrArray) before = list_single (a, by_value);
  g_autoptr (GPtrArray) after = list_single (b, by_value);
  guint i = 0, k = 0;

  while (i < before->len && k < after->len)
    {
      CarctlEntry *first = before->pdata[i], *second = after->pdata[k];
      int order = compare_alike (first, second, by_value);

      if (order == 0)
        {
          first->partner = second;
          second->partner = first;
        }
      i += order <= 0;
      k += order >= 0;
    }
}

/* `before` or `after` may be NULL. */
static gboolean
tell (CarctlChanges *changes,
      const char *name,
      const CarctlCollection *a,
      const CarctlEntry *before,
      const CarctlCollection *b,
      const CarctlEntry *after,
      GError **error)
{
  CarJsonSpan old, new;
  g_autofree char *old_text = before == NULL ? NULL : carctl_collection_read (a, before, &old, error);
  g_autofree char *new_text = after == NULL || (before != NULL && old_text == NULL)
                                  ? NULL
                                  : carctl_collection_read (b, after, &new, error);

  if ((before != NULL && old_text == NULL) || (after != NULL && new_text == NULL))
    return FALSE;

  g_autofree char *key = dup_name (before != NULL ? &old : &new);
  return carctl_changes_add (changes, name, key, before == NULL ? NULL : &old, after == NULL ? NULL : &new,
                             error);
}

static gboolean
compare (CarctlCollection *a, CarctlCollection *b, const char *name, CarctlChanges *changes, GError **error)
{
  pair (a, b, TRUE);
  pair (a, b, FALSE);

  for (guint i = 0; i < a->entries->len; i++)
    {
      const CarctlEntry *entry = &g_array_index (a->entries, CarctlEntry, i);
      gboolean same = entry->partner != NULL && car_json_hash_equal (entry->value, entry->partner->value);

      if (!same && !tell (changes, name, a, entry, b, entry->partner, error))
        return FALSE;
    }
  for (guint i = 0; i < b->entries->len; i++)
    {
      const CarctlEntry *entry = &g_array_index (b->entries, CarctlEntry, i);

      if (entry->partner == NULL && !tell (changes, name, a, NULL, b, entry, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
compare_collection (const char *before,
                    const char *after,
                    const char *name,
                    CarctlChanges *changes,
                    GError **error)
{
  g_auto (CarctlCollection) a = { 0 };
  g_auto (CarctlCollection) b = { 0 };

  return carctl_collection_open (&a, before, name, hash_name, NULL, error) &&
         carctl_collection_open (&b, after, name, hash_name, NULL, error) &&
         compare (&a, &b, name, changes, error) && carctl_changes_print (changes, error);
}

gboolean
carctl_folders_compare (const char *before, const char *after, CarctlChanges *changes, GError **error)
{
  g_autoptr (GHashTable) all = carctl_objects_list (before, error);
  g_autoptr (GHashTable) others = all == NULL ? NULL : carctl_objects_list (after, error);
  GHashTableIter iter;
  gpointer name;

  if (others == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, others);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_hash_table_add (all, g_strdup (name));

  g_autoptr (GList) collections = g_list_sort (g_hash_table_get_keys (all), (GCompareFunc) strcmp);
  for (GList *collection = collections; collection != NULL; collection = collection->next)
    if (!compare_collection (before, after, collection->data, changes, error))
      return FALSE;
  return TRUE;
}
