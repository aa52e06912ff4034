/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>

static gboolean
has_reader (void)
{
  GPollFD fd = { STDOUT_FILENO, 0, 0 };

  return g_poll (&fd, 1, 0) <= 0 || (fd.revents & G_IO_ERR) == 0;
}

/* Code 0: the reason is not known. */
static gboolean
check (int code, GError **error)
{
  if (!has_reader ())
    return TRUE;
  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL, _ ("standard output cannot be written: %s"),
               code == 0 ? _ ("its disk may be full") : g_strerror (code));
  return FALSE;
}

gboolean
car_output_write (const char *text, GError **error)
{
  errno = 0;
  return fputs (text, stdout) >= 0 ? TRUE : check (errno, error);
}

gboolean
car_output_write_line (const char *text, GError **error)
{
  return car_output_write (text, error) && car_output_write ("\n", error);
}

/* Of what g_print() wrote, the stream keeps that it failed, and not why. */
gboolean
car_output_finish (GError **error)
{
  errno = 0;
  if (fflush (stdout) == 0 && !ferror (stdout))
    return TRUE;
  return check (errno, error);
}
