/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-scanner-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/staging/car-bundle-private.h>

#define DEFAULT_PAGE_SIZE 2000
#define DEFAULT_MAX_PAGE_BYTES (8 * 1024 * 1024)
#define FILE_TEMPLATE "car-import-XXXXXX"

/* An open page's memory that is kept for the next one, a collection. */
#define KEPT_SLOT_BYTES (1024 * 1024)

typedef struct
{
  GPtrArray *slots;
  guint n_objects; /* of the open page */
  gsize n_bytes;   /* of the open page */
  int fd;          /* the pages, one after the other, a newline behind each */
  GArray *ends;    /* (element-type guint64): where each page ends, its newline included */
  guint n_flushed; /* pages that were there at the last flush */
  guint n_done;    /* pages that were sent, and their jobs are done; never more than n_flushed */
} Part;

struct _CarBundle
{
  GObject parent_instance;

  GMutex lock;
  char *parent;
  char *directory; /* NULL: nothing is kept, the files have no name, and there is no journal */
  int journal_fd;
  guint64 journal_end;
  gboolean is_resumable;
  guint page_size;
  gsize max_page_bytes;
  gsize refused_bytes; /* the size of the smallest page that the service refused as too large */
  GString *envelope;   /* how every page begins */
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
close_file (int fd)
{
  if (fd >= 0)
    close (fd);
}

static void
car_bundle_finalize (GObject *object)
{
  CarBundle *self = CAR_BUNDLE (object);

  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_ptr_array_unref (self->parts[i].slots);
      g_array_unref (self->parts[i].ends);
      close_file (self->parts[i].fd);
    }
  close_file (self->journal_fd);
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
  self->journal_fd = -1;
  self->max_page_bytes = DEFAULT_MAX_PAGE_BYTES;
  self->refused_bytes = G_MAXSIZE;
  self->envelope = g_string_new (NULL);
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      self->parts[i].slots = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);
      self->parts[i].fd = -1;
      self->parts[i].ends = g_array_new (FALSE, FALSE, sizeof (guint64));
    }
}

/* Without data sent, no gap is possible: whatever the disk does is recoverable. */
static gboolean
set_disk_error (GError **error, const char *what, const char *path, int code)
{
  const char *advice = "give the connector a folder that it may write to (-export-data-dir)";

  if (code == ENOSPC || code == EDQUOT || code == EFBIG)
    advice = "free disk space, or choose a folder with more of it (-export-data-dir)";

  g_autofree char *shown = g_filename_display_name (path);
  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT, "%s “%s”: %s; %s", what,
               shown, g_strerror (code), advice);
  return FALSE;
}

/* What others own, they can take away or replace while pages are in it. */
static gboolean
check_parent (const char *directory, GError **error)
{
  struct stat info;

  if (g_mkdir_with_parents (directory, 0700) != 0 || stat (directory, &info) != 0)
    return set_disk_error (error, "Cannot make the staging folder", directory, errno);
  if (!S_ISDIR (info.st_mode))
    return set_disk_error (error, "Cannot stage data in", directory, ENOTDIR);
  if (info.st_uid != geteuid () && info.st_uid != 0)
    return set_disk_error (error, "Cannot stage data in another user's folder", directory, EPERM);

  return TRUE;
}

/* A file without a name goes when the process does, whatever ends it. Where the file system (NFS is one) makes files with
 * a name only, it loses its name at once. */
static int
open_unnamed (const char *parent)
{
  int fd = open (parent, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0)
    return fd;

  g_autofree char *path = g_build_filename (parent, FILE_TEMPLATE, NULL);
  fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 && unlink (path) != 0)
    {
      const int code = errno;

      close (fd);
      errno = code;
      return -1;
    }
  return fd;
}

static gboolean
open_unnamed_files (CarBundle *self, GError **error)
{
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      self->parts[i].fd = open_unnamed (self->parent);
      if (self->parts[i].fd < 0)
        return set_disk_error (error, "Cannot stage data in", self->parent, errno);
    }
  return TRUE;
}

