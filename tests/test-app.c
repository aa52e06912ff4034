/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include <libcar/car.h>

#include "connector-runner.h"
#include "secret-maker.h"

/* What a connector does with its settings, before any import: tests/contract-connector and its connection test, which
 * needs no CAR service. */

#define VARIABLES(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__ (, ) NULL })
#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__ (, ) NULL })

static void
assert_shown (const char *const *variables, const char *const *arguments, const char *shown)
{
  g_auto (ConnectorRun) run = { 0 };

  run_connector (variables, arguments, &run);
  assert_exited (&run, 0, "The data source can be reached");
  g_assert_cmpstr (run.out, ==, shown);
}

static void
assert_refused (const char *const *variables, const char *const *arguments, const char *logged)
{
  g_auto (ConnectorRun) run = { 0 };

  run_connector (variables, arguments, &run);
  assert_exited (&run, CAR_APP_ERROR_INVALID_PARAMETER, logged);
  g_assert_nonnull (strstr (run.log, "--help"));
  g_assert_cmpstr (run.out, ==, "");
}

static void
test_spellings (void)
{
  const char *const *show = VARIABLES ("CONTRACT_SHOW=server");

  assert_shown (show, ARGUMENTS ("-connection-test", "-server", "x"), "setting: x\n");
  assert_shown (show, ARGUMENTS ("-connection-test", "-server=x"), "setting: x\n");
  assert_shown (show, ARGUMENTS ("--connection-test", "--server", "x"), "setting: x\n");
  assert_shown (show, ARGUMENTS ("--connection-test", "--server=x"), "setting: x\n");
  assert_shown (show, ARGUMENTS ("-connection-test", "-server", "-quick"), "setting: -quick\n");
  assert_shown (show, ARGUMENTS ("-connection-test", "-server", "a b/ü%"), "setting: a b/ü%\n");
  assert_shown (show, ARGUMENTS ("-d", "-connection-test", "-server", "a", "-server", "b", "--"),
                "setting: b\n");
}

static void
test_variables (void)
{
  assert_shown (VARIABLES ("CONTRACT_SHOW=server", "CONTRACT_SERVER=v", "DATASOURCE_CONNECTION_TEST=1"),
                ARGUMENTS (), "setting: v\n");
  assert_shown (VARIABLES ("CONTRACT_SHOW=server", "CONTRACT_SERVER=v"),
                ARGUMENTS ("-connection-test", "-server=o"), "setting: o\n");
  assert_shown (VARIABLES ("CONTRACT_SHOW=quick", "CONTRACT_SERVER=v", "CONTRACT_QUICK=yes"),
                ARGUMENTS ("-connection-test"), "setting: true\n");
  assert_shown (VARIABLES ("CONTRACT_SHOW=quick", "CONTRACT_SERVER=v", "CONTRACT_QUICK=no"),
                ARGUMENTS ("-connection-test"), "setting: \n");
  assert_shown (VARIABLES ("CONTRACT_SHOW=quick", "CONTRACT_SERVER=v"),
                ARGUMENTS ("-connection-test", "-quick"), "setting: true\n");
}

