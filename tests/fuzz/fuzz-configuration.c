/* SPDX-License-Identifier: Apache-2.0 */

/* A connector's configurations/config.json. The input is the file. */

#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include <libcar/settings/car-connector-name-private.h>

#include "fuzz.h"

static char *path;

static void
remove_file (void)
{
  g_unlink (path);
  g_free (path);
}

static void
write_file (const guint8 *data, gsize size)
{
  if (path == NULL)
    {
      close (g_file_open_tmp ("fuzz-configuration-XXXXXX", &path, NULL));
      atexit (remove_file);
    }
  fuzz_write_file (path, data, size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_be_quiet ();
  write_file (data, size);

  g_autofree char *name = car_connector_name_from_file (path);
  g_assert_true (name == NULL || g_utf8_validate (name, -1, NULL));
  return 0;
}
