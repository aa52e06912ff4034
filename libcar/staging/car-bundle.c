/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-scanner-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/staging/car-bundle-private.h>

#define DEFAULT_PAGE_SIZE 2000
#define DEFAULT_MAX_PAGE_BYTES (8 * 1024 * 1024)
#define FOLDER_TEMPLATE "car-import-XXXXXX"

/* An open page's memory that is kept for the next one, a collection. */
#define KEPT_SLOT_BYTES (1024 * 1024)

typedef struct
{
  GPtrArray *slots;
  guint n_objects; /* of the open page */
  gsize n_bytes;   /* of the open page */
  CarPartFile file;
  guint n_flushed; /* pages that were there at the last flush */
  guint n_done;    /* pages that were sent, and their jobs are done; never more than n_flushed */
} Part;

struct _CarBundle
{
  GObject parent_instance;

  GMutex lock;
  char *parent;
  char *directory;     /* NULL: nothing is kept, the files have no name, and there is no journal */
  CarPartFile journal; /* a line a page */
  gboolean is_resumable;
  guint page_size;
  gsize max_page_bytes;
  gboolean was_refused; /* the service found a page too large */
  GString *envelope;    /* how every page begins */
  Part parts[CAR_BUNDLE_N_PARTS];
  guint64 n_bytes;
  GError *failure; /* once a page could not be written, nothing is */
};

G_DEFINE_FINAL_TYPE (CarBundle, car_bundle, G_TYPE_OBJECT)

static const char *const part_names[CAR_BUNDLE_N_PARTS] = { "vertices", "edges", "deletions" };

static void
slot_free (CarBundleSlot *slot)
{
  g_free (slot->collection);
  g_string_free (slot->text, TRUE);
  g_free (slot);
}

static void
slot_reset (CarBundleSlot *slot)
{
  slot->n_objects = 0;
  slot->n_bytes = 0;
  if (slot->text->allocated_len > KEPT_SLOT_BYTES)
    {
      g_string_free (slot->text, TRUE);
      slot->text = g_string_new (NULL);
    }

  g_string_assign (slot->text, ",");
  car_json_append_string (slot->text, slot->collection, -1);
  g_string_append (slot->text, ":[");
}

static void
car_bundle_finalize (GObject *object)
{
  CarBundle *self = CAR_BUNDLE (object);

  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_ptr_array_unref (self->parts[i].slots);
      car_part_file_clear (&self->parts[i].file);
    }
  car_part_file_clear (&self->journal);
  g_string_free (self->envelope, TRUE);
  g_clear_error (&self->failure);
  g_free (self->directory);
  g_free (self->parent);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (car_bundle_parent_class)->finalize (object);
}

static void
car_bundle_class_init (CarBundleClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = car_bundle_finalize;
}

static void
car_bundle_init (CarBundle *self)
{
  g_mutex_init (&self->lock);
  car_part_file_init (&self->journal);
  self->max_page_bytes = DEFAULT_MAX_PAGE_BYTES;
  self->envelope = g_string_new (NULL);
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      self->parts[i].slots = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);
      car_part_file_init (&self->parts[i].file);
    }
}

/* What the disk did not let us do. */
typedef enum
{
  DISK_MAKE_FOLDER,
  DISK_STAGE,
  DISK_STAGE_ELSEWHERE,
  DISK_MAKE_FILES,
  DISK_MAKE_FOLDER_IN,
  DISK_OPEN_FOLDER,
  DISK_WRITE_JOURNAL,
} DiskStep;

