/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libcar/car.h>

/* A connector that behaves as its variables tell, for test-app and test-import. The same in another language must do
 * the same under the same variables:
 *
 * CONTRACT_FAIL         METHOD:HOW[:CODE]: this method fails; see fail(). In a language with exceptions also `exception`
 *                       (with “told to” as its message), `wrong-value` (it returns a number), and `uninitialised`
 *                       (it makes an object whose constructor forgets its super class's); and `success-with-error` is
 *                       an error that it catches, for it cannot both return and raise
 * CONTRACT_MISSING      METHOD: the class does not implement this one
 * CONTRACT_INCREMENTAL  the app makes an incremental import
 * CONTRACT_EXTENSION    the app makes a schema extension
 * CONTRACT_SAVE_POINT   what get_new_save_point() returns
 * CONTRACT_NO_DATA      import_vertices() and import_edges() add none
 * CONTRACT_INCOMPLETE   METHOD:COLLECTION:REASON: this method says that the collection is incomplete
 * CONTRACT_SAY          what the app logs when it is made
 * CONTRACT_VERSION      the app's version
 * CONTRACT_LINK         the app's product link; its reports are of the type “of a test” then
 * CONTRACT_SHOW         a setting that create_asset_server() prints
 * CONTRACT_THREAD       the app runs in another thread than the main one */

static gboolean
is_told (const char *variable, const char *method)
{
  const char *told = g_getenv (variable);

  return told != NULL && g_str_has_prefix (told, method) && strchr (":", told[strlen (method)]) != NULL;
}

/* As bytes: g_print() would convert to the locale's charset. */
static void
say (const char *what, const char *more)
{
  fprintf (stdout, "%s%s\n", what, more == NULL ? "" : more);
  fflush (stdout);
}

static void
wait_until_cancelled (GCancellable *cancellable)
{
  GPollFD fd;

  g_assert_true (g_cancellable_make_pollfd (cancellable, &fd));
  while (!g_cancellable_is_cancelled (cancellable))
    g_poll (&fd, 1, -1);
  g_cancellable_release_fd (cancellable);
}

/* What CONTRACT_FAIL says for this method. Returns: FALSE where the method is to return failure. */
static gboolean
fail (const char *method, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) told =
      g_strsplit (is_told ("CONTRACT_FAIL", method) ? g_getenv ("CONTRACT_FAIL") : "", ":", 3);

  if (told[0] == NULL)
    return TRUE;

  const char *how = told[1];
  int code = told[2] == NULL ? 0 : atoi (told[2]);

  if (g_str_equal (how, "app"))
    g_set_error (error, CAR_APP_ERROR, code, "told to");
  else if (g_str_equal (how, "recoverable"))
    g_set_error (error, CAR_RECOVERABLE_FAILURE, code, "told to");
  else if (g_str_equal (how, "unrecoverable"))
    g_set_error (error, CAR_UNRECOVERABLE_FAILURE, code, "told to");
  else if (g_str_equal (how, "datasource"))
    g_set_error (error, CAR_DATASOURCE_FAILURE, code, "told to");
  else if (g_str_equal (how, "not-possible"))
    g_set_error (error, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE, "told to");
  else if (g_str_equal (how, "other"))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "told to.");
  else if (g_str_equal (how, "success-with-error"))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "told to");
      return TRUE;
    }
  else if (g_str_equal (how, "signal"))
    {
      /* To the process: the thread that is busy here must not be needed. */
      kill (getpid (), code);
      wait_until_cancelled (cancellable);
      return !g_cancellable_set_error_if_cancelled (cancellable, error);
    }
  else if (g_str_equal (how, "signal-unrecoverable"))
    {
      kill (getpid (), code);
      wait_until_cancelled (cancellable);
      g_set_error (error, CAR_UNRECOVERABLE_FAILURE, CAR_UNRECOVERABLE_FAILURE_DEFAULT, "told to");
    }
  else if (g_str_equal (how, "signal-ignored"))
    {
      kill (getpid (), code);
      wait_until_cancelled (cancellable);
      return TRUE;
    }
  else if (g_str_equal (how, "hang"))
    {
      say ("hanging", NULL);
      wait_until_cancelled (cancellable);
      say ("still hanging", NULL);
      for (;;)
        pause ();
    }
  else if (g_str_equal (how, "busy"))
    {
      say ("hanging", NULL);
      for (volatile guint i = 0;; i++)
        ;
    }
  else if (g_str_equal (how, "wrong-type"))
    return TRUE;
  else
    g_assert_cmpstr (how, ==, "no-error");

  return FALSE;
}

