/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-text-private.h>

#include "service/car-service-command.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-store.h"

typedef struct
{
  gint64 n;
  gint64 bytes; /* of their bodies */
} Amount;

/* What one collection of one source takes. */
typedef struct
{
  char *source;
  char *collection;
  Amount now;     /* what holds */
  Amount history; /* versions that held once */
} Use;

static void
use_free (gpointer data)
{
  Use *use = data;

  g_free (use->source);
  g_free (use->collection);
  g_free (use);
}

static guint
use_hash (gconstpointer data)
{
  const Use *use = data;

  return g_str_hash (use->source) ^ g_str_hash (use->collection);
}

static gboolean
use_equal (gconstpointer a, gconstpointer b)
{
  const Use *first = a;
  const Use *second = b;

  return g_str_equal (first->source, second->source) && g_str_equal (first->collection, second->collection);
}

static int
compare_uses (gconstpointer a, gconstpointer b)
{
  const Use *first = *(const Use *const *) a;
  const Use *second = *(const Use *const *) b;
  int order = strcmp (first->source, second->source);

  return order != 0 ? order : strcmp (first->collection, second->collection);
}

static void
add_row (GPtrArray *uses, GHashTable *known, CarServiceRow *row)
{
  Use key = { .source = (char *) car_service_row_get_text (row, 0),
              .collection = (char *) car_service_row_get_text (row, 1) };
  Use *use = g_hash_table_lookup (known, &key);

  if (use == NULL)
    {
      use = g_new0 (Use, 1);
      use->source = g_strdup (key.source);
      use->collection = g_strdup (key.collection);
      g_hash_table_add (known, use);
      g_ptr_array_add (uses, use);
    }

  Amount *amount = car_service_row_get_integer (row, 2) != 0 ? &use->now : &use->history;
  amount->n += car_service_row_get_integer (row, 3);
  amount->bytes += car_service_row_get_integer (row, 4);
}

/* Of all vertices and edges, by source and collection. */
static GPtrArray *
read_uses (CarServiceStore *store, GError **error)
{
  g_autoptr (GPtrArray) uses = g_ptr_array_new_with_free_func (use_free);
  g_autoptr (GHashTable) known = g_hash_table_new (use_hash, use_equal);
  g_autoptr (GError) problem = NULL;
  CarServiceRow *rows = car_service_store_list_usage (store, &problem);

  while (rows != NULL && car_service_row_next (rows, &problem))
    add_row (uses, known, rows);
  g_ptr_array_sort (uses, compare_uses);

  return car_service_rows_ended (&problem, error) ? g_steal_pointer (&uses) : NULL;
}

static void
append_amount (GString *out, const char *name, const Amount *amount)
{
  car_service_json_name (out, name);
  g_string_append_c (out, '{');
  car_service_json_integer (out, "count", amount->n);
  car_service_json_integer (out, "bytes", amount->bytes);
  g_string_append_c (out, '}');
}

static gboolean
print_json (const CarServicePages *pages, const GPtrArray *uses, GError **error)
{
  g_autoptr (GString) out = g_string_new ("{");

  car_service_json_integer (out, "bytes", pages->all * pages->size);
  car_service_json_integer (out, "free_bytes", pages->free * pages->size);
  car_service_json_name (out, "collections");
  g_string_append_c (out, '[');
  for (guint i = 0; i < uses->len; i++)
    {
      const Use *use = uses->pdata[i];

      g_string_append (out, i > 0 ? ",{" : "{");
      car_service_json_string (out, "source", use->source);
      car_service_json_string (out, "collection", use->collection);
      append_amount (out, "now", &use->now);
      append_amount (out, "history", &use->history);
      g_string_append_c (out, '}');
    }
  g_string_append (out, "]}\n");
  return car_output_write (out->str, error);
}

static void
print_row (const char *source, const char *collection, const char *const *numbers)
{
  g_autoptr (GString) row = g_string_new (NULL);

  car_language_append_left (row, source, 24);
  g_string_append_c (row, ' ');
  car_language_append_left (row, collection, 24);
  for (guint i = 0; numbers[i] != NULL; i++)
    {
      g_string_append_c (row, ' ');
      car_language_append_right (row, numbers[i], 14);
    }
  g_print ("%s\n", row->str);
}

static void
print_use (const Use *use)
{
  g_autofree char *source = car_text_to_printable (use->source, -1);
  g_autofree char *collection = car_text_to_printable (use->collection, -1);
  g_autofree char *n_now = car_language_format_count ((guint64) use->now.n);
  g_autofree char *bytes_now = car_language_format_count ((guint64) use->now.bytes);
  g_autofree char *n_history = car_language_format_count ((guint64) use->history.n);
  g_autofree char *bytes_history = car_language_format_count ((guint64) use->history.bytes);
  const char *const numbers[] = { n_now, bytes_now, n_history, bytes_history, NULL };

  print_row (source, collection, numbers);
}

static void
print_table (const char *database, const CarServicePages *pages, const GPtrArray *uses)
{
  const char *const titles[] = { _ ("OBJECTS"), _ ("BYTES"), _ ("HISTORY"), _ ("BYTES"), NULL };
  g_autofree char *all = car_language_format_count ((guint64) (pages->all * pages->size));
  g_autofree char *free_bytes = car_language_format_count ((guint64) (pages->free * pages->size));

  g_autofree char *name = car_service_store_name_database (database);

  if (uses->len > 0)
    print_row (_ ("SOURCE"), _ ("COLLECTION"), titles);
  for (guint i = 0; i < uses->len; i++)
    print_use (uses->pdata[i]);
  g_print (_ ("The database %s has %s bytes, of which %s are free.\n"), name, all, free_bytes);
}

gboolean
car_service_usage_command (int argc, char **argv, GError **error)
{
  g_autofree char *database = NULL;
  gboolean json = FALSE;
  CarServicePages pages;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_ ("Print JSON, for programs"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!car_service_command_parse (
          entries, "usage [OPTIONS]",
          _ ("Tells what the database takes, also while the service runs: objects now "
             "and versions in the history, by source and collection, with the bytes "
             "of their bodies."),
          argc, argv, &database, NULL, error))
    return FALSE;

  g_autoptr (CarServiceStore) store = car_service_store_open_beside (database, error);
  g_autoptr (GPtrArray) uses =
      store != NULL && car_service_store_read_pages (store, &pages, error) ? read_uses (store, error) : NULL;
  if (uses == NULL)
    return FALSE;

  if (json)
    return print_json (&pages, uses, error);

  print_table (database, &pages, uses);
  return TRUE;
}
