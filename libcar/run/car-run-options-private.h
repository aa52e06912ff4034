/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/run/car-access-private.h>

G_BEGIN_DECLS

/* What an import needs of the settings: all of it is there and fits together. The texts are the settings'. */
typedef struct
{
  CarAccess service;
  const char *source;
  const char *state_directory; /* NULL: the user's own */
  guint keep_staged;           /* hours; 0: nothing is left for the next run */
  gboolean no_resume;
  const char *directory;
  gboolean keep_directory;
  guint page_size;
  guint max_closing; /* percent */
  const char *left_out_file;
  guint max_left_out; /* percent */
  gboolean strict;
} CarRunOptions;

/* CAR_APP_ERROR_INVALID_PARAMETER, with all that is missing or wrong at once. */
gboolean car_run_options_init (CarRunOptions *self, const CarSettings *settings, GError **error);

G_END_DECLS
