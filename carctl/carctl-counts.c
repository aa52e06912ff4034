/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>
#include <string.h>

#include <libcar/base/car-language-private.h>

#include "carctl/carctl-counts.h"
#include "carctl/carctl-held.h"

/* Every object is of one source, so the sources' numbers add up. */
static gboolean
add_counts (GHashTable *all, CarClient *client, const char *source, GError **error)
{
  g_autoptr (GHashTable) counts = carctl_held_count (client, source, error);
  GHashTableIter iter;
  gpointer collection, n;

  if (counts == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &collection, &n))
    {
      const guint64 *before = g_hash_table_lookup (all, collection);
      const guint64 sum = *(guint64 *) n + (before == NULL ? 0 : *before);

      g_hash_table_replace (all, g_strdup (collection), g_memdup2 (&sum, sizeof sum));
    }
  return TRUE;
}

static char **
list_sources (const CarctlCall *call, CarClient *client, GError **error)
{
  const char *const one[] = { call->source, NULL };

  if (call->source == NULL)
    return carctl_held_list_sources (client, error);
  return carctl_held_check_source (client, call->source, error) ? g_strdupv ((char **) one) : NULL;
}

static void
print (GHashTable *counts)
{
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (counts), (GCompareFunc) strcmp);
  g_autoptr (GString) out = g_string_new (NULL);
  guint width = 0;

  for (GList *name = names; name != NULL; name = name->next)
    width = MAX (width, car_language_get_width (name->data));
  for (GList *name = names; name != NULL; name = name->next)
    {
      car_language_append_left (out, name->data, width);
      g_string_append_printf (out, "  %" PRIu64 "\n", *(guint64 *) g_hash_table_lookup (counts, name->data));
    }
  g_print ("%s", names == NULL ? _ ("The service holds no objects.\n") : out->str);
}

gboolean
carctl_counts_print (const CarctlCall *call, GError **error)
{
  g_autoptr (CarClient) client = carctl_open_service (call, error);
  g_auto (GStrv) sources = client == NULL ? NULL : list_sources (call, client, error);
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; sources != NULL && sources[i] != NULL; i++)
    if (!add_counts (counts, client, sources[i], error))
      return FALSE;
  if (sources == NULL)
    return FALSE;

  print (counts);
  return TRUE;
}
