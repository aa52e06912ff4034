/* SPDX-License-Identifier: Apache-2.0 */

/* A whole connector, as it is written outside of libcar's tree:
 * cc -o example-connector example-connector.c $(pkg-config --cflags --libs car-1.0) */

#include <libcar/car.h>

typedef CarAssetServer ExampleServer;
typedef CarAssetServerClass ExampleServerClass;
GType example_server_get_type (void);
G_DEFINE_TYPE (ExampleServer, example_server, CAR_TYPE_ASSET_SERVER)

static void
example_server_class_init (ExampleServerClass *klass)
{
}

static void
example_server_init (ExampleServer *self)
{
}

typedef CarFullImport ExampleImport;
typedef CarFullImportClass ExampleImportClass;
GType example_import_get_type (void);
G_DEFINE_TYPE (ExampleImport, example_import, CAR_TYPE_FULL_IMPORT)

static gboolean
import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  CarDataHandler *data = car_import_get_data_handler (import);
  g_autoptr (CarRecord) hostname = car_record_new ();

  car_record_set_string (hostname, "_key", "web.example.org");
  return car_data_handler_add_vertex_json (data, "asset",
                                           "{\"external_id\": \"1\", \"name\": \"Web server\"}", -1, error) &&
         car_data_handler_add_vertex_record (data, "hostname", hostname, error);
}

static gboolean
import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  g_autoptr (CarRecord) edge = car_record_new ();

  car_record_set_string (edge, "_from_external_id", "1");
  car_record_set_string (edge, "_to", "hostname/web.example.org");
  return car_data_handler_add_edge_record (car_import_get_data_handler (import), "asset_hostname", edge,
                                           error);
}

static void
example_import_class_init (ExampleImportClass *klass)
{
  CAR_IMPORT_CLASS (klass)->import_vertices = import_vertices;
  CAR_IMPORT_CLASS (klass)->import_edges = import_edges;
}

static void
example_import_init (ExampleImport *self)
{
}

typedef CarApp ExampleApp;
typedef CarAppClass ExampleAppClass;
GType example_app_get_type (void);
G_DEFINE_TYPE (ExampleApp, example_app, CAR_TYPE_APP)

static CarAssetServer *
create_asset_server (CarApp *app, GError **error)
{
  return g_object_new (example_server_get_type (), NULL);
}

static CarFullImport *
create_full_import (CarApp *app, GError **error)
{
  return g_object_new (example_import_get_type (), NULL);
}

static void
example_app_class_init (ExampleAppClass *klass)
{
  klass->create_asset_server = create_asset_server;
  klass->create_full_import = create_full_import;
}

static void
example_app_init (ExampleApp *self)
{
}

int
main (int argc, char **argv)
{
  g_autoptr (CarApp) app = g_object_new (example_app_get_type (), NULL);

  return car_app_run (app, argc, argv);
}
