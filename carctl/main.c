/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-output-private.h>
#include <libcar/base/car-usage-private.h>
#include <libcar/log/car-log-private.h>
#include <libcar/settings/car-arguments-private.h>

#include "carctl/carctl.h"

/* carctl: what people who write or run connectors do with connectors, their data and a service. */

#define PROGRAM "carctl"
#define SERVICE_PREFIX "car-service-"

static const CarctlCommand *const commands[] = {
  &carctl_new_command,    &carctl_check_command, &carctl_collect_command, &carctl_diff_command,
  &carctl_status_command, &carctl_query_command, &carctl_graph_command,   &carctl_tag_command,
  &carctl_ask_command,    &carctl_mcp_command,   &carctl_forget_command,  &carctl_encrypt_command,
};

gboolean
carctl_confirm (const CarctlCall *call, const char *question, GError **error)
{
  char answer[16] = "";

  if (call->yes)
    return TRUE;
  if (!isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    return car_failure_refuse (error, _ ("there is nobody to ask: say --yes"));

  g_printerr ("%s %s ", question, _ ("Type “yes” to go on:"));
  gboolean answered = fgets (answer, sizeof answer, stdin) != NULL;
  if (answered && g_str_equal (g_strchomp (answer), _ ("yes")))
    return TRUE;
  if (!answered)
    g_printerr ("\n"); /* the end of input leaves the cursor behind the question */
  return car_failure_refuse (error, _ ("nothing was done: the answer was not “yes”"));
}

gboolean
carctl_check_object (const CarctlCall *call, GError **error)
{
  return call->arguments[0] == NULL || call->arguments[1] != NULL ||
         car_failure_refuse (error, _ ("the id is missing behind %s: an object is COLLECTION ID"),
                             call->arguments[0]);
}

guint
carctl_catch_signal (int number, GSourceFunc func, gpointer user_data)
{
  struct sigaction action;

  if (sigaction (number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
    return 0;
  return g_unix_signal_add (number, func, user_data);
}

static void
call_clear (CarctlCall *call)
{
  g_strfreev (call->arguments);
  g_strfreev (call->rest);
  g_strfreev (call->service);
  g_free (call->language);
  g_free (call->folder);
  g_free (call->variables);
  g_free (call->source);
  g_free (call->at);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarctlCall, call_clear)

gboolean
carctl_is_service_option (const char *argument)
{
  return g_str_has_prefix (argument, "-" SERVICE_PREFIX) || g_str_has_prefix (argument, "--" SERVICE_PREFIX);
}

gboolean
carctl_refuse_services (const CarctlCall *call, gboolean asks, GError **error)
{
  for (guint i = 0; call->rest[i] != NULL; i++)
    if (carctl_is_service_option (call->rest[i]))
      return car_failure_refuse (error,
                                 _ ("%.*s names a service: a connector that is run here has one of its own"),
                                 (int) strcspn (call->rest[i], "="), call->rest[i]);
  return asks || call->service[0] == NULL ||
         car_failure_refuse (error, _ ("nothing is sent to a service that is named: leave out %.*s"),
                             (int) strcspn (call->service[0], "="), call->service[0]);
}

/* The service's options are spelt as connectors spell them, with one dash too, and their values may stand behind them. What stands
 * behind “--” is another program's. */
static void
sort_arguments (char **argv, CarctlCall *call)
{
  g_autoptr (GStrvBuilder) own = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) service = g_strv_builder_new ();
  guint i = 0;

  for (; argv[i] != NULL && !g_str_equal (argv[i], "--"); i++)
    {
      gboolean is_service = carctl_is_service_option (argv[i]);

      g_strv_builder_add (is_service ? service : own, argv[i]);
      if (is_service && strchr (argv[i], '=') == NULL && argv[i + 1] != NULL)
        g_strv_builder_add (service, argv[++i]);
    }

  call->arguments = g_strv_builder_end (own);
  call->service = g_strv_builder_end (service);
  call->rest = g_strdupv (argv[i] == NULL ? argv + i : argv + i + 1);
}

static void
add_option (GArray *entries, const CarctlCommand *command, CarctlOption option, GOptionEntry entry)
{
  if (command->options & option)
    g_array_append_val (entries, entry);
}

static GArray *
list_options (const CarctlCommand *command, CarctlCall *call, gboolean *help)
{
  GArray *entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  const GOptionEntry last = {
    "help", 'h', 0, G_OPTION_ARG_NONE, help, N_ ("Print this help, and exit"), NULL
  };

  add_option (entries, command, CARCTL_LANGUAGE,
              (GOptionEntry){ "language", 'l', 0, G_OPTION_ARG_STRING, &call->language,
                              N_ ("The language to write it in"), "c|python|javascript|vala" });
  add_option (entries, command, CARCTL_FOLDER,
              (GOptionEntry){ "folder", 'o', 0, G_OPTION_ARG_FILENAME, &call->folder,
                              N_ ("Write into this folder"), "FOLDER" });
  add_option (entries, command, CARCTL_PLAN,
              (GOptionEntry){ "plan", 0, 0, G_OPTION_ARG_NONE, &call->plan,
                              N_ ("Tell what an import would change in the service"), NULL });
  add_option (entries, command, CARCTL_VARIABLES,
              (GOptionEntry){ "variables", 0, 0, G_OPTION_ARG_STRING, &call->variables,
                              N_ ("The values of the query's variables, an object"), "JSON" });
  add_option (
      entries, command, CARCTL_JSON,
      (GOptionEntry){ "json", 0, 0, G_OPTION_ARG_NONE, &call->json, N_ ("Print JSON, for programs"), NULL });
  add_option (entries, command, CARCTL_SOURCE,
              (GOptionEntry){ "source", 0, 0, G_OPTION_ARG_STRING, &call->source,
                              N_ ("Only what is of this source"), "NAME" });
  add_option (entries, command, CARCTL_AT,
              (GOptionEntry){ "at", 0, 0, G_OPTION_ARG_STRING, &call->at,
                              N_ ("Ask of an earlier moment, such as 2026-01-31T12:00:00Z"), "MOMENT" });
  add_option (entries, command, CARCTL_DEPTH,
              (GOptionEntry){ "depth", 0, 0, G_OPTION_ARG_INT, &call->depth,
                              N_ ("So many steps from the object (default: 1)"), "NUMBER" });
  add_option (
      entries, command, CARCTL_DOT,
      (GOptionEntry){ "dot", 0, 0, G_OPTION_ARG_NONE, &call->dot, N_ ("Print it for Graphviz"), NULL });
  add_option (entries, command, CARCTL_SVG,
              (GOptionEntry){ "svg", 0, 0, G_OPTION_ARG_NONE, &call->svg,
                              N_ ("Print a drawing of it, which Graphviz makes"), NULL });
  add_option (entries, command, CARCTL_YES,
              (GOptionEntry){ "yes", 'y', 0, G_OPTION_ARG_NONE, &call->yes, N_ ("Do not ask"), NULL });
  for (guint i = 0; command->entries != NULL && command->entries[i].long_name != NULL; i++)
    g_array_append_val (entries, command->entries[i]);
  g_array_append_val (entries, last);

  return entries;
}

/* A variable of a shell that is not set makes one. There is no file, name or query of this name. */
static gboolean
check_emptiness (const CarctlCall *call, GArray *entries, GError **error)
{
  for (guint i = 0; call->arguments[i] != NULL; i++)
    if (*call->arguments[i] == '\0')
      return car_failure_refuse (error, _ ("argument %u of “%s %s” is empty"), i, PROGRAM,
                                 call->arguments[0]);

  for (guint i = 0; i < entries->len; i++)
    {
      const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, i);
      const char *value = entry->arg == G_OPTION_ARG_STRING || entry->arg == G_OPTION_ARG_FILENAME
                              ? *(char **) entry->arg_data
                              : NULL;

      if (value != NULL && *value == '\0')
        return car_failure_refuse (error, _ ("the value of --%s is empty"), entry->long_name);
    }
  return TRUE;
}

static gboolean
check_arguments (const CarctlCommand *command, const CarctlCall *call, GError **error)
{
  guint n = g_strv_length (call->arguments) - 1;
  const char *space = *command->arguments == '\0' ? "" : " ";

  if (n >= command->min_arguments && n <= command->max_arguments &&
      (command->takes_rest || call->rest[0] == NULL))
    return TRUE;

  return car_failure_refuse (error, _ ("the command line is not “%s %s%s%s”; see “%s %s --help”"), PROGRAM,
                             command->name, space, command->arguments, PROGRAM, command->name);
}

/* Without the command's own name, the arguments are what the command is called with. */
static void
drop_first (char **arguments)
{
  g_free (arguments[0]);
  memmove (arguments, arguments + 1, g_strv_length (arguments + 1) * sizeof (char *) + sizeof (char *));
}

static gboolean
run (const CarctlCommand *command, char **argv, CarctlCall *call, GError **error)
{
  gboolean help = FALSE;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  const char *space = *command->arguments == '\0' ? "" : " ";
  g_autofree char *usage = g_strdup_printf ("%s [OPTION...]%s%s", command->name, space, command->arguments);

  sort_arguments (argv, call);
  g_autoptr (GArray) entries = list_options (command, call, &help);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, (const GOptionEntry *) (gpointer) entries->data,
                                     GETTEXT_PACKAGE);
  g_option_context_set_summary (context, _ (command->summary));
  if (!g_option_context_parse_strv (context, &call->arguments, error))
    return FALSE;
  if (help)
    {
      car_usage_print (context, usage);
      return TRUE;
    }
  if (!check_arguments (command, call, error) || !check_emptiness (call, entries, error))
    return FALSE;

  drop_first (call->arguments);
  return command->run (call, error);
}

