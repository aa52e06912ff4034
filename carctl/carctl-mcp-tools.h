/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/car.h>

G_BEGIN_DECLS

/* What an assistant may ask of a service. None of it changes anything. */

/* For “tools/list”: names, descriptions, and what each takes. */
JsonNode *carctl_mcp_tools_list (void);

/* What the tool says, as text. CAR_APP_ERROR_INVALID_PARAMETER: there is no such tool, or it cannot be called so. */
char *carctl_mcp_tools_call (CarClient *client, const char *name, JsonObject *arguments, GError **error);

G_END_DECLS