static int
open_kept_file (CarBundle *self, int directory_fd, const char *name, GError **error)
{
  int fd = openat (directory_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd < 0)
    set_disk_error (error, "Cannot make files in the staging folder", self->directory, errno);
  return fd;
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

      self->parts[i].fd = open_kept_file (self, directory_fd, name, error);
      if (self->parts[i].fd < 0)
        return FALSE;
    }

  self->journal_fd = open_kept_file (self, directory_fd, "journal", error);
  return self->journal_fd >= 0;
}

static gboolean
make_folder (CarBundle *self, GError **error)
{
  g_autofree char *directory = g_build_filename (self->parent, FILE_TEMPLATE, NULL);

  if (g_mkdtemp_full (directory, 0700) == NULL)
    return set_disk_error (error, "Cannot make a staging folder in", self->parent, errno);

  self->directory = g_steal_pointer (&directory);
  int fd = open (self->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return set_disk_error (error, "Cannot open the staging folder", self->directory, errno);

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
  self->refused_bytes = MIN (self->refused_bytes, n_bytes);
  self->max_page_bytes = MIN (self->max_page_bytes, self->refused_bytes / 4 * 3);
}

gsize
car_bundle_get_refused_bytes (CarBundle *self)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), G_MAXSIZE);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->refused_bytes;
}

gsize
car_bundle_get_max_page_bytes (CarBundle *self)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), 0);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->max_page_bytes;
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

static gboolean
write_all (int fd, struct iovec *pieces, guint n_pieces, guint64 offset)
{
  while (n_pieces > 0)
    {
      ssize_t written = pwritev (fd, pieces, MIN (n_pieces, IOV_MAX), offset);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return FALSE;

      offset += written;
      while (n_pieces > 0 && (gsize) written >= pieces->iov_len)
        {
          written -= pieces->iov_len;
          pieces++;
          n_pieces--;
        }
      if (n_pieces > 0)
        {
          pieces->iov_base = (char *) pieces->iov_base + written;
          pieces->iov_len -= written;
        }
    }
  return TRUE;
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
fail_writing (CarBundle *self, const char *what, int code, GError **error)
{
  set_disk_error (&self->failure, what, self->directory != NULL ? self->directory : self->parent, code);
  return is_sound (self, error);
}

/* The journal is for people who look at what was kept. */
static gboolean
write_journal (CarBundle *self, GString *line, GError **error)
{
  struct iovec piece = { line->str, line->len };

  if (!is_sound (self, error))
    return FALSE;
  if (!write_all (self->journal_fd, &piece, 1, self->journal_end))
    return fail_writing (self, "Cannot write the journal in", errno, error);

  self->journal_end += line->len;
  return TRUE;
}

static gboolean
note_staged (CarBundle *self, CarBundlePart which, gsize n_bytes, GError **error)
{
  g_autoptr (GString) line = g_string_new (NULL);
  const Part *part = &self->parts[which];

  g_string_printf (line, "{\"staged\":\"%s\",\"page\":%u,\"objects\":%u,\"bytes\":%" G_GSIZE_FORMAT "}\n",
                   part_names[which], part->ends->len, part->n_objects, n_bytes);
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

static guint64
get_end (const Part *part, guint n_pages)
{
  return n_pages == 0 ? 0 : g_array_index (part->ends, guint64, n_pages - 1);
}

/* Gives room back: where that fails, nothing else is lost. */
static void
cut_off (Part *part, guint64 end)
{
  if (ftruncate (part->fd, end) != 0)
    g_debug ("cannot give back the room of what was staged: %s", g_strerror (errno));
}

/* Appends a page of so many bytes, and the newline behind it, to a part's file. */
static gboolean
append_page (CarBundle *self, Part *part, GArray *pieces, gsize n_bytes, GError **error)
{
  const guint64 begin = get_end (part, part->ends->len);

  if (!write_all (part->fd, &g_array_index (pieces, struct iovec, 0), pieces->len, begin))
    {
      int code = errno;

      cut_off (part, begin); /* no half page stays */
      return fail_writing (self, "Cannot stage data in", code, error);
    }

  const guint64 end = begin + n_bytes + 1;
  g_array_append_val (part->ends, end);
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
  Part *part = &self->parts[CAR_BUNDLE_DELETIONS];
  g_autofree char *name = get_file_name (CAR_BUNDLE_DELETIONS);

  if (part->fd >= 0)
    return TRUE;

  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  part->fd = open_kept_file (self, AT_FDCWD, path, error);
  return part->fd >= 0;
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

/* Network file systems tell when a file is closed that there was no room for it; so that is done, to a copy. */
static gboolean
check_written (CarBundle *self, CarBundlePart part, GError **error)
{
  if (self->parts[part].fd < 0)
    return TRUE;

  int copy = fcntl (self->parts[part].fd, F_DUPFD_CLOEXEC, 0);
  if (copy >= 0 && (close (copy) == 0 || errno == EINTR))
    return TRUE;
  return fail_writing (self, "Cannot stage data in", errno, error);
}

gboolean
car_bundle_flush (CarBundle *self, CarBundlePart part, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  if (!close_page (self, part, error) || !check_written (self, part, error))
    return FALSE;

  self->parts[part].n_flushed = self->parts[part].ends->len;
  return TRUE;
}

guint
car_bundle_get_n_pages (CarBundle *self, CarBundlePart part)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), 0);

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  return self->parts[part].n_flushed - self->parts[part].n_done;
}

