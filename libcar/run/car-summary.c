/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/run/car-summary-private.h>
#include <libcar/staging/car-record.h>

/* Of each collection so many kinds of what is wrong are told. */
#define MAX_VIOLATIONS 10

/* What is told. The first ones are counted of each collection, in this order. */
typedef enum
{
  COUNT_READ,
  COUNT_LEFT_OUT,
  COUNT_DUPLICATES,
  COUNT_CONFLICTS,
  COUNT_SENT,
  COUNT_DANGLING,
  COUNT_DELETED,
  COUNT_CLOSED,
  COUNT_NOT_SENT,
  COUNT_BYTES,
} Count;

/* The title of its column, for people, and its name for programs. */
static const struct
{
  const char *title;
  const char *member;
  gsize offset;
} counts[] = {
  [COUNT_READ] = { N_ ("read"), "read", G_STRUCT_OFFSET (CarSummaryRow, read) },
  [COUNT_LEFT_OUT] = { N_ ("left out"), "left_out", G_STRUCT_OFFSET (CarSummaryRow, invalid) },
  [COUNT_DUPLICATES] = { N_ ("duplicates"), "duplicates", G_STRUCT_OFFSET (CarSummaryRow, duplicates) },
  [COUNT_CONFLICTS] = { N_ ("conflicts"), "conflicts", G_STRUCT_OFFSET (CarSummaryRow, conflicts) },
  [COUNT_SENT] = { N_ ("sent"), "sent", G_STRUCT_OFFSET (CarSummaryRow, sent) },
  [COUNT_DANGLING] = { N_ ("dangling"), "dangling", G_STRUCT_OFFSET (CarSummaryRow, dangling) },
  [COUNT_DELETED] = { N_ ("deleted"), "deleted", G_STRUCT_OFFSET (CarSummaryRow, deleted) },
  [COUNT_CLOSED] = { N_ ("closed"), "closed", G_STRUCT_OFFSET (CarSummaryRow, closed) },
};

static guint64 *
get_count (CarSummaryRow *row, gsize which)
{
  return G_STRUCT_MEMBER_P (row, counts[which].offset);
}

static void
clear_row (gpointer data)
{
  CarSummaryRow *row = data;

  g_free (row->collection);
  g_free (row->why_invalid);
}

static void
reason_free (gpointer data)
{
  CarSummaryReason *reason = data;

  g_free (reason->collection);
  g_free (reason->reason);
  g_free (reason);
}

void
car_summary_init (CarSummary *self)
{
  *self = (CarSummary){ .begin = g_get_monotonic_time (),
                        .begin_time = g_date_time_new_now_utc (),
                        .rows = g_array_new (FALSE, FALSE, sizeof (CarSummaryRow)),
                        .incomplete = g_ptr_array_new_with_free_func (reason_free) };
  g_array_set_clear_func (self->rows, clear_row);
}

void
car_summary_clear (CarSummary *self)
{
  g_clear_pointer (&self->rows, g_array_unref);
  g_clear_pointer (&self->incomplete, g_ptr_array_unref);
  g_clear_pointer (&self->begin_time, g_date_time_unref);
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->read_at, g_free);
  g_clear_pointer (&self->failure, g_free);
}

void
car_summary_start (CarSummary *self, const char *reason)
{
  self->started = TRUE;
  self->full = reason != NULL;
  g_free (self->reason);
  self->reason = g_strdup (reason);
}

void
car_summary_set_resumed (CarSummary *self, const char *read_at)
{
  g_free (self->read_at);
  self->read_at = g_strdup (read_at);
}

void
car_summary_add_incomplete (CarSummary *self, const char *collection, const char *reason)
{
  CarSummaryReason *row = g_new0 (CarSummaryReason, 1);

  row->collection = g_strdup (collection);
  row->reason = g_strdup (reason);
  g_ptr_array_add (self->incomplete, row);
}

void
car_summary_set_failure (CarSummary *self,
                         CarFailureKind kind,
                         int exit_code,
                         const char *step,
                         const char *message)
{
  self->failure_kind = kind;
  self->exit_code = exit_code;
  self->failed_step = step;
  g_free (self->failure);
  self->failure = g_strdup (message);
}

static char *
describe_violations (CarCollectionSummary *summary)
{
  g_autoptr (GPtrArray) violations = car_collection_summary_list_violations (summary);
  g_autoptr (GString) all = g_string_new ("[");

  for (guint i = 0; i < MIN (violations->len, MAX_VIOLATIONS); i++)
    {
      const CarViolation *violation = violations->pdata[i];
      g_autofree char *message = car_log_without_secrets (car_violation_get_message (violation));
      g_autoptr (CarRecord) record = car_record_new ();

      car_record_set_string (record, "message", message);
      car_record_set_int (record, "count", car_violation_get_count (violation));
      g_autofree char *json = car_record_to_json (record);
      g_string_append_printf (all, "%s%s", i > 0 ? "," : "", json);
    }

  g_string_append_c (all, ']');
  return g_string_free (g_steal_pointer (&all), FALSE);
}

