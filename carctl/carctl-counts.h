/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/carctl.h"

G_BEGIN_DECLS

/* Prints how many objects the service holds, by collection: of one source, or of all. */
gboolean carctl_counts_print (const CarctlCall *call, GError **error);

G_END_DECLS