static char *
describe_disk_step (DiskStep step, const char *path)
{
  switch (step)
    {
    case DISK_MAKE_FOLDER:
      return g_strdup_printf (_ ("Cannot make the staging folder “%s”"), path);
    case DISK_STAGE:
      return g_strdup_printf (_ ("Cannot stage data in “%s”"), path);
    case DISK_STAGE_ELSEWHERE:
      return g_strdup_printf (_ ("Cannot stage data in another user's folder “%s”"), path);
    case DISK_MAKE_FILES:
      return g_strdup_printf (_ ("Cannot make files in the staging folder “%s”"), path);
    case DISK_MAKE_FOLDER_IN:
      return g_strdup_printf (_ ("Cannot make a staging folder in “%s”"), path);
    case DISK_OPEN_FOLDER:
      return g_strdup_printf (_ ("Cannot open the staging folder “%s”"), path);
    case DISK_WRITE_JOURNAL:
    default:
      return g_strdup_printf (_ ("Cannot write the journal in “%s”"), path);
    }
}

/* Without data sent, no gap is possible: whatever the disk does is recoverable. */
static gboolean
set_disk_error (GError **error, DiskStep step, const char *path, int code)
{
  const char *advice = _ ("give the connector a folder that it may write to (-export-data-dir)");

  if (code == ENOSPC || code == EDQUOT || code == EFBIG)
    advice = _ ("free disk space, or choose a folder with more of it (-export-data-dir)");

  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *what = describe_disk_step (step, shown);
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT, "%s: %s; %s", what,
               g_strerror (code), advice);
  return FALSE;
}

/* What others own, they can take away or replace while pages are in it. */
static gboolean
check_parent (const char *directory, GError **error)
{
  struct stat info;

  if (g_mkdir_with_parents (directory, 0700) != 0 || stat (directory, &info) != 0)
    return set_disk_error (error, DISK_MAKE_FOLDER, directory, errno);
  if (!S_ISDIR (info.st_mode))
    return set_disk_error (error, DISK_STAGE, directory, ENOTDIR);
  if (info.st_uid != geteuid () && info.st_uid != 0)
    return set_disk_error (error, DISK_STAGE_ELSEWHERE, directory, EPERM);

  return TRUE;
}

static gboolean
open_unnamed_files (CarBundle *self, GError **error)
{
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      const int code = car_part_file_open_unnamed (&self->parts[i].file, self->parent);

      if (code != 0)
        return set_disk_error (error, DISK_STAGE, self->parent, code);
    }
  return TRUE;
}

static gboolean
open_kept_file (CarBundle *self, CarPartFile *file, int directory_fd, const char *name, GError **error)
{
  const int code = car_part_file_open_new (file, directory_fd, name);

  return code == 0 || set_disk_error (error, DISK_MAKE_FILES, self->directory, code);
}

static char *
get_file_name (CarBundlePart part)
{
  return g_strconcat (part_names[part], ".jsonl", NULL);
}

/* Most runs delete nothing: that file is made when it is needed. */
static gboolean
open_kept_files (CarBundle *self, int directory_fd, GError **error)
{
  for (guint i = 0; i < CAR_BUNDLE_DELETIONS; i++)
    {
      g_autofree char *name = get_file_name (i);

      if (!open_kept_file (self, &self->parts[i].file, directory_fd, name, error))
        return FALSE;
    }
  return open_kept_file (self, &self->journal, directory_fd, "journal", error);
}

static gboolean
make_folder (CarBundle *self, GError **error)
{
  g_autofree char *directory = g_build_filename (self->parent, FOLDER_TEMPLATE, NULL);

  if (g_mkdtemp_full (directory, 0700) == NULL)
    return set_disk_error (error, DISK_MAKE_FOLDER_IN, self->parent, errno);

  self->directory = g_steal_pointer (&directory);
  int fd = open (self->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return set_disk_error (error, DISK_OPEN_FOLDER, self->directory, errno);

  gboolean opened = open_kept_files (self, fd, error);
  close (fd);
  return opened;
}

CarBundle *
car_bundle_new (const char *parent, guint page_size, gboolean keep, GError **error)
{
  g_autoptr (CarBundle) self = g_object_new (CAR_TYPE_BUNDLE, NULL);

  self->page_size = page_size == 0 ? DEFAULT_PAGE_SIZE : page_size;
  self->parent = g_strdup (parent != NULL ? parent : g_get_tmp_dir ());
  if (parent != NULL && !check_parent (parent, error))
    return NULL;
  if (!(keep ? make_folder (self, error) : open_unnamed_files (self, error)))
    return NULL;

  return g_steal_pointer (&self);
}

void
car_bundle_set_max_page_bytes (CarBundle *self, gsize max_page_bytes)
{
  self->max_page_bytes = max_page_bytes;
}

void
car_bundle_note_refused (CarBundle *self, gsize n_bytes)
{
  g_return_if_fail (CAR_IS_BUNDLE (self));

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  self->was_refused = TRUE;
  self->max_page_bytes = MIN (self->max_page_bytes, n_bytes / 4 * 3);
}

gboolean
car_bundle_expects_refusal (CarBundle *self, gsize n_bytes)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->was_refused && n_bytes > self->max_page_bytes;
}

