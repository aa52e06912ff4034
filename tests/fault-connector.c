/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/car.h>

/* A connector that makes all the calls of an import, for tests/faults.py. Its data source is a file of JSON:
 *
 * {"state": "2", "vertices": {COLLECTION: […]}, "edges": {COLLECTION: […]},
 *  "delta": {"since": "1", "vertices": …, "edges": …, "patched": {ID: CHANGES of an asset}, "deleted": {COLLECTION: [KEY…]}}}
 *
 * It makes incremental imports unless FAULT_CONNECTOR_FULL is set. The same connector is there in Python and JavaScript. */

#define HELD "{ asset_hostname(where: {source: {_eq: \"faults\"}}) { asset_id hostname_id } }"

typedef CarAssetServer FaultServer;
typedef CarAssetServerClass FaultServerClass;
GType fault_server_get_type (void);
G_DEFINE_TYPE (FaultServer, fault_server, CAR_TYPE_ASSET_SERVER)

static void
fault_server_class_init (FaultServerClass *klass)
{
}

static void
fault_server_init (FaultServer *self)
{
}

static JsonObject *source; /* what the file holds */

static gboolean
get_new_save_point (CarImport *import, char **save_point, GCancellable *cancellable, GError **error)
{
  *save_point = g_strdup (json_object_get_string_member (source, "state"));
  return TRUE;
}

typedef gboolean (
    *Add) (CarDataHandler *self, const char *collection, const char *json, gssize length, GError **error);

static gboolean
add (CarImport *import, JsonObject *objects, Add add_all, GError **error)
{
  CarDataHandler *data = car_import_get_data_handler (import);
  JsonObjectIter iter;
  const char *collection;
  JsonNode *array;

  json_object_iter_init_ordered (&iter, objects);
  while (json_object_iter_next_ordered (&iter, &collection, &array))
    {
      g_autofree char *text = json_to_string (array, FALSE);

      if (!add_all (data, collection, text, -1, error))
        return FALSE;
    }
  return TRUE;
}

/* The full import. */

typedef CarFullImport FaultFull;
typedef CarFullImportClass FaultFullClass;
GType fault_full_get_type (void);
G_DEFINE_TYPE (FaultFull, fault_full, CAR_TYPE_FULL_IMPORT)

static gboolean
import_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  return add (import, json_object_get_object_member (source, "vertices"), car_data_handler_add_vertices_json,
              error);
}

static gboolean
import_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  return add (import, json_object_get_object_member (source, "edges"), car_data_handler_add_edges_json,
              error);
}

static void
fault_full_class_init (FaultFullClass *klass)
{
  CAR_IMPORT_CLASS (klass)->get_new_save_point = get_new_save_point;
  CAR_IMPORT_CLASS (klass)->import_vertices = import_vertices;
  CAR_IMPORT_CLASS (klass)->import_edges = import_edges;
}

static void
fault_full_init (FaultFull *self)
{
}

/* The incremental import. */

typedef CarIncrementalImport FaultIncremental;
typedef CarIncrementalImportClass FaultIncrementalClass;
GType fault_incremental_get_type (void);
G_DEFINE_TYPE (FaultIncremental, fault_incremental, CAR_TYPE_INCREMENTAL_IMPORT)

static JsonObject *delta; /* NULL: nothing has changed */
static JsonNode *held;    /* the edges that the service has */

static gboolean
get_data_for_delta (CarIncrementalImport *import,
                    const char *last_save_point,
                    const char *new_save_point,
                    GCancellable *cancellable,
                    GError **error)
{
  if (g_strcmp0 (last_save_point, new_save_point) == 0)
    return TRUE;

  delta = json_object_get_object_member (source, "delta");
  if (g_strcmp0 (last_save_point, json_object_get_string_member (delta, "since")) != 0)
    {
      g_set_error_literal (error, CAR_IMPORT_ERROR, CAR_IMPORT_ERROR_INCREMENTAL_NOT_POSSIBLE,
                           "the history does not go back so far");
      return FALSE;
    }
  held = car_client_query (car_import_get_client (CAR_IMPORT (import)), HELD, NULL, cancellable, error);
  return held != NULL;
}

static gboolean
import_changed_vertices (CarImport *import, GCancellable *cancellable, GError **error)
{
  return delta == NULL || add (import, json_object_get_object_member (delta, "vertices"),
                               car_data_handler_add_vertices_json, error);
}

static gboolean
patch_assets (CarImport *import, GCancellable *cancellable, GError **error)
{
  JsonObjectIter iter;
  const char *id;
  JsonNode *changes;

  json_object_iter_init_ordered (&iter, json_object_get_object_member (delta, "patched"));
  while (json_object_iter_next_ordered (&iter, &id, &changes))
    if (!car_client_patch_vertex (car_import_get_client (import), "asset", id, json_node_get_object (changes),
                                  cancellable, error))
      return FALSE;
  return TRUE;
}

