/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/json/car-json-reader-private.h>

#include "carctl/carctl-collection.h"
#include "carctl/carctl-objects.h"
#include "carctl/carctl.h"

/* A pipe or a device would be waited for. -1 without an error: there is no such file. */
static int
open_file (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
  struct stat status;

  if (fd < 0 && errno != ENOENT)
    carctl_refuse_file (path, g_strerror (errno), error);
  if (fd >= 0 && (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode)))
    {
      carctl_refuse_file (path, _ ("it is not a regular file"), error);
      close (fd);
      fd = -1;
    }
  return fd;
}

/* Of two members of one name nobody can say which counts. */
static gboolean
check_members (const CarJsonSpan *object, GError **error)
{
  g_auto (CarJsonHashSet) names;
  CarJsonScanner scanner;
  CarJsonSpan name, value;

  car_json_hash_set_init (&names);
  car_json_scanner_init (&scanner, object->text, object->length);
  car_json_scanner_enter (&scanner, CAR_JSON_OBJECT);
  while (car_json_scanner_next_member (&scanner, &name) && car_json_scanner_read (&scanner, &value))
    if (!car_json_hash_set_add (&names, car_json_hash_string (&name)))
      {
        g_autofree char *text = car_json_span_unescape (&name, NULL);
        g_autofree char *shown = car_text_to_printable (text, -1);

        return car_failure_refuse (error, _ ("the member “%s” stands there twice"), shown);
      }
  return TRUE;
}

static gboolean
read_object (const char *line, gsize length, CarJsonSpan *object, GError **error)
{
  if (!car_json_read_text (line, length, object, error))
    return FALSE;
  if (object->type != CAR_JSON_OBJECT)
    return car_failure_refuse (error, _ ("it is no object"));
  return check_members (object, error);
}

static gboolean
add_line (CarctlCollection *self,
          const char *line,
          gsize length,
          goffset place,
          CarctlNamer namer,
          gconstpointer user_data,
          GError **error)
{
  CarctlEntry entry = { .place = place, .length = length };
  CarJsonSpan object;

  if (!read_object (line, length, &object, error))
    return FALSE;
  if (!namer (&object, &entry.name, user_data))
    return TRUE;

  entry.value = car_json_hash_value (&object);
  g_array_append_val (self->entries, entry);
  return TRUE;
}

static gboolean
refuse_line (const char *path, guint n, const char *problem, GError **error)
{
  g_autofree char *text = g_strdup_printf (_ ("line %u: %s"), n, problem);

  return carctl_refuse_file (path, text, error);
}

static gboolean
read_lines (CarctlCollection *self, CarctlNamer namer, gconstpointer user_data, GError **error)
{
  g_autoptr (GInputStream) file = g_unix_input_stream_new (self->fd, FALSE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (file);
  g_autoptr (GError) problem = NULL;
  goffset place = 0;
  char *line;
  gsize length;

  for (guint n = 1; (line = g_data_input_stream_read_line (lines, &length, NULL, &problem)) != NULL; n++)
    {
      gboolean good = add_line (self, line, length, place, namer, user_data, &problem);

      g_free (line);
      if (!good)
        return refuse_line (self->path, n, problem->message, error);
      place += (goffset) length + 1;
    }
  return problem == NULL || carctl_refuse_file (self->path, problem->message, error);
}

gboolean
carctl_collection_open (CarctlCollection *self,
                        const char *folder,
                        const char *collection,
                        CarctlNamer namer,
                        gconstpointer user_data,
                        GError **error)
{
  g_autofree char *file_name = g_strconcat (collection, CARCTL_OBJECTS_SUFFIX, NULL);
  g_autoptr (GError) problem = NULL;

  self->path = g_build_filename (folder, file_name, NULL);
  self->entries = g_array_new (FALSE, FALSE, sizeof (CarctlEntry));
  self->fd = open_file (self->path, &problem);
  if (problem == NULL && self->fd >= 0)
    read_lines (self, namer, user_data, &problem);
  if (problem == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

void
carctl_collection_clear (CarctlCollection *self)
{
  if (self->path != NULL && self->fd >= 0)
    close (self->fd);
  g_clear_pointer (&self->entries, g_array_unref);
  g_clear_pointer (&self->path, g_free);
}

/* It was checked when the file was opened; whoever changes it since is told of it. */
char *
carctl_collection_read (const CarctlCollection *self,
                        const CarctlEntry *entry,
                        CarJsonSpan *object,
                        GError **error)
{
  g_autofree char *line = g_malloc (entry->length + 1);

  if (pread (self->fd, line, entry->length, entry->place) == (gssize) entry->length &&
      read_object (line, entry->length, object, NULL))
    return g_steal_pointer (&line);

  carctl_refuse_file (self->path, _ ("it was changed while it was read: try again"), error);
  return NULL;
}