void
car_bundle_lock (CarBundle *self)
{
  g_mutex_lock (&self->lock);
}

void
car_bundle_unlock (CarBundle *self)
{
  g_mutex_unlock (&self->lock);
}

void
car_bundle_set_resumable (CarBundle *self)
{
  self->is_resumable = TRUE;
}

const char *
car_bundle_get_directory (CarBundle *self)
{
  return self->directory;
}

void
car_bundle_set_envelope (CarBundle *self, const char *source, const char *report)
{
  g_string_printf (self->envelope, "{\"source\":%s,\"report\":%s", source, report);
}

CarBundleSlot *
car_bundle_get_slot (CarBundle *self, CarBundlePart part, const char *collection)
{
  GPtrArray *slots = self->parts[part].slots;

  for (guint i = 0; i < slots->len; i++)
    if (strcmp (((CarBundleSlot *) slots->pdata[i])->collection, collection) == 0)
      return slots->pdata[i];

  CarBundleSlot *slot = g_new0 (CarBundleSlot, 1);
  slot->collection = g_strdup (collection);
  slot->part = part;
  slot->text = g_string_new (NULL);
  slot_reset (slot);
  g_ptr_array_add (slots, slot);
  return slot;
}

guint64
car_bundle_get_n_bytes (CarBundle *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->n_bytes;
}

/* Once something could not be written, nobody goes on with a part of the data. */
static gboolean
is_sound (CarBundle *self, GError **error)
{
  if (self->failure == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->failure));
  return FALSE;
}

static gboolean
fail_writing (CarBundle *self, DiskStep step, int code, GError **error)
{
  set_disk_error (&self->failure, step, self->directory != NULL ? self->directory : self->parent, code);
  return is_sound (self, error);
}

/* The journal is for people who look at what was kept. */
static gboolean
write_journal (CarBundle *self, GString *line, GError **error)
{
  struct iovec piece = { line->str, line->len };

  if (!is_sound (self, error))
    return FALSE;

  const int code = car_part_file_append (&self->journal, &piece, 1, line->len - strlen ("\n"));
  return code == 0 || fail_writing (self, DISK_WRITE_JOURNAL, code, error);
}

static gboolean
note_staged (CarBundle *self, CarBundlePart which, gsize n_bytes, GError **error)
{
  g_autoptr (GString) line = g_string_new (NULL);
  const Part *part = &self->parts[which];

  g_string_printf (line, "{\"staged\":\"%s\",\"page\":%u,\"objects\":%u,\"bytes\":%" G_GSIZE_FORMAT "}\n",
                   part_names[which], part->file.ends->len, part->n_objects, n_bytes);
  return write_journal (self, line, error);
}

/* JSON text has line breaks only where a space may stand: those in strings are escaped. */
static void
put_on_one_line (GString *text)
{
  const char breaks[] = { '\n', '\r' };
  char *end = text->str + text->len;

  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++)
    for (char *at = text->str; (at = memchr (at, breaks[i], end - at)) != NULL;)
      *at = ' ';
}

