/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-reader-private.h>

G_BEGIN_DECLS

/* What a run that had read everything leaves in its state folder, so that the next one need not read it again. */

/* What the two runs must have alike. */
typedef struct
{
  const char *connector;
  const char *version; /* (nullable) */
  const char *source;
  const char *digest;          /* of the settings and of the schema extension */
  const char *last_save_point; /* (nullable) the one that the service holds */
} CarJournalKey;

typedef struct
{
  char *reason;     /* of a full import; NULL: it is an incremental one */
  char *save_point; /* (nullable) to keep at the end */
  char *time;       /* when it was written: ISO 8601, UTC */
  char *data;       /* what the data handler tells of what is staged: JSON text */
} CarJournal;

/* Writes it, whole or not at all, once all that it tells of is there. */
gboolean
car_journal_write (int folder_fd, const CarJournalKey *key, const CarJournal *journal, GError **error);

/* NULL with G_FILE_ERROR_NOENT: there is none. Every other error says why the one that is there does not fit: it belongs to
 * another run, is older than so many hours, or is not whole. */
CarJournal *car_journal_read (int folder_fd, const CarJournalKey *key, guint max_hours, GError **error);
void car_journal_free (CarJournal *self);

/* Removes it, and all that it tells of. */
void car_journal_remove (int folder_fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarJournal, car_journal_free)

G_END_DECLS
