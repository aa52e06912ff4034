/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "service/store/sql/car-service-job-status.h"
#include "service/store/sql/car-service-jobs.h"
#include "service/store/sql/car-service-sql.h"

/* The body of a job that waits may be long, and stands before the time: neither is read. */
#define JOB "SELECT id, kind, source, status, error, status_code, warnings"

gboolean
car_service_job_status_find (CarServiceStore *store, gint64 id, CarServiceRow **row, GError **error)
{
  return car_service_store_find (
      store, row, error, "SELECT status, error, status_code, warnings FROM job WHERE id = ?", "i", id);
}

CarServiceRow *
car_service_job_status_list_waiting (CarServiceStore *store, gint64 limit, GError **error)
{
  return car_service_store_select (
      store, error, JOB ", NULL FROM job WHERE status = '" CAR_SERVICE_JOB_RUNNING "' ORDER BY id LIMIT ?",
      "i", limit);
}

CarServiceRow *
car_service_job_status_list_troubled (CarServiceStore *store, gint64 limit, GError **error)
{
  return car_service_store_select (store, error,
                                   JOB ", created_at FROM job WHERE status = '" CAR_SERVICE_JOB_ERROR
                                       "' OR warnings IS NOT NULL ORDER BY id DESC LIMIT ?",
                                   "i", limit);
}

/* The last job is never forgotten. */
gboolean
car_service_job_status_count (CarServiceStore *store, CarServiceJobCounts *counts, GError **error)
{
  CarServiceRow *row =
      car_service_store_get (store, error,
                             "SELECT coalesce (max (id), 0),"
                             " count (CASE WHEN status = '" CAR_SERVICE_JOB_COMPLETE "' THEN 1 END),"
                             " count (CASE WHEN status = '" CAR_SERVICE_JOB_ERROR "' THEN 1 END) FROM job",
                             "");
  if (row == NULL)
    return FALSE;

  *counts = (CarServiceJobCounts){ car_service_row_get_integer (row, 0), car_service_row_get_integer (row, 1),
                                   car_service_row_get_integer (row, 2) };
  car_service_row_end (row);

  return TRUE;
}