static void
add_piece (GArray *pieces, const char *text, gsize length)
{
  struct iovec piece = { (char *) text, length };

  g_array_append_val (pieces, piece);
}

/* Returns: (element-type struct iovec): the open page, with the newline behind it. */
static GArray *
collect_page (CarBundle *self, Part *part, gsize *n_bytes)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (struct iovec));

  add_piece (pieces, self->envelope->str, self->envelope->len);
  *n_bytes = self->envelope->len + strlen ("}");
  for (guint i = 0; i < part->slots->len; i++)
    {
      CarBundleSlot *slot = part->slots->pdata[i];

      if (slot->n_objects == 0)
        continue;
      if (self->directory != NULL || self->is_resumable)
        put_on_one_line (slot->text);
      add_piece (pieces, slot->text->str, slot->text->len);
      add_piece (pieces, "]", 1);
      *n_bytes += slot->text->len + strlen ("]");
    }
  add_piece (pieces, "}\n", 2);

  return pieces;
}

/* Appends a page of so many bytes, and the newline behind it, to a part's file. */
static gboolean
append_page (CarBundle *self, Part *part, GArray *pieces, gsize n_bytes, GError **error)
{
  const int code =
      car_part_file_append (&part->file, &g_array_index (pieces, struct iovec, 0), pieces->len, n_bytes);

  if (code != 0)
    return fail_writing (self, DISK_STAGE, code, error);

  self->n_bytes += n_bytes;
  return TRUE;
}

/* The open page is appended to its part's file, and an empty page is open. */
static gboolean
close_page (CarBundle *self, CarBundlePart which, GError **error)
{
  Part *part = &self->parts[which];
  gsize n_bytes;

  if (!is_sound (self, error))
    return FALSE;
  if (part->n_objects == 0)
    return TRUE;

  g_autoptr (GArray) pieces = collect_page (self, part, &n_bytes);
  if (!append_page (self, part, pieces, n_bytes, error))
    return FALSE;
  if (self->directory != NULL && !note_staged (self, which, n_bytes, error))
    return FALSE;

  part->n_objects = 0;
  part->n_bytes = 0;
  for (guint i = 0; i < part->slots->len; i++)
    if (((CarBundleSlot *) part->slots->pdata[i])->n_objects > 0)
      slot_reset (part->slots->pdata[i]);
  return TRUE;
}

gsize
car_bundle_begin (CarBundleSlot *slot)
{
  gsize begin = slot->text->len;

  if (slot->n_objects > 0)
    g_string_append_c (slot->text, ',');
  return begin;
}

void
car_bundle_roll_back (CarBundleSlot *slot, gsize begin)
{
  g_string_truncate (slot->text, begin);
}

static void
take (Part *part, CarBundleSlot *slot, gsize n_bytes)
{
  slot->n_objects++;
  slot->n_bytes += n_bytes;
  part->n_objects++;
  part->n_bytes += n_bytes;
}

/* The object would make the page too large: it becomes the first of the next page. */
static gboolean
move_to_next_page (CarBundle *self, CarBundleSlot *slot, gsize begin, GError **error)
{
  gsize object = begin + (slot->n_objects > 0 ? 1 : 0);
  gsize length = slot->text->len - object;
  g_autofree char *text = g_memdup2 (slot->text->str + object, length);

  car_bundle_roll_back (slot, begin);
  if (!close_page (self, slot->part, error))
    return FALSE;

  g_string_append_len (slot->text, text, length);
  take (&self->parts[slot->part], slot, length);
  return TRUE;
}

gboolean
car_bundle_commit (CarBundle *self, CarBundleSlot *slot, gsize begin, GError **error)
{
  Part *part = &self->parts[slot->part];
  gsize n_bytes = slot->text->len - begin;

  if (G_UNLIKELY (part->n_objects > 0 && part->n_bytes + n_bytes > self->max_page_bytes))
    {
      if (!move_to_next_page (self, slot, begin, error))
        return FALSE;
    }
  else
    take (part, slot, n_bytes);

  if (part->n_objects < self->page_size && part->n_bytes < self->max_page_bytes)
    return TRUE;
  return close_page (self, slot->part, error);
}

