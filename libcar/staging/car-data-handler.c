/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/car-enum-types.h>
#include <libcar/client/car-client-private.h>
#include <libcar/json/car-json-value-private.h>
#include <libcar/staging/car-collection-summary-private.h>
#include <libcar/staging/car-data-handler-private.h>
#include <libcar/staging/car-head-private.h>
#include <libcar/staging/car-kept-private.h>
#include <libcar/staging/car-uploader-private.h>

/* Ten times a second. */
#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 10)

/**
 * CarDataHandler:
 *
 * Takes the vertices and edges of one run, and sends them to the CAR service.
 *
 * In one pass, it checks every object against the import schema, compares it with those that came before, and writes it to a
 * page on disk. Memory does not grow with the run, apart from the 192 bits that it keeps of each object, its key and contents.
 * [method@DataHandler.send_vertices] and [method@DataHandler.send_edges] send the pages.
 *
 * There are three ways in. From C, [method@DataHandler.add_vertex_record] is the fastest for data that is not JSON
 * yet, [method@DataHandler.add_vertex_json] for data that is; [method@DataHandler.add_vertex] takes the `JsonObject`s
 * of json-glib. You may add objects of all collections, vertices and edges, in any order.
 *
 * The data handler leaves out an object that breaks the import schema, and counts it, with a warning for the first few of each
 * kind. It does the same with an edge that lacks an end, which the service could not join to anything, and with an object that
 * was added before (protocol.md, "The envelope"). None of these is an error: adding fails only where the run cannot go on.
 *
 * ## Threads
 *
 * You may add objects from any thread at any time, also while a send is under way. A send takes what was added before it began,
 * and the next one takes what is added meanwhile. Only one send goes on at a time: another one fails. The objects of several
 * threads come in the order in which their calls do. A call that adds an array adds all of it in one go.
 *
 * ## Tests
 *
 * The test of an importer needs no CAR service. A data handler without a client keeps what was added, and
 * [method@DataHandler.dup_objects_json] and [method@DataHandler.list_deleted_keys] tell it. Then sending and deleting succeed
 * and are counted, and nothing leaves the process.
 *
 * ```c
 * static void
 * test_vertices (void)
 * {
 *   g_autoptr (GError) error = NULL;
 *   g_autoptr (CarDataHandler) data = car_data_handler_new (NULL, NULL, "test", NULL, 100, &error);
 *   g_autoptr (CarImport) import = g_object_new (inventory_import_get_type (), "data-handler", data, NULL);
 *   g_autofree char *objects = NULL;
 *
 *   car_import_import_vertices (import, NULL, &error);
 *   g_assert_no_error (error);
 *   objects = car_data_handler_dup_objects_json (data, "asset", &error);
 *   g_assert_cmpstr (objects, ==, "[{\"external_id\":\"1\",\"name\":\"Web server\"}]");
 * }
 * ```
 */
struct _CarDataHandler
{
  GObject parent_instance;

  CarClient *client;
  CarImportSchema *schema;
  char *head[CAR_HEAD_N_TEXTS];
  char *directory;
  guint page_size;
  gboolean keep_staged;
  char *left_out_file;
  gboolean full_import;
  gboolean strict;
  char *report_key; /* also the timestamp's spelling */
  CarBundle *bundle;

  /* The bundle's lock guards these, and the head. */
  CarStage *stage;
  gboolean is_open; /* objects are added: the head is fixed, and nothing is wrong */
  GError *misuse;   /* the head was changed afterwards */
  gboolean is_sending;
  gboolean defers_deletions;
  gboolean is_telling; /* a handler of "progress" is called */
  gint64 last_progress;
  GHashTable *deleted; /* collection → GPtrArray of keys, where there is no client */
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
  PROP_DIRECTORY,
  PROP_PAGE_SIZE,
  PROP_KEEP_STAGED,
  PROP_LEFT_OUT_FILE,
  PROP_FULL_IMPORT,
  PROP_STRICT,
  PROP_HEAD, /* the first of CAR_HEAD_N_TEXTS, in the order of CarHeadText */
  N_PROPERTIES = PROP_HEAD + CAR_HEAD_N_TEXTS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint progress_signal;

/* The source and the report as every page begins with. */
static void
update_envelope (CarDataHandler *self)
{
  g_autofree char *source = car_head_write_source (self->head);
  g_autofree char *report = car_head_write_report (self->head, self->report_key);

  car_bundle_set_envelope (self->bundle, source, report);
}

/* Pages would differ: the author is told, by what is added next. */
static void
refuse_head (CarDataHandler *self, const char *property)
{
  if (self->misuse == NULL)
    g_set_error (&self->misuse, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                 "The data handler's “%s” was set after the first object had been added: set it before, "
                 "since all pages "
                 "of a run have the same source and report",
                 property);
  self->is_open = FALSE;
}

static void
set_head (CarDataHandler *self, CarHeadText which, const char *text)
{
  if (self->bundle != NULL)
    car_bundle_lock (self->bundle);

  if ((self->is_open || self->misuse != NULL) && g_strcmp0 (self->head[which], text) != 0)
    refuse_head (self, properties[PROP_HEAD + which]->name);
  else
    {
      g_free (self->head[which]);
      self->head[which] = g_strdup (text);
    }

  if (self->bundle != NULL)
    {
      update_envelope (self);
      car_bundle_unlock (self->bundle);
    }
}

static void
car_data_handler_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CarDataHandler *self = CAR_DATA_HANDLER (object);