static gboolean
is_wanted (const char *asset, const char *hostname)
{
  JsonArray *edges =
      json_object_get_array_member (json_object_get_object_member (source, "edges"), "asset_hostname");
  g_autofree char *to = g_strconcat ("hostname/", hostname, NULL);

  for (guint i = 0; i < json_array_get_length (edges); i++)
    {
      JsonObject *edge = json_array_get_object_element (edges, i);

      if (g_str_equal (json_object_get_string_member (edge, "_from_external_id"), asset) &&
          g_str_equal (json_object_get_string_member (edge, "_to"), to))
        return TRUE;
    }
  return FALSE;
}

/* Switches off the edges that hold no longer. */
static gboolean
patch_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  JsonObject *answer = json_node_get_object (held);
  g_autoptr (JsonObject) off = json_object_new ();

  /* A gateway that says 404 knows nothing of what the service holds. */
  if (!json_object_has_member (answer, "asset_hostname"))
    {
      g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                           "the service does not tell which edges it holds");
      return FALSE;
    }
  JsonArray *rows = json_object_get_array_member (answer, "asset_hostname");

  json_object_set_boolean_member (off, "active", FALSE);
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);
      const char *from = json_object_get_string_member (row, "asset_id");
      const char *to = json_object_get_string_member (row, "hostname_id");

      if (!is_wanted (from + strlen ("faults/"), to + strlen ("faults/")) &&
          !car_client_patch_edge (car_import_get_client (import), "asset_hostname", "faults",
                                  from + strlen ("faults/"), to + strlen ("faults/"), off, cancellable,
                                  error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
import_changed_edges (CarImport *import, GCancellable *cancellable, GError **error)
{
  return delta == NULL ||
         (add (import, json_object_get_object_member (delta, "edges"), car_data_handler_add_edges_json,
               error) &&
          patch_assets (import, cancellable, error) && patch_edges (import, cancellable, error));
}

static gboolean
delete_vertices (CarIncrementalImport *import, GCancellable *cancellable, GError **error)
{
  JsonObjectIter iter;
  const char *collection;
  JsonNode *keys;

  if (delta == NULL)
    return TRUE;

  json_object_iter_init_ordered (&iter, json_object_get_object_member (delta, "deleted"));
  while (json_object_iter_next_ordered (&iter, &collection, &keys))
    {
      JsonArray *array = json_node_get_array (keys);
      g_autoptr (GPtrArray) all = g_ptr_array_new ();

      for (guint i = 0; i < json_array_get_length (array); i++)
        g_ptr_array_add (all, (char *) json_array_get_string_element (array, i));
      g_ptr_array_add (all, NULL);
      if (!car_data_handler_delete_vertices (car_import_get_data_handler (CAR_IMPORT (import)), collection,
                                             (const char *const *) all->pdata, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static void
fault_incremental_class_init (FaultIncrementalClass *klass)
{
  CAR_IMPORT_CLASS (klass)->get_new_save_point = get_new_save_point;
  CAR_IMPORT_CLASS (klass)->import_vertices = import_changed_vertices;
  CAR_IMPORT_CLASS (klass)->import_edges = import_changed_edges;
  klass->get_data_for_delta = get_data_for_delta;
  klass->delete_vertices = delete_vertices;
}

static void
fault_incremental_init (FaultIncremental *self)
{
}

/* The app. */

typedef CarApp FaultApp;
typedef CarAppClass FaultAppClass;
GType fault_app_get_type (void);
G_DEFINE_TYPE (FaultApp, fault_app, CAR_TYPE_APP)

static CarAssetServer *
create_asset_server (CarApp *app, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_file (parser, car_app_get_setting (app, "file"), error))
    return NULL;

  source = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  return g_object_new (fault_server_get_type (), NULL);
}

static gboolean
create_schema_extension (CarApp *app, CarSchemaExtension **extension, GError **error)
{
  *extension = car_schema_extension_new (
      "fault-connector", "tests", 1,
      "{\"vertices\":[{\"name\":\"asset\",\"properties\":{\"rack\":{\"type\":\"text\"}}}],\"edges\":[]}",
      error);
  return *extension != NULL;
}

static CarFullImport *
create_full_import (CarApp *app, GError **error)
{
  return g_object_new (fault_full_get_type (), NULL);
}

static gboolean
create_incremental_import (CarApp *app, CarIncrementalImport **import, GError **error)
{
  *import =
      g_getenv ("FAULT_CONNECTOR_FULL") == NULL ? g_object_new (fault_incremental_get_type (), NULL) : NULL;
  return TRUE;
}

static void
fault_app_class_init (FaultAppClass *klass)
{
  klass->create_asset_server = create_asset_server;
  klass->create_schema_extension = create_schema_extension;
  klass->create_full_import = create_full_import;
  klass->create_incremental_import = create_incremental_import;
}

static void
fault_app_init (FaultApp *self)
{
  car_app_add_setting (CAR_APP (self),
                       car_setting_new_text ("file", "FAULT_CONNECTOR_FILE", CAR_SETTING_REQUIRED,
                                             "the data source", "FILE", NULL));
}

int
main (int argc, char **argv)
{
  g_autoptr (CarApp) app = g_object_new (fault_app_get_type (), NULL);
  const int code = car_app_run (app, argc, argv);

  g_clear_pointer (&source, json_object_unref);
  g_clear_pointer (&held, json_node_unref);
  return code;
}
