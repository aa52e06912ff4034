/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>
#include <libcar/run/car-journal-private.h>
#include <libcar/staging/car-bundle-private.h>
#include <libcar/staging/car-record.h>

#define JOURNAL "journal"
#define NEW_JOURNAL "journal.new"

/* Of what is in it. Another version of libcar may mean something else by it. */
#define FORMAT 1

/* Some thousand collections, with what is wrong with their objects, take less. */
#define MAX_JOURNAL (16 * 1024 * 1024)

void
car_journal_free (CarJournal *self)
{
  if (self == NULL)
    return;

  g_free (self->reason);
  g_free (self->save_point);
  g_free (self->time);
  g_free (self->data);
  g_free (self);
}

void
car_journal_remove (int folder_fd)
{
  unlinkat (folder_fd, JOURNAL, 0);
  unlinkat (folder_fd, NEW_JOURNAL, 0);
  car_bundle_remove_kept (folder_fd);
}

/* Always FALSE. */
static gboolean
set_errno_error (GError **error)
{
  const int code = errno;

  g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (code), g_strerror (code));
  return FALSE;
}

/* Writing: a line of JSON, and a line with its digest. */

static void
set_text (CarRecord *record, const char *name, const char *text)
{
  if (text != NULL)
    car_record_set_string (record, name, text);
  else
    car_record_set_null (record, name);
}

static char *
make_digest (const char *text, gsize length)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, (gssize) length);
}

static char *
make_text (const CarJournalKey *key, const CarJournal *journal)
{
  g_autoptr (CarRecord) record = car_record_new ();

  car_record_set_int (record, "format", FORMAT);
  set_text (record, "connector", key->connector);
  set_text (record, "version", key->version);
  set_text (record, "source", key->source);
  set_text (record, "settings", key->digest);
  set_text (record, "last_save_point", key->last_save_point);
  set_text (record, "reason", journal->reason);
  set_text (record, "save_point", journal->save_point);
  set_text (record, "time", journal->time);
  car_record_set_json (record, "data", journal->data);

  g_autofree char *json = car_record_to_json (record);
  g_autofree char *digest = make_digest (json, strlen (json));
  return g_strconcat (json, "\n", digest, "\n", NULL);
}

static gboolean
write_file (int fd, const char *text)
{
  const gsize length = strlen (text);

  for (gsize at = 0; at < length;)
    {
      const gssize written = write (fd, text + at, length - at);

      if (written < 0 && errno != EINTR)
        return FALSE;
      at += (gsize) MAX (written, 0);
    }
  return fsync (fd) == 0;
}

gboolean
car_journal_write (int folder_fd, const CarJournalKey *key, const CarJournal *journal, GError **error)
{
  g_autofree char *text = make_text (key, journal);
  const int fd = openat (folder_fd, NEW_JOURNAL, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return set_errno_error (error);

  const gboolean written = write_file (fd, text);
  const int code = errno;
  close (fd);
  errno = code;
  return (written && renameat (folder_fd, NEW_JOURNAL, folder_fd, JOURNAL) == 0 && fsync (folder_fd) == 0) ||
         set_errno_error (error);
}

/* Reading: whatever is there may be anybody's. */

/* Always NULL. */
static gpointer
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, why);
  return NULL;
}

/* A file of the user's own, of a size that is one of a journal. */
static char *
read_file (int fd, gsize *length, GError **error)
{
  struct stat info;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_uid != geteuid () || info.st_nlink != 1)
    return refuse (error, _ ("its journal is no file of this user's alone"));
  if (info.st_size > MAX_JOURNAL)
    return refuse (error, _ ("its journal is too large"));

  g_autofree char *text = g_malloc (info.st_size + 1);
  for (*length = 0; *length < (gsize) info.st_size;)
    {
      const gssize n = read (fd, text + *length, info.st_size - *length);

      if (n == 0 || (n < 0 && errno != EINTR))
        return refuse (error, _ ("its journal cannot be read"));
      *length += (gsize) MAX (n, 0);
    }
  text[*length] = '\0';
  return g_steal_pointer (&text);
}

static char *
load (int folder_fd, gsize *length, GError **error)
{
  const int fd = openat (folder_fd, JOURNAL, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    {
      set_errno_error (error);
      return NULL;
    }

  char *text = read_file (fd, length, error);
  close (fd);
  return text;
}

/* The line of JSON, if the one behind it is its digest. */
static gboolean
check_digest (const char *text, gsize length, CarJsonSpan *json)
{
  const char *end = memchr (text, '\n', length);
  if (end == NULL)
    return FALSE;

  g_autofree char *digest = make_digest (text, end - text);
  g_autofree char *rest = g_strconcat (digest, "\n", NULL);
  return strlen (rest) == length - (end + 1 - text) && strcmp (end + 1, rest) == 0 &&
         car_json_read_text (text, end - text, json, NULL);
}

static gboolean
is_alike (const CarJsonSpan *journal, const char *member, const char *wanted)
{
  const CarJsonSpan value = car_json_span_get_member (journal, member);
  g_autofree char *text = car_json_span_dup_string (&value);

  return text != NULL ? g_strcmp0 (text, wanted) == 0 : wanted == NULL && value.type == CAR_JSON_NULL;
}

/* Why it is another run's; NULL where it is not. */
static const char *
find_difference (const CarJsonSpan *journal, const CarJournalKey *key)
{
  const CarJsonSpan format = car_json_span_get_member (journal, "format");
  gint64 number;

  if (!car_json_span_get_int (&format, &number) || number != FORMAT)
    return _ ("another version of libcar left it");
  if (!is_alike (journal, "connector", key->connector) || !is_alike (journal, "version", key->version))
    return _ ("another connector, or another version of it, left it");
  if (!is_alike (journal, "source", key->source))
    return _ ("it is another source's");
  if (!is_alike (journal, "settings", key->digest))
    return _ ("the connector's settings or its schema extension are others now");
  if (!is_alike (journal, "last_save_point", key->last_save_point))
    return _ ("the service holds another save point now");
  return NULL;
}

static gboolean
is_young (const char *time, guint max_hours)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_iso8601 (time, NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  if (then == NULL)
    return FALSE;

  const GTimeSpan age = g_date_time_difference (now, then);
  return age >= 0 && age <= max_hours * G_TIME_SPAN_HOUR;
}

CarJournal *
car_journal_read (int folder_fd, const CarJournalKey *key, guint max_hours, GError **error)
{
  gsize length;
  g_autofree char *text = load (folder_fd, &length, error);
  CarJsonSpan json;
  if (text == NULL)
    return NULL;
  if (!check_digest (text, length, &json))
    return refuse (error, _ ("its journal is not whole"));

  const char *difference = find_difference (&json, key);
  if (difference != NULL)
    return refuse (error, difference);

  g_autoptr (CarJournal) self = g_new0 (CarJournal, 1);
  const CarJsonSpan data = car_json_span_get_member (&json, "data");
  self->reason = car_json_span_dup_member (&json, "reason");
  self->save_point = car_json_span_dup_member (&json, "save_point");
  self->time = car_json_span_dup_member (&json, "time");
  if (self->time == NULL || !is_young (self->time, max_hours))
    return refuse (error, _ ("it is too old"));
  if (data.type != CAR_JSON_OBJECT)
    return refuse (error, _ ("its journal tells of no data"));

  self->data = g_strndup (data.text, data.length);
  return g_steal_pointer (&self);
}
