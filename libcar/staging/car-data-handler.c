/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/json/car-json-scanner-private.h>
#include <libcar/staging/car-data-handler-private.h>
#include <libcar/staging/car-uploader-private.h>

/* Ten times a second. */
#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 10)

/**
 * CarDataHandler:
 *
 * Takes the vertices and edges of one run, and sends them to the CAR service.
 *
 * Every object is checked against the import schema, compared with those that came before, and written to a page on
 * disk, in one pass: memory does not grow with the run, the 128 bits apart that are kept of each object's key. Pages
 * are sent by [method@DataHandler.send_vertices] and [method@DataHandler.send_edges].
 *
 * There are three ways in. From C, [method@DataHandler.add_vertex_record] is the fastest for data that is not JSON
 * yet, [method@DataHandler.add_vertex_json] for data that is; [method@DataHandler.add_vertex] takes the `JsonObject`s
 * of json-glib. Objects of all collections, vertices and edges, may be added in any order.
 *
 * An object that breaks the import schema is left out and counted, with a warning for the first few of each kind; so
 * is an edge without both ends, which the service could not join to anything, and an object that was added before
 * (protocol.md, "The envelope"). None of these is an error: adding fails only where the run cannot go on.
 *
 * Like most objects, a data handler is used from one thread at a time.
 */
struct _CarDataHandler
{
  GObject parent_instance;

  CarClient *client;
  CarImportSchema *schema;
  char *source;
  char *source_name;
  char *source_description;
  char *report_type;
  char *report_description;
  char *parent_directory;
  guint page_size;
  gboolean keep_directory;

  char *report_key; /* also the timestamp's spelling */
  CarBundle *bundle;
  CarStage *stage;
  gint64 last_progress;
};

static void initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CarDataHandler,
                               car_data_handler,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_init))

enum
{
  PROP_CLIENT = 1,
  PROP_SCHEMA,
  PROP_SOURCE,
  PROP_SOURCE_NAME,
  PROP_SOURCE_DESCRIPTION,
  PROP_REPORT_TYPE,
  PROP_REPORT_DESCRIPTION,
  PROP_PARENT_DIRECTORY,
  PROP_PAGE_SIZE,
  PROP_KEEP_DIRECTORY,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];
static guint progress_signal;

static void
append_member (GString *object, const char *name, const char *text)
{
  if (text == NULL)
    return;

  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_string_append_printf (object, ",\"%s\":", name);
  car_json_append_string (object, valid, -1);
}

/* The source and the report as every page begins with. */
static void
update_envelope (CarDataHandler *self)
{
  g_autoptr (GString) source = g_string_new ("{\"_key\":");
  g_autoptr (GString) report = g_string_new (NULL);

  if (self->bundle == NULL)
    return;

  car_json_append_string (source, self->source, -1);
  append_member (source, "name", self->source_name != NULL ? self->source_name : self->source);
  append_member (source, "description", self->source_description);
  g_string_append_c (source, '}');

  g_string_printf (report, "{\"_key\":\"%s\",\"timestamp\":%s", self->report_key, self->report_key);
  append_member (report, "type", self->report_type);
  append_member (report, "description", self->report_description);
  g_string_append_c (report, '}');

  car_bundle_set_envelope (self->bundle, source->str, report->str);
}

static void
car_data_handler_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CarDataHandler *self = CAR_DATA_HANDLER (object);
  char **text = NULL;

  switch (id)
    {
    case PROP_CLIENT:
      self->client = g_value_dup_object (value);
      break;
    case PROP_SCHEMA:
      self->schema = g_value_dup_object (value);
      break;
    case PROP_SOURCE:
      text = &self->source;
      break;
    case PROP_SOURCE_NAME:
      text = &self->source_name;
      break;
    case PROP_SOURCE_DESCRIPTION:
      text = &self->source_description;
      break;
    case PROP_REPORT_TYPE:
      text = &self->report_type;
      break;
    case PROP_REPORT_DESCRIPTION:
      text = &self->report_description;
      break;
    case PROP_PARENT_DIRECTORY:
      text = &self->parent_directory;
      break;
    case PROP_PAGE_SIZE:
      self->page_size = g_value_get_uint (value);
      break;
    case PROP_KEEP_DIRECTORY:
      self->keep_directory = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }

  if (text != NULL)
    {
      g_free (*text);
      *text = g_value_dup_string (value);
      update_envelope (self);
    }
}