/* protocol.md, "Settings", one of the connector's own, and what the library adds. */
static const struct
{
  const char *name;
  const char *variable;
  gboolean is_switch;
  gboolean is_number;
} settings[] = {
  { "car-service-url", "CAR_SERVICE_URL", FALSE },
  { "car-service-key", "CAR_SERVICE_KEY", FALSE },
  { "car-service-password", "CAR_SERVICE_PASSWORD", FALSE },
  { "car-service-url-for-token", "CAR_SERVICE_URL_FOR_AUTHTOKEN", FALSE },
  { "car-service-token", "CAR_SERVICE_AUTHTOKEN", FALSE },
  { "car-service-ca", "CAR_SERVICE_CA", FALSE },
  { "source", "CONNECTION_NAME", FALSE },
  { "name", "CONNECTOR_NAME", FALSE },
  { "version", "CONNECTOR_VERSION", FALSE },
  { "debug", "DEBUG", TRUE },
  { "connection-test", "DATASOURCE_CONNECTION_TEST", TRUE },
  { "export-data-dir", NULL, FALSE },
  { "keep-export-data-dir", NULL, TRUE },
  { "export-data-page-size", NULL, FALSE, TRUE },
  { "car-service-timeout", "CAR_SERVICE_TIMEOUT", FALSE, TRUE },
  { "car-service-retries", "CAR_SERVICE_RETRIES", FALSE, TRUE },
  { "car-service-max-wait", "CAR_SERVICE_MAX_WAIT", FALSE, TRUE },
  { "car-service-max-outage", "CAR_SERVICE_MAX_OUTAGE", FALSE, TRUE },
  { "max-closing", "CAR_MAX_CLOSING", FALSE, TRUE },
  { "max-left-out", "CAR_MAX_LEFT_OUT", FALSE, TRUE },
  { "strict", "CAR_STRICT", TRUE },
  { "left-out", "CAR_LEFT_OUT", FALSE },
  { "state-dir", "CAR_STATE_DIR", FALSE },
  { "keep-staged", "CAR_KEEP_STAGED", FALSE, TRUE },
  { "no-resume", "CAR_NO_RESUME", TRUE },
  { "summary", "CAR_SUMMARY", FALSE },
  { "server", "CONTRACT_SERVER", FALSE },
  { "secret", "CONTRACT_SECRET", FALSE },
  { "quick", "CONTRACT_QUICK", TRUE },
};

typedef enum
{
  FROM_VARIABLE,
  FROM_OPTION,
  FROM_FILE,
} Origin;

/* The texts are paths so that the summary of the connection test goes nowhere. A switch is off in a file. */
static const char *
get_value (guint setting, Origin origin)
{
  static const char *const texts[] = { "/dev/null", "/dev/../dev/null", "/dev/./null" };
  static const char *const numbers[] = { "7", "8", "9" };
  static const char *const switches[] = { "yes", NULL, "false" };

  return settings[setting].is_switch   ? switches[origin]
         : settings[setting].is_number ? numbers[origin]
                                       : texts[origin];
}

static char *
show_value (guint setting, Origin origin)
{
  return settings[setting].is_switch ? g_strdup (origin == FROM_FILE ? "setting: \n" : "setting: true\n")
                                     : g_strdup_printf ("setting: %s\n", get_value (setting, origin));
}

static GStrv
spell (const char *name, const char *dashes, const char *value, gboolean with_equals)
{
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();
  g_autofree char *option = g_strconcat (dashes, name, with_equals ? "=" : NULL, value, NULL);
  g_autofree char *alone = g_strconcat (dashes, name, NULL);

  g_strv_builder_add_many (arguments, "-connection-test", with_equals ? option : alone, NULL);
  if (!with_equals && value != NULL)
    g_strv_builder_add (arguments, value);

  return g_strv_builder_end (arguments);
}

/* In every spelling, over the variable. */
static void
assert_option (guint setting, const char *const *variables)
{
  static const char *const dashes[] = { "-", "--" };
  g_autofree char *shown = show_value (setting, FROM_OPTION);

  for (guint dash = 0; dash < G_N_ELEMENTS (dashes); dash++)
    for (guint equals = 0; equals <= !settings[setting].is_switch; equals++)
      {
        g_auto (GStrv) arguments =
            spell (settings[setting].name, dashes[dash], get_value (setting, FROM_OPTION), equals);

        g_test_message ("%s", arguments[1]);
        assert_shown (variables, (const char *const *) arguments, shown);
      }
}

