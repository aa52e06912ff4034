/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/car-connector-name-private.h>
#include <libcar/car-json-scanner-private.h>

#define MAX_FILE_SIZE (1024 * 1024)
#define MAX_NAME_LENGTH 256

/* Not blocked by a fifo, not fed for ever by a device. Returns -1 with errno. */
static gssize
read_regular_file (const char *path, char *buffer, gsize size)
{
  struct stat status;
  gssize total = -1;
  int fd = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);

  if (fd < 0)
    return -1;

  if (fstat (fd, &status) == 0 && !S_ISREG (status.st_mode))
    errno = EINVAL;
  else if (status.st_size > (goffset) size)
    errno = EFBIG;
  else
    total = read (fd, buffer, size);

  int saved = errno;
  close (fd);
  errno = saved;

  return total;
}

/* The value of the member with this name, of the object that a span holds. */
static gboolean
find_member (const CarJsonSpan *object, const char *name, CarJsonType type, CarJsonSpan *value)
{
  CarJsonScanner scanner;
  CarJsonSpan found;

  car_json_scanner_init (&scanner, object->text, object->length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return FALSE;

  while (car_json_scanner_next_member (&scanner, &found))
    {
      if (!car_json_scanner_read (&scanner, value))
        return FALSE;
      if (car_json_span_equals (&found, name))
        return value->type == type;
    }

  return FALSE;
}

static char *
find_display_name (const CarJsonSpan *config)
{
  CarJsonSpan connection, type, name;
  gsize length = 0;

  if (!find_member (config, "connection", CAR_JSON_OBJECT, &connection) ||
      !find_member (&connection, "type", CAR_JSON_OBJECT, &type) ||
      !find_member (&type, "displayName", CAR_JSON_STRING, &name))
    return NULL;

  g_autofree char *text = car_json_span_unescape (&name, &length);

  return length == 0 || length > MAX_NAME_LENGTH || strlen (text) != length ? NULL : g_steal_pointer (&text);
}

char *
car_connector_name_from_file (const char *path)
{
  g_autofree char *text = g_malloc (MAX_FILE_SIZE);
  gssize length = read_regular_file (path, text, MAX_FILE_SIZE);

  if (length < 0)
    {
      if (errno != ENOENT && errno != ENOTDIR)
        g_warning ("The connector's name cannot be read from %s: %s", path, g_strerror (errno));
      return NULL;
    }

  CarJsonScanner scanner;
  CarJsonSpan config;

  car_json_scanner_init (&scanner, text, length);
  if (!car_json_scanner_read (&scanner, &config) || !car_json_scanner_finish (&scanner))
    {
      g_autoptr (GError) error = NULL;

      car_json_scanner_set_error (&scanner, &error);
      g_warning ("The connector's name cannot be read from %s: %s", path, error->message);
      return NULL;
    }

  return find_display_name (&config);
}