/* An object of the right kind, or one that is none where the method is told so. */
static gpointer
make (const char *method, GType type)
{
  g_autofree char *wrong = g_strconcat (method, ":wrong-type", NULL);

  return g_object_new (is_told ("CONTRACT_FAIL", wrong) ? G_TYPE_CANCELLABLE : type, NULL);
}

typedef CarAssetServer ContractServer;
typedef CarAssetServerClass ContractServerClass;
GType contract_server_get_type (void);
G_DEFINE_TYPE (ContractServer, contract_server, CAR_TYPE_ASSET_SERVER)

static gboolean
test_connection (CarAssetServer *server, GCancellable *cancellable, GError **error)
{
  return fail ("test_connection", cancellable, error);
}

static void
contract_server_class_init (ContractServerClass *klass)
{
  klass->test_connection = test_connection;
}

static void
contract_server_init (ContractServer *self)
{
}

static gboolean
get_new_save_point (CarImport *import, char **save_point, GCancellable *cancellable, GError **error)
{
  *save_point = g_strdup (g_getenv ("CONTRACT_SAVE_POINT"));

  return fail ("get_new_save_point", cancellable, error);
}

static void
say_incomplete (CarImport *import, const char *method)
{
  if (!is_told ("CONTRACT_INCOMPLETE", method))
    return;

  g_auto (GStrv) told = g_strsplit (g_getenv ("CONTRACT_INCOMPLETE"), ":", 3);

  car_import_set_incomplete (import, told[1], told[2]);
  car_import_set_incomplete (import, told[1], "said again");
}

static gboolean
import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  CarDataHandler *data = car_import_get_data_handler (import);

  g_assert_true (CAR_IS_APP (car_import_get_app (import)));
  g_assert_true (CAR_IS_CLIENT (car_import_get_client (import)));
  g_assert_true (G_OBJECT_TYPE (car_import_get_asset_server (import)) == contract_server_get_type ());

  if (g_getenv ("CONTRACT_NO_DATA") == NULL &&
      (!car_data_handler_add_vertex_json (data, "asset", "{\"external_id\":\"1\",\"name\":\"one\"}", -1,
                                          error) ||
       !car_data_handler_add_vertex_json (data, "asset", "{\"external_id\":\"1\",\"name\":\"one\"}", -1,
                                          error) ||
       !car_data_handler_add_vertex_json (data, "asset", "{\"external_id\":2}", -1, error)))
    return FALSE;

  say_incomplete (import, "import_vertices");
  return fail ("import_vertices", cancellable, error);
}

static gboolean
import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  const char *edge = "{\"_from_external_id\":\"1\",\"_to\":\"hostname/h\"}";

  if (g_getenv ("CONTRACT_NO_DATA") == NULL &&
      !car_data_handler_add_edge_json (car_import_get_data_handler (import), "asset_hostname", edge, -1,
                                       error))
    return FALSE;

  return fail ("import_edges", cancellable, error);
}

static void
import_class_init (CarImportClass *klass)
{
  klass->get_new_save_point = get_new_save_point;
  if (!is_told ("CONTRACT_MISSING", "import_vertices"))
    klass->import_vertices = import_vertices;
  if (!is_told ("CONTRACT_MISSING", "import_edges"))
    klass->import_edges = import_edges;
}

typedef CarFullImport ContractFull;
typedef CarFullImportClass ContractFullClass;
GType contract_full_get_type (void);
G_DEFINE_TYPE (ContractFull, contract_full, CAR_TYPE_FULL_IMPORT)

static void
contract_full_class_init (ContractFullClass *klass)
{
  import_class_init (CAR_IMPORT_CLASS (klass));
}

static void
contract_full_init (ContractFull *self)
{
}

typedef CarIncrementalImport ContractIncremental;
typedef CarIncrementalImportClass ContractIncrementalClass;
GType contract_incremental_get_type (void);
G_DEFINE_TYPE (ContractIncremental, contract_incremental, CAR_TYPE_INCREMENTAL_IMPORT)

static gboolean
get_data_for_delta (CarIncrementalImport *import,
                    const char *last_save_point,
                    const char *new_save_point,
                    GCancellable *cancellable,
                    GError **error)
{
  say ("last save point: ", last_save_point);
  say ("new save point: ", new_save_point);

  return fail ("get_data_for_delta", cancellable, error);
}

