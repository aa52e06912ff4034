/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>
#include <libcar/run/car-resume-private.h>

struct _CarResume
{
  CarStateFolder *folder; /* the run's */
  const CarSettings *settings;
  const CarRunOptions *options;
  GChecksum *checksum; /* of what both runs must have alike */
  gboolean has_left;   /* this run's data, or those that it took, are in the folder */
};

CarResume *
car_resume_new (CarStateFolder *folder, const CarSettings *settings, const CarRunOptions *options)
{
  if (folder == NULL || options->keep_directory)
    return NULL;

  CarResume *self = g_new0 (CarResume, 1);

  self->folder = folder;
  self->settings = settings;
  self->options = options;
  self->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  car_settings_update_checksum (settings, self->checksum);
  if (options->strict) /* the one setting of libcar's that says what is left out */
    g_checksum_update (self->checksum, (const guchar *) "strict", -1);
  return self;
}

void
car_resume_free (CarResume *self)
{
  if (self == NULL)
    return;

  g_checksum_free (self->checksum);
  g_free (self);
}

void
car_resume_set_extension (CarResume *self, CarSchemaExtension *extension)
{
  g_autofree char *text = g_strdup_printf (
      "extension %s %" G_GINT64_FORMAT " %s", car_schema_extension_get_key (extension),
      car_schema_extension_get_version (extension), car_schema_extension_get_schema (extension));

  g_checksum_update (self->checksum, (const guchar *) text, -1);
}

static CarJournalKey
make_key (CarResume *self, const char *last_save_point)
{
  return (CarJournalKey){
    .connector = car_settings_get (self->settings, "name"),
    .version = car_settings_get (self->settings, "version"),
    .source = self->options->source,
    .digest = g_checksum_get_string (self->checksum),
    .last_save_point = last_save_point,
  };
}

/* Taking. */

static CarJournal *
read_journal (CarResume *self, const char *last_save_point, const char *refusal, GError **error)
{
  const CarJournalKey key = make_key (self, last_save_point);
  g_autoptr (CarJournal) journal =
      car_journal_read (car_state_folder_get_fd (self->folder), &key, self->options->keep_staged, error);

  if (journal == NULL || refusal == NULL)
    return g_steal_pointer (&journal);

  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, refusal);
  return NULL;
}

static gboolean
restore (CarResume *self, CarDataHandler *data_handler, const CarJournal *journal, GError **error)
{
  CarJsonSpan data;

  return car_json_read_text (journal->data, strlen (journal->data), &data, error) &&
         car_data_handler_restore (data_handler, car_state_folder_get_fd (self->folder), &data, error);
}

CarJournal *
car_resume_take (CarResume *self,
                 CarDataHandler *data_handler,
                 const char *last_save_point,
                 const char *refusal)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarJournal) journal = read_journal (self, last_save_point, refusal, &error);

  if (journal != NULL && restore (self, data_handler, journal, &error))
    {
      self->has_left = TRUE;
      return g_steal_pointer (&journal);
    }

  if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT) || journal != NULL)
    g_message (
        _ ("What an earlier run read and could not send is removed, and the data source is read again: %s"),
        error->message);
  /* Without a journal, files may be there all the same: of a run that was killed while it left them. */
  car_journal_remove (car_state_folder_get_fd (self->folder));
  return NULL;
}

/* Leaving. */

static gboolean
leave (CarResume *self,
       CarDataHandler *data_handler,
       const char *last_save_point,
       CarJournal *journal,
       GError **error)
{
  const CarJournalKey key = make_key (self, last_save_point);
  const int folder_fd = car_state_folder_get_fd (self->folder);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  journal->time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  journal->data = car_data_handler_keep (data_handler, folder_fd, error);
  return journal->data != NULL && car_journal_write (folder_fd, &key, journal, error);
}

void
car_resume_leave (CarResume *self,
                  CarDataHandler *data_handler,
                  const char *reason,
                  const char *last_save_point,
                  const char *save_point)
{
  g_autoptr (CarJournal) journal = g_new0 (CarJournal, 1);
  g_autoptr (GError) error = NULL;

  if (self->options->keep_staged == 0)
    return;

  journal->reason = g_strdup (reason);
  journal->save_point = g_strdup (save_point);
  self->has_left = leave (self, data_handler, last_save_point, journal, &error);
  if (self->has_left)
    return;

  car_journal_remove (car_state_folder_get_fd (self->folder));
  g_warning (
      _ ("What this run read cannot be left in %s: %s. If the run cannot send it, the next one reads the "
         "data "
         "source again. The folder needs room, and must be on the file system in which data are staged"),
      car_state_folder_get_path (self->folder), error->message);
}

void
car_resume_end (CarResume *self, gboolean stays)
{
  if (!self->has_left)
    return;

  if (stays)
    g_message (
        ngettext ("What was read is left in %s: the next run sends it, in the next %u hour, and does not "
                  "read the data source again",
                  "What was read is left in %s: the next run sends it, in the next %u hours, and does not "
                  "read the data source again",
                  self->options->keep_staged),
        car_state_folder_get_path (self->folder), self->options->keep_staged);
  else
    car_journal_remove (car_state_folder_get_fd (self->folder));
}