  switch (id)
    {
    case PROP_CLIENT:
      self->client = g_value_dup_object (value);
      break;
    case PROP_SCHEMA:
      self->schema = g_value_dup_object (value);
      break;
    case PROP_DIRECTORY:
      self->directory = g_value_dup_string (value);
      break;
    case PROP_PAGE_SIZE:
      self->page_size = g_value_get_uint (value);
      break;
    case PROP_KEEP_STAGED:
      self->keep_staged = g_value_get_boolean (value);
      break;
    case PROP_LEFT_OUT_FILE:
      self->left_out_file = g_value_dup_string (value);
      break;
    case PROP_FULL_IMPORT:
      self->full_import = g_value_get_boolean (value);
      break;
    case PROP_STRICT:
      self->strict = g_value_get_boolean (value);
      break;
    default:
      if (id >= PROP_HEAD && id < N_PROPERTIES)
        set_head (self, id - PROP_HEAD, g_value_get_string (value));
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
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
    case PROP_DIRECTORY:
      g_value_set_string (value, self->directory);
      break;
    case PROP_PAGE_SIZE:
      g_value_set_uint (value, self->page_size);
      break;
    case PROP_KEEP_STAGED:
      g_value_set_boolean (value, self->keep_staged);
      break;
    case PROP_LEFT_OUT_FILE:
      g_value_set_string (value, self->left_out_file);
      break;
    case PROP_FULL_IMPORT:
      g_value_set_boolean (value, self->full_import);
      break;
    case PROP_STRICT:
      g_value_set_boolean (value, self->strict);
      break;
    default:
      if (id >= PROP_HEAD && id < N_PROPERTIES)
        g_value_set_string (value, self->head[id - PROP_HEAD]);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* What was added last becomes a page, too. */
static gboolean
stage_rest (CarDataHandler *self, CarBundlePart part, GError **error)
{
  return car_stage_settle (self->stage, error) &&
         (part != CAR_BUNDLE_EDGES || car_stage_judge_edges (self->stage, error)) &&
         car_bundle_flush (self->bundle, part, error);
}

static void
car_data_handler_finalize (GObject *object)
{
  CarDataHandler *self = CAR_DATA_HANDLER (object);

  /* What is kept is all that was added. */
  if (self->stage != NULL && self->keep_staged)
    for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
      stage_rest (self, part, NULL);

  car_stage_free (self->stage);
  g_clear_object (&self->bundle);
  g_clear_object (&self->client);
  g_clear_object (&self->schema);
  for (guint i = 0; i < CAR_HEAD_N_TEXTS; i++)
    g_free (self->head[i]);
  g_clear_error (&self->misuse);
  g_clear_pointer (&self->deleted, g_hash_table_unref);
  g_free (self->directory);
  g_free (self->left_out_file);
  g_free (self->report_key);

  G_OBJECT_CLASS (car_data_handler_parent_class)->finalize (object);
}

static void
car_data_handler_class_init (CarDataHandlerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags construct_only = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags before_first_object = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = car_data_handler_set_property;
  object_class->get_property = car_data_handler_get_property;
  object_class->finalize = car_data_handler_finalize;

  /**
   * CarDataHandler:client:
   *
   * The client that sends; %NULL: nothing is sent, and what was added is kept for a test to look at.
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client", NULL, NULL, CAR_TYPE_CLIENT, construct_only);

  /**
   * CarDataHandler:schema:
   *
   * The import schema that every object is checked against. Without a client it may be %NULL. Then the data handler checks only
   * that objects are JSON and that edges have their ends.
   */
  properties[PROP_SCHEMA] =
      g_param_spec_object ("schema", NULL, NULL, CAR_TYPE_IMPORT_SCHEMA, construct_only);

  /**
   * CarDataHandler:directory:
   *
   * The folder in which the run stages its data, made where it is missing; %NULL: the system's folder for temporary
   * files.
   */
  properties[PROP_DIRECTORY] = g_param_spec_string ("directory", NULL, NULL, NULL, construct_only);

  /**
   * CarDataHandler:page-size:
   *
   * How many objects a page holds at most; 0: 2000.
   */
  properties[PROP_PAGE_SIZE] = g_param_spec_uint ("page-size", NULL, NULL, 0, G_MAXUINT, 0, construct_only);

  /**
   * CarDataHandler:keep-staged:
   *
   * Whether to keep what was staged: see [method@DataHandler.get_kept_directory].
   */
  properties[PROP_KEEP_STAGED] = g_param_spec_boolean ("keep-staged", NULL, NULL, FALSE, construct_only);

  /**
   * CarDataHandler:left-out-file:
   *
   * A file for the objects that are left out, made anew: each is a line of JSON with the members `collection`, `reason` and
   * `object`. %NULL: there is none.
   */
  properties[PROP_LEFT_OUT_FILE] = g_param_spec_string ("left-out-file", NULL, NULL, NULL, construct_only);

  /**
   * CarDataHandler:full-import:
   *
   * Whether what is added is all that the source has, as in a full import. If so, the data handler looks at where edges lead
   * once all vertices were added, when [method@DataHandler.send_edges] is called. It leaves out an edge whose vertex it left out,
   * and counts and tells of edges whose vertex was not added: [method@CollectionSummary.get_n_dangling]. It can do so where
   * the import schema tells which collections an edge joins. An edge may be added before its vertices.
   */
  properties[PROP_FULL_IMPORT] = g_param_spec_boolean ("full-import", NULL, NULL, FALSE, construct_only);

  /**
   * CarDataHandler:strict:
   *
   * Whether a member that the import schema does not have breaks a rule, so that its object is left out. Otherwise the object is
   * sent, and a warning tells of the member once, with the one that is spelt most like it. Of a collection, 16 such members are
   * told.
   */
  properties[PROP_STRICT] = g_param_spec_boolean ("strict", NULL, NULL, FALSE, construct_only);

  /**
   * CarDataHandler:source:
   *
   * The source's key, the `_key` of `source` in every envelope.
   */
  properties[PROP_HEAD + CAR_HEAD_SOURCE] = g_param_spec_string ("source", NULL, NULL, NULL, construct_only);

  /**
   * CarDataHandler:source-name:
   *
   * The `name` of `source` in every envelope; %NULL: its key.
   *
   * All pages of a run begin with the same source and report. So this, and the properties like it, can be set until the
   * first object is added. Setting another value later changes nothing, and all that is added or sent from then on
   * fails with %CAR_APP_ERROR_GENERAL.
   */
  properties[PROP_HEAD + CAR_HEAD_SOURCE_NAME] =
      g_param_spec_string ("source-name", NULL, NULL, NULL, before_first_object);

  /**
   * CarDataHandler:source-description:
   *
   * The `description` of `source` in every envelope; %NULL: none. See [property@DataHandler:source-name].
   */
  properties[PROP_HEAD + CAR_HEAD_SOURCE_DESCRIPTION] =
      g_param_spec_string ("source-description", NULL, NULL, NULL, before_first_object);

  /**
   * CarDataHandler:product-link:
   *
   * The `product_link` of `source` in every envelope; %NULL: none. It is a link to the data source's own page. See
   * [property@DataHandler:source-name].
   */
  properties[PROP_HEAD + CAR_HEAD_PRODUCT_LINK] =
      g_param_spec_string ("product-link", NULL, NULL, NULL, before_first_object);

  /**
   * CarDataHandler:report-type:
   *
   * The `type` of `report` in every envelope; %NULL: none. See [property@DataHandler:source-name].
   */
  properties[PROP_HEAD + CAR_HEAD_REPORT_TYPE] =
      g_param_spec_string ("report-type", NULL, NULL, NULL, before_first_object);

  /**
   * CarDataHandler:report-description:
   *
   * The `description` of `report` in every envelope; %NULL: none. See [property@DataHandler:source-name].
   */
  properties[PROP_HEAD + CAR_HEAD_REPORT_DESCRIPTION] =
      g_param_spec_string ("report-description", NULL, NULL, NULL, before_first_object);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * CarDataHandler::progress:
   * @self: the data handler
   * @phase: what is being done
   * @done: how many objects, or pages, are done
   * @total: how many there are in all; 0 where that is not known
   *
   * Emitted about ten times a second at most, in the thread that adds or sends, after the call that added or while pages are
   * sent. A handler may add objects; it is not called again meanwhile.
   */
  progress_signal = g_signal_new ("progress", CAR_TYPE_DATA_HANDLER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 3, CAR_TYPE_PROGRESS_PHASE, G_TYPE_UINT64, G_TYPE_UINT64);
}

static void
car_data_handler_init (CarDataHandler *self)
{
}

/* Handlers are called without the lock, since they may add objects. While one is called, no other is. */
static void
tell_progress (CarDataHandler *self, CarProgressPhase phase, guint64 done, guint64 total)
{
  gint64 now = g_get_monotonic_time ();

  car_bundle_lock (self->bundle);
  gboolean due = !self->is_telling && (now - self->last_progress >= PROGRESS_INTERVAL || done == total);
  if (due)
    {
      self->is_telling = TRUE;
      self->last_progress = now;
    }
  car_bundle_unlock (self->bundle);
  if (!due)
    return;

  g_object_ref (self);
  g_signal_emit (self, progress_signal, 0, phase, done, total);
  car_bundle_lock (self->bundle);
  self->is_telling = FALSE;
  car_bundle_unlock (self->bundle);
  g_object_unref (self);
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
  const char *source = self->head[CAR_HEAD_SOURCE];

  if (self->stage != NULL)
    return TRUE;
  if (source == NULL || *source == '\0' || !g_utf8_validate (source, -1, NULL))
    {
      g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
                           "A data handler needs the name of its source (-source), in UTF-8");
      return FALSE;
    }
  if (self->client != NULL && self->schema == NULL)
    {
      g_set_error_literal (
          error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
          "A data handler that sends needs an import schema: see car_client_get_import_schema()");
      return FALSE;
    }

  CarLeftOutFile *left_out = NULL;
  if (self->left_out_file != NULL && (left_out = car_left_out_file_open (self->left_out_file, error)) == NULL)
    return FALSE;

  self->bundle = car_bundle_new (self->directory, self->page_size, self->keep_staged, error);
  if (self->bundle == NULL)
    {
      car_left_out_file_close (left_out);
      return FALSE;
    }

  self->report_key = make_report_key ();
  update_envelope (self);
  self->stage = car_stage_new (self->bundle, self->schema, source, self->report_key);
  car_stage_set_left_out_file (self->stage, left_out);
  if (self->strict)
    car_stage_set_strict (self->stage);
  if (self->full_import)
    car_stage_set_full (self->stage, self->directory);
  return TRUE;
}

static void
initable_init (GInitableIface *iface)
{
  iface->init = car_data_handler_initable_init;
}

/**
 * car_data_handler_new:
 * @client: (nullable): the client that sends; %NULL: nothing is sent, and what was added is kept for a test to look at
 * @schema: (nullable): the import schema that every object is checked against; it may be %NULL where @client is
 * @source: the source's key: what belongs to one connection of one connector
 * @directory: (nullable) (type filename): the folder in which data are staged, made where it is missing; %NULL: the
 *   system's folder for temporary files
 * @page_size: how many objects a page holds at most; 0: 2000
 * @error: return location for an error
 *
 * Makes the data handler of one run, with one report.
 *
 * Fails with %CAR_RECOVERABLE_FAILURE where the folder cannot be written, and with
 * %CAR_APP_ERROR_INVALID_PARAMETER where @source is empty or the schema is missing.
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
  g_return_val_if_fail (schema == NULL || CAR_IS_IMPORT_SCHEMA (schema), NULL);
  g_return_val_if_fail (source != NULL, NULL);

  return g_initable_new (CAR_TYPE_DATA_HANDLER, NULL, error, "client", client, "schema", schema, "source",
                         source, "directory", directory, "page-size", page_size, NULL);
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

/* Takes the lock, unless something is wrong. */
static gboolean
lock (CarDataHandler *self, GError **error)
{
  if (!check_ready (self, error))
    return FALSE;

  car_bundle_lock (self->bundle);
  if (self->misuse == NULL)
    return TRUE;

  g_propagate_error (error, g_error_copy (self->misuse));
  car_bundle_unlock (self->bundle);
  return FALSE;
}

static void
unlock_and_tell (CarDataHandler *self)
{
  const CarStageNews news = car_stage_take_news (self->stage);
  g_autoptr (GPtrArray) warnings = news.warnings;

  car_bundle_unlock (self->bundle);
  for (guint i = 0; warnings != NULL && i < warnings->len; i++)
    g_warning ("%s", (const char *) warnings->pdata[i]);
  if (news.n_read > 0)
    tell_progress (self,
                   news.part == CAR_BUNDLE_VERTICES ? CAR_PROGRESS_PHASE_READING_VERTICES
                                                    : CAR_PROGRESS_PHASE_READING_EDGES,
                   news.n_read, 0);
}

static inline void
unlock (CarDataHandler *self)
{
  if (G_UNLIKELY (car_stage_has_news (self->stage)))
    unlock_and_tell (self);
  else
    car_bundle_unlock (self->bundle);
}

/* Takes the lock, until end_adding(). From the first object on, the head is fixed. */
static inline gboolean
begin_adding (CarDataHandler *self, GError **error)
{
  if (G_UNLIKELY (!check_ready (self, error)))
    return FALSE;

  car_bundle_lock (self->bundle);
  if (G_LIKELY (self->is_open))
    return TRUE;

  car_bundle_unlock (self->bundle);
  if (!lock (self, error))
    return FALSE;
  self->is_open = TRUE;
  return TRUE;
}

static inline gboolean
end_adding (CarDataHandler *self, gboolean added)
{
  unlock (self);
  return added;
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
 * A vertex that breaks the import schema, or came before, is left out and counted. That is no error. Fails with
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

  return begin_adding (self, error) &&
         end_adding (self,
                     car_stage_add_object (self->stage, CAR_BUNDLE_VERTICES, collection, object, error));
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

  return begin_adding (self, error) &&
         end_adding (self, car_stage_add_json (self->stage, CAR_BUNDLE_VERTICES, collection, json,
                                               get_length (json, length), error));
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

  return begin_adding (self, error) &&
         end_adding (self,
                     car_stage_add_record (self->stage, CAR_BUNDLE_VERTICES, collection, record, error));
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

  return begin_adding (self, error) &&
         end_adding (self, car_stage_add_array (self->stage, CAR_BUNDLE_VERTICES, collection, json,
                                                get_length (json, length), error));
}

/**
 * car_data_handler_add_edge:
 * @self: a data handler
 * @collection: the edge's collection, such as `asset_ipaddress`
 * @object: the edge
 * @error: return location for an error
 *
 * Adds an edge. It has two ends: `_from_external_id` or `_from`, and `_to_external_id` or `_to`. `_from` and `_to` hold
 * `COLLECTION/KEY`, or the key alone.
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

  return begin_adding (self, error) &&
         end_adding (self, car_stage_add_object (self->stage, CAR_BUNDLE_EDGES, collection, object, error));
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

  return begin_adding (self, error) &&
         end_adding (self, car_stage_add_json (self->stage, CAR_BUNDLE_EDGES, collection, json,
                                               get_length (json, length), error));
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

  return begin_adding (self, error) &&
         end_adding (self, car_stage_add_record (self->stage, CAR_BUNDLE_EDGES, collection, record, error));
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

  return begin_adding (self, error) &&
         end_adding (self, car_stage_add_array (self->stage, CAR_BUNDLE_EDGES, collection, json,
                                                get_length (json, length), error));
}

static void
on_vertices_progress (guint done, guint total, gpointer self)
{
  tell_progress (self, CAR_PROGRESS_PHASE_SENDING_VERTICES, done, total);
}

static void
on_edges_progress (guint done, guint total, gpointer self)
{
  tell_progress (self, CAR_PROGRESS_PHASE_SENDING_EDGES, done, total);
}

static void
leave_out_large (CarDataHandler *self, CarBundlePart part, const char *collection, const CarJsonSpan *object)
{
  car_bundle_lock (self->bundle);
  car_stage_leave_out_large (self->stage, part, collection, object);
  car_bundle_unlock (self->bundle);
}

static void
on_large_vertex (const char *collection, const CarJsonSpan *object, gpointer self)
{
  leave_out_large (self, CAR_BUNDLE_VERTICES, collection, object);
}

static void
on_large_edge (const char *collection, const CarJsonSpan *object, gpointer self)
{
  leave_out_large (self, CAR_BUNDLE_EDGES, collection, object);
}

static gboolean
keeps_edge (const char *collection, const CarJsonSpan *edge, gpointer user_data)
{
  CarDataHandler *self = user_data;

  car_bundle_lock (self->bundle);
  gboolean keeps = car_stage_keeps_edge (self->stage, collection, edge);
  car_bundle_unlock (self->bundle);
  return keeps;
}

static gboolean
begin_sending (CarDataHandler *self, CarBundlePart part, GError **error)
{
  if (self->is_sending)
    {
      g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                           "This data handler is sending already: send again when that is done");
      return FALSE;
    }
  if (!stage_rest (self, part, error))
    return FALSE;

  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      CarCollectionCounts *counts = collections->pdata[i];

      if (counts->part == part)
        {
          counts->sending = counts->staged;
          counts->holding = counts->held;
          counts->sending_newer = counts->newer;
        }
    }
  if (part == CAR_BUNDLE_VERTICES)
    car_stage_begin_anew (self->stage);
  self->is_sending = TRUE;
  return TRUE;
}

static void
end_sending (CarDataHandler *self, CarBundlePart part, gboolean sent, const GPtrArray *warnings)
{
  const GPtrArray *collections = car_stage_list_counts (self->stage);

  for (guint i = 0; i < warnings->len; i++)
    car_stage_note_dropped (self->stage, part, warnings->pdata[i]);
  car_stage_tell_large (self->stage);
  for (guint i = 0; sent && i < collections->len; i++)
    {
      CarCollectionCounts *counts = collections->pdata[i];

      if (counts->part == part)
        {
          counts->sent = counts->sending - MIN (counts->dropped, counts->sending);
          counts->duplicates += counts->sending_newer;
          counts->newer -= counts->sending_newer;
        }
    }
  self->is_sending = FALSE;
}

static gboolean
send_part (CarDataHandler *self, CarBundlePart part, GCancellable *cancellable, GError **error)
{
  if (!lock (self, error))
    return FALSE;
  gboolean begun = begin_sending (self, part, error);
  const gboolean has_refused = car_stage_has_refused (self->stage);
  unlock (self);
  if (!begun)
    return FALSE;

  const CarUploaderListener listeners[] = {
    [CAR_BUNDLE_VERTICES] = { on_vertices_progress, on_large_vertex, NULL, self },
    [CAR_BUNDLE_EDGES] = { on_edges_progress, on_large_edge, has_refused ? keeps_edge : NULL, self },
  };
  g_autoptr (GPtrArray) warnings = car_import_warnings_new ();
  gboolean sent = self->client == NULL || car_uploader_send (self->client, self->bundle, part,
                                                             &listeners[part], warnings, cancellable, error);

  car_bundle_lock (self->bundle);
  end_sending (self, part, sent, warnings);
  unlock (self);
  return sent;
}

/**
 * car_data_handler_send_vertices:
 * @self: a data handler
 * @cancellable: (nullable): to stop it
 * @error: return location for an error
 *
 * Sends the vertices added so far that were not sent yet, and waits until the CAR service has imported them. Does
 * nothing where there are none. Vertices that are added meanwhile are sent by the next call; one with the name of a vertex
 * that was sent, and other contents, is a newer version of it, and is sent too.
 *
 * Without a client nothing is sent: the vertices count as sent and stay where
 * [method@DataHandler.dup_objects_json] finds them.
 *
 * Fails with %CAR_RECOVERABLE_FAILURE or %CAR_UNRECOVERABLE_FAILURE, as protocol.md, "Failures", says, and with
 * %CAR_APP_ERROR_GENERAL where this data handler is sending already.
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

/* Without a client, what was deleted is kept as what was added is. */
static void
keep_deleted (CarDataHandler *self, const char *collection, const char *const *keys)
{
  if (self->deleted == NULL)
    self->deleted =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);