/* 0, or an errno; ENODATA where the file is shorter than it was. */
static int
read_all (int fd, char *text, gsize length, guint64 offset)
{
  while (length > 0)
    {
      ssize_t n_read = pread (fd, text, length, offset);

      if (n_read < 0 && errno == EINTR)
        continue;
      if (n_read < 0)
        return errno;
      if (n_read == 0)
        return ENODATA;

      text += n_read;
      length -= n_read;
      offset += n_read;
    }
  return 0;
}

/* What a run leaves for the next one. */

#define READ_BUFFER (1024 * 1024)
#define DIGEST_SIZE sizeof (((CarBundleFile *) NULL)->digest)

static void
note_page_ends (const char *text, gsize length, guint64 offset, GArray *ends)
{
  for (const char *at = text; (at = memchr (at, '\n', text + length - at)) != NULL; at++)
    {
      const guint64 end = offset + (at - text) + 1;

      g_array_append_val (ends, end);
    }
}

/* Reads a whole file: no page has a line break in it. Returns: 0, or an errno. */
static int
survey (int fd, guint64 n_bytes, GArray *ends, char digest[DIGEST_SIZE])
{
  g_autofree char *buffer = g_malloc (READ_BUFFER);
  XXH3_state_t *state = XXH3_createState ();
  int code = XXH3_128bits_reset (state) == XXH_OK ? 0 : ENOMEM;

  for (guint64 at = 0; code == 0 && at < n_bytes;)
    {
      const gsize length = MIN (n_bytes - at, READ_BUFFER);

      code = read_all (fd, buffer, length, at);
      if (code != 0)
        break;
      XXH3_128bits_update (state, buffer, length);
      note_page_ends (buffer, length, at, ends);
      at += length;
    }

  if (code == 0)
    {
      const XXH128_hash_t hash = XXH3_128bits_digest (state);

      g_snprintf (digest, DIGEST_SIZE, "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                  (guint64) hash.high64, (guint64) hash.low64);
    }
  XXH3_freeState (state);
  return code;
}

/* A file without a name gets one. */
static int
name_file (int fd, int folder_fd, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);

  return fdatasync (fd) == 0 && linkat (AT_FDCWD, path, folder_fd, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

gboolean
car_bundle_keep (CarBundle *self, int folder_fd, CarBundleFile files[CAR_BUNDLE_N_PARTS], GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);
  g_return_val_if_fail (self->is_resumable, FALSE);

  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      const Part *part = &self->parts[i];
      g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (guint64));
      g_autofree char *name = get_file_name (i);

      files[i].n_bytes = get_end (part, part->ends->len);
      files[i].n_pages = part->ends->len;
      int code = survey (part->fd, files[i].n_bytes, ends, files[i].digest);
      if (code == 0)
        code = name_file (part->fd, folder_fd, name);
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

/* Whatever stands there under the name: only a file of the user's own that nobody else has a name for is read. */
static const char *
find_problem (int fd, const CarBundleFile *file)
{
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0)
    return g_strerror (errno);
  if (!S_ISREG (info.st_mode) || info.st_uid != geteuid () || info.st_nlink != 1)
    return "it is no file of this user's alone";
  if ((guint64) info.st_size != file->n_bytes)
    return "it has another size";
  return NULL;
}