static void
add_row (CarSummary *self, CarCollectionSummary *summary)
{
  CarSummaryRow row = {
    .collection = g_strdup (car_collection_summary_get_collection (summary)),
    .read = car_collection_summary_get_n_read (summary),
    .invalid = car_collection_summary_get_n_left_out (summary),
    .duplicates = car_collection_summary_get_n_duplicates (summary),
    .conflicts = car_collection_summary_get_n_conflicts (summary),
    .sent = car_collection_summary_get_n_sent (summary),
    .dangling = car_collection_summary_get_n_dangling (summary),
    .deleted = car_collection_summary_get_n_deleted (summary),
    .closed = car_collection_summary_get_n_closed (summary),
    .why_invalid = describe_violations (summary),
  };

  g_array_append_val (self->rows, row);
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    *get_count (&self->total, i) += *get_count (&row, i);
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

  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (data_handler);
  for (guint i = 0; i < summaries->len; i++)
    add_row (self, summaries->pdata[i]);
  g_array_sort (self->rows, compare_rows);
  self->bytes = car_bundle_get_n_bytes (car_data_handler_get_bundle (data_handler));
}

/* A count in words, as an item of a list. */
static void
append_said (GString *out, Count which, guint64 n)
{
  g_autofree char *number = car_language_format_count (n);

  switch (which)
    {
    case COUNT_READ:
      g_string_append_printf (out, ngettext ("%s read", "%s read", n), number);
      break;
    case COUNT_LEFT_OUT:
      g_string_append_printf (out, ngettext ("%s left out", "%s left out", n), number);
      break;
    case COUNT_DUPLICATES:
      g_string_append_printf (out, ngettext ("%s duplicate", "%s duplicates", n), number);
      break;
    case COUNT_CONFLICTS:
      g_string_append_printf (out, ngettext ("%s conflict", "%s conflicts", n), number);
      break;
    case COUNT_SENT:
      g_string_append_printf (out, ngettext ("%s sent", "%s sent", n), number);
      break;
    case COUNT_DANGLING:
      g_string_append_printf (out, ngettext ("%s dangling", "%s dangling", n), number);
      break;
    case COUNT_DELETED:
      g_string_append_printf (out, ngettext ("%s deleted", "%s deleted", n), number);
      break;
    case COUNT_CLOSED:
      g_string_append_printf (out, ngettext ("%s closed", "%s closed", n), number);
      break;
    case COUNT_NOT_SENT:
      g_string_append_printf (out, ngettext ("%s not sent", "%s not sent", n), number);
      break;
    case COUNT_BYTES:
    default:
      g_string_append_printf (out, ngettext ("%s byte", "%s bytes", n), number);
      break;
    }
}

static guint64
count_not_sent (const CarSummaryRow *row)
{
  return row->read - row->invalid - row->duplicates - row->conflicts - row->sent;
}

/* "; asset 24 (2 left out)": what was read, and in brackets what became of those that were not sent. */
static void
append_counts (GString *out, CarSummaryRow *row)
{
  static const Count others[] = { COUNT_LEFT_OUT, COUNT_DUPLICATES, COUNT_CONFLICTS, COUNT_NOT_SENT,
                                  COUNT_DANGLING, COUNT_DELETED,    COUNT_CLOSED };
  g_autofree char *read = car_language_format_count (row->read);
  const char *separator = " (";

  g_string_append_printf (out, "; %s %s", row->collection, read);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      const guint64 n = others[i] == COUNT_NOT_SENT ? count_not_sent (row) : *get_count (row, others[i]);

      if (n == 0)
        continue;
      g_string_append (out, separator);
      append_said (out, others[i], n);
      separator = ", ";
    }
  if (*separator == ',')
    g_string_append_c (out, ')');
}

const char *
car_summary_get_save_point (const CarSummary *self)
{
  static const char *const words[] = {
    [CAR_SAVE_POINT_UNCHANGED] = "unchanged",
    [CAR_SAVE_POINT_KEPT] = "kept",
    [CAR_SAVE_POINT_NONE] = "none",
    [CAR_SAVE_POINT_FORGOTTEN] = "forgotten",
  };

  return words[self->save_point];
}