  GPtrArray *all = g_hash_table_lookup (self->deleted, collection);
  if (all == NULL)
    {
      all = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (self->deleted, g_strdup (collection), all);
    }
  for (gsize i = 0; keys[i] != NULL; i++)
    g_ptr_array_add (all, g_strdup (keys[i]));
}

/* NULL where it is no list of strings. */
static GStrv
dup_strings (const CarJsonSpan *array)
{
  g_autoptr (GArray) items = car_json_span_get_items (array);
  g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      g_autofree char *text = car_json_span_dup_string (&g_array_index (items, CarJsonSpan, i));

      if (text == NULL)
        return NULL;
      g_strv_builder_add (all, text);
    }
  return items != NULL ? g_strv_builder_end (all) : NULL;
}

static gboolean
delete_vertices (CarDataHandler *self,
                 CarCollectionCounts *counts,
                 const char *collection,
                 const char *const *keys,
                 GCancellable *cancellable,
                 GError **error)
{
  if (self->client != NULL && !car_client_delete_vertices (self->client, self->head[CAR_HEAD_SOURCE],
                                                           collection, keys, cancellable, error))
    return FALSE;

  car_bundle_lock (self->bundle);
  counts->deleted += g_strv_length ((char **) keys);
  if (self->client == NULL)
    keep_deleted (self, collection, keys);
  car_bundle_unlock (self->bundle);
  return TRUE;
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
 * Deletes vertices of this source from the CAR service, with their edges. In a run, this happens when the connector has told of
 * all that changed, and that was sent.
 *
 * Without a client nothing is deleted: the keys are kept for [method@DataHandler.list_deleted_keys].
 *
 * Fails with %CAR_RECOVERABLE_FAILURE or %CAR_UNRECOVERABLE_FAILURE, as protocol.md, "Failures", says, and with
 * %CAR_APP_ERROR_GENERAL where @collection cannot be the name of one, or where a key is empty or not UTF-8. Nothing is deleted
 * then.
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

  if (!lock (self, error))
    return FALSE;
  CarCollectionCounts *counts = car_stage_get_counts (self->stage, CAR_BUNDLE_VERTICES, collection, error);
  unlock (self);
  if (counts == NULL || !car_client_check_keys (collection, keys, error))
    return FALSE;
  if (keys[0] == NULL)
    return TRUE;
  if (self->defers_deletions)
    return car_bundle_add_deletions (self->bundle, collection, keys, error);

  return delete_vertices (self, counts, collection, keys, cancellable, error);
}