static gboolean
take_file (Part *part, int folder_fd, const char *name, const CarBundleFile *file, GError **error)
{
  const int fd = openat (folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const char *problem = find_problem (fd, file);
  char digest[DIGEST_SIZE];

  if (problem == NULL && survey (fd, file->n_bytes, part->ends, digest) != 0)
    problem = "it cannot be read";
  else if (problem == NULL && (strcmp (digest, file->digest) != 0 || part->ends->len != file->n_pages ||
                               get_end (part, part->ends->len) != file->n_bytes))
    problem = "it was changed";
  if (problem != NULL)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", name, problem);
      close_file (fd);
      return FALSE;
    }

  close_file (part->fd);
  part->fd = fd;
  return TRUE;
}

gboolean
car_bundle_take (CarBundle *self,
                 int folder_fd,
                 const CarBundleFile files[CAR_BUNDLE_N_PARTS],
                 GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  self->is_resumable = TRUE;
  for (guint i = 0; i < CAR_BUNDLE_N_PARTS; i++)
    {
      g_autofree char *name = get_file_name (i);

      if (!take_file (&self->parts[i], folder_fd, name, &files[i], error))
        return FALSE;
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
  guint64 begin = get_end (part, page);

  return (Place){ begin, get_end (part, page + 1) - begin - strlen ("\n") };
}

static GBytes *
load_page (CarBundle *self, CarBundlePart part, Place place, GError **error)
{
  g_autofree char *text = g_malloc (place.length);
  int code = read_all (self->parts[part].fd, text, place.length, place.begin);

  if (code == 0)
    return g_bytes_new_take (g_steal_pointer (&text), place.length);

  g_autofree char *shown = g_filename_display_name (self->directory != NULL ? self->directory : self->parent);
  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      "Cannot read back a page that was staged in “%s”: %s; leave what is staged alone while a connector "
      "runs, and see that the disk is sound",
      shown, code == ENODATA ? "it was cut off" : g_strerror (code));
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
  if (part->n_done == part->ends->len)
    {
      cut_off (part, 0);
      g_array_set_size (part->ends, 0);
      part->n_flushed = 0;
      part->n_done = 0;
    }
  return TRUE;
}

/* One object of an envelope's collections. */
typedef struct
{
  CarJsonSpan collection;
  CarJsonSpan object;
} Item;

static gboolean
read_items (CarJsonScanner *scanner, const CarJsonSpan *collection, GArray *items)
{
  if (!car_json_scanner_enter (scanner, CAR_JSON_ARRAY))
    return FALSE;

  while (car_json_scanner_next_item (scanner))
    {
      Item item = { *collection };

      if (!car_json_scanner_read (scanner, &item.object))
        return FALSE;
      g_array_append_val (items, item);
    }
  return scanner->problem == NULL;
}

