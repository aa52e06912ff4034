/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

/* What differs, by collection, object and member: told as it is found, and kept on disk until the numbers are known that stand
 * before it. */
typedef struct _CarctlChanges CarctlChanges;

/* `is_plan`: they would come about, and what is gone would be closed. */
CarctlChanges *carctl_changes_new (gboolean json, gboolean is_plan);
void carctl_changes_free (CarctlChanges *self);

/* An object as it was, and as it is; NULL: it is not there. Nothing is told of two that are the same. Values are compared, and not
 * their spelling. The collection is a name (car_text_is_name()). */
gboolean carctl_changes_add (CarctlChanges *self,
                             const char *collection,
                             const char *key,
                             const CarJsonSpan *before,
                             const CarJsonSpan *after,
                             GError **error);

/* Prints what was added since it was called last. */
gboolean carctl_changes_print (CarctlChanges *self, GError **error);

/* Whether anything was ever added. */
gboolean carctl_changes_found_any (const CarctlChanges *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarctlChanges, carctl_changes_free)

G_END_DECLS
