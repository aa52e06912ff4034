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

#include <libcar/car-bundle-private.h>
#include <libcar/car-json-scanner-private.h>

#define DEFAULT_PAGE_SIZE 2000
#define DEFAULT_MAX_PAGE_BYTES (8 * 1024 * 1024)
#define JOURNAL "journal"

/* An open page's memory that is kept for the next one, a collection. */
#define KEPT_SLOT_BYTES (1024 * 1024)

typedef struct
{
  GPtrArray *slots;
  guint n_objects; /* of the open page */
  gsize n_bytes;   /* of the open page */
  guint n_pages;   /* written */
  guint n_done;    /* of those: sent, and their jobs are done */
} Part;

struct _CarBundle
{
  GObject parent_instance;

  char *directory;
  int directory_fd;
  int journal_fd;
  guint page_size;
  gsize max_page_bytes;
  gboolean keep;
  GString *envelope; /* how every page begins */
  Part parts[CAR_BUNDLE_N_PARTS];
  guint64 n_bytes;
  GError *failure; /* once a page could not be written, nothing is */
};

G_DEFINE_FINAL_TYPE (CarBundle, car_bundle, G_TYPE_OBJECT)

static const char *const part_names[CAR_BUNDLE_N_PARTS] = { "vertices", "edges" };

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

static char *
get_page_name (CarBundlePart part, guint page)
{
  return g_strdup_printf ("%s-%06u.json", part_names[part], page + 1);
}

static void
remove_folder (CarBundle *self)
{
  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    for (guint page = 0; page < self->parts[part].n_pages; page++)
      {
        g_autofree char *name = get_page_name (part, page);
        unlinkat (self->directory_fd, name, 0);
      }

  unlinkat (self->directory_fd, JOURNAL, 0);
  g_rmdir (self->directory);
}

static void
car_bundle_finalize (GObject *object)
{
  CarBundle *self = CAR_BUNDLE (object);

  if (self->directory_fd >= 0 && !self->keep)
    remove_folder (self);

  if (self->journal_fd >= 0)
    close (self->journal_fd);
  if (self->directory_fd >= 0)
    close (self->directory_fd);

  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    g_ptr_array_unref (self->parts[part].slots);
  g_string_free (self->envelope, TRUE);
  g_clear_error (&self->failure);
  g_free (self->directory);

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
  self->directory_fd = -1;
  self->journal_fd = -1;
  self->max_page_bytes = DEFAULT_MAX_PAGE_BYTES;
  self->envelope = g_string_new (NULL);
  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    self->parts[part].slots = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);
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