static void
assert_setting (guint setting, const char *folder, const char *key)
{
  g_autofree char *show = g_strconcat ("CONTRACT_SHOW=", settings[setting].name, NULL);
  g_autofree char *secrets = g_strconcat ("CAR_SECRETS_DIR=", folder, NULL);
  g_autofree char *variable =
      g_strdup_printf ("%s=%s", settings[setting].variable == NULL ? "A" : settings[setting].variable,
                       get_value (setting, FROM_VARIABLE));
  const char *const *variables = VARIABLES ("CONTRACT_SERVER=x", show, secrets, variable);
  g_auto (GStrv) arguments = spell (settings[setting].name, "-", get_value (setting, FROM_OPTION), FALSE);
  g_autofree char *from_variable = show_value (setting, FROM_VARIABLE);
  g_autofree char *from_file = show_value (setting, FROM_FILE);

  assert_option (setting, variables);
  if (settings[setting].variable == NULL)
    return;

  assert_shown (variables, ARGUMENTS ("-connection-test"), from_variable);
  if (g_str_equal (settings[setting].name, "connection-test"))
    return; /* off, it would be another run */

  g_autofree char *token =
      secret_maker_encrypt (key, "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", get_value (setting, FROM_FILE), -1);
  secret_maker_write (folder, settings[setting].variable, token, -1);
  assert_shown (variables, (const char *const *) arguments, from_file);
}

/* Each setting by variable, by option in all spellings, and by encrypted file, in this order of precedence. */
static void
test_every_setting (void)
{
  g_autofree char *key = secret_maker_make_key ("{\"alg\":\"A128GCM\"}");

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      char *folder = secret_maker_make_folder (key);

      assert_setting (i, folder, key);
      secret_maker_remove_folder (folder);
    }

  assert_shown (VARIABLES ("CONTRACT_SERVER=x", "CONTRACT_SHOW=debug"), ARGUMENTS ("-connection-test", "-d"),
                "setting: true\n");
}

static void
test_refused (void)
{
  const char *const *none = VARIABLES ();

  assert_refused (none, ARGUMENTS ("-connection-test"),
                  "-server (CONTRACT_SERVER) is missing: the data source");
  assert_refused (VARIABLES ("CONTRACT_SERVER="), ARGUMENTS ("-connection-test"),
                  "-server (CONTRACT_SERVER) is missing");
  assert_refused (none, ARGUMENTS ("-server", "x", "-source", "s"), "-car-service-url (CAR_SERVICE_URL)");
  assert_refused (none, ARGUMENTS ("-server", "x", "-car-service-url", "u", "-car-service-key", "k"),
                  "-source (CONNECTION_NAME) is missing");
  assert_refused (none, ARGUMENTS ("-connection-test", "-server"),
                  "-server (CONTRACT_SERVER) needs a value: the data source");
  assert_refused (none, ARGUMENTS ("-connection-test", "-server", "x", "-unknown"), "-unknown");
  assert_refused (none, ARGUMENTS ("-connection-test", "-server", "x", "stray"), "belongs to no option");
  assert_refused (none, ARGUMENTS ("-connection-test", "-server", "x", "--", "-quick"),
                  "belongs to no option");
  assert_refused (none, ARGUMENTS ("-connection-test", "-server", "x", "-log-format", "xml"),
                  "-log-format (CAR_LOG_FORMAT) must be one of json, text, auto, not “xml”");
  assert_refused (VARIABLES ("CONTRACT_SERVER=caf\xe9"), ARGUMENTS ("-connection-test"),
                  "-server (CONTRACT_SERVER) is not UTF-8");

  /* Some are refused by the client, which knows no options. */
  assert_refused (VARIABLES ("CAR_SERVICE_KEY=k", "CAR_SERVICE_PASSWORD=p"),
                  ARGUMENTS ("-server", "x", "-source", "s", "-car-service-url", "ftp://x"),
                  "-car-service-url (CAR_SERVICE_URL), ");
  assert_refused (
      VARIABLES ("CAR_SERVICE_URL_FOR_AUTHTOKEN=http://127.0.0.1:1/", "CAR_SERVICE_AUTHTOKEN=a b"),
      ARGUMENTS ("-server", "x", "-source", "s"), "-car-service-token (CAR_SERVICE_AUTHTOKEN): ");
}

