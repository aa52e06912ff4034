/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

#include "carctl/carctl-local-service.h"

G_BEGIN_DECLS

/* A car-fault-service for one trial. */
typedef struct
{
  CarctlLocalService local; /* its URL is where faults strike */
  char *url;                /* where none does */
} CheckService;

/* NULL for the database: in memory; for the rule: no fault. */
gboolean check_service_start (CheckService *self, const char *database, const char *rule, GError **error);
void check_service_clear (CheckService *self);

CarClient *check_service_open (const CheckService *self, GError **error);

/* The requests that it tells of: those that were struck, or without a rule all of them, as “CALL: METHOD PATH”. */
GStrv check_service_list_requests (const CheckService *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CheckService, check_service_clear)

G_END_DECLS
