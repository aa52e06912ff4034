/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "fault/car-fault-message.h"

G_BEGIN_DECLS

/* What a service may say that is not so: the texts of answers. */

/* The service's own answer, spoiled. */
char *car_fault_answers_halve (const CarFaultMessage *answer);
char *car_fault_answers_spoil_utf8 (const CarFaultMessage *answer);
char *car_fault_answers_change_types (const CarFaultMessage *answer);
char *car_fault_answers_change_ids (const CarFaultMessage *answer);

/* What is said of jobs, in the form of the call that asks: one job, or a list of imports. */
typedef enum
{
  CAR_FAULT_JOB_FAILED,
  CAR_FAULT_JOB_FAILED_WITHOUT_STATUS,
  CAR_FAULT_JOB_RUNS,
  CAR_FAULT_JOB_LOST,
} CarFaultJob;

char *car_fault_answers_tell_jobs (const CarFaultMessage *request, CarFaultJob state, guint status);

G_END_DECLS