/* What was mistyped may have been a secret. */
static void
test_refused_without_telling (void)
{
  static const char *const arguments[][4] = {
    { "-secrett", "hunter2" }, { "-secrett=hunter2" }, { "--secrett=hunter2" },
    { "-quick", "hunter2" },   { "-quick=hunter2" },   { "-secret", "hunter2", "hunter2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      g_auto (ConnectorRun) run = { 0 };

      run_connector (VARIABLES (), arguments[i], &run);
      assert_exited (&run, CAR_APP_ERROR_INVALID_PARAMETER, "--help");
      g_assert_null (strstr (run.log, "hunter2"));
    }
}

static void
test_help (void)
{
  static const char *const wanted[] = {
    "--source=NAME", "(CONNECTION_NAME)", "--car-service-token=TOKEN", "(CAR_SERVICE_AUTHTOKEN)",
    "-d, --debug",   "--server=URL",      "(CONTRACT_SERVER)",         "--export-data-page-size=NUMBER",
    "--log-format",  "Exit codes",        "--secret=PASSWORD",         "--version=VERSION",
    "[OPTION...]",   "json|text|auto",    "1 to 100000, default 2000", "; required\n",
  };
  static const char *const spellings[] = { "--help", "-help", "-h" };

  for (guint spelling = 0; spelling < G_N_ELEMENTS (spellings); spelling++)
    {
      g_auto (ConnectorRun) run = { 0 };

      run_connector (VARIABLES ("LC_ALL=C"), ARGUMENTS (spellings[spelling]), &run);
      assert_exited (&run, 0, "");
      g_assert_null (strstr (run.out, "?]"));
      for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
        g_assert_nonnull (strstr (run.out, wanted[i]));
    }
}

/* Alone it asks; with a value it is the setting. */
static void
test_version (void)
{
  static const char *const spellings[] = { "--version", "-version" };
  g_autofree char *library = g_strdup_printf (" (libcar %s)\n", PACKAGE_VERSION);

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++)
    {
      g_auto (ConnectorRun) run = { 0 }, told = { 0 };

      run_connector (VARIABLES ("CONTRACT_VERSION=7.5"), ARGUMENTS (spellings[i]), &run);
      assert_exited (&run, 0, "");
      g_assert_cmpstr (run.log, ==, "");
      g_assert_true (g_str_has_prefix (run.out, "contract-connector 7.5 "));
      g_assert_true (g_str_has_suffix (run.out, library));

      run_connector (VARIABLES ("CONTRACT_SERVER=x"), ARGUMENTS ("-connection-test", spellings[i], "9"),
                     &told);
      assert_exited (&told, 0, "\"version\":\"9\"");
    }
}

/* A line from before the settings were read looks like all others. */
static void
test_early_lines (void)
{
  g_auto (ConnectorRun) json = { 0 }, text = { 0 };
  const char *const *variables = VARIABLES ("CONTRACT_SERVER=x", "CONTRACT_SAY=early");

  run_connector (variables, ARGUMENTS ("-connection-test", "-source", "s"), &json);
  assert_exited (&json, 0, "\"message\":\"early\",\"connector\":\"contract-connector\",\"source\":\"s\"");

  run_connector (variables, ARGUMENTS ("-connection-test", "-log-format", "text"), &text);
  assert_exited (&text, 0, "Z early\n");
}

