/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/staging/car-page-private.h>

/* One object of a page's collections. */
typedef struct
{
  CarJsonSpan collection;
  CarJsonSpan object;
} Item;

static gboolean
read_items (CarJsonScanner *scanner, const CarJsonSpan *collection, GArray *items)
{
  if (!car_json_scanner_enter (scanner, CAR_JSON_ARRAY))
    return FALSE;

  while (car_json_scanner_next_item (scanner))
    {
      Item item = { *collection };

      if (!car_json_scanner_read (scanner, &item.object))
        return FALSE;
      g_array_append_val (items, item);
    }
  return scanner->problem == NULL;
}

/* `head` becomes the envelope without the objects and the closing brace. */
static gboolean
read_envelope (CarJsonScanner *scanner, GString *head, GArray *items)
{
  CarJsonSpan name;

  if (!car_json_scanner_enter (scanner, CAR_JSON_OBJECT))
    return FALSE;

  while (car_json_scanner_next_member (scanner, &name))
    {
      CarJsonSpan value;

      if (car_json_scanner_peek (scanner) == CAR_JSON_ARRAY)
        {
          if (!read_items (scanner, &name, items))
            return FALSE;
          continue;
        }
      if (!car_json_scanner_read (scanner, &value))
        return FALSE;
      g_string_append_printf (head, "%c\"%.*s\":", head->len == 0 ? '{' : ',', (int) name.length, name.text);
      g_string_append_len (head, value.text, value.length);
    }
  return scanner->problem == NULL && head->len > 0 && car_json_scanner_finish (scanner);
}

static GBytes *
build_envelope (GString *head, const Item *items, guint n_items)
{
  GString *text = g_string_new_len (head->str, head->len);

  for (guint i = 0; i < n_items; i++)
    {
      const CarJsonSpan *collection = &items[i].collection;

      if (i == 0 || collection->text != items[i - 1].collection.text)
        {
          g_string_append (text, i == 0 ? ",\"" : "],\"");
          g_string_append_len (text, collection->text, collection->length);
          g_string_append (text, "\":[");
        }
      else
        g_string_append_c (text, ',');
      g_string_append_len (text, items[i].object.text, items[i].object.length);
    }
  g_string_append (text, "]}");
  return g_string_free_to_bytes (text);
}

/* Reads what was staged. */
static gboolean
read_page (GBytes *page, GString *head, GArray *items, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (page, &length);
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  if (read_envelope (&scanner, head, items))
    return TRUE;

  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      _ ("A staged page is no envelope any more; leave the staging folder alone while a connector runs"));
  return FALSE;
}

gboolean
car_page_split (GBytes *page, GBytes **first, GBytes **second, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));

  if (!read_page (page, head, items, error))
    return FALSE;
  if (items->len < 2)
    return FALSE;

  guint half = items->len / 2;
  *first = build_envelope (head, &g_array_index (items, Item, 0), half);
  *second = build_envelope (head, &g_array_index (items, Item, half), items->len - half);
  return TRUE;
}

gboolean
car_page_read_single_object (GBytes *page, char **collection, CarJsonSpan *object, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));

  if (!read_page (page, head, items, error))
    return FALSE;

  g_assert (items->len == 1);
  const Item *item = &g_array_index (items, Item, 0);
  *collection = g_strndup (item->collection.text, item->collection.length);
  *object = item->object;
  return TRUE;
}

gboolean
car_page_filter (GBytes *page, CarPageKeeps keeps, gpointer user_data, GBytes **kept, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  guint n_kept = 0;

  *kept = NULL;
  if (!read_page (page, head, items, error))
    return FALSE;

  for (guint i = 0; i < items->len; i++)
    {
      const Item item = g_array_index (items, Item, i);
      g_autofree char *collection = g_strndup (item.collection.text, item.collection.length);

      if (keeps (collection, &item.object, user_data))
        g_array_index (items, Item, n_kept++) = item;
    }
  if (n_kept == items->len)
    *kept = g_bytes_ref (page);
  else if (n_kept > 0)
    *kept = build_envelope (head, &g_array_index (items, Item, 0), n_kept);
  return TRUE;
}

gboolean
car_page_foreach_object (GBytes *page,
                         const char *collection,
                         CarPageVisit visit,
                         gpointer user_data,
                         GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));

  if (!read_page (page, head, items, error))
    return FALSE;

  for (guint i = 0; i < items->len; i++)
    {
      const Item *item = &g_array_index (items, Item, i);

      if (car_json_span_equals (&item->collection, collection) && !visit (&item->object, user_data))
        return FALSE;
    }
  return TRUE;
}
