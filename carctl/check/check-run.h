/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/check/check-service.h"
#include "carctl/check/check.h"

G_BEGIN_DECLS

/* The longest that a connector may take to stop: libcar ends a process after five seconds. */
#define CHECK_STOP_SECONDS 10

/* How a run is to be; all zero: a good one. */
typedef struct
{
  const char *option;           /* NULL, or one more behind the connector's own */
  const char *const *variables; /* NULL, or NAME, VALUE, …, NULL */
  gboolean faulty;              /* it meets the faults, and does not wait long for them to pass */
  int signal;                   /* 0: none */
  double moment;                /* when it is sent, in seconds; negative: when a fault has struck */
} CheckPlan;

typedef struct
{
  int code;           /* as a shell tells it; -1: the connector cannot be run */
  gboolean hung;      /* it took too long, and was killed */
  gboolean signalled; /* the signal found it still running */
  double seconds;
  GBytes *arguments; /* its line in the process list, when the signal was sent; NULL: none */
  char *summary;     /* text; NULL: it wrote none */
} CheckRun;

/* Runs the connector. What is wrong with any run is told here: one that hangs, that crashes, that tells a secret. The name is that of
 * its files in the folder. */
CheckRun *check_run (CheckCase *self, const CheckService *service, const char *name, const CheckPlan *plan);
void check_run_free (CheckRun *self);

/* The same, of a run that has to succeed. */
gboolean check_run_well (CheckCase *self, const CheckService *service, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckRun, check_run_free)

G_END_DECLS
