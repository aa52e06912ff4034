/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* What became of jobs (car-service-jobs.h). */

/* Columns: status, error, status_code, warnings; *row is NULL where there is no such job. */
gboolean car_service_job_status_find (CarServiceStore *store, gint64 id, CarServiceRow **row, GError **error);

/* Jobs that run or wait, the first first; and those that failed or left something out, the last first. Columns: id, kind,
 * source, status, error, status_code, warnings, when it was posted; the last one only of those in trouble. */
CarServiceRow *car_service_job_status_list_waiting (CarServiceStore *store, gint64 limit, GError **error);
CarServiceRow *car_service_job_status_list_troubled (CarServiceStore *store, gint64 limit, GError **error);

/* Jobs are forgotten after a week, and so the numbers of them go down. That of the jobs ever posted only grows. */
typedef struct
{
  gint64 posted;
  gint64 complete;
  gint64 failed;
} CarServiceJobCounts;

gboolean car_service_job_status_count (CarServiceStore *store, CarServiceJobCounts *counts, GError **error);

G_END_DECLS