static gboolean
delete_vertices (CarIncrementalImport *import, GCancellable *cancellable, GError **error)
{
  static const char *const keys[] = { "8", "9", NULL };

  if (g_getenv ("CONTRACT_NO_DATA") == NULL &&
      !car_data_handler_delete_vertices (car_import_get_data_handler (CAR_IMPORT (import)), "asset", keys,
                                         cancellable, error))
    return FALSE;

  say_incomplete (CAR_IMPORT (import), "delete_vertices");
  return fail ("delete_vertices", cancellable, error);
}

static void
contract_incremental_class_init (ContractIncrementalClass *klass)
{
  import_class_init (CAR_IMPORT_CLASS (klass));
  if (!is_told ("CONTRACT_MISSING", "get_data_for_delta"))
    klass->get_data_for_delta = get_data_for_delta;
  if (!is_told ("CONTRACT_MISSING", "delete_vertices"))
    klass->delete_vertices = delete_vertices;
}

static void
contract_incremental_init (ContractIncremental *self)
{
}

typedef CarApp ContractApp;
typedef CarAppClass ContractAppClass;
GType contract_app_get_type (void);
G_DEFINE_TYPE (ContractApp, contract_app, CAR_TYPE_APP)

static CarAssetServer *
create_asset_server (CarApp *app, GError **error)
{
  const char *shown = g_getenv ("CONTRACT_SHOW");

  if (shown != NULL)
    say ("setting: ", car_app_get_setting (app, shown));

  return fail ("create_asset_server", NULL, error) ? make ("create_asset_server", contract_server_get_type ())
                                                   : NULL;
}

static gboolean
create_schema_extension (CarApp *app, CarSchemaExtension **extension, GError **error)
{
  const char *schema = "{\"vertices\":[],\"edges\":[]}";

  if (g_getenv ("CONTRACT_EXTENSION") != NULL)
    *extension = car_schema_extension_new ("contract", "tests", 2, schema, error);
  if (is_told ("CONTRACT_FAIL", "create_schema_extension:wrong-type"))
    *extension = make ("create_schema_extension", G_TYPE_OBJECT);

  return fail ("create_schema_extension", NULL, error);
}

static CarFullImport *
create_full_import (CarApp *app, GError **error)
{
  return fail ("create_full_import", NULL, error) ? make ("create_full_import", contract_full_get_type ())
                                                  : NULL;
}

static gboolean
create_incremental_import (CarApp *app, CarIncrementalImport **import, GError **error)
{
  if (g_getenv ("CONTRACT_INCREMENTAL") != NULL)
    *import = make ("create_incremental_import", contract_incremental_get_type ());

  return fail ("create_incremental_import", NULL, error);
}

static void
contract_app_class_init (ContractAppClass *klass)
{
  if (!is_told ("CONTRACT_MISSING", "create_asset_server"))
    klass->create_asset_server = create_asset_server;
  if (!is_told ("CONTRACT_MISSING", "create_full_import"))
    klass->create_full_import = create_full_import;
  klass->create_schema_extension = create_schema_extension;
  klass->create_incremental_import = create_incremental_import;
}

static void
contract_app_init (ContractApp *self)
{
  CarApp *app = CAR_APP (self);

  if (g_getenv ("CONTRACT_SAY") != NULL)
    g_message ("%s", g_getenv ("CONTRACT_SAY"));

  if (g_getenv ("CONTRACT_LINK") != NULL)
    g_object_set (app, "product-link", g_getenv ("CONTRACT_LINK"), "report-type", "of a test", NULL);
  g_object_set (app, "version", g_getenv ("CONTRACT_VERSION"), NULL);
  car_app_add_setting (app, car_setting_new_text ("server", "CONTRACT_SERVER", CAR_SETTING_REQUIRED,
                                                  "the data source", "URL", NULL));
  car_app_add_setting (app, car_setting_new_text ("secret", "CONTRACT_SECRET", CAR_SETTING_SECRET,
                                                  "its password", "PASSWORD", NULL));
  car_app_add_setting (app, car_setting_new_boolean ("quick", "CONTRACT_QUICK", "be quick", FALSE));
}

static gpointer
run (gpointer arguments)
{
  g_autoptr (CarApp) app = g_object_new (contract_app_get_type (), NULL);

  return GINT_TO_POINTER (car_app_run (app, (int) g_strv_length (arguments), arguments));
}

int
main (int argc, char **argv)
{
  gpointer code =
      g_getenv ("CONTRACT_THREAD") == NULL ? run (argv) : g_thread_join (g_thread_new ("app", run, argv));

  return GPOINTER_TO_INT (code);
}
