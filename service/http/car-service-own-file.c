/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>

#include "service/http/car-service-own-file.h"

#define MAX_FILE_SIZE (16 * 1024)

gboolean
car_service_own_file_make (const char *path, const char *text, GError **error)
{
  g_autofree char *draft = g_strdup_printf ("%s.%d", path, (int) getpid ());

  if (!g_file_set_contents_full (draft, text, -1,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error))
    return FALSE;

  gboolean saved = link (draft, path) == 0;
  if (!saved)
    {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("%s cannot be made: %s"), path,
                   g_strerror (code));
    }
  g_unlink (draft);

  return saved;
}

char *
car_service_own_file_read (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
  if (fd < 0 && errno == ENOENT)
    return NULL;

  struct stat status;
  if (fd < 0 || fstat (fd, &status) != 0)
    {
      int saved = errno;
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), _ ("%s cannot be read: %s"), path,
                   g_strerror (saved));
      if (fd >= 0)
        close (fd);
      return NULL;
    }

  char text[MAX_FILE_SIZE + 1];
  gssize length = -1;
  if (!S_ISREG (status.st_mode) || status.st_uid != geteuid () || (status.st_mode & 077) != 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 _ ("%s must be a file of your own that nobody else can read: chmod 600 it"), path);
  else if ((length = read (fd, text, MAX_FILE_SIZE)) < 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("%s cannot be read: %s"), path,
                 g_strerror (errno));
  close (fd);

  char *copy = length >= 0 ? g_strndup (text, (gsize) length) : NULL;
  explicit_bzero (text, sizeof text);

  return copy;
}
