/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/car.h>

/* An importer alone, as its author tests it. */

#define TEST_TYPE_IMPORTER (test_importer_get_type ())
G_DECLARE_FINAL_TYPE (TestImporter, test_importer, TEST, IMPORTER, CarIncrementalImport)

struct _TestImporter
{
  CarIncrementalImport parent_instance;
};

G_DEFINE_FINAL_TYPE (TestImporter, test_importer, CAR_TYPE_INCREMENTAL_IMPORT)

static gboolean
test_importer_import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  return car_data_handler_add_vertex_json (car_import_get_data_handler (import), "asset",
                                           "{\"external_id\":\"1\"}", -1, error);
}

static gboolean
test_importer_import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  return car_data_handler_add_edge_json (car_import_get_data_handler (import), "asset_user",
                                         "{\"_from_external_id\":\"1\",\"_to_external_id\":\"2\"}", -1,
                                         error);
}

static gboolean
test_importer_delete_vertices (CarIncrementalImport *import, GCancellable *cancellable, GError **error)
{
  const char *const keys[] = { "8", "9", NULL };

  return car_data_handler_delete_vertices (car_import_get_data_handler (CAR_IMPORT (import)), "asset", keys,
                                           cancellable, error);
}

static void
test_importer_class_init (TestImporterClass *klass)
{
  CAR_IMPORT_CLASS (klass)->import_vertices = test_importer_import_vertices;
  CAR_IMPORT_CLASS (klass)->import_edges = test_importer_import_edges;
  CAR_INCREMENTAL_IMPORT_CLASS (klass)->delete_vertices = test_importer_delete_vertices;
}

static void
test_importer_init (TestImporter *self)
{
}

static void
assert_objects (CarDataHandler *data, const char *collection, const char *begin)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *objects = car_data_handler_dup_objects_json (data, collection, &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (objects, begin));
}

static void
test_alone (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CarDataHandler) data = car_data_handler_new (NULL, NULL, "test", NULL, 0, &error);
  g_assert_no_error (error);
  g_autoptr (CarImport) import = g_object_new (TEST_TYPE_IMPORTER, "data-handler", data, NULL);

  g_assert_true (car_import_get_data_handler (import) == data);
  g_assert_true (car_import_import_vertices (import, NULL, &error));
  g_assert_true (car_data_handler_send_vertices (data, NULL, &error));
  g_assert_true (car_import_import_edges (import, NULL, &error));
  g_assert_true (car_data_handler_send_edges (data, NULL, &error));
  g_assert_true (car_incremental_import_delete_vertices (CAR_INCREMENTAL_IMPORT (import), NULL, &error));
  g_assert_no_error (error);

  assert_objects (data, "asset", "[{\"external_id\":\"1\"}]");
  assert_objects (data, "asset_user", "[{\"_from_external_id\":\"1\",\"_to_external_id\":\"2\",");
  g_auto (GStrv) deleted = car_data_handler_list_deleted_keys (data, "asset");
  g_autofree char *keys = g_strjoinv (" ", deleted);
  g_assert_cmpstr (keys, ==, "8 9");

  g_object_set (import, "data-handler", NULL, NULL);
  g_assert_null (car_import_get_data_handler (import));
}

/* An importer that is made empty says what it lacks, and its own code is not called. */
static void
test_empty (void)
{
  g_autoptr (CarImport) import = g_object_new (TEST_TYPE_IMPORTER, NULL);
  g_autoptr (GError) vertices = NULL;
  g_autoptr (GError) edges = NULL;
  g_autoptr (GError) deletion = NULL;

  g_assert_null (car_import_get_app (import));
  g_assert_null (car_import_get_client (import));
  g_assert_null (car_import_get_asset_server (import));
  g_assert_false (car_import_import_vertices (import, NULL, &vertices));
  g_assert_false (car_import_import_edges (import, NULL, &edges));
  g_assert_false (car_incremental_import_delete_vertices (CAR_INCREMENTAL_IMPORT (import), NULL, &deletion));

  GError *const errors[] = { vertices, edges, deletion };
  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_assert_error (errors[i], CAR_APP_ERROR, CAR_APP_ERROR_GENERAL);
      g_assert_nonnull (strstr (errors[i]->message, "without a data handler"));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/importer/alone", test_alone);
  g_test_add_func ("/importer/empty", test_empty);

  return g_test_run ();
}
