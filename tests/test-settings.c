/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include <libcar/car.h>
#include <libcar/settings/car-arguments-private.h>
#include <libcar/settings/car-connector-name-private.h>
#include <libcar/run/car-run-options-private.h>

/* Settings with "server" (CONFIGURATION_SERVER), required, and "quiet", a switch. */
static CarSettings *
make_settings (void)
{
  CarSettings *settings = car_settings_new ();

  g_assert_true (car_settings_add (settings,
                                   car_setting_new_text ("server", "CONFIGURATION_SERVER",
                                                         CAR_SETTING_REQUIRED, "the server", "URL", NULL),
                                   NULL));
  g_assert_true (car_settings_add (
      settings, car_setting_new_boolean ("quiet", "CONFIGURATION_QUIET", "be quiet", FALSE), NULL));

  return settings;
}

/* Parses "program|argument|…". */
static CarRequest
parse (CarSettings *settings, const char *given, GError **error)
{
  g_auto (GStrv) arguments = g_strsplit (given, "|", -1);
  CarRequest request = CAR_ARGUMENTS_RUN;

  car_arguments_parse (settings, (int) g_strv_length (arguments), arguments, &request, error);
  g_assert_true (car_settings_load (settings, NULL));

  return request;
}

static void
assert_parsed (const char *given, const char *name, const char *value)
{
  g_autoptr (CarSettings) settings = make_settings ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (parse (settings, given, &error), ==, CAR_ARGUMENTS_RUN);
  g_assert_no_error (error);
  g_assert_cmpstr (car_settings_get (settings, name), ==, value);
}