static void
print_help (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *head = g_strdup_printf ("%s %s", commands[i]->name, commands[i]->arguments);

      g_string_append (text, "  ");
      car_language_append_left (text, head, 34);
      g_string_append_printf (text, "%s\n", _ (commands[i]->summary));
    }
  g_print (_ ("Usage:\n"
              "  %s COMMAND [OPTION...] [ARGUMENT...]\n\n"
              "Works with connectors, with what they bring, and with a CAR service.\n\n"
              "Options:\n"
              "  -h, --help              Print this help, and exit\n"
              "  --version               Print the version, and exit\n\n"
              "Commands:\n"
              "%s\n"
              "%s COMMAND --help tells the options of a command. The service is named as connectors name\n"
              "it: by CAR_SERVICE_URL, CAR_SERVICE_KEY and CAR_SERVICE_PASSWORD, or by options such as\n"
              "-car-service-url.\n"),
           PROGRAM, text->str, PROGRAM);
}

static const CarctlCommand *
find_command (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i]->name, name))
      return commands[i];
  return NULL;
}

static gboolean
obey (char **argv, CarctlCall *call, GError **error)
{
  const CarctlCommand *command = find_command (argv[1]);

  if (command != NULL)
    return run (command, argv + 1, call, error);

  if (g_strcmp0 (argv[1], "--version") == 0)
    g_print ("%s %s\n", PROGRAM, PACKAGE_VERSION);
  else if (g_strcmp0 (argv[1], "--help") == 0 || g_strcmp0 (argv[1], "-h") == 0)
    print_help ();
  else if (argv[1] == NULL)
    return car_failure_refuse (error, _ ("the command is missing: see “%s --help”"), PROGRAM);
  else
    return car_failure_refuse (error, _ ("there is no command “%s”: see “%s --help”"), argv[1], PROGRAM);
  return TRUE;
}