/* `head` becomes the envelope without the objects and the closing brace. */
static gboolean
read_envelope (CarJsonScanner *scanner, GString *head, GArray *items)
{
  CarJsonSpan name;

  if (!car_json_scanner_enter (scanner, CAR_JSON_OBJECT))
    return FALSE;

  while (car_json_scanner_next_member (scanner, &name))
    {
      CarJsonSpan value;

      if (car_json_scanner_peek (scanner) == CAR_JSON_ARRAY)
        {
          if (!read_items (scanner, &name, items))
            return FALSE;
          continue;
        }
      if (!car_json_scanner_read (scanner, &value))
        return FALSE;
      g_string_append_printf (head, "%c\"%.*s\":", head->len == 0 ? '{' : ',', (int) name.length, name.text);
      g_string_append_len (head, value.text, value.length);
    }
  return scanner->problem == NULL && head->len > 0 && car_json_scanner_finish (scanner);
}

static GBytes *
build_envelope (GString *head, const Item *items, guint n_items)
{
  GString *text = g_string_new_len (head->str, head->len);

  for (guint i = 0; i < n_items; i++)
    {
      const CarJsonSpan *collection = &items[i].collection;

      if (i == 0 || collection->text != items[i - 1].collection.text)
        {
          g_string_append (text, i == 0 ? ",\"" : "],\"");
          g_string_append_len (text, collection->text, collection->length);
          g_string_append (text, "\":[");
        }
      else
        g_string_append_c (text, ',');
      g_string_append_len (text, items[i].object.text, items[i].object.length);
    }
  g_string_append (text, "]}");
  return g_string_free_to_bytes (text);
}

/* Reads what was staged. */
static gboolean
read_page (GBytes *page, GString *head, GArray *items, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (page, &length);
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  if (read_envelope (&scanner, head, items))
    return TRUE;

  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      "A staged page is no envelope any more; leave the staging folder alone while a connector runs");
  return FALSE;
}

gboolean
car_bundle_split_page (GBytes *page, GBytes **first, GBytes **second, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));

  if (!read_page (page, head, items, error))
    return FALSE;
  if (items->len < 2)
    return FALSE;

  guint half = items->len / 2;
  *first = build_envelope (head, &g_array_index (items, Item, 0), half);
  *second = build_envelope (head, &g_array_index (items, Item, half), items->len - half);
  return TRUE;
}

gboolean
car_bundle_read_single_object (GBytes *page, char **collection, CarJsonSpan *object, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));

  if (!read_page (page, head, items, error))
    return FALSE;

  g_assert (items->len == 1);
  const Item *item = &g_array_index (items, Item, 0);
  *collection = g_strndup (item->collection.text, item->collection.length);
  *object = item->object;
  return TRUE;
}

/* FALSE with an error, or without one where the visitor has had enough. */
static gboolean
visit_page (GBytes *page, const char *collection, CarBundleVisit visit, gpointer user_data, GError **error)
{
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));

  if (!read_page (page, head, items, error))
    return FALSE;

  for (guint i = 0; i < items->len; i++)
    {
      const Item *item = &g_array_index (items, Item, i);

      if (car_json_span_equals (&item->collection, collection) && !visit (&item->object, user_data))
        return FALSE;
    }
  return TRUE;
}

/* The slot's array has no end yet. */
static void
visit_slot (const CarBundleSlot *slot, CarBundleVisit visit, gpointer user_data)
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
                           CarBundleVisit visit,
                           gpointer user_data,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  const Part *part = &self->parts[which];
  const CarBundleSlot *slot = car_bundle_get_slot (self, which, collection);

  for (guint i = part->n_done; i < part->ends->len; i++)
    {
      GError *failure = NULL;
      g_autoptr (GBytes) page = load_page (self, which, get_place (part, i), error);

      if (page == NULL)
        return FALSE;
      if (!visit_page (page, collection, visit, user_data, &failure))
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