static void
assert_not_parsed (const char *given, const char *message)
{
  g_autoptr (CarSettings) settings = make_settings ();
  g_autoptr (GError) error = NULL;

  parse (settings, given, &error);
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_spellings (void)
{
  assert_parsed ("p|-source|x", "source", "x");
  assert_parsed ("p|-source=x", "source", "x");
  assert_parsed ("p|--source|x", "source", "x");
  assert_parsed ("p|--source=x", "source", "x");
  assert_parsed ("p|-server|x|-quiet|-source|y", "source", "y");
  assert_parsed ("p|-server|x|-quiet|-source|y", "quiet", "true");
  assert_parsed ("p|-d|-connection-test", "debug", "true");
  assert_parsed ("p|-debug", "debug", "true");
  assert_parsed ("p|-source=", "source", NULL);
  assert_parsed ("p|-source|", "source", NULL);
  assert_parsed ("p|-source=a=b", "source", "a=b");
  assert_parsed ("-source|-source|-source", "source", "-source");
  assert_parsed ("p|-quiet|-quiet=no", "quiet", NULL);
  assert_parsed ("p|-quiet=no|-quiet=YES", "quiet", "true");
}

static void
test_values_are_left_alone (void)
{
  assert_parsed ("p|-car-service-password|-source|-source|x", "car-service-password", "-source");
  assert_parsed ("p|-car-service-password|-source|-source|x", "source", "x");
  assert_parsed ("p|-server|--", "server", "--");
  assert_parsed ("p|-car-service-password|--a=b", "car-service-password", "--a=b");
  assert_parsed ("p|-car-service-password|-help|--", "car-service-password", "-help");
  assert_parsed ("p|--", "source", NULL);
  assert_parsed ("p|-version|1.2", "version", "1.2");
  assert_parsed ("p|-version=1.2", "version", "1.2");
  assert_parsed ("p|--version=1.2|-d", "version", "1.2");
}

/* What was meant to be a secret is in no message. */
static void
test_refused_arguments (void)
{
  const char *stray = "an argument belongs to no option (a value with spaces needs quotes)";

  assert_not_parsed ("p|-car-service-pasword=secret", "there is no option -car-service-pasword");
  assert_not_parsed ("p|--car-service-pasword=secret", "there is no option --car-service-pasword");
  assert_not_parsed ("p|-sourcex|secret", "there is no option -sourcex");
  assert_not_parsed ("p|-source\xe9", "there is no option -source\357\277\275");
  assert_not_parsed ("p|-quiet=secret", "-quiet (CONFIGURATION_QUIET) takes no value but yes or no");
  assert_not_parsed ("p|-server", "-server (CONFIGURATION_SERVER) needs a value: the server");
  assert_not_parsed ("p|secret|-x", stray);
  assert_not_parsed ("p|-", stray);
  assert_not_parsed ("p|-hunter2|-car-service-password|hunter2",
                     "an option is named like a secret that is given: look at the order of the arguments");
  assert_not_parsed ("p|--|-source|x", stray);
}

static void
test_requests (void)
{
  static const struct
  {
    const char *given;
    CarRequest request;
  } cases[] = {
    { "p|-h", CAR_ARGUMENTS_HELP },
    { "p|-help", CAR_ARGUMENTS_HELP },
    { "p|-source|x|--help|-d", CAR_ARGUMENTS_HELP },
    { "p|--help|--version", CAR_ARGUMENTS_HELP },
    { "p|-version", CAR_ARGUMENTS_VERSION },
    { "p|-d|--version", CAR_ARGUMENTS_VERSION },
    { "p|-source|--version", CAR_ARGUMENTS_RUN },
    { "p|--|--help", CAR_ARGUMENTS_RUN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CarSettings) settings = make_settings ();

      g_assert_cmpint (parse (settings, cases[i].given, NULL), ==, cases[i].request);
    }
}

static void
load (CarSettings *settings, const char *first_name, ...)
{
  g_autoptr (GError) error = NULL;
  va_list args;

  car_settings_clear_options (settings);
  va_start (args, first_name);
  for (const char *name = first_name; name != NULL; name = va_arg (args, const char *))
    car_settings_set_option (settings, car_settings_lookup (settings, name, -1), va_arg (args, const char *));
  va_end (args);

  car_settings_load (settings, &error);
  g_assert_no_error (error);
}

static void
test_precedence (void)
{
  g_autoptr (CarSettings) settings = make_settings ();

  g_setenv ("CONFIGURATION_SERVER", "from-variable", TRUE);
  load (settings, NULL);
  g_assert_cmpstr (car_settings_get (settings, "server"), ==, "from-variable");
  load (settings, "server", "from-option", NULL);
  g_assert_cmpstr (car_settings_get (settings, "server"), ==, "from-option");
  load (settings, "server", "", NULL);
  g_assert_cmpstr (car_settings_get (settings, "server"), ==, NULL);

  g_setenv ("CONFIGURATION_SERVER", "", TRUE);
  load (settings, NULL);
  g_assert_cmpstr (car_settings_get (settings, "server"), ==, NULL);
  g_unsetenv ("CONFIGURATION_SERVER");
  load (settings, NULL);
  g_assert_cmpstr (car_settings_get (settings, "server"), ==, NULL);
}

static void
test_switch_variables (void)
{
  static const struct
  {
    const char *value;
    gboolean on;
  } cases[] = {
    { "", FALSE },    { "0", FALSE }, { "false", FALSE }, { "False", FALSE }, { "NO", FALSE },
    { "off", FALSE }, { "1", TRUE },  { "yes", TRUE },    { "true", TRUE },   { "00", TRUE },
  };
  g_autoptr (CarSettings) settings = make_settings ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_setenv ("CONFIGURATION_QUIET", cases[i].value, TRUE);
      load (settings, NULL);
      g_assert_cmpint (car_settings_is_on (settings, "quiet"), ==, cases[i].on);
    }

  g_unsetenv ("CONFIGURATION_QUIET");
  load (settings, NULL);
  g_assert_false (car_settings_is_on (settings, "quiet"));

  load (settings, "quiet", "true", NULL);
  g_assert_cmpstr (car_settings_get (settings, "quiet"), ==, "true");
}