static void
car_data_handler_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CarDataHandler *self = CAR_DATA_HANDLER (object);

  switch (id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_SCHEMA:
      g_value_set_object (value, self->schema);
      break;
    case PROP_SOURCE:
      g_value_set_string (value, self->source);
      break;
    case PROP_SOURCE_NAME:
      g_value_set_string (value, self->source_name);
      break;
    case PROP_SOURCE_DESCRIPTION:
      g_value_set_string (value, self->source_description);
      break;
    case PROP_REPORT_TYPE:
      g_value_set_string (value, self->report_type);
      break;
    case PROP_REPORT_DESCRIPTION:
      g_value_set_string (value, self->report_description);
      break;
    case PROP_PARENT_DIRECTORY:
      g_value_set_string (value, self->parent_directory);
      break;
    case PROP_PAGE_SIZE:
      g_value_set_uint (value, self->page_size);
      break;
    case PROP_KEEP_DIRECTORY:
      g_value_set_boolean (value, self->keep_directory);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static gboolean stage_rest (CarDataHandler *self, CarBundlePart part, GError **error);

static void
car_data_handler_finalize (GObject *object)
{
  CarDataHandler *self = CAR_DATA_HANDLER (object);

  /* What is kept is all that was added. */
  if (self->bundle != NULL && self->keep_directory)
    for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
      stage_rest (self, part, NULL);

  car_stage_free (self->stage);
  g_clear_object (&self->bundle);
  g_clear_object (&self->client);
  g_clear_object (&self->schema);
  g_free (self->source);
  g_free (self->source_name);
  g_free (self->source_description);
  g_free (self->report_type);
  g_free (self->report_description);
  g_free (self->parent_directory);
  g_free (self->report_key);

  G_OBJECT_CLASS (car_data_handler_parent_class)->finalize (object);
}

static void
car_data_handler_class_init (CarDataHandlerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags construct_only = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags at_any_time = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = car_data_handler_set_property;
  object_class->get_property = car_data_handler_get_property;
  object_class->finalize = car_data_handler_finalize;

  /**
   * CarDataHandler:client:
   *
   * The client that sends; without one, objects are staged and cannot be sent.
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client", NULL, NULL, CAR_TYPE_CLIENT, construct_only);

  /**
   * CarDataHandler:schema:
   *
   * The import schema that every object is checked against.
   */
  properties[PROP_SCHEMA] =
      g_param_spec_object ("schema", NULL, NULL, CAR_TYPE_IMPORT_SCHEMA, construct_only);

  /**
   * CarDataHandler:source:
   *
   * The source's key, the `_key` of `source` in every envelope.
   */
  properties[PROP_SOURCE] = g_param_spec_string ("source", NULL, NULL, NULL, construct_only);

  /**
   * CarDataHandler:source-name:
   *
   * The `name` of `source` in every envelope; %NULL: its key. To be set before the first object is added.
   */
  properties[PROP_SOURCE_NAME] = g_param_spec_string ("source-name", NULL, NULL, NULL, at_any_time);

  /**
   * CarDataHandler:source-description:
   *
   * The `description` of `source` in every envelope; %NULL: none. To be set before the first object is added.
   */
  properties[PROP_SOURCE_DESCRIPTION] =
      g_param_spec_string ("source-description", NULL, NULL, NULL, at_any_time);

  /**
   * CarDataHandler:report-type:
   *
   * The `type` of `report` in every envelope; %NULL: none. To be set before the first object is added.
   */
  properties[PROP_REPORT_TYPE] = g_param_spec_string ("report-type", NULL, NULL, NULL, at_any_time);

  /**
   * CarDataHandler:report-description:
   *
   * The `description` of `report` in every envelope; %NULL: none. To be set before the first object is added.
   */
  properties[PROP_REPORT_DESCRIPTION] =
      g_param_spec_string ("report-description", NULL, NULL, NULL, at_any_time);

  /**
   * CarDataHandler:parent-directory:
   *
   * The folder in which the run stages its data; %NULL: the system's folder for temporary files.
   */
  properties[PROP_PARENT_DIRECTORY] =
      g_param_spec_string ("parent-directory", NULL, NULL, NULL, construct_only);

  /**
   * CarDataHandler:page-size:
   *
   * How many objects a page holds at most; 0: 2000.
   */
  properties[PROP_PAGE_SIZE] = g_param_spec_uint ("page-size", NULL, NULL, 0, G_MAXUINT, 0, construct_only);

  /**
   * CarDataHandler:keep-directory:
   *
   * Whether what was staged is kept, in a folder of its own: see [method@DataHandler.get_directory].
   */
  properties[PROP_KEEP_DIRECTORY] =
      g_param_spec_boolean ("keep-directory", NULL, NULL, FALSE, construct_only);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * CarDataHandler::progress:
   * @self: the data handler
   * @what: what is being done, such as `sending vertices`
   * @done: how many objects, or pages, are done
   * @total: how many there are in all; 0 where that is not known
   *
   * Emitted about ten times a second at most while objects are added and pages sent. It is for showing: nothing may be
   * added meanwhile.
   */
  progress_signal = g_signal_new ("progress", CAR_TYPE_DATA_HANDLER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_UINT64, G_TYPE_UINT64);
}

static void
car_data_handler_init (CarDataHandler *self)
{
}

static void
emit_progress (CarDataHandler *self, const char *what, guint64 done, guint64 total)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->last_progress < PROGRESS_INTERVAL && done != total)
    return;

  self->last_progress = now;
  g_signal_emit (self, progress_signal, 0, what, done, total);
}