static gboolean
delete_page (CarDataHandler *self, GBytes *page, GCancellable *cancellable, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (page, &length);
  CarJsonSpan deletion;
  g_autofree char *collection = NULL;
  g_auto (GStrv) keys = NULL;

  if (car_json_read_text (text, length, &deletion, NULL))
    {
      const CarJsonSpan items = car_json_span_get_member (&deletion, "keys");

      collection = car_json_span_dup_member (&deletion, "collection");
      keys = dup_strings (&items);
    }
  if (collection == NULL || keys == NULL)
    {
      g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                   _ ("What was staged to be deleted cannot be read back; leave what is staged alone while a "
                      "connector runs"));
      return FALSE;
    }

  car_bundle_lock (self->bundle);
  CarCollectionCounts *counts = car_stage_get_counts (self->stage, CAR_BUNDLE_VERTICES, collection, error);
  unlock (self);
  return counts != NULL &&
         delete_vertices (self, counts, collection, (const char *const *) keys, cancellable, error);
}

void
car_data_handler_defer_deletions (CarDataHandler *self)
{
  g_return_if_fail (CAR_IS_DATA_HANDLER (self));

  self->defers_deletions = TRUE;
}

gboolean
car_data_handler_send_deletions (CarDataHandler *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  if (!car_bundle_flush (self->bundle, CAR_BUNDLE_DELETIONS, error))
    return FALSE;

  const guint n_pages = car_bundle_get_n_pages (self->bundle, CAR_BUNDLE_DELETIONS);
  if (n_pages == 0)
    return TRUE;

  for (guint i = 0; i < n_pages; i++)
    {
      g_autoptr (GBytes) page = car_bundle_load_page (self->bundle, CAR_BUNDLE_DELETIONS, i, error);

      if (page == NULL || !delete_page (self, page, cancellable, error))
        return FALSE;
    }
  return car_bundle_note_done (self->bundle, CAR_BUNDLE_DELETIONS, error);
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

  return self->head[CAR_HEAD_SOURCE];
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
 * car_data_handler_get_kept_directory:
 * @self: a data handler
 *
 * Gets the folder within [property@DataHandler:directory] that keeps what this run staged. There is one only if
 * [property@DataHandler:keep-staged] says so (`-keep-export-data-dir`). Otherwise the pages are in files without a name, and
 * nothing is left of them when the data handler, or the process, is gone.
 *
 * In it are `vertices.jsonl` and `edges.jsonl`, a page a line, and a `journal` of what became of the pages.
 *
 * Returns: (transfer none) (nullable) (type filename): the path, or %NULL
 */
const char *
car_data_handler_get_kept_directory (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  return self->bundle != NULL ? car_bundle_get_directory (self->bundle) : NULL;
}

/**
 * car_data_handler_list_summaries:
 * @self: a data handler
 *
 * Tells what became of the objects so far, for each collection that something was added to, deleted from or closed in, in
 * the order in which the collections came. If vertices and edges were added under one
 * name, it is there twice.
 *
 * Returns: (transfer container) (element-type CarCollectionSummary): a summary for each
 */
GPtrArray *
car_data_handler_list_summaries (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  GPtrArray *summaries = g_ptr_array_new_with_free_func ((GDestroyNotify) car_collection_summary_unref);
  if (self->stage == NULL)
    return summaries;

  car_bundle_lock (self->bundle);
  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      const CarCollectionCounts *counts = collections->pdata[i];

      if (counts->read > 0 || counts->deleted > 0 || counts->closed > 0)
        g_ptr_array_add (summaries, car_collection_summary_new (counts));
    }
  car_bundle_unlock (self->bundle);
  return summaries;
}

