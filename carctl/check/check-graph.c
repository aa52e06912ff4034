/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-violation-private.h>

#include "carctl/carctl-moments.h"
#include "carctl/check/check-graph.h"

/* All that is there: what differs between a moment before everything, and one behind it. */
#define BEGIN "1970-01-01T00:00:00Z"
#define END "2999-01-01T00:00:00Z"

#define MAX_TOLD 5

static GHashTable *
get_objects (CheckGraph *self, const char *collection)
{
  GHashTable *objects = g_hash_table_lookup (self->collections, collection);

  if (objects == NULL)
    {
      objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_hash_table_insert (self->collections, g_strdup (collection), objects);
    }
  return objects;
}

/* Two edges may have the same ends; then their external_id tells them apart. */
static gboolean
add (const char *collection,
     const char *key,
     const CarJsonSpan *before,
     const CarJsonSpan *after,
     gpointer user_data,
     GError **error)
{
  gboolean is_edge = after != NULL && strstr (key, " → ") != NULL;
  g_autofree char *id = is_edge ? car_json_span_dup_member (after, "external_id") : NULL;

  if (after != NULL)
    g_hash_table_insert (get_objects (user_data, collection),
                         g_strdup_printf ("%s%s%s", key, id == NULL ? "" : " ", id == NULL ? "" : id),
                         g_strndup (after->text, after->length));
  return TRUE;
}

CheckGraph *
check_graph_read (CarClient *client, const char *source, GError **error)
{
  g_autoptr (CheckGraph) self = g_new0 (CheckGraph, 1);

  self->collections =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  return carctl_moments_read (client, BEGIN, END, source, add, self, error) &&
                 car_client_get_save_point (client, source, &self->save_point, NULL, error)
             ? g_steal_pointer (&self)
             : NULL;
}

void
check_graph_free (CheckGraph *self)
{
  g_clear_pointer (&self->collections, g_hash_table_unref);
  g_free (self->save_point);
  g_free (self);
}

guint
check_graph_count (const CheckGraph *self)
{
  GHashTableIter iter;
  gpointer objects;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->collections);
  while (g_hash_table_iter_next (&iter, NULL, &objects))
    count += g_hash_table_size (objects);
  return count;
}

static CarJsonSpan
to_span (const char *text)
{
  return (CarJsonSpan){ text, strlen (text), CAR_JSON_OBJECT, FALSE };
}

static gboolean
is_same (const char *a, const char *b)
{
  const CarJsonSpan first = to_span (a);
  const CarJsonSpan second = to_span (b);

  return car_json_hash_equal (car_json_hash_value (&first), car_json_hash_value (&second));
}

static void
append (GString *out, guint *n_told, const char *collection, const char *key, const char *what)
{
  if ((*n_told)++ < MAX_TOLD)
    {
      g_autofree char *shown = car_text_to_printable (key, -1);

      g_string_append_printf (out, "%s%s %s: %s", out->len > 0 ? "; " : "", collection, shown, what);
    }
}

static void
append_changed (GString *out,
                guint *n_told,
                const char *collection,
                const char *key,
                const char *a,
                const char *b)
{
  g_autoptr (GString) what = g_string_new (NULL);
  const CarJsonSpan seen = to_span (b);
  const CarJsonSpan right = to_span (a);

  car_json_violation_append_value (what, &seen, 4 * CAR_TEXT_SHORT);
  g_string_append_printf (what, " %s ", _ ("in the place of"));
  car_json_violation_append_value (what, &right, 4 * CAR_TEXT_SHORT);
  append (out, n_told, collection, key, what->str);
}

/* Of `a`: what `b` has not. And, where `b` is what was seen, what it has otherwise. */
static void
append_missing (GString *out, guint *n_told, GHashTable *a, GHashTable *b, gboolean is_seen)
{
  GHashTableIter iter, inner;
  gpointer collection, objects, key, text;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &collection, &objects))
    {
      GHashTable *others = g_hash_table_lookup (b, collection);

      g_hash_table_iter_init (&inner, objects);
      while (g_hash_table_iter_next (&inner, &key, &text))
        {
          const char *other = others == NULL ? NULL : g_hash_table_lookup (others, key);

          if (other == NULL)
            append (out, n_told, collection, key, is_seen ? _ ("missing") : _ ("too much"));
          else if (is_seen && !is_same (text, other))
            append_changed (out, n_told, collection, key, text, other);
        }
    }
}

char *
check_graph_compare (const CheckGraph *right, const CheckGraph *seen)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint n_told = 0;

  append_missing (out, &n_told, right->collections, seen->collections, TRUE);
  append_missing (out, &n_told, seen->collections, right->collections, FALSE);
  if (n_told > MAX_TOLD)
    g_string_append_printf (out, "; %s", _ ("and more"));
  return n_told > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}
