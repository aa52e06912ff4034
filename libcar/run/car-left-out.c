/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/run/car-closing-private.h>
#include <libcar/run/car-left-out-private.h>

gboolean
car_left_out_check (CarDataHandler *data_handler, gboolean all_sent, guint max_percent, GError **error)
{
  g_autoptr (GPtrArray) summaries = car_data_handler_list_summaries (data_handler);
  guint64 read = 0;
  guint64 left_out = 0;

  for (guint i = 0; i < summaries->len; i++)
    {
      CarCollectionSummary *summary = summaries->pdata[i];
      guint64 others = car_collection_summary_get_n_duplicates (summary) +
                       car_collection_summary_get_n_conflicts (summary);

      read += car_collection_summary_get_n_read (summary);
      left_out += all_sent ? car_collection_summary_get_n_read (summary) - others -
                                 car_collection_summary_get_n_sent (summary)
                           : car_collection_summary_get_n_left_out (summary);
    }
  if (left_out < CAR_CLOSING_MIN_REFUSED || left_out * 100 <= read * max_percent)
    return TRUE;

  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_CLOSING_REFUSED,
      ngettext (
          "%" PRIu64 " of %" PRIu64
          " object breaks a rule and is left out, and -max-left-out allows %u %%: the warnings above tell "
          "which rules; mend the connector or its data source, or allow more",
          "%" PRIu64 " of %" PRIu64
          " objects break a rule and are left out, and -max-left-out allows %u %%: the warnings above tell "
          "which rules; mend the connector or its data source, or allow more",
          read),
      left_out, read, max_percent);
  return FALSE;
}
