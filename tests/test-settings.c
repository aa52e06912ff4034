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

  car_settings_add (settings, "server", "CONFIGURATION_SERVER", CAR_SETTING_REQUIRED, "the server", "URL");
  car_settings_add (settings, "quiet", "CONFIGURATION_QUIET", CAR_SETTING_SWITCH, "be quiet", NULL);

  return settings;
}

static void
assert_normalised (const char *given, const char *wanted)
{
  g_autoptr (CarSettings) settings = make_settings ();
  g_auto (GStrv) arguments = g_strsplit (given, "|", -1);
  g_auto (GStrv) normalised = car_arguments_normalise (settings, (const char *const *) arguments);
  g_autofree char *joined = g_strjoinv ("|", normalised);

  g_assert_cmpstr (joined, ==, wanted);
}

static void
test_spellings (void)
{
  assert_normalised ("p|-source|x", "p|--source=x");
  assert_normalised ("p|-source=x", "p|--source=x");
  assert_normalised ("p|--source|x", "p|--source=x");
  assert_normalised ("p|--source=x", "p|--source=x");
  assert_normalised ("p|-server|x|-quiet|-source|y", "p|--server=x|--quiet|--source=y");
  assert_normalised ("p|-d|-connection-test", "p|-d|--connection-test");
  assert_normalised ("p|-source=", "p|--source=");
  assert_normalised ("p|-source|", "p|--source=");
  assert_normalised ("p|-source=a=b", "p|--source=a=b");
  assert_normalised ("p|-help", "p|--help");
  assert_normalised ("-source|-source|-source", "-source|--source=-source");
}

static void
test_values_are_left_alone (void)
{
  assert_normalised ("p|-car-service-password|-source|-source|x",
                     "p|--car-service-password=-source|--source=x");
  assert_normalised ("p|-car-service-password|--", "p|--car-service-password=--");
  assert_normalised ("p|-car-service-password|--a=b", "p|--car-service-password=--a=b");
  assert_normalised ("p|--|-source|x", "p|--|-source|x");
  assert_normalised ("p|-source", "p|--source");
  assert_normalised ("p|-", "p|-");
}

/* GOption shows an option that it does not know; what was meant to be a secret is not among it. */
static void
test_unknown_options (void)
{
  assert_normalised ("p|-car-service-pasword=secret", "p|-car-service-pasword|secret");
  assert_normalised ("p|--car-service-pasword=secret", "p|--car-service-pasword|secret");
  assert_normalised ("p|-sourcex|y", "p|-sourcex|y");
}

static void
load (CarSettings *settings, const char *first_name, ...)
{
  g_autoptr (GVariantDict) options = g_variant_dict_new (NULL);
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, first_name);
  for (const char *name = first_name; name != NULL; name = va_arg (args, const char *))
    g_variant_dict_insert (options, name, "^ay", va_arg (args, const char *));
  va_end (args);

  car_settings_load (settings, options, &error);
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
    { "", FALSE }, { "0", FALSE },  { "false", FALSE }, { "False", FALSE }, { "NO", FALSE },
    { "1", TRUE }, { "yes", TRUE }, { "true", TRUE },   { "00", TRUE },
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

  g_autoptr (GVariantDict) options = g_variant_dict_new (NULL);
  g_variant_dict_insert (options, "quiet", "b", TRUE);
  g_assert_true (car_settings_load (settings, options, NULL));
  g_assert_cmpstr (car_settings_get (settings, "quiet"), ==, "true");
}