static void
on_stage_progress (const char *what, guint64 done, gpointer self)
{
  emit_progress (self, what, done, 0);
}

/* Epoch milliseconds. The number is spelled once: as a text it is the report's key. */
static char *
make_report_key (void)
{
  g_autoptr (GString) key = g_string_new (NULL);

  car_json_append_double (key, floor ((double) g_get_real_time () / 100.0) / 10.0);
  return g_string_free (g_steal_pointer (&key), FALSE);
}

static gboolean
car_data_handler_initable_init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  CarDataHandler *self = CAR_DATA_HANDLER (initable);

  if (self->schema == NULL || self->source == NULL || *self->source == '\0' ||
      !g_utf8_validate (self->source, -1, NULL))
    {
      g_set_error_literal (
          error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
          "A data handler needs an import schema and the name of its source (-source), in UTF-8");
      return FALSE;
    }

  self->bundle = car_bundle_new (self->parent_directory, self->page_size, self->keep_directory, error);
  if (self->bundle == NULL)
    return FALSE;

  self->report_key = make_report_key ();
  update_envelope (self);

  self->stage =
      car_stage_new (self->bundle, self->schema, self->source, self->report_key, on_stage_progress, self);
  return TRUE;
}

static void
initable_init (GInitableIface *iface)
{
  iface->init = car_data_handler_initable_init;
}

/**
 * car_data_handler_new:
 * @client: (nullable): the client that sends; without one, objects are staged and cannot be sent
 * @schema: the import schema that every object is checked against
 * @source: the source's key: what belongs to one connection of one connector
 * @directory: (nullable) (type filename): the folder in which data are staged, made where it is missing; %NULL: the
 *   system's folder for temporary files
 * @page_size: how many objects a page holds at most; 0: 2000
 * @error: return location for an error
 *
 * Makes the data handler of one run, with one report.
 *
 * Fails with %CAR_RECOVERABLE_FAILURE where the folder cannot be written, and with
 * %CAR_APP_ERROR_INVALID_PARAMETER where @source is empty.
 *
 * Returns: (transfer full): a data handler, or %NULL with an error set
 */
CarDataHandler *
car_data_handler_new (CarClient *client,
                      CarImportSchema *schema,
                      const char *source,
                      const char *directory,
                      guint page_size,
                      GError **error)
{
  g_return_val_if_fail (client == NULL || CAR_IS_CLIENT (client), NULL);
  g_return_val_if_fail (CAR_IS_IMPORT_SCHEMA (schema), NULL);
  g_return_val_if_fail (source != NULL, NULL);

  return g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, error, "client", client, "schema", schema, "source",
                         source, "parent-directory", directory, "page-size", page_size, NULL);
}

/* Languages whose objects are made by their properties know nothing of GInitable. */
static gboolean
check_ready (CarDataHandler *self, GError **error)
{
  if (G_LIKELY (self->stage != NULL))
    return TRUE;

  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                       "This data handler was not made ready: g_initable_init() was not called, or failed");
  return FALSE;
}

static inline gsize
get_length (const char *json, gssize length)
{
  return length < 0 ? strlen (json) : (gsize) length;
}