static gboolean
open_deletions (CarBundle *self, GError **error)
{
  CarPartFile *file = &self->parts[CAR_BUNDLE_DELETIONS].file;
  g_autofree char *name = get_file_name (CAR_BUNDLE_DELETIONS);

  if (file->fd >= 0)
    return TRUE;

  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  return open_kept_file (self, file, AT_FDCWD, path, error);
}

gboolean
car_bundle_add_deletions (CarBundle *self, const char *collection, const char *const *keys, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (struct iovec));
  g_autoptr (GString) text = g_string_new ("{\"collection\":");

  car_json_append_string (text, collection, -1);
  g_string_append (text, ",\"keys\":[");
  for (gsize i = 0; keys[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      car_json_append_string (text, keys[i], -1);
    }
  g_string_append (text, "]}\n");
  add_piece (pieces, text->str, text->len);

  return is_sound (self, error) && open_deletions (self, error) &&
         append_page (self, &self->parts[CAR_BUNDLE_DELETIONS], pieces, text->len - strlen ("\n"), error);
}

gboolean
car_bundle_flush (CarBundle *self, CarBundlePart which, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  Part *part = &self->parts[which];

  if (!close_page (self, which, error))
    return FALSE;

  const int code = car_part_file_check_written (&part->file);
  if (code != 0)
    return fail_writing (self, DISK_STAGE, code, error);

  part->n_flushed = part->file.ends->len;
  return TRUE;
}

guint
car_bundle_get_n_pages (CarBundle *self, CarBundlePart part)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), 0);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->parts[part].n_flushed - self->parts[part].n_done;
}

gboolean
car_bundle_keep (CarBundle *self, int folder_fd, CarPartFileMark files[CAR_BUNDLE_N_PARTS], GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);
  g_return_val_if_fail (self->is_resumable, FALSE);

  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_autofree char *name = get_file_name (i);
      const int code = car_part_file_keep (&self->parts[i].file, folder_fd, name, &files[i]);

      if (code != 0)
        {
          g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (code), g_strerror (code));
          car_bundle_remove_kept (folder_fd);
          return FALSE;
        }
    }
  return TRUE;
}

void
car_bundle_remove_kept (int folder_fd)
{
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_autofree char *name = get_file_name (i);

      unlinkat (folder_fd, name, 0);
    }
}

gboolean
car_bundle_take (CarBundle *self,
                 int folder_fd,
                 const CarPartFileMark files[CAR_BUNDLE_N_PARTS],
                 GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  self->is_resumable = TRUE;
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_autofree char *name = get_file_name (i);

      const char *problem = car_part_file_take (&self->parts[i].file, folder_fd, name, &files[i]);

      if (problem != NULL)
        {
          g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", name, problem);
          return FALSE;
        }
      self->n_bytes += files[i].n_bytes - files[i].n_pages;
    }
  return TRUE;
}

gboolean
car_bundle_has_sent (CarBundle *self)
{
  gboolean has_sent = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    has_sent = has_sent || self->parts[i].n_done > 0;
  g_mutex_unlock (&self->lock);
  return has_sent;
}

/* A page, by its place among all that are in the file. */
typedef struct
{
  guint64 begin;
  gsize length;
} Place;

static Place
get_place (const Part *part, guint page)
{
  return (Place){ car_part_file_get_begin (&part->file, page), car_part_file_get_length (&part->file, page) };
}

static GBytes *
load_page (CarBundle *self, CarBundlePart part, Place place, GError **error)
{
  g_autofree char *text = g_malloc (place.length);
  const int code = car_part_file_read (&self->parts[part].file, text, place.length, place.begin);

  if (code == 0)
    return g_bytes_new_take (g_steal_pointer (&text), place.length);

  g_autofree char *shown = g_filename_display_name (self->directory != NULL ? self->directory : self->parent);
  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      _ ("Cannot read back a page that was staged in “%s”: %s; leave what is staged alone while a connector "
         "runs, and see that the disk is sound"),
      shown, code == ENODATA ? _ ("it was cut off") : g_strerror (code));
  return NULL;
}