static gboolean
make_folder (CarBundle *self, const char *parent, GError **error)
{
  g_autofree char *directory = g_build_filename (parent, "car-import-XXXXXX", NULL);

  if (g_mkdtemp_full (directory, 0700) == NULL)
    return set_disk_error (error, "Cannot make a staging folder in", parent, errno);

  self->directory = g_steal_pointer (&directory);
  self->directory_fd = open (self->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->directory_fd < 0)
    return set_disk_error (error, "Cannot open the staging folder", self->directory, errno);

  self->journal_fd =
      openat (self->directory_fd, JOURNAL, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (self->journal_fd < 0)
    return set_disk_error (error, "Cannot write the journal in", self->directory, errno);

  return TRUE;
}

CarBundle *
car_bundle_new (const char *directory, guint page_size, GError **error)
{
  g_autoptr (CarBundle) self = g_object_new (CAR_TYPE_BUNDLE, NULL);

  self->page_size = page_size == 0 ? DEFAULT_PAGE_SIZE : page_size;
  if (directory != NULL && !check_parent (directory, error))
    return NULL;
  if (!make_folder (self, directory != NULL ? directory : g_get_tmp_dir (), error))
    return NULL;

  return g_steal_pointer (&self);
}

void
car_bundle_set_max_page_bytes (CarBundle *self, gsize max_page_bytes)
{
  self->max_page_bytes = max_page_bytes;
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

void
car_bundle_set_keep (CarBundle *self, gboolean keep)
{
  self->keep = keep;
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
  return self->n_bytes;
}

static gboolean
write_all (int fd, struct iovec *pieces, guint n_pieces)
{
  while (n_pieces > 0)
    {
      ssize_t written = writev (fd, pieces, MIN (n_pieces, IOV_MAX));

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return FALSE;

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

static gboolean
write_journal (CarBundle *self, const char *line, GError **error)
{
  struct iovec piece = { (char *) line, strlen (line) };

  if (self->failure == NULL && !write_all (self->journal_fd, &piece, 1))
    set_disk_error (&self->failure, "Cannot write the journal in", self->directory, errno);
  if (self->failure == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->failure));
  return FALSE;
}

/* Anew each time: a file that is there already is none of ours. */
static gboolean
write_file (CarBundle *self, const char *name, struct iovec *pieces, guint n_pieces)
{
  int fd = openat (self->directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int code = 0;

  if (fd < 0)
    code = errno;
  else if (!write_all (fd, pieces, n_pieces))
    code = errno;
  if (fd >= 0 && close (fd) != 0 && code == 0)
    code = errno;
  if (code == 0)
    return TRUE;

  if (fd >= 0)
    unlinkat (self->directory_fd, name, 0);
  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  return set_disk_error (&self->failure, "Cannot write the page", path, code);
}

static void
add_piece (GArray *pieces, const char *text, gsize length)
{
  struct iovec piece = { (char *) text, length };

  g_array_append_val (pieces, piece);
}

/* The open page becomes a file, and an empty page is open. */
static gboolean
close_page (CarBundle *self, CarBundlePart which, GError **error)
{
  Part *part = &self->parts[which];

  if (self->failure != NULL)
    {
      g_propagate_error (error, g_error_copy (self->failure));
      return FALSE;
    }
  if (part->n_objects == 0)
    return TRUE;

  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (struct iovec));
  gsize n_bytes = self->envelope->len + 1;
  add_piece (pieces, self->envelope->str, self->envelope->len);
  for (guint i = 0; i < part->slots->len; i++)
    {
      CarBundleSlot *slot = part->slots->pdata[i];

      if (slot->n_objects == 0)
        continue;
      add_piece (pieces, slot->text->str, slot->text->len);
      add_piece (pieces, "]", 1);
      n_bytes += slot->text->len + 1;
    }
  add_piece (pieces, "}", 1);

  g_autofree char *name = get_page_name (which, part->n_pages);
  if (!write_file (self, name, &g_array_index (pieces, struct iovec, 0), pieces->len))
    {
      g_propagate_error (error, g_error_copy (self->failure));
      return FALSE;
    }

  g_autofree char *line = g_strdup_printf (
      "{\"staged\":\"%s\",\"objects\":%u,\"bytes\":%" G_GSIZE_FORMAT "}\n", name, part->n_objects, n_bytes);
  part->n_pages++;
  part->n_objects = 0;
  part->n_bytes = 0;
  self->n_bytes += n_bytes;
  for (guint i = 0; i < part->slots->len; i++)
    if (((CarBundleSlot *) part->slots->pdata[i])->n_objects > 0)
      slot_reset (part->slots->pdata[i]);

  return write_journal (self, line, error);
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

gboolean
car_bundle_flush (CarBundle *self, CarBundlePart part, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  return close_page (self, part, error);
}

guint
car_bundle_get_n_pages (CarBundle *self, CarBundlePart part)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), 0);

  return self->parts[part].n_pages - self->parts[part].n_done;
}

GBytes *
car_bundle_load_page (CarBundle *self, CarBundlePart part, guint page, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), NULL);
  g_return_val_if_fail (page < car_bundle_get_n_pages (self, part), NULL);

  g_autofree char *name = get_page_name (part, self->parts[part].n_done + page);
  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  g_autoptr (GError) local_error = NULL;
  char *text;
  gsize length;

  if (g_file_get_contents (path, &text, &length, &local_error))
    return g_bytes_new_take (text, length);

  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      "Cannot read back a page that was staged: %s; leave the staging folder alone while a connector runs",
      local_error->message);
  return NULL;
}

GBytes *
car_bundle_get_report_envelope (CarBundle *self)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), NULL);

  g_autoptr (GString) text = g_string_new_len (self->envelope->str, self->envelope->len);
  g_string_append_c (text, '}');
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

gboolean
car_bundle_note_posted (CarBundle *self, CarBundlePart part, guint page, const char *job, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);
  g_return_val_if_fail (page < car_bundle_get_n_pages (self, part), FALSE);

  g_autofree char *name = get_page_name (part, self->parts[part].n_done + page);
  g_autofree char *valid_job = g_utf8_make_valid (job, -1);
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "{\"posted\":\"%s\",\"job\":", name);
  car_json_append_string (line, valid_job, -1);
  g_string_append (line, "}\n");
  return write_journal (self, line->str, error);
}

gboolean
car_bundle_note_done (CarBundle *self, CarBundlePart part, GError **error)
{
  g_return_val_if_fail (CAR_IS_BUNDLE (self), FALSE);

  g_autofree char *line =
      g_strdup_printf ("{\"done\":\"%s\",\"pages\":%u}\n", part_names[part], self->parts[part].n_pages);

  if (!write_journal (self, line, error))
    return FALSE;

  self->parts[part].n_done = self->parts[part].n_pages;
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

gboolean
car_bundle_split_page (GBytes *page, GBytes **first, GBytes **second, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (page, &length);
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  if (!read_envelope (&scanner, head, items))
    {
      g_set_error (
          error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
          "A staged page is no envelope any more; leave the staging folder alone while a connector runs");
      return FALSE;
    }
  if (items->len < 2)
    return FALSE;

  guint half = items->len / 2;
  *first = build_envelope (head, &g_array_index (items, Item, 0), half);
  *second = build_envelope (head, &g_array_index (items, Item, half), items->len - half);
  return TRUE;
}
