/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>

static gboolean
set_errno_error (GError **error)
{
  int code = errno;

  g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (code), g_strerror (code));
  return FALSE;
}

static gboolean
check_regular (int fd, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return set_errno_error (error);
  if (S_ISREG (status.st_mode))
    return TRUE;

  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, _ ("it is not a regular file"));
  return FALSE;
}

/* A file may grow while it is read, so its size is not asked for. */
static gboolean
read_all (int fd, char *buffer, gsize max_size, gsize *length, GError **error)
{
  gssize n = 0;

  for (*length = 0; *length <= max_size; *length += n)
    {
      n = read (fd, buffer + *length, max_size + 1 - *length);
      if (n == 0)
        return TRUE;
      if (n < 0 && errno != EINTR)
        return set_errno_error (error);
      n = MAX (n, 0);
    }

  g_set_error (
      error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
      ngettext ("it is larger than %" PRIu64 " byte", "it is larger than %" PRIu64 " bytes", max_size),
      (guint64) max_size);
  return FALSE;
}

char *
car_file_read (const char *path, gsize max_size, gsize *length, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);

  if (fd < 0)
    {
      set_errno_error (error);
      return NULL;
    }

  char *buffer = g_malloc0 (max_size + 2);
  gboolean done = check_regular (fd, error) && read_all (fd, buffer, max_size, length, error);
  close (fd);

  if (done)
    {
      buffer[*length] = '\0';
      return buffer;
    }

  car_secret_free_sized (buffer, max_size + 2);
  return NULL;
}

gboolean
car_file_check_private (const char *path, GError **error)
{
  const char *problem = NULL;
  struct stat status;

  if (stat (path, &status) != 0 || !S_ISREG (status.st_mode))
    return TRUE;

  if (status.st_uid != 0 && status.st_uid != geteuid ())
    problem = _ ("it belongs neither to the user who runs this nor to root");
  else if ((status.st_mode & (S_IWGRP | S_IRWXO)) != 0)
    problem = _ ("other users may read or change it: take that away with chmod g-w,o-rwx");
  if (problem == NULL)
    return TRUE;

  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_PERM, problem);
  return FALSE;
}

static gboolean
write_into (const char *path, const char *text, gsize length, GError **error)
{
  FILE *stream = g_fopen (path, "we");

  if (stream == NULL)
    return set_errno_error (error);

  gboolean written = fwrite (text, 1, length, stream) == length;
  if (fclose (stream) == 0 && written)
    return TRUE;

  return set_errno_error (error);
}

gboolean
car_file_is_special (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 && !S_ISREG (status.st_mode);
}

gboolean
car_file_write (const char *path, const char *text, gsize length, GError **error)
{
  if (car_file_is_special (path))
    return write_into (path, text, length, error);

  /* Where a link leads to, so that it stays one. */
  g_autofree char *target = realpath (path, NULL);
  return g_file_set_contents_full (target != NULL ? target : path, text, length,
                                   G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}

void
car_secret_free_sized (char *secret, gsize length)
{
  if (secret != NULL)
    explicit_bzero (secret, length);
  g_free (secret);
}

void
car_secret_free (char *text)
{
  car_secret_free_sized (text, text == NULL ? 0 : strlen (text));
}
