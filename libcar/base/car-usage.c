/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-usage-private.h>

void
car_usage_print (GOptionContext *context, const char *arguments)
{
  g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);
  const char *usage = strchr (help, '\n');
  const char *rest = usage != NULL ? strchr (usage + 1, '\n') : NULL;

  if (rest != NULL)
    g_print ("%.*s\n  %s %s%s", (int) (usage - help), help, g_get_prgname (), arguments, rest);
}