static const char *
describe_save_point (const CarSummary *self)
{
  static const char *const texts[] = {
    [CAR_SAVE_POINT_UNCHANGED] = N_ ("save point unchanged"),
    [CAR_SAVE_POINT_KEPT] = N_ ("save point kept"),
    [CAR_SAVE_POINT_NONE] = N_ ("save point none"),
    [CAR_SAVE_POINT_FORGOTTEN] = N_ ("save point forgotten"),
  };

  return _ (texts[self->save_point]);
}

/* A row has no counts where it is NULL, and then its titles. */
static char *
make_cell (CarSummaryRow *row, gsize which)
{
  return row == NULL ? g_strdup (_ (counts[which].title))
                     : car_language_format_count (*get_count (row, which));
}

static guint
find_column_width (CarSummary *self, gsize which)
{
  guint width = 10;

  for (guint i = 0; i <= self->rows->len; i++)
    {
      g_autofree char *cell =
          make_cell (i == self->rows->len ? NULL : &g_array_index (self->rows, CarSummaryRow, i), which);

      width = MAX (width, car_language_get_width (cell));
    }
  return width;
}

/* `row` is NULL for the titles. A column that is 0 all the way is left out, so that 80 columns are wide enough. */
static void
append_table_row (GString *out, guint width, const guint *widths, CarSummary *self, CarSummaryRow *row)
{
  g_string_append (out, "  ");
  car_language_append_left (out, row == NULL ? _ ("collection") : row->collection, width);
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    if (*get_count (&self->total, i) > 0)
      {
        g_autofree char *cell = make_cell (row, i);

        g_string_append (out, "  ");
        car_language_append_right (out, cell, widths[i]);
      }
  g_string_append_c (out, '\n');
}

static char *
make_table (CarSummary *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint width = car_language_get_width (_ ("collection"));
  guint widths[G_N_ELEMENTS (counts)];

  for (guint i = 0; i < self->rows->len; i++)
    width = MAX (width, car_language_get_width (g_array_index (self->rows, CarSummaryRow, i).collection));
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    widths[i] = find_column_width (self, i);

  append_table_row (out, width, widths, self, NULL);
  for (guint i = 0; i < self->rows->len; i++)
    append_table_row (out, width, widths, self, &g_array_index (self->rows, CarSummaryRow, i));

  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* A full import has a reason, and no other has. */
static void
append_import (GString *out, const CarSummary *self, gboolean complete)
{
  g_autofree char *seconds =
      car_language_format_seconds ((g_get_monotonic_time () - self->begin) / (double) G_USEC_PER_SEC);

  /* Translators: the first %s is why a full import was made, the last is seconds. */
  if (self->reason != NULL && complete)
    g_string_append_printf (out, _ ("Full import (%s) complete in %s s"), self->reason, seconds);
  else if (self->reason != NULL)
    g_string_append_printf (out, _ ("Full import (%s) not complete after %s s"), self->reason, seconds);
  else if (complete)
    g_string_append_printf (out, _ ("Incremental import complete in %s s"), seconds);
  else
    g_string_append_printf (out, _ ("Incremental import not complete after %s s"), seconds);
}

static void
append_totals (GString *out, CarSummary *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_string_append (out, i == 0 ? "; " : ", ");
      append_said (out, (Count) i, *get_count (&self->total, i));
    }
  g_string_append (out, ", ");
  append_said (out, COUNT_BYTES, (guint64) self->bytes);
}

/* Items with semicolons between them, each whole in itself. */
void
car_summary_tell (CarSummary *self, gboolean complete)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean table = car_log_is_interactive () && self->rows->len > 0;

  append_import (line, self, complete);
  append_totals (line, self);
  g_string_append_printf (line, "; %s", describe_save_point (self));
  if (complete && self->closing != NULL && !g_str_equal (self->closing, "guarded"))
    g_string_append_printf (line, "; %s",
                            g_str_equal (self->closing, "not guarded") ? _ ("closing not guarded")
                                                                       : _ ("closing partly guarded"));
  if (self->read_at != NULL)
    {
      g_string_append (line, "; ");
      g_string_append_printf (line, _ ("an earlier run read this at %s"), self->read_at);
    }

  for (guint i = 0; !table && i < self->rows->len; i++)
    append_counts (line, &g_array_index (self->rows, CarSummaryRow, i));

  g_message ("%s", line->str);

  if (table)
    {
      g_autofree char *text = make_table (self);

      car_log_print (text);
    }
}

/* The summary as JSON. docs/running.md, "The summary of a run", is what others read of this. */

/* Null rather than nothing, so that every member is always there. */
static void
set_text (CarRecord *record, const char *name, const char *text)
{
  g_autofree char *valid = text == NULL ? NULL : g_utf8_make_valid (text, -1);

  if (valid == NULL)
    car_record_set_null (record, name);
  else
    car_record_set_string (record, name, valid);
}

