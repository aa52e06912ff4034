/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/check/check.h"

G_BEGIN_DECLS

/* Sends a signal to runs, at random moments of them, each in a world of its own. */
void check_rounds (CheckCase *self, const CheckWorld *world, int number);

G_END_DECLS