/**
 * car_data_handler_add_vertex:
 * @self: a data handler
 * @collection: the vertex's collection, such as `asset`
 * @object: the vertex
 * @error: return location for an error
 *
 * Adds a vertex.
 *
 * A vertex that breaks the import schema, or came before, is left out and counted; that is no error. Fails with
 * %CAR_RECOVERABLE_FAILURE where the page cannot be written to disk, and with %CAR_APP_ERROR_GENERAL where
 * @collection cannot be the name of one.
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_vertex (CarDataHandler *self, const char *collection, JsonObject *object, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (object != NULL, FALSE);

  return check_ready (self, error) &&
         car_stage_add_object (self->stage, CAR_BUNDLE_VERTICES, collection, object, error);
}

/**
 * car_data_handler_add_vertex_json:
 * @self: a data handler
 * @collection: the vertex's collection, such as `asset`
 * @json: the text of one JSON object (RFC 8259)
 * @length: the bytes of @json, or -1 where it ends with a NUL
 * @error: return location for an error
 *
 * Adds a vertex that is JSON text. Its numbers keep their spelling.
 *
 * A text that is not exactly one JSON object is left out and counted, like a vertex that breaks the import schema.
 * Fails like [method@DataHandler.add_vertex].
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_vertex_json (CarDataHandler *self,
                                  const char *collection,
                                  const char *json,
                                  gssize length,
                                  GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  return check_ready (self, error) && car_stage_add_json (self->stage, CAR_BUNDLE_VERTICES, collection, json,
                                                          get_length (json, length), error);
}

/**
 * car_data_handler_add_vertex_record:
 * @self: a data handler
 * @collection: the vertex's collection, such as `asset`
 * @record: the vertex; it is left as it is
 * @error: return location for an error
 *
 * Adds a vertex that was written member by member. Fails like [method@DataHandler.add_vertex].
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_vertex_record (CarDataHandler *self,
                                    const char *collection,
                                    const CarRecord *record,
                                    GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (record != NULL, FALSE);

  return check_ready (self, error) &&
         car_stage_add_record (self->stage, CAR_BUNDLE_VERTICES, collection, record, error);
}

/**
 * car_data_handler_add_vertices_json:
 * @self: a data handler
 * @collection: the vertices' collection, such as `asset`
 * @json: the text of a JSON array of objects (RFC 8259)
 * @length: the bytes of @json, or -1 where it ends with a NUL
 * @error: return location for an error
 *
 * Adds many vertices at once, each as [method@DataHandler.add_vertex_json] does: from another language one call is
 * cheaper than many.
 *
 * An item that is not exactly one JSON object is left out and counted alone; the others are added.
 *
 * Fails like [method@DataHandler.add_vertex], and with %CAR_SCHEMA_ERROR_INVALID_JSON where nobody can tell the items
 * of @json apart: it is no array, or ends too early. The items before the mistake were added.
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_vertices_json (CarDataHandler *self,
                                    const char *collection,
                                    const char *json,
                                    gssize length,
                                    GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  return check_ready (self, error) && car_stage_add_array (self->stage, CAR_BUNDLE_VERTICES, collection, json,
                                                           get_length (json, length), error);
}

/**
 * car_data_handler_add_edge:
 * @self: a data handler
 * @collection: the edge's collection, such as `asset_ipaddress`
 * @object: the edge
 * @error: return location for an error
 *
 * Adds an edge. It has two ends: `_from_external_id` or `_from`, and `_to_external_id` or `_to`; the ones without
 * `external_id` hold `COLLECTION/KEY`.
 *
 * It gets the members `report`, `source`, `timestamp` and `active` of the run, in the place of its own; only an own
 * `active` is kept (protocol.md, "The envelope"). Edges alike in all their members are sent once. Fails like
 * [method@DataHandler.add_vertex].
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_edge (CarDataHandler *self, const char *collection, JsonObject *object, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (object != NULL, FALSE);

  return check_ready (self, error) &&
         car_stage_add_object (self->stage, CAR_BUNDLE_EDGES, collection, object, error);
}

/**
 * car_data_handler_add_edge_json:
 * @self: a data handler
 * @collection: the edge's collection, such as `asset_ipaddress`
 * @json: the text of one JSON object (RFC 8259)
 * @length: the bytes of @json, or -1 where it ends with a NUL
 * @error: return location for an error
 *
 * Adds an edge that is JSON text, as [method@DataHandler.add_edge] and [method@DataHandler.add_vertex_json] do.
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_edge_json (CarDataHandler *self,
                                const char *collection,
                                const char *json,
                                gssize length,
                                GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  return check_ready (self, error) && car_stage_add_json (self->stage, CAR_BUNDLE_EDGES, collection, json,
                                                          get_length (json, length), error);
}

/**
 * car_data_handler_add_edge_record:
 * @self: a data handler
 * @collection: the edge's collection, such as `asset_ipaddress`
 * @record: the edge; it is left as it is
 * @error: return location for an error
 *
 * Adds an edge that was written member by member, as [method@DataHandler.add_edge] does.
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_edge_record (CarDataHandler *self,
                                  const char *collection,
                                  const CarRecord *record,
                                  GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (record != NULL, FALSE);

  return check_ready (self, error) &&
         car_stage_add_record (self->stage, CAR_BUNDLE_EDGES, collection, record, error);
}

/**
 * car_data_handler_add_edges_json:
 * @self: a data handler
 * @collection: the edges' collection, such as `asset_ipaddress`
 * @json: the text of a JSON array of objects (RFC 8259)
 * @length: the bytes of @json, or -1 where it ends with a NUL
 * @error: return location for an error
 *
 * Adds many edges at once, each as [method@DataHandler.add_edge_json] does. Fails like
 * [method@DataHandler.add_vertices_json].
 *
 * Returns: %TRUE, or %FALSE with an error set: the run cannot go on
 */
