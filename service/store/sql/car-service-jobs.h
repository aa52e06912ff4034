/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/store/car-service-reader.h"
#include "service/store/car-service-store.h"

G_BEGIN_DECLS

/* The one queue of jobs: they run in the order in which they were posted, also after the service was killed. */

#define CAR_SERVICE_JOB_IMPORT "import"
#define CAR_SERVICE_JOB_BEGIN "begin"
#define CAR_SERVICE_JOB_END "end"
#define CAR_SERVICE_JOB_SET_UP "setup"
#define CAR_SERVICE_JOB_GRAPH "graph"
#define CAR_SERVICE_JOB_INDICES "indices"

#define CAR_SERVICE_JOB_RUNNING "RUNNING"
#define CAR_SERVICE_JOB_COMPLETE "COMPLETE"
#define CAR_SERVICE_JOB_ERROR "ERROR"

/* `body` may be NULL. The job's id, 0 with an error. In a transaction of the caller's: the job is there, whatever happens,
 * once that is committed. */
gint64 car_service_jobs_post (CarServiceStore *store,
                              const char *kind,
                              const char *source,
                              GBytes *body,
                              GError **error);

/* For so long one transaction goes on with jobs; whoever writes waits for it. One job may take longer. */
#define CAR_SERVICE_JOBS_TIME (2 * G_TIME_SPAN_SECOND)

/* Runs jobs in their order, in a transaction of their own: what each did and that it is done are written together or not at all.
 * `reader` reads ahead; NULL: none does. *more: others wait. An error is the database's, and all of them still wait; what is
 * wrong with a job is written into the job. */
gboolean
car_service_jobs_run (CarServiceStore *store, CarServiceReader *reader, gboolean *more, GError **error);

/* What the job came with. */
GBytes *car_service_jobs_load_body (CarServiceStore *store, gint64 id, GError **error);

/* The next import behind this job that waits; 0: there is none, or an error. */
gint64 car_service_jobs_load_import (CarServiceStore *store, gint64 after, GBytes **body, GError **error);

/* The last job posted, of `source` where it is not NULL, that still waits; 0: none does. */
gint64 car_service_jobs_get_last_waiting (CarServiceStore *store, const char *source, GError **error);

/* How many jobs wait, or run, and for how many milliseconds the first of them has; 0 where none does. */
gboolean
car_service_jobs_get_queue (CarServiceStore *store, gint64 *n_waiting, gint64 *oldest, GError **error);

/* TRUE where no job up to this one waits. */
gboolean car_service_jobs_are_done (CarServiceStore *store, gint64 id, const char *source, GError **error);

G_END_DECLS