static void
test_not_utf8 (void)
{
  g_autoptr (CarSettings) settings = make_settings ();
  g_autoptr (GError) error = NULL;

  car_settings_set_option (settings, car_settings_lookup (settings, "source", -1), "caf\xe9");
  g_assert_false (car_settings_load (settings, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_cmpstr (error->message, ==, "-source (CONNECTION_NAME) is not UTF-8 text");
  g_assert_null (car_settings_get (settings, "source"));
}

static void
assert_options_error (CarSettings *settings, const char *message)
{
  CarRunOptions options;
  g_autoptr (GError) error = NULL;

  g_assert_false (car_run_options_init (&options, settings, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_missing (void)
{
  g_autoptr (CarSettings) settings = make_settings ();

  load (settings, "server", "s", "car-service-url", "u", "car-service-key", "a-key", "car-service-password",
        "password", NULL);
  assert_options_error (settings,
                        "-source (CONNECTION_NAME) is missing: the name of the source that is replicated");

  load (settings, "source", "x", "car-service-url", "u", "car-service-key", "a-key", "car-service-password",
        "password", NULL);
  assert_options_error (settings, "-server (CONFIGURATION_SERVER) is missing: the server");

  load (settings, "source", "x", "server", "s", "car-service-url", "u", "car-service-key", "a-key", NULL);
  assert_options_error (settings,
                        "-car-service-password (CAR_SERVICE_PASSWORD) is missing: the password to that key");

  load (settings, "source", "x", "server", "s", "car-service-token", "token", NULL);
  assert_options_error (settings,
                        "-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) is missing: the CAR "
                        "service, with a token");

  load (settings, "source", "x", "server", "s", NULL);
  assert_options_error (
      settings, "the CAR service is missing: give -car-service-url (CAR_SERVICE_URL), -car-service-key "
                "(CAR_SERVICE_KEY) and -car-service-password (CAR_SERVICE_PASSWORD); or give "
                "-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) and -car-service-token "
                "(CAR_SERVICE_AUTHTOKEN)");

  load (settings, "car-service-url", "u", "car-service-token", "token", "server", "s", "source", "x", NULL);
  assert_options_error (
      settings, "-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) is missing: the CAR service, "
                "with a token; -car-service-key (CAR_SERVICE_KEY) is missing: the key to the CAR service; "
                "-car-service-password (CAR_SERVICE_PASSWORD) is missing: the password to that key");
}

/* What is most often wrong with a secret is told in words that do not print it. */
static void
test_looks_of_secrets (void)
{
#define BEGINS_OR_ENDS "begins or ends with a space or an end of line, *"
  static const struct
  {
    const char *secret;
    GLogLevelFlags level;
    const char *words;
  } cases[] = {
    { "xyz", G_LOG_LEVEL_MESSAGE, "has fewer than 4 characters: *" },
    { "xyzzy\n", G_LOG_LEVEL_WARNING, BEGINS_OR_ENDS },
    { " xyzzy", G_LOG_LEVEL_WARNING, BEGINS_OR_ENDS },
  };
  g_autoptr (CarSettings) settings = make_settings ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *message =
          g_strdup_printf ("-car-service-password (CAR_SERVICE_PASSWORD) %s", cases[i].words);

      g_test_expect_message ("libcar", cases[i].level, message);
      load (settings, "car-service-password", cases[i].secret, NULL);
      g_test_assert_expected_messages ();
      g_assert_cmpstr (car_settings_get (settings, "car-service-password"), ==, cases[i].secret);
    }
  load (settings, "car-service-password", "xy zzy", NULL);
}

static void
test_ways_to_the_service (void)
{
  g_autoptr (CarSettings) settings = make_settings ();
  CarRunOptions options;

  load (settings, "source", "x", "server", "s", "car-service-url", "u", "car-service-key", "a-key",
        "car-service-password", "password", "car-service-url-for-token", "tu", NULL);
  g_assert_true (car_run_options_init (&options, settings, NULL));
  g_assert_cmpstr (options.service.url, ==, "u");
  g_assert_cmpstr (options.service.key, ==, "a-key");
  g_assert_cmpstr (options.service.password, ==, "password");
  g_assert_cmpstr (options.service.token, ==, NULL);
  g_assert_cmpuint (options.page_size, ==, 2000);

  load (settings, "source", "x", "server", "s", "car-service-url", "u", "car-service-key", "a-key",
        "car-service-password", "password", "car-service-url-for-token", "tu", "car-service-token", "token",
        NULL);
  g_assert_true (car_run_options_init (&options, settings, NULL));
  g_assert_cmpstr (options.service.url, ==, "tu");
  g_assert_cmpstr (options.service.token, ==, "token");
  g_assert_cmpstr (options.service.key, ==, NULL);
}

static void
test_page_size (void)
{
  static const char *const bad[] = { "0", "100001", "-1", "ten", "1.5", " 5", "99999999999999999999" };
  g_autoptr (CarSettings) settings = make_settings ();
  CarRunOptions options;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *message = g_strdup_printf (
          "-export-data-page-size must be a whole number from 1 to 100000, not “%s”", bad[i]);

      car_settings_set_option (settings, car_settings_lookup (settings, "export-data-page-size", -1), bad[i]);
      g_assert_false (car_settings_load (settings, &error));
      g_assert_cmpstr (error->message, ==, message);
    }

  load (settings, "source", "x", "server", "s", "car-service-url-for-token", "u", "car-service-token",
        "token", "export-data-page-size", "100000", NULL);
  g_assert_true (car_run_options_init (&options, settings, NULL));
  g_assert_cmpuint (options.page_size, ==, 100000);
}

static void
test_source (void)
{
  static const char *const bad[] = { ".", ".." };
  static const char *const good[] = { "...", "a/../b", ".hidden", "ü", " " };
  g_autoptr (CarSettings) settings = make_settings ();
  CarRunOptions options;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      load (settings, "source", bad[i], "server", "s", "car-service-url-for-token", "u", "car-service-token",
            "token", NULL);
      assert_options_error (
          settings,
          "-source (CONNECTION_NAME) must be a name of its own: no URL can hold one that is “.” or “..”");
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      load (settings, "source", good[i], "server", "s", "car-service-url-for-token", "u", "car-service-token",
            "token", NULL);
      g_assert_true (car_run_options_init (&options, settings, NULL));
      g_assert_cmpstr (options.source, ==, good[i]);
    }
}

static void
test_connector_name (void)
{
  static const struct
  {
    const char *text;
    const char *name;
    const char *warning;
  } cases[] = {
    { "{\"connection\": {\"type\": {\"id\": 1, \"displayName\": \"My \\u0043onnector\"}}}", "My Connector",
      NULL },
    { "{\"connection\": {\"type\": {\"displayName\": 5}}}", NULL, NULL },
    { "{\"connection\": {\"type\": {\"displayName\": \"\"}}}", NULL, NULL },
    { "{\"connection\": {\"type\": {\"displayName\": \"a\\u0000b\"}}}", NULL, NULL },
    { "{\"connection\": []}", NULL, NULL },
    { "[]", NULL, NULL },
    { "{\"connection\": ", NULL, "*cannot be read from*" },
    { "{} x", NULL, "*cannot be read from*" },
  };
  g_autofree char *folder = g_dir_make_tmp ("car-settings-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "config.json", NULL);

  g_assert_null (car_connector_name_from_file (path));

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_true (g_file_set_contents (path, cases[i].text, -1, NULL));
      if (cases[i].warning != NULL)
        g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, cases[i].warning);
      g_autofree char *name = car_connector_name_from_file (path);
      g_test_assert_expected_messages ();
      g_assert_cmpstr (name, ==, cases[i].name);
    }

  g_autofree char *long_text = g_strnfill (2 * 1024 * 1024, ' ');
  g_assert_true (g_file_set_contents (path, long_text, -1, NULL));
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*cannot be read from*");
  g_assert_null (car_connector_name_from_file (path));
  g_test_assert_expected_messages ();

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*cannot be read from*");
  g_assert_null (car_connector_name_from_file (folder));
  g_test_assert_expected_messages ();

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_program_name (void)
{
  static const char *const cases[][2] = {
    { "connector", "connector" },       { "connector.py", "connector" }, { "connector.js", "connector" },
    { "connector.v2", "connector.v2" }, { "copy.py.py", "copy.py" },     { ".py", ".py" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = car_connector_name_from_program (cases[i][0]);

      g_assert_cmpstr (name, ==, cases[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/settings/spellings", test_spellings);
  g_test_add_func ("/settings/values-are-left-alone", test_values_are_left_alone);
  g_test_add_func ("/settings/refused-arguments", test_refused_arguments);
  g_test_add_func ("/settings/requests", test_requests);
  g_test_add_func ("/settings/precedence", test_precedence);
  g_test_add_func ("/settings/switch-variables", test_switch_variables);
  g_test_add_func ("/settings/not-utf8", test_not_utf8);
  g_test_add_func ("/settings/missing", test_missing);
  g_test_add_func ("/settings/looks-of-secrets", test_looks_of_secrets);
  g_test_add_func ("/settings/ways-to-the-service", test_ways_to_the_service);
  g_test_add_func ("/settings/page-size", test_page_size);
  g_test_add_func ("/settings/source", test_source);
  g_test_add_func ("/settings/connector-name", test_connector_name);
  g_test_add_func ("/settings/program-name", test_program_name);

  return g_test_run ();
}
