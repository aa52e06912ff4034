/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/carctl-changes.h"

G_BEGIN_DECLS

/* What differs between two folders of carctl collect: the first is how it was. It is printed. */
gboolean
carctl_folders_compare (const char *before, const char *after, CarctlChanges *changes, GError **error);

G_END_DECLS
