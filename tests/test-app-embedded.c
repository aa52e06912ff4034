/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <string.h>

#include <libcar/car.h>

/* An app as a part of a program that has a log of its own: prepared, asked, run again. */

static GPtrArray *lines; /* what was logged, each with its level in front */

static GLogWriterOutput
keep_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  const char *message = "", *word = "";

  for (gsize i = 0; i < n_fields; i++)
    {
      if (g_str_equal (fields[i].key, "MESSAGE"))
        message = fields[i].value;
      if (g_str_equal (fields[i].key, "CAR_LEVEL"))
        word = fields[i].value;
    }

  g_ptr_array_add (lines, g_strconcat (word, ": ", message, NULL));
  return G_LOG_WRITER_HANDLED;
}

static void
assert_logged (const char *wanted)
{
  for (guint i = 0; i < lines->len; i++)
    if (strstr (lines->pdata[i], wanted) != NULL)
      return;

  g_error ("“%s” was not logged", wanted);
}

typedef CarAssetServer EmbeddedServer;
typedef CarAssetServerClass EmbeddedServerClass;
GType embedded_server_get_type (void);
G_DEFINE_TYPE (EmbeddedServer, embedded_server, CAR_TYPE_ASSET_SERVER)

static gboolean
test_connection (CarAssetServer *server, GCancellable *cancellable, GError **error)
{
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static void
embedded_server_class_init (EmbeddedServerClass *klass)
{
  klass->test_connection = test_connection;
}

static void
embedded_server_init (EmbeddedServer *self)
{
}

typedef struct
{
  CarApp parent_instance;
  guint n_made;
} EmbeddedApp;
typedef CarAppClass EmbeddedAppClass;
GType embedded_app_get_type (void);
G_DEFINE_TYPE (EmbeddedApp, embedded_app, CAR_TYPE_APP)

static CarAssetServer *
create_asset_server (CarApp *app, GError **error)
{
  ((EmbeddedApp *) app)->n_made++;
  return g_object_new (embedded_server_get_type (), NULL);
}

static void
embedded_app_class_init (EmbeddedAppClass *klass)
{
  klass->create_asset_server = create_asset_server;
}

static void
embedded_app_init (EmbeddedApp *self)
{
  static const char *const levels[] = { "low", "High", NULL };
  CarApp *app = CAR_APP (self);

  car_app_add_setting (
      app, car_setting_new_text ("client_id", NULL, CAR_SETTING_NONE, "the client", NULL, "nobody"));
  car_app_add_setting (app, car_setting_new_text ("subscriptionID", "EMBEDDED_SUBSCRIPTION",
                                                  CAR_SETTING_SECRET, "the subscription", "ID", NULL));
  car_app_add_setting (app, car_setting_new_integer ("timeout", "EMBEDDED_TIMEOUT", CAR_SETTING_NONE,
                                                     "how long to wait", "SECONDS", -1, 3600, 60));
  car_app_add_setting (app, car_setting_new_integer ("p", NULL, CAR_SETTING_REQUIRED | CAR_SETTING_SECRET,
                                                     "the PIN", NULL, 1000, 9999, 0));
  car_app_add_setting (app,
                       car_setting_new_choice ("level", NULL, CAR_SETTING_NONE, "how much", levels, "low"));
  car_app_add_setting (app, car_setting_new_boolean ("verify", "EMBEDDED_VERIFY", "verify it", TRUE));
  car_app_add_setting (app, car_setting_new_file ("inventory", NULL, CAR_SETTING_NONE, "the file", NULL));
}

static CarApp *
make_app (void)
{
  return g_object_new (embedded_app_get_type (), "install-log", FALSE, NULL);
}

/* "-option|value|…" */
#define ARGUMENTS(given)                                                                                     \
  g_auto (GStrv) arguments = g_strsplit ("program|" given, "|", -1);                                         \
  int n_arguments = (int) g_strv_length (arguments)

static void
test_settings (void)
{
  g_autoptr (CarApp) app = make_app ();
  g_autoptr (GError) error = NULL;
  ARGUMENTS ("-client_id|me|-subscriptionID=secret|-timeout|-1|-level=HIGH|-verify=no|--inventory|/dev/null");

  g_assert_cmpstr (car_app_get_setting (app, "client_id"), ==, "nobody");
  g_assert_cmpint (car_app_get_integer_setting (app, "timeout"), ==, 60);
  g_assert_true (car_app_get_boolean_setting (app, "verify"));

  g_assert_true (car_app_prepare (app, n_arguments, arguments, &error));
  g_assert_no_error (error);
  g_assert_false (car_app_has_answered (app));
  g_assert_cmpstr (car_app_get_setting (app, "client_id"), ==, "me");
  g_assert_cmpstr (car_app_get_setting (app, "subscriptionID"), ==, "secret");
  g_assert_cmpstr (car_app_get_setting (app, "timeout"), ==, "-1");
  g_assert_cmpint (car_app_get_integer_setting (app, "timeout"), ==, -1);
  g_assert_cmpint (car_app_get_integer_setting (app, "export-data-page-size"), ==, 2000);
  g_assert_cmpstr (car_app_get_setting (app, "level"), ==, "High");
  g_assert_false (car_app_get_boolean_setting (app, "verify"));
  g_assert_null (car_app_get_setting (app, "verify"));
  g_assert_cmpstr (car_app_get_setting (app, "inventory"), ==, "/dev/null");

  /* Nothing of a run stays. */
  g_assert_true (car_app_prepare (app, 0, NULL, &error));
  g_assert_cmpstr (car_app_get_setting (app, "client_id"), ==, "nobody");
  g_assert_null (car_app_get_setting (app, "subscriptionID"));
  g_assert_true (car_app_get_boolean_setting (app, "verify"));
}

static void
test_wrong_values (void)
{
  g_autoptr (CarApp) app = make_app ();
  g_autoptr (GError) error = NULL;
  ARGUMENTS ("-timeout|3601|-p|hunter2|-level|middle|-inventory|/nonexistent/file");

  g_assert_false (car_app_prepare (app, n_arguments, arguments, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_cmpstr (
      error->message, ==,
      "-timeout (EMBEDDED_TIMEOUT) must be a whole number from -1 to 3600, not “3601”; "
      "-p must be a whole number from 1000 to 9999; "
      "-level must be one of low, High, not “middle”; "
      "-inventory must be a file that can be read: /nonexistent/file: No such file or directory");
}

static void
test_set_setting (void)
{
  g_autoptr (CarApp) app = make_app ();
  g_autoptr (GError) error = NULL;
  ARGUMENTS ("-timeout|7|-client_id|me");

  g_assert_true (car_app_set_setting (app, "timeout", "5", &error));
  g_assert_cmpint (car_app_get_integer_setting (app, "timeout"), ==, 5);
  g_assert_true (car_app_prepare (app, n_arguments, arguments, &error));
  g_assert_cmpint (car_app_get_integer_setting (app, "timeout"), ==, 5);
  g_assert_cmpstr (car_app_get_setting (app, "client_id"), ==, "me");
  g_assert_true (car_app_set_setting (app, "client_id", "", &error));
  g_assert_cmpstr (car_app_get_setting (app, "client_id"), ==, "nobody");

  g_assert_false (car_app_set_setting (app, "timeout", "soon", &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);
  g_assert_false (car_app_set_setting (app, "tiemout", "5", &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_clear_error (&error);

  g_assert_true (car_app_set_setting (app, "timeout", NULL, &error));
  g_assert_true (car_app_prepare (app, n_arguments, arguments, &error));
  g_assert_cmpint (car_app_get_integer_setting (app, "timeout"), ==, 7);
}

/* What a connector's author did wrong ends the run in words, not with a critical. */
static void
test_wrong_settings (void)
{
  static const char *const pair[] = { "a", "b", NULL }, *const single[] = { "a", NULL };
  const struct
  {
    CarSetting *setting;
    const char *said;
  } cases[] = {
    { car_setting_new_text ("source", NULL, 0, "d", NULL, NULL), "-source is one of libcar's own" },
    { car_setting_new_text ("d", NULL, 0, "d", NULL, NULL), "-d is one of libcar's own" },
    { car_setting_new_text ("help", NULL, 0, "d", NULL, NULL), "-help is one of libcar's own" },
    { car_setting_new_text ("level", NULL, 0, "d", NULL, NULL), "-level is added twice" },
    { car_setting_new_text ("", NULL, 0, "d", NULL, NULL), "has a name that cannot be an option" },
    { car_setting_new_text ("a=b", NULL, 0, "d", NULL, NULL), "has a name that cannot be an option" },
    { car_setting_new_text ("-a", NULL, 0, "d", NULL, NULL), "has a name that cannot be an option" },
    { car_setting_new_text ("a", "", 0, "d", NULL, NULL), "has a variable that is empty" },
    { car_setting_new_text ("a", "../A", 0, "d", NULL, NULL), "has a variable that is empty" },
    { car_setting_new_text ("a", NULL, CAR_SETTING_REQUIRED, "d", NULL, "x"), "cannot have a default" },
    { car_setting_new_integer ("a", NULL, 0, "d", NULL, 1, 2, 3), "has a default that it would not take" },
    { car_setting_new_choice ("a", NULL, 0, "d", pair, "c"), "has a default that it would not take" },
    { car_setting_new_choice ("a", NULL, 0, "d", single, NULL), "must have two choices or more" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (CarApp) app = make_app ();
      g_autoptr (GError) error = NULL;

      car_app_add_setting (app, cases[i].setting);
      g_assert_false (car_app_prepare (app, 0, NULL, &error));
      g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
      g_assert_nonnull (strstr (error->message, cases[i].said));
      g_assert_true (g_str_has_prefix (error->message, "EmbeddedApp: "));
      g_assert_cmpint (car_app_run (app, 0, NULL), ==, CAR_APP_ERROR_GENERAL);
      assert_logged (cases[i].said);
    }
}

static void
test_runs_again (void)
{
  g_autoptr (CarApp) app = make_app ();
  EmbeddedApp *embedded = (EmbeddedApp *) app;
  g_autoptr (GCancellable) first = g_object_ref (car_app_get_cancellable (app));
  ARGUMENTS ("-connection-test|-p|1234");

  g_assert_cmpint (car_app_run (app, n_arguments, arguments), ==, 0);
  g_assert_cmpint (car_app_run (app, n_arguments, arguments), ==, 0);
  g_assert_cmpuint (embedded->n_made, ==, 2);

  /* Each reads its arguments, and says what is missing. */
  g_assert_cmpint (car_app_run (app, n_arguments - 2, arguments), ==, CAR_APP_ERROR_INVALID_PARAMETER);
  assert_logged ("ERROR: While reading the settings: -p is missing: the PIN");

  /* What was prepared is run. */
  g_assert_true (car_app_prepare (app, n_arguments, arguments, NULL));
  g_assert_cmpint (car_app_run (app, 0, NULL), ==, 0);
  g_assert_cmpint (car_app_run (app, 0, NULL), ==, CAR_APP_ERROR_INVALID_PARAMETER);

  /* A run that was cancelled leaves the next one alone. */
  g_assert_true (car_app_get_cancellable (app) == first);
  g_cancellable_cancel (first);
  g_assert_cmpint (car_app_run (app, n_arguments, arguments), ==, CAR_RECOVERABLE_FAILURE_DEFAULT);
  g_assert_false (car_app_get_cancellable (app) == first);
  g_assert_cmpint (car_app_run (app, n_arguments, arguments), ==, 0);
}

static void
test_answers (void)
{
  g_autoptr (CarApp) app = make_app ();
  EmbeddedApp *embedded = (EmbeddedApp *) app;
  g_autoptr (GError) error = NULL;
  ARGUMENTS ("-connection-test|--help");

  if (g_test_subprocess ())
    {
      g_object_set (app, "version", "1.5", "description", "Imports what is embedded.", NULL);
      g_assert_true (car_app_prepare (app, n_arguments, arguments, &error));
      g_assert_true (car_app_has_answered (app));
      g_assert_cmpint (car_app_run (app, 0, NULL), ==, 0);
      g_assert_cmpuint (embedded->n_made, ==, 0);
      g_assert_false (car_app_has_answered (app));
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*Usage: program [OPTION...]\n\nImports what is embedded.\n*");
  g_test_trap_assert_stdout (
      "*--timeout=SECONDS * how long to wait (EMBEDDED_TIMEOUT); -1 to 3600, default 60\n*");
  g_test_trap_assert_stdout ("*--client_id=TEXT * the client; default nobody\n*");
  g_test_trap_assert_stdout ("*--level=low|High * how much; default low\n*");
  g_test_trap_assert_stdout (
      "*--verify * verify it (EMBEDDED_VERIFY); default on, -verify=no turns it off\n*");
  g_test_trap_assert_stdout ("*--p=NUMBER * the PIN; 1000 to 9999, required\n*");
}

/* The program's own use of a signal is left alone. */
static void
on_signal (int number)
{
}

static void
test_signals (void)
{
  g_autoptr (CarApp) app = make_app ();
  struct sigaction before, after;
  ARGUMENTS ("-connection-test|-p|1234");

  sigaction (SIGTERM, &(struct sigaction){ .sa_handler = on_signal }, &before);
  g_object_set (app, "watch-signals", FALSE, NULL);
  g_assert_cmpint (car_app_run (app, n_arguments, arguments), ==, 0);
  g_object_set (app, "watch-signals", TRUE, NULL);
  g_assert_cmpint (car_app_run (app, n_arguments, arguments), ==, 0);
  sigaction (SIGTERM, &before, &after);
  g_assert_true (after.sa_handler == on_signal);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  lines = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (keep_line, NULL, NULL);

  g_test_add_func ("/app-embedded/settings", test_settings);
  g_test_add_func ("/app-embedded/wrong-values", test_wrong_values);
  g_test_add_func ("/app-embedded/set-setting", test_set_setting);
  g_test_add_func ("/app-embedded/wrong-settings", test_wrong_settings);
  g_test_add_func ("/app-embedded/runs-again", test_runs_again);
  g_test_add_func ("/app-embedded/answers", test_answers);
  g_test_add_func ("/app-embedded/signals", test_signals);

  int code = g_test_run ();
  g_ptr_array_unref (lines);

  return code;
}
