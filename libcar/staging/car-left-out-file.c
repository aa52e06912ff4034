/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-file-private.h>
#include <libcar/base/car-language-private.h>
#include <libcar/json/car-json-reader-private.h>
#include <libcar/json/car-json-writer-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/staging/car-left-out-file-private.h>

struct _CarLeftOutFile
{
  char *path;
  FILE *stream;
};

/* A pipe or a device is taken as it is. */
static FILE *
open_stream (const char *path)
{
  if (car_file_is_special (path))
    return g_fopen (path, "we");

  /* One that is there may have been everybody's. */
  int fd = g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return NULL;

  FILE *stream = fchmod (fd, 0600) == 0 && ftruncate (fd, 0) == 0 ? fdopen (fd, "w") : NULL;
  if (stream == NULL)
    close (fd);
  return stream;
}

CarLeftOutFile *
car_left_out_file_open (const char *path, GError **error)
{
  FILE *stream = open_stream (path);

  if (stream == NULL)
    {
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                   _ ("What is left out cannot be written to %s (-left-out): %s"), path, g_strerror (errno));
      return NULL;
    }

  CarLeftOutFile *self = g_new0 (CarLeftOutFile, 1);
  self->path = g_strdup (path);
  self->stream = stream;
  return self;
}

/* JSON has line breaks only between what it says, where a space is as good. */
static void
append_object (GString *line, const char *text, gsize length)
{
  CarJsonSpan value;

  if (!car_json_read_text (text, length, &value, NULL))
    {
      g_autofree char *valid = g_utf8_make_valid (text, (gssize) length);

      car_json_append_string (line, valid, -1);
      return;
    }

  gsize begin = line->len;
  g_string_append_len (line, text, (gssize) length);
  for (char *at = line->str + begin; *at != '\0'; at++)
    if (*at == '\n' || *at == '\r')
      *at = ' ';
}

void
car_left_out_file_add (CarLeftOutFile *self,
                       const char *collection,
                       const char *reason,
                       const char *text,
                       gsize length)
{
  if (self == NULL)
    return;

  /* A rule may be of the service's import schema: its words are the service's. */
  g_autofree char *shown = car_log_without_secrets (reason);
  g_autoptr (GString) line = g_string_new ("{\"collection\":");

  car_json_append_string (line, collection, -1);
  g_string_append (line, ",\"reason\":");
  car_json_append_string (line, shown, -1);
  g_string_append (line, ",\"object\":");
  append_object (line, text, length);
  g_string_append (line, "}\n");
  fwrite (line->str, 1, line->len, self->stream);
}

void
car_left_out_file_close (CarLeftOutFile *self)
{
  if (self == NULL)
    return;

  gboolean failed = ferror (self->stream) != 0;
  if (fclose (self->stream) != 0 || failed)
    g_warning (_ ("What was left out could not all be written to %s: is there room on the disk?"),
               self->path);
  g_free (self->path);
  g_free (self);
}