/* What came from outside, as the log would show it. */
static void
set_message (CarRecord *record, const char *name, const char *message)
{
  g_autofree char *clean = message == NULL ? NULL : car_log_without_secrets (message);

  set_text (record, name, clean);
}

static void
set_record (CarRecord *record, const char *name, const CarRecord *inner)
{
  g_autofree char *json = car_record_to_json (inner);

  car_record_set_json (record, name, json);
}

static void
set_counts (CarRecord *record, CarSummaryRow *row)
{
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    car_record_set_int (record, counts[i].member, (gint64) *get_count (row, i));
}

static void
set_total (CarRecord *record, CarSummary *self)
{
  g_autoptr (CarRecord) total = car_record_new ();

  set_counts (total, &self->total);
  car_record_set_int (total, "bytes", self->bytes);
  set_record (record, "total", total);
}

static void
set_collections (CarRecord *record, CarSummary *self)
{
  g_autoptr (GString) all = g_string_new ("[");

  for (guint i = 0; i < self->rows->len; i++)
    {
      CarSummaryRow *row = &g_array_index (self->rows, CarSummaryRow, i);
      g_autoptr (CarRecord) collection = car_record_new ();

      car_record_set_string (collection, "collection", row->collection);
      set_counts (collection, row);
      car_record_set_json (collection, "why_left_out", row->why_invalid);
      g_autofree char *json = car_record_to_json (collection);
      g_string_append_printf (all, "%s%s", i > 0 ? "," : "", json);
    }

  g_string_append_c (all, ']');
  car_record_set_json (record, "collections", all->str);
}

static void
set_incomplete (CarRecord *record, const CarSummary *self)
{
  g_autoptr (GString) all = g_string_new ("[");

  for (guint i = 0; i < self->incomplete->len; i++)
    {
      const CarSummaryReason *row = self->incomplete->pdata[i];
      g_autoptr (CarRecord) incomplete = car_record_new ();

      set_text (incomplete, "collection", row->collection);
      set_message (incomplete, "reason", row->reason);
      g_autofree char *json = car_record_to_json (incomplete);
      g_string_append_printf (all, "%s%s", i > 0 ? "," : "", json);
    }

  g_string_append_c (all, ']');
  car_record_set_json (record, "incomplete", all->str);
}

static void
set_failure (CarRecord *record, const CarSummary *self)
{
  g_autoptr (CarRecord) failure = car_record_new ();

  if (self->failure == NULL)
    {
      car_record_set_null (record, "failure");
      return;
    }

  car_record_set_string (failure, "kind", car_failure_kind_get_id (self->failure_kind));
  car_record_set_string (failure, "step", self->failed_step);
  set_message (failure, "message", self->failure);
  set_record (record, "failure", failure);
}

static const char *
get_import (const CarSummary *self, const CarSettings *settings)
{
  if (self->started)
    return self->full ? "full" : "incremental";

  return car_settings_is_on (settings, "connection-test") ? "connection-test" : "none";
}

static char *
make_json (CarSummary *self, const CarSettings *settings)
{
  g_autoptr (CarRecord) record = car_record_new ();
  g_autofree char *begin = g_date_time_format (self->begin_time, "%Y-%m-%dT%H:%M:%S.%fZ");
  double seconds = (g_get_monotonic_time () - self->begin) / (double) G_USEC_PER_SEC;

  car_record_set_int (record, "format", 1);
  set_text (record, "connector", car_settings_get (settings, "name"));
  set_text (record, "version", car_settings_get (settings, "version"));
  set_text (record, "source", car_settings_get (settings, "source"));
  car_record_set_string (record, "begin", begin);
  car_record_set_double (record, "seconds", round (seconds * 1000) / 1000);
  car_record_set_string (record, "import", get_import (self, settings));
  set_message (record, "reason", self->reason);
  car_record_set_int (record, "exit_code", self->exit_code);
  set_failure (record, self);
  car_record_set_string (record, "save_point", car_summary_get_save_point (self));
  set_text (record, "closing", self->closing);
  set_text (record, "read_at", self->read_at);
  set_incomplete (record, self);
  set_total (record, self);
  set_collections (record, self);

  g_autofree char *json = car_record_to_json (record);
  return g_strconcat (json, "\n", NULL);
}

void
car_summary_write (CarSummary *self, const CarSettings *settings)
{
  const char *path = car_settings_get (settings, "summary");
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;

  g_autofree char *json = make_json (self, settings);
  if (!car_file_write (path, json, strlen (json), &error))
    g_warning (_ ("The summary of the run cannot be written to %s: %s"), path, error->message);
}
