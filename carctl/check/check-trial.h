/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/check/check.h"

G_BEGIN_DECLS

/* What a run of the connector meets, before a good run has to make all good again. */
typedef struct
{
  char *rule; /* NULL, or a fault of the service */
  int signal; /* 0, or what is sent to the connector */
  double moment;
} CheckTrial;

/* Trials side by side. */
typedef struct _CheckTrials CheckTrials;

CheckTrials *check_trials_new (const Check *check);

/* Copies the trial, and takes its rule. What is wrong is told to the case. */
void check_trials_add (CheckTrials *self, CheckCase *found, const CheckWorld *world, CheckTrial trial);

/* Waits for all. */
void check_trials_free (CheckTrials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckTrials, check_trials_free)

/* For each call that the connector makes, a case in the report. */
void check_faults (Check *check, const CheckWorld *world);

G_END_DECLS
