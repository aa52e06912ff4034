/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/check/check-service.h"
#include "carctl/check/check.h"

G_BEGIN_DECLS

/* These tell the case what is wrong. */

/* A service that has what the world begins with. The rule may be NULL. */
gboolean
check_world_start (CheckCase *self, const CheckWorld *world, CheckService *service, const char *rule);

/* What the service has. */
CheckGraph *check_world_read (CheckCase *self, const CheckService *service);

/* Whether that is what the source has. */
gboolean
check_world_compare (CheckCase *self, const CheckWorld *world, const CheckService *service, const char *when);

/* The next run makes a full import. */
gboolean check_world_forget (CheckCase *self, const CheckService *service);

G_END_DECLS
