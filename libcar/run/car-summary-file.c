/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/base/car-file-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/run/car-summary-private.h>
#include <libcar/staging/car-record.h>

/* docs/running.md, "The summary of a run", is what others read of this. */

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
set_counts (CarRecord *record, const CarSummaryRow *row)
{
  car_record_set_int (record, "read", row->read);
  car_record_set_int (record, "left_out", row->invalid);
  car_record_set_int (record, "duplicates", row->duplicates);
  car_record_set_int (record, "sent", row->sent);
  car_record_set_int (record, "deleted", row->deleted);
}

static void
set_total (CarRecord *record, const CarSummary *self)
{
  g_autoptr (CarRecord) total = car_record_new ();

  set_counts (total, &self->total);
  car_record_set_int (total, "bytes", self->bytes);
  set_record (record, "total", total);
}

static void
set_collections (CarRecord *record, const CarSummary *self)
{
  g_autoptr (GString) all = g_string_new ("[");

  for (guint i = 0; i < self->rows->len; i++)
    {
      const CarSummaryRow *row = &g_array_index (self->rows, CarSummaryRow, i);
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
make_json (const CarSummary *self, const CarSettings *settings)
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
  set_total (record, self);
  set_collections (record, self);

  g_autofree char *json = car_record_to_json (record);
  return g_strconcat (json, "\n", NULL);
}

void
car_summary_write (const CarSummary *self, const CarSettings *settings)
{
  const char *path = car_settings_get (settings, "summary");
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;

  g_autofree char *json = make_json (self, settings);
  if (!car_file_write (path, json, strlen (json), &error))
    g_warning ("The summary of the run cannot be written to %s: %s", path, error->message);
}
