/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

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

/* Runs the job that waits longest, in a transaction of its own: what it did and that it is done are written together or
 * not at all. *found is FALSE where none waits. An error is the database's, and the job still waits; what is
 * wrong with a job is written into the job. */
gboolean car_service_jobs_run_next (CarServiceStore *store, gboolean *found, GError **error);

/* The last job posted, of `source` where it is not NULL, that still waits; 0: none does. */
gint64 car_service_jobs_get_last_waiting (CarServiceStore *store, const char *source, GError **error);

/* How many jobs wait, or run, and for how many milliseconds the first of them has; 0 where none does. */
gboolean
car_service_jobs_get_queue (CarServiceStore *store, gint64 *n_waiting, gint64 *oldest, GError **error);

/* TRUE where no job up to this one waits. */
gboolean car_service_jobs_are_done (CarServiceStore *store, gint64 id, const char *source, GError **error);

G_END_DECLS
