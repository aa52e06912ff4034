/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>

#include "carctl/carctl-changes.h"

G_BEGIN_DECLS

/* What a service holds of a source, as its published queries tell it. */

/* The ids of the sources that the service has. */
char **carctl_held_list_sources (CarClient *client, GError **error);

/* CAR_APP_ERROR_INVALID_PARAMETER: the service has no such source; the message says which it has. */
gboolean carctl_held_check_source (CarClient *client, const char *source, GError **error);

/* CAR_APP_ERROR_INVALID_PARAMETER: it is no collection of vertices; the message says which there are. */
gboolean carctl_held_check_collection (CarClient *client, const char *collection, GError **error);

/* Collections of a source, and how many objects each has: no collection without any. */
GHashTable *carctl_held_count (CarClient *client, const char *source, GError **error);

/* What differs between a folder of carctl collect and what the service holds of the source: of a plan, what the service holds is how
 * it was, and else the folder. It is printed. */
gboolean carctl_held_compare (CarClient *client,
                              const char *source,
                              const char *folder,
                              gboolean is_plan,
                              CarctlChanges *changes,
                              GError **error);

G_END_DECLS