gboolean
car_data_handler_add_edges_json (CarDataHandler *self,
                                 const char *collection,
                                 const char *json,
                                 gssize length,
                                 GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  return check_ready (self, error) && car_stage_add_array (self->stage, CAR_BUNDLE_EDGES, collection, json,
                                                           get_length (json, length), error);
}

static gboolean
check_client (CarDataHandler *self, GError **error)
{
  if (self->client != NULL)
    return TRUE;

  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                       "This data handler was made without a client: it cannot send anything");
  return FALSE;
}

static void
on_vertices_progress (guint done, guint total, gpointer self)
{
  emit_progress (self, "sending vertices", done, total);
}

static void
on_edges_progress (guint done, guint total, gpointer self)
{
  emit_progress (self, "sending edges", done, total);
}

/* What was added last becomes a page, too. */
static gboolean
stage_rest (CarDataHandler *self, CarBundlePart part, GError **error)
{
  return car_stage_settle (self->stage, error) && car_bundle_flush (self->bundle, part, error);
}

static gboolean
send_part (CarDataHandler *self, CarBundlePart part, GCancellable *cancellable, GError **error)
{
  if (!check_ready (self, error) || !stage_rest (self, part, error))
    return FALSE;
  if (car_bundle_get_n_pages (self->bundle, part) == 0)
    return TRUE;
  if (!check_client (self, error))
    return FALSE;
  if (!car_uploader_send (self->client, self->bundle, part,
                          part == CAR_BUNDLE_VERTICES ? on_vertices_progress : on_edges_progress, self,
                          cancellable, error))
    return FALSE;

  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      CarCollectionCounts *counts = collections->pdata[i];

      if (counts->part == part)
        counts->sent = counts->staged;
    }
  return TRUE;
}

/**
 * car_data_handler_send_vertices:
 * @self: a data handler
 * @cancellable: (nullable): to stop it
 * @error: return location for an error
 *
 * Sends the vertices added so far that were not sent yet, and waits until the CAR service has imported them. Does
 * nothing where there are none.
 *
 * Fails with %CAR_RECOVERABLE_FAILURE or %CAR_UNRECOVERABLE_FAILURE, as protocol.md, "Failures", says.
 *
 * Returns: %TRUE, or %FALSE with an error set
 */
gboolean
car_data_handler_send_vertices (CarDataHandler *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  return send_part (self, CAR_BUNDLE_VERTICES, cancellable, error);
}

/**
 * car_data_handler_send_edges:
 * @self: a data handler
 * @cancellable: (nullable): to stop it
 * @error: return location for an error
 *
 * Sends the edges, as [method@DataHandler.send_vertices] does the vertices, which must have been sent before.
 *
 * Returns: %TRUE, or %FALSE with an error set
 */
