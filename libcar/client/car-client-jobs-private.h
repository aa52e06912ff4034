/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-operation-private.h>

G_BEGIN_DECLS

/* Runs the call that was made, then waits for the job whose id it answers as `job_id`. */
void car_operation_run_job (CarOperation *self, CarStep next);

/* The id that the answer holds under this name; NULL with an error. */
char *car_operation_dup_id (CarOperation *self, const char *member, GError **error);

G_END_DECLS
