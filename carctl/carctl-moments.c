/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-moments.h"
#include "carctl/carctl.h"

gboolean
carctl_is_moment (const char *text)
{
  return g_regex_match_simple ("^\\d{4}-\\d{2}-\\d{2}(T[0-9:.]+Z?)?$", text, 0, 0) &&
         !g_file_test (text, G_FILE_TEST_EXISTS);
}

static GHashTable *
new_table (GDestroyNotify free_value)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_value);
}

static char *
make_key (const CarJsonSpan *change)
{
  g_autofree char *name = car_json_span_dup_member (change, "id");
  g_autofree char *first = car_json_span_dup_member (change, "from");
  g_autofree char *second = car_json_span_dup_member (change, "to");

  return name != NULL ? g_steal_pointer (&name)
                      : g_strdup_printf ("%s → %s", first == NULL ? "" : first, second == NULL ? "" : second);
}

/* An object that was not there, or is not any more, is null. */
static void
add (GHashTable *collections, const char *collection, const char *key, const CarJsonSpan *object)
{
  GHashTable *objects = g_hash_table_lookup (collections, collection);

  if (object->type != CAR_JSON_OBJECT)
    return;
  if (objects == NULL)
    {
      objects = new_table (g_free);
      g_hash_table_insert (collections, g_strdup (collection), objects);
    }
  g_hash_table_insert (objects, g_strdup (key), g_strndup (object->text, object->length));
}

static void
add_change (const CarJsonSpan *change, GHashTable *before, GHashTable *after)
{
  const CarJsonSpan old = car_json_span_get_member (change, "before");
  const CarJsonSpan new = car_json_span_get_member (change, "after");
  g_autofree char *name = car_json_span_dup_member (change, "collection");
  g_autofree char *key = make_key (change);

  if (name == NULL)
    return;
  add (before, name, key, &old);
  add (after, name, key, &new);
}

/* *next (transfer full) (nullable): where the page behind this one begins. */
static gboolean
read_page (GBytes *answer, GHashTable *before, GHashTable *after, char **next, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (answer, &length);
  CarJsonSpan page;

  if (!car_json_read_text (text, length, &page, error))
    return FALSE;

  g_autoptr (GArray) items = car_json_span_get_items (&page);
  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      const CarJsonSpan place = car_json_span_get_member (item, "next");

      if (place.type == CAR_JSON_STRING)
        *next = car_json_span_dup_string (&place);
      else
        add_change (item, before, after);
    }
  return TRUE;
}

gboolean
carctl_moments_read (CarClient *client,
                     const char *from,
                     const char *to,
                     const char *source,
                     GHashTable **before,
                     GHashTable **after,
                     GError **error)
{
  const char *const path[] = { "changes", NULL };
  g_autoptr (GHashTable) old = new_table ((GDestroyNotify) g_hash_table_unref);
  g_autoptr (GHashTable) new = new_table ((GDestroyNotify) g_hash_table_unref);
  g_autofree char *next = NULL;

  do
    {
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

      g_strv_builder_add_many (builder, "from", from, "to", to, NULL);
      if (source != NULL)
        g_strv_builder_add_many (builder, "source", source, NULL);
      if (next != NULL)
        g_strv_builder_add_many (builder, "after", next, NULL);
      g_auto (GStrv) query = g_strv_builder_end (builder);
      g_autoptr (GBytes) answer = car_client_call (client, CAR_API_VERSION_V3, "GET", path,
                                                   (const char *const *) query, NULL, 0, NULL, NULL, error);

      g_clear_pointer (&next, g_free);
      if (answer == NULL || !read_page (answer, old, new, &next, error))
        return FALSE;
    }
  while (next != NULL);

  *before = g_steal_pointer (&old);
  *after = g_steal_pointer (&new);
  return TRUE;
}
