/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/run/car-state-folder-private.h>

#define LOCK_FILE "lock"

/* Of a source's name, so much is in the folder's; and so much of the digest that tells it from all others. */
#define MAX_SHOWN 40
#define DIGEST_LENGTH 16

struct _CarStateFolder
{
  char *path;
  char *source;
  int fd;
  int lock_fd; /* -1: it is not locked */
};

/* systemd tells a service of its folder (StateDirectory=); it may tell of several. */
static char *
find_parent (const char *parent)
{
  if (parent != NULL)
    return g_canonicalize_filename (parent, NULL);

  const char *of_service = g_getenv ("STATE_DIRECTORY");
  if (of_service != NULL && g_path_is_absolute (of_service))
    return g_strndup (of_service, strcspn (of_service, ":"));

  return g_build_filename (g_get_user_state_dir (), "car", NULL);
}

/* "NAME-DIGEST": a source's name may be no file's, and two services may have sources of one name. */
static char *
make_name (const char *url, const char *source)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *shown = g_strndup (source, MAX_SHOWN);
  gsize length = strlen (url);

  while (length > 0 && url[length - 1] == '/')
    length--;
  g_checksum_update (checksum, (const guchar *) url, (gssize) length);
  g_checksum_update (checksum, (const guchar *) "\n", 1);
  g_checksum_update (checksum, (const guchar *) source, -1);
  g_strcanon (shown, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-", '_');
  return g_strdup_printf ("%s-%.*s", shown, DIGEST_LENGTH, g_checksum_get_string (checksum));
}

/* Always FALSE. */
static gboolean
set_error (GError **error, const char *path, const char *problem)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", shown, problem);
  return FALSE;
}

/* What others own, they can exchange. That they cannot put anything of theirs into a source's folder is check_own()'s. */
static gboolean
make_parent (const char *path, GError **error)
{
  struct stat info;

  if (g_mkdir_with_parents (path, 0700) != 0 || stat (path, &info) != 0)
    return set_error (error, path, g_strerror (errno));
  if (!S_ISDIR (info.st_mode))
    return set_error (error, path, g_strerror (ENOTDIR));
  if (info.st_uid != geteuid () && info.st_uid != 0)
    return set_error (error, path, _ ("it belongs to another user"));
  return TRUE;
}

static gboolean
check_own (const CarStateFolder *self, GError **error)
{
  struct stat info;

  if (fstat (self->fd, &info) != 0)
    return set_error (error, self->path, g_strerror (errno));
  if (info.st_uid != geteuid ())
    return set_error (error, self->path, _ ("it belongs to another user"));
  if ((info.st_mode & 077) != 0)
    return set_error (error, self->path, _ ("others than its user may enter it (its mode must be 0700)"));
  return TRUE;
}

CarStateFolder *
car_state_folder_open (const char *parent, const char *url, const char *source, GError **error)
{
  g_autoptr (CarStateFolder) self = g_new0 (CarStateFolder, 1);
  g_autofree char *folder = find_parent (parent);
  g_autofree char *name = make_name (url, source);

  self->path = g_build_filename (folder, name, NULL);
  self->source = g_strdup (source);
  self->fd = self->lock_fd = -1;
  if (!make_parent (folder, error))
    return NULL;
  if (g_mkdir (self->path, 0700) != 0 && errno != EEXIST)
    {
      set_error (error, self->path, g_strerror (errno));
      return NULL;
    }

  self->fd = open (self->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->fd < 0)
    {
      set_error (error, self->path, g_strerror (errno));
      return NULL;
    }
  return check_own (self, error) ? g_steal_pointer (&self) : NULL;
}

void
car_state_folder_free (CarStateFolder *self)
{
  if (self == NULL)
    return;

  if (self->lock_fd >= 0)
    close (self->lock_fd);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->source);
  g_free (self->path);
  g_free (self);
}

const char *
car_state_folder_get_path (const CarStateFolder *self)
{
  return self->path;
}

int
car_state_folder_get_fd (const CarStateFolder *self)
{
  return self->fd;
}

/* The lock. The kernel keeps it and drops it when the process ends; what is in the file is for people. */

/* "PID TIME", as note_holder() wrote it; NULL for anything else. */
static char *
describe_holder (int fd)
{
  char text[64];
  const gssize length = pread (fd, text, sizeof text - 1, 0);
  if (length <= 0)
    return NULL;

  text[length] = '\0';
  g_auto (GStrv) words = g_strsplit (g_strchomp (text), " ", 2);
  g_autoptr (GDateTime) since = NULL;
  guint64 pid;

  if (!g_ascii_string_to_unsigned (words[0], 10, 1, G_MAXINT32, &pid, NULL) || words[1] == NULL ||
      (since = g_date_time_new_from_iso8601 (words[1], NULL)) == NULL)
    return NULL;

  g_autofree char *time = g_date_time_format (since, "%Y-%m-%dT%H:%M:%SZ");
  return g_strdup_printf (_ ("process %" PRIu64 ", since %s"), pid, time);
}

static void
note_holder (int fd)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *text = g_strdup_printf ("%d %s\n", getpid (), time);
  const gsize length = strlen (text);

  /* Where that fails, the lock holds all the same. */
  if (ftruncate (fd, 0) != 0 || pwrite (fd, text, length, 0) != (gssize) length)
    g_debug ("cannot note who has the lock: %s", g_strerror (errno));
}

static int
open_lock (const CarStateFolder *self)
{
  struct stat info;
  const int fd = openat (self->fd, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

  if (fd >= 0 && (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode)))
    {
      close (fd);
      errno = EINVAL;
      return -1;
    }
  return fd;
}

gboolean
car_state_folder_lock (CarStateFolder *self, GError **error)
{
  self->lock_fd = open_lock (self);
  if (self->lock_fd >= 0 && flock (self->lock_fd, LOCK_EX | LOCK_NB) == 0)
    {
      note_holder (self->lock_fd);
      return TRUE;
    }
  if (self->lock_fd < 0 || errno != EWOULDBLOCK)
    return set_error (error, self->path, g_strerror (errno));

  g_autofree char *holder = describe_holder (self->lock_fd);
  g_set_error (
      error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
      /* Translators: the source, and "process 123, since 2026-01-31T12:00:00Z". */
      _ ("another run of the source “%s” goes on (%s): one runs at a time; wait until it has ended, or "
         "stop it"),
      self->source, holder != NULL ? holder : _ ("it does not say which"));
  return FALSE;
}
