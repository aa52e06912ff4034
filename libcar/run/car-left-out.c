/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/run/car-closing-private.h>
#include <libcar/run/car-left-out-private.h>

gboolean
car_left_out_check (CarDataHandler *data_handler, guint max_percent, GError **error)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (data_handler);
  guint64 read = 0;
  guint64 left_out = 0;

  for (guint i = 0; i < summaries->len; i++)
    {
      read += car_collection_summary_get_n_read (summaries->pdata[i]);
      left_out += car_collection_summary_get_n_left_out (summaries->pdata[i]);
    }
  if (left_out < CAR_CLOSING_MIN_REFUSED || left_out * 100 <= read * max_percent)
    return TRUE;

  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_CLOSING_REFUSED,
      "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
      " objects break a rule and are left out, and -max-left-out allows %u %%: the warnings above tell "
      "which rules; mend the connector or its data source, or allow more",
      left_out, read, max_percent);
  return FALSE;
}
