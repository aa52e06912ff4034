/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-text-private.h>

#include "service/car-service-command.h"
#include "service/store/car-service-json.h"
#include "service/store/car-service-usage.h"

static void
append_amount (GString *out, const char *name, const CarServiceAmount *amount)
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
      const CarServiceUse *use = uses->pdata[i];

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
print_use (const CarServiceUse *use)
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

  if (uses->len > 0)
    print_row (_ ("SOURCE"), _ ("COLLECTION"), titles);
  for (guint i = 0; i < uses->len; i++)
    print_use (uses->pdata[i]);
  g_print (_ ("The database %s has %s bytes, of which %s are free.\n"), database, all, free_bytes);
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
  g_autoptr (CarServiceStore) reader = store != NULL ? car_service_store_open_another (store, error) : NULL;
  g_autoptr (GPtrArray) uses = reader != NULL ? car_service_usage_read (reader, &pages, error) : NULL;
  if (uses == NULL)
    return FALSE;

  if (json)
    return print_json (&pages, uses, error);

  print_table (database, &pages, uses);
  return TRUE;
}