static gboolean
append_object (const CarJsonSpan *object, gpointer objects)
{
  g_string_append_c (objects, ',');
  g_string_append_len (objects, object->text, (gssize) object->length);
  return TRUE;
}

static gboolean
append_objects (CarDataHandler *self, const char *collection, GString *objects, GError **error)
{
  const GPtrArray *collections = car_stage_list_counts (self->stage);

  for (guint i = 0; i < collections->len; i++)
    {
      const CarCollectionCounts *counts = collections->pdata[i];

      if (strcmp (counts->name, collection) == 0 &&
          !car_stage_foreach_object (self->stage, counts, append_object, objects, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * car_data_handler_dup_objects_json:
 * @self: a data handler
 * @collection: a collection, such as `asset`
 * @error: return location for an error
 *
 * Gets the objects of a collection that were added and not left out, for the test of an importer. An edge has the members that
 * the data handler gives it. With a client, this gets only the objects that were not sent yet.
 *
 * This reads all of them into memory.
 *
 * Fails with %CAR_RECOVERABLE_FAILURE where they cannot be read back.
 *
 * Returns: (transfer full): the text of a JSON array of objects, in the order in which they were added; `[]` where there are
 *   none. %NULL with an error set
 */
char *
car_data_handler_dup_objects_json (CarDataHandler *self, const char *collection, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);
  g_return_val_if_fail (collection != NULL, NULL);

  g_autoptr (GString) objects = g_string_new (NULL);

  if (!lock (self, error))
    return NULL;
  gboolean read = append_objects (self, collection, objects, error);
  unlock (self);
  if (!read)
    return NULL;

  if (objects->len > 0)
    objects->str[0] = '['; /* in the place of the first comma */
  else
    g_string_append_c (objects, '[');
  g_string_append_c (objects, ']');
  return g_string_free (g_steal_pointer (&objects), FALSE);
}

/**
 * car_data_handler_list_deleted_keys:
 * @self: a data handler without a client
 * @collection: a collection, such as `asset`
 *
 * Lists the keys that [method@DataHandler.delete_vertices] was called with, for a test of an importer. A data handler with a
 * client keeps none.
 *
 * Returns: (transfer full) (array zero-terminated=1): the keys, in the order in which they were deleted
 */
char **
car_data_handler_list_deleted_keys (CarDataHandler *self, const char *collection)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);
  g_return_val_if_fail (collection != NULL, NULL);

  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();
  if (self->stage == NULL)
    return g_strv_builder_end (keys);

  car_bundle_lock (self->bundle);
  const GPtrArray *deleted = self->deleted != NULL ? g_hash_table_lookup (self->deleted, collection) : NULL;
  for (guint i = 0; deleted != NULL && i < deleted->len; i++)
    g_strv_builder_add (keys, deleted->pdata[i]);
  car_bundle_unlock (self->bundle);
  return g_strv_builder_end (keys);
}

gboolean
car_data_handler_send_report (CarDataHandler *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  return self->client == NULL || car_uploader_send_report (self->client, self->bundle, cancellable, error);
}

gboolean
car_data_handler_judge_edges (CarDataHandler *self, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  if (!lock (self, error))
    return FALSE;
  gboolean judged = car_stage_judge_edges (self->stage, error);
  unlock (self);
  return judged;
}

gboolean
car_data_handler_is_empty (CarDataHandler *self, CarBundlePart part)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), TRUE);

  gboolean empty = TRUE;

  car_bundle_lock (self->bundle);
  const GPtrArray *collections = car_stage_list_counts (self->stage);
  for (guint i = 0; i < collections->len; i++)
    {
      const CarCollectionCounts *counts = collections->pdata[i];

      empty = empty && (counts->part != part || counts->staged == 0);
    }
  car_bundle_unlock (self->bundle);
  return empty;
}