/* What a message shows of outside may hold what moves the cursor. */
static void
print_error (const char *text)
{
  g_autofree char *message = car_log_without_secrets (text);

  for (char *at = message; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  g_printerr ("%s: %s\n", PROGRAM, message);
}

/* Everybody can read the process list. Which options of another program are secret is not known, so all of them go. */
static void
hide_arguments (int argc, char **argv)
{
  g_autoptr (CarSettings) settings = car_settings_new ();
  g_autoptr (GError) problem = NULL;
  int i = 1;

  if (!car_arguments_wipe_secrets (settings, argc, argv, &problem))
    g_warning (
        _ ("The secrets given as options stay in the process list (%s): give them as environment variables"),
        problem->message);
  while (i < argc && !g_str_equal (argv[i], "--"))
    i++;
  for (i++; i < argc; i++)
    memset (argv[i], '*', strlen (argv[i]));
}

int
main (int argc, char **argv)
{
  g_auto (CarctlCall) call = { .depth = 1 };
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) error = NULL;

  car_language_begin ();
  g_set_prgname (PROGRAM);
  car_log_install ();
  car_log_set_up (CAR_LOG_FORMAT_TEXT, FALSE, PROGRAM, NULL, PACKAGE_VERSION);

  /* Whoever reads the output may have enough of it before all is put away. */
  signal (SIGPIPE, SIG_IGN);
  hide_arguments (argc, argv);

  if (obey (arguments, &call, &error) && car_output_finish (&error))
    return call.exit_code;

  print_error (error->message);
  return error->domain == G_OPTION_ERROR ? CAR_APP_ERROR_INVALID_PARAMETER
                                         : car_failure_get_exit_code (error);
}
