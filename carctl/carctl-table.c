/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-table.h"
#include "carctl/carctl.h"

#define MAX_WIDTH 60

typedef struct
{
  GPtrArray *columns; /* names, in the order in which they first come */
  GPtrArray *rows;    /* (element-type GHashTable): name → text */
} Table;

static void
add_leaf (Table *table, GHashTable *row, const char *path, const CarJsonSpan *value)
{
  g_autofree char *text = value->type == CAR_JSON_STRING ? car_json_span_dup_string (value)
                                                         : g_strndup (value->text, value->length);
  g_autofree char *shown = car_text_to_printable (text == NULL ? "" : text, -1);
  const char *before = g_hash_table_lookup (row, path);

  if (!g_ptr_array_find_with_equal_func (table->columns, path, g_str_equal, NULL))
    g_ptr_array_add (table->columns, g_strdup (path));
  if (before == NULL)
    g_hash_table_insert (row, g_strdup (path), g_steal_pointer (&shown));
  else if (!g_str_equal (before, shown))
    g_hash_table_insert (row, g_strdup (path), g_strconcat (before, ", ", shown, NULL));
}

/* A relation is a list of edges, and each has the list of what is at its end: both are one step of a path. */
static void
add_value (Table *table, GHashTable *row, const char *path, const CarJsonSpan *value, gboolean is_edge)
{
  CarJsonScanner scanner;
  CarJsonSpan name, inner;

  car_json_scanner_init (&scanner, value->text, value->length);
  if (value->type == CAR_JSON_ARRAY)
    {
      car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
      while (car_json_scanner_next_item (&scanner) && car_json_scanner_read (&scanner, &inner))
        add_value (table, row, path, &inner, is_edge);
    }
  else if (value->type == CAR_JSON_OBJECT)
    {
      car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
      while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &inner))
        {
          gboolean is_list = inner.type == CAR_JSON_ARRAY;
          g_autofree char *own = g_strndup (name.text, name.length);
          g_autofree char *longer = *path == '\0' ? g_strdup (own) : g_strconcat (path, " ", own, NULL);

          add_value (table, row, is_edge && is_list ? path : longer, &inner, is_list && !is_edge);
        }
    }
  else if (value->type != CAR_JSON_NULL)
    add_leaf (table, row, path, value);
}

static void
add_rows (Table *table, const CarJsonSpan *list)
{
  g_autoptr (GArray) items = car_json_span_get_items (list);

  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      GHashTable *row = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

      add_value (table, row, "", &g_array_index (items, CarJsonSpan, i), FALSE);
      g_ptr_array_add (table->rows, row);
    }
}

static const char *
get_cell (const Table *table, guint row, guint column)
{
  const char *text = g_hash_table_lookup (table->rows->pdata[row], table->columns->pdata[column]);

  return text == NULL ? "–" : text;
}

static guint
get_width (const Table *table, guint column)
{
  guint width = car_language_get_width (table->columns->pdata[column]);

  for (guint i = 0; i < table->rows->len; i++)
    width = MAX (width, car_language_get_width (get_cell (table, i, column)));
  return MIN (width, MAX_WIDTH);
}

/* The last cell of a line is not filled up. */
static void
append_cell (const Table *table, GString *out, const char *text, guint column)
{
  guint width = get_width (table, column);
  g_autofree char *cut = car_language_cut (text, width);

  if (column + 1 == table->columns->len)
    {
      g_string_append_printf (out, "%s\n", text);
      return;
    }
  car_language_append_left (out, cut, width);
  g_string_append (out, "  ");
}

static void
append_table (GString *out, const char *name, const Table *table)
{
  g_string_append_printf (out, "%s%s: %u\n", out->len > 0 ? "\n" : "", name, table->rows->len);
  for (guint column = 0; table->rows->len > 0 && column < table->columns->len; column++)
    append_cell (table, out, table->columns->pdata[column], column);
  for (guint row = 0; table->columns->len > 0 && row < table->rows->len; row++)
    for (guint column = 0; column < table->columns->len; column++)
      append_cell (table, out, get_cell (table, row, column), column);
}

char *
carctl_table_make (const CarJsonSpan *data)
{
  g_autoptr (GString) out = g_string_new (NULL);
  CarJsonScanner scanner;
  CarJsonSpan name, list;

  car_json_scanner_init (&scanner, data->text, data->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &list))
    {
      g_autoptr (GPtrArray) columns = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_hash_table_unref);
      g_autofree char *shown = car_text_to_printable (name.text, (gssize) name.length);
      Table table = { columns, rows };

      add_rows (&table, &list);
      append_table (out, shown, &table);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gboolean
carctl_table_print (const char *answer, gboolean json, GError **error)
{
  CarJsonSpan data;

  if (!car_json_read_text (answer, strlen (answer), &data, error))
    return FALSE;

  if (json)
    return car_output_write_line (answer, error);

  g_autofree char *table = carctl_table_make (&data);
  g_print ("%s", table);
  return TRUE;
}