/* What was added last is on a page, too. */
static gboolean
flush_all (CarDataHandler *self, GError **error)
{
  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    if (!stage_rest (self, part, error))
      return FALSE;
  return TRUE;
}

char *
car_data_handler_keep (CarDataHandler *self, int folder_fd, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  if (!lock (self, error))
    return NULL;
  g_autofree char *staged =
      flush_all (self, error) ? car_kept_write (self->bundle, self->stage, folder_fd, error) : NULL;
  unlock (self);
  if (staged == NULL)
    return NULL;

  g_autofree char *source = car_head_write_source (self->head);
  g_autofree char *report = car_head_write_report (self->head, self->report_key);
  g_autoptr (CarRecord) record = car_record_new ();
  car_record_set_string (record, "report_key", self->report_key);
  car_record_set_json (record, "source", source);
  car_record_set_json (record, "report", report);
  car_record_set_json (record, "staged", staged);
  return car_record_to_json (record);
}

gboolean
car_data_handler_restore (CarDataHandler *self, int folder_fd, const CarJsonSpan *kept, GError **error)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), FALSE);

  const CarJsonSpan source = car_json_span_get_member (kept, "source");
  const CarJsonSpan report = car_json_span_get_member (kept, "report");
  const CarJsonSpan staged = car_json_span_get_member (kept, "staged");
  g_autofree char *key = car_json_span_dup_member (kept, "report_key");
  if (key == NULL || *key == '\0' || strspn (key, "0123456789.") != strlen (key) ||
      source.type != CAR_JSON_OBJECT || report.type != CAR_JSON_OBJECT)
    {
      g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                           "it does not tell its source and its report");
      return FALSE;
    }

  g_autofree char *source_text = g_strndup (source.text, source.length);
  g_autofree char *report_text = g_strndup (report.text, report.length);
  if (!lock (self, error))
    return FALSE;
  gboolean taken = car_kept_read (self->bundle, self->stage, folder_fd, &staged, error);
  car_bundle_set_envelope (self->bundle, source_text, report_text);
  unlock (self);

  g_free (self->report_key);
  self->report_key = g_steal_pointer (&key);
  return taken;
}

void
car_data_handler_count_closed (CarDataHandler *self,
                               CarBundlePart part,
                               const char *collection,
                               guint64 n_closed)
{
  g_return_if_fail (CAR_IS_DATA_HANDLER (self));

  if (n_closed == 0)
    return;

  car_bundle_lock (self->bundle);
  CarCollectionCounts *counts = car_stage_get_counts (self->stage, part, collection, NULL);
  if (counts != NULL)
    counts->closed = n_closed;
  car_bundle_unlock (self->bundle);
}

CarBundle *
car_data_handler_get_bundle (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  return self->bundle;
}