gboolean
car_data_handler_send_edges (CarDataHandler *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  return send_part (self, CAR_BUNDLE_EDGES, cancellable, error);
}

/**
 * car_data_handler_delete_vertices:
 * @self: a data handler
 * @collection: the vertices' collection
 * @keys: (array zero-terminated=1): their `external_id`s, or their `_key`s where the collection is ipaddress, hostname
 *   or macaddress
 * @cancellable: (nullable): to stop it
 * @error: return location for an error
 *
 * Deletes vertices of this source from the CAR service, with their edges.
 *
 * Fails with %CAR_RECOVERABLE_FAILURE or %CAR_UNRECOVERABLE_FAILURE, as protocol.md, "Failures", says, and with
 * %CAR_APP_ERROR_GENERAL where @collection cannot be the name of one.
 *
 * Returns: %TRUE, or %FALSE with an error set
 */
gboolean
car_data_handler_delete_vertices (CarDataHandler *self,
                                  const char *collection,
                                  const char *const *keys,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (keys != NULL, FALSE);

  if (!check_ready (self, error))
    return FALSE;

  CarCollectionCounts *counts = car_stage_get_counts (self->stage, CAR_BUNDLE_VERTICES, collection, error);
  if (counts == NULL)
    return FALSE;
  if (keys[0] == NULL)
    return TRUE;
  if (!check_client (self, error) ||
      !car_client_delete_vertices (self->client, self->source, collection, keys, cancellable, error))
    return FALSE;

  counts->deleted += g_strv_length ((char **) keys);
  return TRUE;
}

/**
 * car_data_handler_get_source:
 * @self: a data handler
 *
 * Gets the source's key.
 *
 * Returns: (transfer none): the key
 */
const char *
car_data_handler_get_source (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  return self->source;
}

/**
 * car_data_handler_get_report_key:
 * @self: a data handler
 *
 * Gets the key of the run's report: the time it began, in epoch milliseconds, as text.
 *
 * Returns: (transfer none): the key
 */
const char *
car_data_handler_get_report_key (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  return self->report_key;
}

/**
 * car_data_handler_get_directory:
 * @self: a data handler
 *
 * Gets the staging folder of this run: one of its own, in the folder that the data handler was made with. There is one
 * only where what was staged is kept ([property@DataHandler:keep-directory], `-keep-export-data-dir`): else the pages
 * are in files without a name, and nothing is left of them when the data handler, or the process, is gone.
 *
 * In it are `vertices.jsonl` and `edges.jsonl`, a page a line, and a `journal` of what became of the pages.
 *
 * Returns: (transfer none) (nullable) (type filename): the path, or %NULL
 */
const char *
car_data_handler_get_directory (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);
  g_return_val_if_fail (self->bundle != NULL, NULL);

  return car_bundle_get_directory (self->bundle);
}

/**
 * car_data_handler_foreach_collection:
 * @self: a data handler
 * @func: (scope call): called for each collection
 * @user_data: passed to @func
 *
 * Calls a function for each collection that objects were added to, in the order in which they first were.
 */
void
car_data_handler_foreach_collection (CarDataHandler *self, CarDataHandlerFunc func, gpointer user_data)
{
  g_return_if_fail (CAR_IS_DATA_HANDLER (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (self->stage != NULL);

  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      const CarCollectionCounts *counts = collections->pdata[i];

      if (counts->read > 0)
        func (counts->name, counts->read, counts->invalid, counts->duplicates, counts->sent, user_data);
    }
}

void
car_data_handler_foreach_counts (CarDataHandler *self, CarCountsFunc func, gpointer user_data)
{
  g_return_if_fail (CAR_IS_DATA_HANDLER (self));

  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      const CarCollectionCounts *counts = collections->pdata[i];

      if (counts->read > 0 || counts->deleted > 0)
        func (counts, user_data);
    }
}

gboolean
car_data_handler_send_report (CarDataHandler *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  return check_client (self, error) &&
         car_uploader_send_report (self->client, self->bundle, cancellable, error);
}

gboolean
car_data_handler_is_empty (CarDataHandler *self, CarBundlePart part)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), TRUE);

  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      const CarCollectionCounts *counts = collections->pdata[i];

      if (counts->part == part && counts->staged > 0)
        return FALSE;
    }
  return TRUE;
}

CarBundle *
car_data_handler_get_bundle (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  car_stage_settle (self->stage, NULL);
  return self->bundle;
}
