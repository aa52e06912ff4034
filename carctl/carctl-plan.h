/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/carctl.h"

G_BEGIN_DECLS

/* carctl collect --plan: what a full import of what was collected in the folder would change in the service. It is printed, and
 * nothing is sent. */
gboolean carctl_plan (const CarctlCall *call, const char *folder, GError **error);

G_END_DECLS
