/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/car-log-private.h>
#include <libcar/car-summary-private.h>

static void
clear_row (gpointer data)
{
  g_free (((CarSummaryRow *) data)->collection);
}

void
car_summary_init (CarSummary *self)
{
  *self = (CarSummary){ .begin = g_get_monotonic_time (),
                        .rows = g_array_new (FALSE, FALSE, sizeof (CarSummaryRow)) };
  g_array_set_clear_func (self->rows, clear_row);
}

void
car_summary_clear (CarSummary *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  g_clear_pointer (&self->reason, g_free);
}

void
car_summary_start (CarSummary *self, const char *reason)
{
  self->started = TRUE;
  self->full = reason != NULL;
  g_free (self->reason);
  self->reason = g_strdup (reason);
}

static void
add_row (const char *collection,
         guint64 read,
         guint64 invalid,
         guint64 duplicates,
         guint64 sent,
         gpointer data)
{
  CarSummary *self = data;
  CarSummaryRow row = { g_strdup (collection), read, invalid, duplicates, sent };

  g_array_append_val (self->rows, row);
  self->total.read += read;
  self->total.invalid += invalid;
  self->total.duplicates += duplicates;
  self->total.sent += sent;
}

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (((const CarSummaryRow *) a)->collection, ((const CarSummaryRow *) b)->collection);
}

void
car_summary_collect (CarSummary *self, CarDataHandler *data_handler)
{
  g_array_set_size (self->rows, 0);
  self->total = (CarSummaryRow){ 0 };

  car_data_handler_foreach_collection (data_handler, add_row, self);
  g_array_sort (self->rows, compare_rows);
  self->deleted = car_data_handler_get_n_deleted (data_handler);
  self->bytes = car_data_handler_get_n_bytes (data_handler);
}

static guint64
count_not_sent (const CarSummaryRow *row)
{
  return row->read - row->invalid - row->duplicates - row->sent;
}

/* "asset 24 (2 left out)": what was read, and in brackets what became of those that were not sent. */
static void
append_counts (GString *out, const CarSummaryRow *row)
{
  const struct
  {
    guint64 count;
    const char *what;
  } others[] = {
    { row->invalid, "left out" },
    { row->duplicates, row->duplicates == 1 ? "duplicate" : "duplicates" },
    { count_not_sent (row), "not sent" },
  };
  const char *separator = " (";

  g_string_append_printf (out, "; %s %" G_GUINT64_FORMAT, row->collection, row->read);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (others[i].count > 0)
      {
        g_string_append_printf (out, "%s%" G_GUINT64_FORMAT " %s", separator, others[i].count,
                                others[i].what);
        separator = ", ";
      }
  if (*separator == ',')
    g_string_append_c (out, ')');
}

static const char *
save_point_fate (const CarSummary *self)
{
  static const char *const words[] = {
    [CAR_SAVE_POINT_UNCHANGED] = "unchanged",
    [CAR_SAVE_POINT_KEPT] = "kept",
    [CAR_SAVE_POINT_NONE] = "none",
    [CAR_SAVE_POINT_FORGOTTEN] = "forgotten",
  };

  return words[self->save_point];
}

static void
append_table_row (GString *out, int width, const CarSummaryRow *row)
{
  int padding = MAX (0, width - (int) g_utf8_strlen (row->collection, -1));

  g_string_append_printf (out,
                          "  %s%*s  %10" G_GUINT64_FORMAT "  %10" G_GUINT64_FORMAT "  %10" G_GUINT64_FORMAT
                          "  %10" G_GUINT64_FORMAT "\n",
                          row->collection, padding, "", row->read, row->invalid, row->duplicates, row->sent);
}

static char *
make_table (const CarSummary *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  int width = 10;

  for (guint i = 0; i < self->rows->len; i++)
    width = MAX (width, (int) g_utf8_strlen (g_array_index (self->rows, CarSummaryRow, i).collection, -1));

  g_string_append_printf (out, "  %-*s  %10s  %10s  %10s  %10s\n", width, "collection", "read", "left out",
                          "duplicates", "sent");
  for (guint i = 0; i < self->rows->len; i++)
    append_table_row (out, width, &g_array_index (self->rows, CarSummaryRow, i));

  return g_string_free (g_steal_pointer (&out), FALSE);
}

void
car_summary_tell (const CarSummary *self, gboolean complete)
{
  g_autoptr (GString) line = g_string_new (self->full ? "Full import" : "Incremental import");
  gboolean table = car_log_is_interactive () && self->rows->len > 0;
  double seconds = (g_get_monotonic_time () - self->begin) / (double) G_USEC_PER_SEC;

  if (self->reason != NULL)
    g_string_append_printf (line, " (%s)", self->reason);
  g_string_append_printf (line, " %s %.1f s; ", complete ? "complete in" : "not complete after", seconds);
  g_string_append_printf (line,
                          "%" G_GUINT64_FORMAT " read, %" G_GUINT64_FORMAT " left out, %" G_GUINT64_FORMAT
                          " duplicates, %" G_GUINT64_FORMAT " sent, %" G_GUINT64_FORMAT
                          " deleted, %" G_GUINT64_FORMAT " bytes; save point %s",
                          self->total.read, self->total.invalid, self->total.duplicates, self->total.sent,
                          self->deleted, self->bytes, save_point_fate (self));

  for (guint i = 0; !table && i < self->rows->len; i++)
    append_counts (line, &g_array_index (self->rows, CarSummaryRow, i));

  g_message ("%s", line->str);

  if (table)
    {
      g_autofree char *text = make_table (self);

      car_log_print (text);
    }
}
