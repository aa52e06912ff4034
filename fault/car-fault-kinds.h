/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "fault/car-fault-message.h"

G_BEGIN_DECLS

typedef struct _CarFaultServer CarFaultServer;

/* What befalls one request. */
typedef struct
{
  CarFaultServer *server;
  GIOStream *connection;
  const CarFaultMessage *request;
  const CarFaultMessage *answer; /* the service's; NULL: it was not asked */
  guint status;                  /* where the fault is one */
  const char *retry_after;       /* (nullable) */
  guint seconds;
} CarFaultStroke;

/* A fault, of those that there are. */
typedef struct
{
  const char *name;
  const char *description;
  gboolean spoils;         /* it needs the service's own answer */
  gboolean is_about_jobs;  /* it answers the calls that ask for jobs */
  gboolean is_of_sessions; /* it befalls the calls of a full import */
  void (*strike) (const CarFaultStroke *stroke);
} CarFaultKind;

const CarFaultKind *car_fault_kinds_list (guint *n_kinds);

/* NULL: there is none of this name. A status, such as "503", is one; then *status is it. */
const CarFaultKind *car_fault_kinds_find (const char *name, guint *status);

G_END_DECLS