static void
test_not_utf8 (void)
{
  g_autoptr (CarSettings) settings = make_settings ();
  g_autoptr (GVariantDict) options = g_variant_dict_new (NULL);
  g_autoptr (GError) error = NULL;

  g_variant_dict_insert (options, "source", "^ay", "caf\xe9");
  g_assert_false (car_settings_load (settings, options, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_cmpstr (error->message, ==, "-source (CONNECTION_NAME) is not UTF-8 text");
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

  load (settings, "server", "s", "car-service-url", "u", "car-service-key", "k", "car-service-password", "p",
        NULL);
  assert_options_error (settings,
                        "-source (CONNECTION_NAME) is missing: the name of the source that is replicated");

  load (settings, "source", "x", "car-service-url", "u", "car-service-key", "k", "car-service-password", "p",
        NULL);
  assert_options_error (settings, "-server (CONFIGURATION_SERVER) is missing: the server");

  load (settings, "source", "x", "server", "s", "car-service-url", "u", "car-service-key", "k", NULL);
  assert_options_error (settings,
                        "-car-service-password (CAR_SERVICE_PASSWORD) is missing: the password to that key");

  load (settings, "source", "x", "server", "s", "car-service-token", "t", NULL);
  assert_options_error (settings,
                        "-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) is missing: the CAR "
                        "service, with a token");

  load (settings, "source", "x", "server", "s", NULL);
  assert_options_error (
      settings, "the CAR service is missing: give -car-service-url (CAR_SERVICE_URL), -car-service-key "
                "(CAR_SERVICE_KEY) and -car-service-password (CAR_SERVICE_PASSWORD); or give "
                "-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) and -car-service-token "
                "(CAR_SERVICE_AUTHTOKEN)");

  load (settings, "car-service-url", "u", "car-service-token", "t", "server", "s", "source", "x", NULL);
  assert_options_error (
      settings, "-car-service-url-for-token (CAR_SERVICE_URL_FOR_AUTHTOKEN) is missing: the CAR service, "
                "with a token; -car-service-key (CAR_SERVICE_KEY) is missing: the key to the CAR service; "
                "-car-service-password (CAR_SERVICE_PASSWORD) is missing: the password to that key");
}

static void
test_ways_to_the_service (void)
{
  g_autoptr (CarSettings) settings = make_settings ();
  CarRunOptions options;

  load (settings, "source", "x", "server", "s", "car-service-url", "u", "car-service-key", "k",
        "car-service-password", "p", "car-service-url-for-token", "tu", NULL);
  g_assert_true (car_run_options_init (&options, settings, NULL));
  g_assert_cmpstr (options.url, ==, "u");
  g_assert_cmpstr (options.key, ==, "k");
  g_assert_cmpstr (options.password, ==, "p");
  g_assert_cmpstr (options.token, ==, NULL);
  g_assert_cmpuint (options.page_size, ==, 2000);

  load (settings, "source", "x", "server", "s", "car-service-url", "u", "car-service-key", "k",
        "car-service-password", "p", "car-service-url-for-token", "tu", "car-service-token", "t", NULL);
  g_assert_true (car_run_options_init (&options, settings, NULL));
  g_assert_cmpstr (options.url, ==, "tu");
  g_assert_cmpstr (options.token, ==, "t");
  g_assert_cmpstr (options.key, ==, NULL);
}

static void
test_page_size (void)
{
  static const char *const bad[] = { "0", "100001", "-1", "ten", "1.5", " 5", "99999999999999999999" };
  g_autoptr (CarSettings) settings = make_settings ();
  CarRunOptions options;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *message = g_strdup_printf (
          "-export-data-page-size must be a whole number from 1 to 100000, not “%s”", bad[i]);

      load (settings, "source", "x", "server", "s", "car-service-url-for-token", "u", "car-service-token",
            "t", "export-data-page-size", bad[i], NULL);
      assert_options_error (settings, message);
    }

  load (settings, "source", "x", "server", "s", "car-service-url-for-token", "u", "car-service-token", "t",
        "export-data-page-size", "100000", NULL);
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
            "t", NULL);
      assert_options_error (
          settings,
          "-source (CONNECTION_NAME) must be a name of its own: no URL can hold one that is “.” or “..”");
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      load (settings, "source", good[i], "server", "s", "car-service-url-for-token", "u", "car-service-token",
            "t", NULL);
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
  g_test_add_func ("/settings/unknown-options", test_unknown_options);
  g_test_add_func ("/settings/precedence", test_precedence);
  g_test_add_func ("/settings/switch-variables", test_switch_variables);
  g_test_add_func ("/settings/not-utf8", test_not_utf8);
  g_test_add_func ("/settings/missing", test_missing);
  g_test_add_func ("/settings/ways-to-the-service", test_ways_to_the_service);
  g_test_add_func ("/settings/page-size", test_page_size);
  g_test_add_func ("/settings/source", test_source);
  g_test_add_func ("/settings/connector-name", test_connector_name);
  g_test_add_func ("/settings/program-name", test_program_name);

  return g_test_run ();
}
