/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/check/check.h"

G_BEGIN_DECLS

/* Looks at all, or at what the options want, until it is done or cancelled. */
void check_steps_run (Check *self);

/* Whether there is a check of this name. */
gboolean check_steps_have (const char *id);

G_END_DECLS
