/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <libcar/base/car-language-private.h>
#include <libcar/staging/car-part-file-private.h>

#define FILE_TEMPLATE "car-import-XXXXXX"
#define READ_BUFFER (1024 * 1024)
#define DIGEST_SIZE sizeof (((CarPartFileMark *) NULL)->digest)

void
car_part_file_init (CarPartFile *self)
{
  self->fd = -1;
  self->ends = g_array_new (FALSE, FALSE, sizeof (guint64));
}

static void
close_file (int fd)
{
  if (fd >= 0)
    close (fd);
}

void
car_part_file_clear (CarPartFile *self)
{
  close_file (self->fd);
  g_array_unref (self->ends);
}

/* Where the file system (NFS is one) makes files with a name only, it loses its name at once. */
static int
open_and_unlink (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, FILE_TEMPLATE, NULL);
  const int fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0 && unlink (path) != 0)
    {
      const int code = errno;

      close (fd);
      errno = code;
      return -1;
    }
  return fd;
}

int
car_part_file_open_unnamed (CarPartFile *self, const char *folder)
{
  self->fd = open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (self->fd < 0)
    self->fd = open_and_unlink (folder);
  return self->fd >= 0 ? 0 : errno;
}

int
car_part_file_open_new (CarPartFile *self, int folder_fd, const char *name)
{
  self->fd = openat (folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  return self->fd >= 0 ? 0 : errno;
}

guint64
car_part_file_get_begin (const CarPartFile *self, guint page)
{
  return page == 0 ? 0 : g_array_index (self->ends, guint64, page - 1);
}

guint64
car_part_file_get_n_bytes (const CarPartFile *self)
{
  return car_part_file_get_begin (self, self->ends->len);
}

gsize
car_part_file_get_length (const CarPartFile *self, guint page)
{
  return car_part_file_get_begin (self, page + 1) - car_part_file_get_begin (self, page) - strlen ("\n");
}

/* Gives room back: where that fails, nothing else is lost. */
static void
cut_off (const CarPartFile *self, guint64 end)
{
  if (ftruncate (self->fd, end) != 0)
    g_debug ("cannot give back the room of what was staged: %s", g_strerror (errno));
}

static int
write_all (int fd, struct iovec *pieces, guint n_pieces, guint64 offset)
{
  while (n_pieces > 0)
    {
      ssize_t written = pwritev (fd, pieces, MIN (n_pieces, IOV_MAX), offset);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return errno;

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
  return 0;
}

int
car_part_file_append (CarPartFile *self, struct iovec *pieces, guint n_pieces, gsize n_bytes)
{
  const guint64 begin = car_part_file_get_n_bytes (self);
  const int code = write_all (self->fd, pieces, n_pieces, begin);

  if (code != 0)
    {
      cut_off (self, begin);
      return code;
    }

  const guint64 end = begin + n_bytes + strlen ("\n");
  g_array_append_val (self->ends, end);
  return 0;
}

/* A copy is closed, for the file to stay open. */
int
car_part_file_check_written (const CarPartFile *self)
{
  if (self->fd < 0)
    return 0;

  const int copy = fcntl (self->fd, F_DUPFD_CLOEXEC, 0);
  return copy >= 0 && (close (copy) == 0 || errno == EINTR) ? 0 : errno;
}

int
car_part_file_read (const CarPartFile *self, char *text, gsize length, guint64 begin)
{
  while (length > 0)
    {
      ssize_t n_read = pread (self->fd, text, length, begin);

      if (n_read < 0 && errno == EINTR)
        continue;
      if (n_read < 0)
        return errno;
      if (n_read == 0)
        return ENODATA;

      text += n_read;
      length -= n_read;
      begin += n_read;
    }
  return 0;
}

void
car_part_file_empty (CarPartFile *self)
{
  cut_off (self, 0);
  g_array_set_size (self->ends, 0);
}

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
survey (const CarPartFile *self, guint64 n_bytes, GArray *ends, char digest[DIGEST_SIZE])
{
  g_autofree char *buffer = g_malloc (READ_BUFFER);
  XXH3_state_t *state = XXH3_createState ();
  int code = XXH3_128bits_reset (state) == XXH_OK ? 0 : ENOMEM;

  for (guint64 at = 0; code == 0 && at < n_bytes;)
    {
      const gsize length = MIN (n_bytes - at, READ_BUFFER);

      code = car_part_file_read (self, buffer, length, at);
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

static int
name_file (const CarPartFile *self, int folder_fd, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", self->fd);

  return fdatasync (self->fd) == 0 && linkat (AT_FDCWD, path, folder_fd, name, AT_SYMLINK_FOLLOW) == 0
             ? 0
             : errno;
}

int
car_part_file_keep (const CarPartFile *self, int folder_fd, const char *name, CarPartFileMark *mark)
{
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (guint64));

  mark->n_bytes = car_part_file_get_n_bytes (self);
  mark->n_pages = self->ends->len;
  const int code = survey (self, mark->n_bytes, ends, mark->digest);
  return code != 0 ? code : name_file (self, folder_fd, name);
}

/* Whatever stands there under the name: only a file of the user's own that nobody else has a name for is read. */
static const char *
find_problem (int fd, const CarPartFileMark *mark)
{
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0)
    return g_strerror (errno);
  if (!S_ISREG (info.st_mode) || info.st_uid != geteuid () || info.st_nlink != 1)
    return _ ("it is no file of this user's alone");
  if ((guint64) info.st_size != mark->n_bytes)
    return _ ("it has another size");
  return NULL;
}

static const char *
find_change (CarPartFile *self, const CarPartFileMark *mark)
{
  char digest[DIGEST_SIZE];

  if (survey (self, mark->n_bytes, self->ends, digest) != 0)
    return _ ("it cannot be read");
  if (strcmp (digest, mark->digest) != 0 || self->ends->len != mark->n_pages ||
      car_part_file_get_n_bytes (self) != mark->n_bytes)
    return _ ("it was changed");
  return NULL;
}

const char *
car_part_file_take (CarPartFile *self, int folder_fd, const char *name, const CarPartFileMark *mark)
{
  CarPartFile file;

  car_part_file_init (&file);
  file.fd = openat (folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const char *problem = find_problem (file.fd, mark);
  if (problem == NULL)
    problem = find_change (&file, mark);
  if (problem != NULL)
    {
      car_part_file_clear (&file);
      return problem;
    }

  car_part_file_clear (self);
  *self = file;
  return NULL;
}