GBytes *
car_bundle_load_page (CarBundle *self, CarBundlePart which, guint page, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), NULL);
  g_return_val_if_fail (page < car_bundle_get_n_pages (self, which), NULL);

  const Part *part = &self->parts[which];

  g_mutex_lock (&self->lock);
  Place place = get_place (part, part->n_done + page);
  g_mutex_unlock (&self->lock);

  return load_page (self, which, place, error);
}

GBytes *
car_bundle_get_report_envelope (CarBundle *self)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), NULL);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GString) text = g_string_new_len (self->envelope->str, self->envelope->len);
  g_string_append_c (text, '}');
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

gboolean
car_bundle_note_posted (CarBundle *self, CarBundlePart part, guint page, const char *job, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);
  g_return_val_if_fail (page < car_bundle_get_n_pages (self, part), FALSE);

  if (self->directory == NULL)
    return TRUE;

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autofree char *shown_job = car_log_without_secrets (job); /* for people: nothing reads it again */
  g_autoptr (GString) line = g_string_new (NULL);
  g_string_printf (line, "{\"posted\":\"%s\",\"page\":%u,\"job\":", part_names[part],
                   self->parts[part].n_done + page + 1);
  car_json_append_string (line, shown_job, -1);
  g_string_append (line, "}\n");
  return write_journal (self, line, error);
}

static gboolean
note_sent (CarBundle *self, CarBundlePart part, GError **error)
{
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "{\"done\":\"%s\",\"pages\":%u}\n", part_names[part], self->parts[part].n_done);
  return write_journal (self, line, error);
}

gboolean
car_bundle_note_done (CarBundle *self, CarBundlePart which, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Part *part = &self->parts[which];

  part->n_done = part->n_flushed;
  if (self->directory != NULL)
    return note_sent (self, which, error);
  if (self->is_resumable)
    return TRUE;

  /* Pages that came meanwhile stand behind those that are done: the room is given back once all are. */
  if (part->n_done == part->file.ends->len)
    {
      car_part_file_empty (&part->file);
      part->n_flushed = 0;
      part->n_done = 0;
    }
  return TRUE;
}

/* The slot's array has no end yet. */
static void
visit_slot (const CarBundleSlot *slot, CarPageVisit visit, gpointer user_data)
{
  const char *array = strchr (slot->text->str, '[');
  CarJsonScanner scanner;
  CarJsonSpan object;

  car_json_scanner_init (&scanner, array, slot->text->len - (array - slot->text->str));
  car_json_scanner_enter (&scanner, CAR_JSON_ARRAY);
  for (guint i = 0; i < slot->n_objects && car_json_scanner_next_item (&scanner); i++)
    if (!car_json_scanner_read (&scanner, &object) || !visit (&object, user_data))
      return;
}

gboolean
car_bundle_foreach_object (CarBundle *self,
                           CarBundlePart which,
                           const char *collection,
                           CarPageVisit visit,
                           gpointer user_data,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  const Part *part = &self->parts[which];
  const CarBundleSlot *slot = car_bundle_get_slot (self, which, collection);

  for (guint i = part->n_done; i < part->file.ends->len; i++)
    {
      GError *failure = NULL;
      g_autoptr (GBytes) page = load_page (self, which, get_place (part, i), error);

      if (page == NULL)
        return FALSE;
      if (!car_page_foreach_object (page, collection, visit, user_data, &failure))
        {
          if (failure != NULL)
            g_propagate_error (error, failure);
          return failure == NULL;
        }
    }

  if (slot->n_objects > 0)
    visit_slot (slot, visit, user_data);
  return TRUE;
}
