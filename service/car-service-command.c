/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-usage-private.h>

#include "server/car-server-program.h"
#include "service/car-service-command.h"
#include "service/car-service-database.h"

gboolean
car_service_command_parse (const GOptionEntry *entries,
                           const char *usage,
                           const char *summary,
                           int argc,
                           char **argv,
                           char **database,
                           GStrv *words,
                           GError **error)
{
  gboolean help = FALSE;
  const GOptionEntry common[] = {
    { "database", 0, 0, G_OPTION_ARG_FILENAME, database,
      N_ ("The service's file or URI (or CAR_SERVICE_DATABASE)"), "FILE" },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_ ("Print this help, and exit"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) arguments = g_new0 (char *, (gsize) argc + 1);

  for (int i = 0; i < argc; i++)
    arguments[i] = g_strdup (argv[i]);
  car_service_database_hide_passwords (argc, argv);
  g_option_context_set_help_enabled (context, FALSE);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, summary);
  if (!g_option_context_parse_strv (context, &arguments, error))
    return FALSE;

  if (words != NULL)
    *words = g_strdupv (arguments + 1);
  *database = car_service_database_choose (*database);
  if (help)
    {
      car_usage_print (context, usage);
      return FALSE;
    }

  return words != NULL || arguments[1] == NULL ||
         car_server_refuse (error, _ ("%s takes no words: give the file by --database; see %s --help"),
                            arguments[0], arguments[0]);
}