static void
test_connection_test (void)
{
  static const struct
  {
    const char *how;
    int code;
    const char *logged;
  } cases[] = {
    { "CONTRACT_FAIL=test_connection:datasource:50", 50, "Failure of the data source (exit code 50)" },
    { "CONTRACT_FAIL=test_connection:datasource:51", 51, "told to" },
    { "CONTRACT_FAIL=test_connection:datasource:55", 55, "told to" },
    { "CONTRACT_FAIL=test_connection:datasource:200", 200, "told to" },
    { "CONTRACT_FAIL=test_connection:datasource:0", 50, "told to" },
    { "CONTRACT_FAIL=test_connection:datasource:256", 50, "told to" },
    { "CONTRACT_FAIL=test_connection:recoverable:-1", 10, "told to" },
    { "CONTRACT_FAIL=test_connection:unrecoverable:0", 20, "told to" },
    { "CONTRACT_FAIL=test_connection:app:999", 1, "told to" },
    { "CONTRACT_FAIL=test_connection:other", 1,
      "told to [g-io-error-quark 12]. General failure (exit code 1)" },
    { "CONTRACT_FAIL=test_connection:app:2", 2, "Invalid settings (exit code 2)" },
    { "CONTRACT_FAIL=test_connection:no-error", 1, "ContractServer.test_connection failed and set no error" },
    { "CONTRACT_FAIL=test_connection:success-with-error", 1,
      "ContractServer.test_connection succeeded and set an error all the same: told to" },
    { "CONTRACT_FAIL=create_asset_server:datasource:52", 52, "told to" },
    { "CONTRACT_FAIL=create_asset_server:wrong-type", 1,
      "ContractApp.create_asset_server returned a GCancellable, which is not a CarAssetServer" },
    { "CONTRACT_FAIL=create_asset_server:no-error", 1,
      "ContractApp.create_asset_server failed and set no error" },
    { "CONTRACT_MISSING=create_asset_server", 1, "ContractApp does not implement create_asset_server" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (ConnectorRun) run = { 0 };

      run_connector (VARIABLES (cases[i].how, "CONTRACT_SERVER=x"), ARGUMENTS ("-connection-test"), &run);
      if (connector_catches (cases[i].how))
        assert_exited (&run, 0, "The data source can be reached");
      else
        assert_exited (&run, cases[i].code, cases[i].logged);
    }
}

static void
test_exceptions (void)
{
  static const struct
  {
    const char *how;
    const char *logged;
  } cases[] = {
    { "CONTRACT_FAIL=test_connection:exception", "ContractServer.test_connection raised " },
    { "CONTRACT_FAIL=test_connection:exception", "told to. General failure (exit code 1)" },
    { "CONTRACT_FAIL=test_connection:wrong-value", "ContractServer.test_connection returned a " },
    { "CONTRACT_FAIL=create_asset_server:exception", "ContractApp.create_asset_server raised " },
    { "CONTRACT_FAIL=create_asset_server:wrong-value", "which is not a CarAssetServer" },
    { "CONTRACT_FAIL=create_asset_server:uninitialised", "super" },
  };

  if (!connector_raises ())
    {
      g_test_skip ("the connector's language has no exceptions");
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (ConnectorRun) run = { 0 };

      run_connector (VARIABLES (cases[i].how, "CONTRACT_SERVER=x"), ARGUMENTS ("-connection-test"), &run);
      assert_exited (&run, 1, cases[i].logged);
    }
}

static void
test_signals (void)
{
  static const struct
  {
    const char *how;
    int code;
    const char *logged;
  } cases[] = {
    { "CONTRACT_FAIL=test_connection:signal:2", 130, "Stopped by SIGINT (exit code 130)" },
    { "CONTRACT_FAIL=test_connection:signal:15", 143, "Stopped by SIGTERM (exit code 143)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (ConnectorRun) run = { 0 };

      run_connector (VARIABLES (cases[i].how, "CONTRACT_SERVER=x"), ARGUMENTS ("-connection-test"), &run);
      assert_exited (&run, cases[i].code, cases[i].logged);
    }
}

static void
test_signal_in_thread (void)
{
  g_auto (ConnectorRun) run = { 0 };

  if (!connector_has_threads ())
    {
      g_test_skip ("the connector's language has no threads");
      return;
    }

  run_connector (
      VARIABLES ("CONTRACT_THREAD=1", "CONTRACT_FAIL=test_connection:signal:15", "CONTRACT_SERVER=x"),
      ARGUMENTS ("-connection-test"), &run);
  assert_exited (&run, 128 + SIGTERM, "Stopped by SIGTERM");
}

/* A method that looks at nothing: the first signal cannot stop it, the second does. */
static void
test_second_signal (void)
{
  g_autoptr (GSubprocess) process = start_connector (
      VARIABLES ("CONTRACT_FAIL=test_connection:hang", "CONTRACT_SERVER=x"), ARGUMENTS ("-connection-test"));
  g_auto (ConnectorRun) run = { 0 };

  wait_for_line (process, "hanging");
  g_subprocess_send_signal (process, SIGTERM);
  wait_for_line (process, "still hanging");
  g_subprocess_send_signal (process, SIGTERM);

  finish_connector (process, &run);
  g_assert_cmpint (run.code, ==, 128 + SIGTERM);
}

static void
test_secrets_are_wiped (void)
{
  static const char *const spellings[][3] = { { "-secret", "hunter2" },
                                              { "-secret=hunter2" },
                                              { "--secret=hunter2" } };

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++)
    {
      g_autoptr (GSubprocess) process =
          start_connector (VARIABLES ("CONTRACT_FAIL=test_connection:hang", "CONTRACT_SHOW=secret"),
                           ARGUMENTS ("-connection-test", "-server", "visible", spellings[i][0],
                                      spellings[i][1] != NULL ? spellings[i][1] : "-quick"));
      g_auto (ConnectorRun) run = { 0 };
      g_autofree char *list = NULL;
      gsize length = 0;

      wait_for_line (process, "setting: hunter2");

      g_autofree char *path = g_strdup_printf ("/proc/%s/cmdline", g_subprocess_get_identifier (process));
      g_assert_true (g_file_get_contents (path, &list, &length, NULL));
      g_assert_nonnull (memmem (list, length, "visible", strlen ("visible")));
      g_assert_null (memmem (list, length, "hunter2", strlen ("hunter2")));

      g_subprocess_force_exit (process);
      finish_connector (process, &run);
    }
}

static void
test_log_formats (void)
{
  const char *const *variables = VARIABLES ("CONTRACT_SERVER=x");
  g_auto (ConnectorRun) json = { 0 }, unnamed = { 0 }, text = { 0 }, debug = { 0 };

  run_connector (variables, ARGUMENTS ("-connection-test", "-name", "n", "-version", "9", "-source", "s"),
                 &json);
  assert_exited (&json, 0,
                 "\"message\":\"The data source can be reached\",\"connector\":\"n\",\"source\":\"s\","
                 "\"version\":\"9\"}\n");

  /* The program's name, in whatever language it is. */
  run_connector (variables, ARGUMENTS ("-connection-test"), &unnamed);
  assert_exited (&unnamed, 0, "\"connector\":\"contract-connector\",");

  run_connector (variables, ARGUMENTS ("-connection-test", "--log-format=text"), &text);
  assert_exited (&text, 0, "");
  g_assert_true (g_regex_match_simple (
      "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z The data source can be reached\n$", text.log, 0,
      0));

  run_connector (VARIABLES ("CONTRACT_SERVER=x", "CAR_LOG_FORMAT=text", "DEBUG=1"),
                 ARGUMENTS ("-connection-test"), &debug);
  assert_exited (&debug, 0, "debug: [libcar] testing the connection to the data source\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/app/spellings", test_spellings);
  g_test_add_func ("/app/variables", test_variables);
  g_test_add_func ("/app/every-setting", test_every_setting);
  g_test_add_func ("/app/refused", test_refused);
  g_test_add_func ("/app/refused-without-telling", test_refused_without_telling);
  g_test_add_func ("/app/help", test_help);
  g_test_add_func ("/app/version", test_version);
  g_test_add_func ("/app/early-lines", test_early_lines);
  g_test_add_func ("/app/connection-test", test_connection_test);
  g_test_add_func ("/app/exceptions", test_exceptions);
  g_test_add_func ("/app/signals", test_signals);
  g_test_add_func ("/app/signal-in-thread", test_signal_in_thread);
  g_test_add_func ("/app/second-signal", test_second_signal);
  g_test_add_func ("/app/secrets-are-wiped", test_secrets_are_wiped);
  g_test_add_func ("/app/log-formats", test_log_formats);

  return g_test_run ();
}
