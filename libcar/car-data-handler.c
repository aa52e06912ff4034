/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <libcar/car-data-handler-private.h>
#include <libcar/car-import-schema-private.h>
#include <libcar/car-key-set-private.h>
#include <libcar/car-record-private.h>
#include <libcar/car-uploader-private.h>

/* Of each kind of violation so many are shown. */
#define SHOWN_VIOLATIONS 3

/* Names come from outside: what is kept for each of them is bounded. */
#define MAX_COLLECTIONS 4096
#define MAX_KINDS 256

/* The clock is looked at once in so many objects, and progress told ten times a second. */
#define OBJECTS_PER_TICK 1024
#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 10)

typedef struct
{
  char *name;
  CarBundleSlot *slot;
  const CarCollectionSchema *schema;
  CarFixedMembers *fixed; /* (nullable) of an edge, what the framework adds, where it can be checked once */
  gboolean named_by_key;  /* by `_key` rather than `external_id` */
  guint64 names_scope;
  guint64 members_scope;
  guint64 n_read;
  guint64 n_invalid;
  guint64 n_duplicates;
  guint64 n_staged;
  guint64 n_sent;
  guint64 n_deleted;
  GPtrArray *violations; /* (element-type CarViolation), borrowed from the data handler's kinds */
} Collection;

typedef struct
{
  GHashTable *by_name;
  Collection *last; /* objects of one collection mostly come in a row */
  guint64 n_read;
  guint64 n_staged;
} Part;

/* An object that stands at the end of its collection's page until it is known whether it came before. The key set was
 * asked for its key, but what answers is main memory, and the next object is checked meanwhile. */
typedef struct
{
  Collection *collection; /* NULL: there is none */
  gsize begin;
  CarKey key;
} Pending;

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

  char *report_key;   /* also the timestamp's spelling */
  char *edge_members; /* that every edge gets, apart from `active` */
  char *edge_tail;    /* a comma, all of these, and the closing brace */
  CarBundle *bundle;
  CarKeySet *keys;
  CarRecord *scratch;
  Pending pending;
  Part parts[CAR_BUNDLE_N_PARTS];
  GPtrArray *collections; /* of both parts, in the order in which they came */
  GHashTable *kinds;      /* kind → CarViolation */
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
collection_free (Collection *collection)
{
  g_ptr_array_unref (collection->violations);
  car_fixed_members_free (collection->fixed);
  g_free (collection->name);
  g_free (collection);
}

static void
violation_free (gpointer data)
{
  CarViolation *violation = data;

  g_free (violation->message);
  g_free (violation);
}

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

  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    g_hash_table_unref (self->parts[part].by_name);
  g_ptr_array_unref (self->collections);
  g_hash_table_unref (self->kinds);
  car_record_free (self->scratch);
  car_key_set_free (self->keys);
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
  g_free (self->edge_members);
  g_free (self->edge_tail);

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
  self->keys = car_key_set_new ();
  self->scratch = car_record_new ();
  self->collections = g_ptr_array_new_with_free_func ((GDestroyNotify) collection_free);
  self->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, violation_free);
  for (guint part = 0; part < CAR_BUNDLE_N_PARTS; part++)
    self->parts[part].by_name = g_hash_table_new (g_str_hash, g_str_equal);
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

  g_autoptr (GString) source = g_string_new (NULL);
  car_json_append_string (source, self->source, -1);
  self->edge_members = g_strdup_printf ("\"report\":\"%s\",\"source\":%s,\"timestamp\":%s", self->report_key,
                                        source->str, self->report_key);
  self->edge_tail = g_strdup_printf (",%s,\"active\":true}", self->edge_members);
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

static void
emit_progress (CarDataHandler *self, const char *what, guint64 done, guint64 total)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->last_progress < PROGRESS_INTERVAL && done != total)
    return;

  self->last_progress = now;
  g_signal_emit (self, progress_signal, 0, what, done, total);
}

/* A name that goes into URLs and the envelope as it is. */
static gboolean
check_collection_name (const char *name, GError **error)
{
  gsize length = strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_");

  if (length > 0 && length <= 128 && name[length] == '\0' && !g_ascii_isdigit (name[0]) &&
      strcmp (name, "source") != 0 && strcmp (name, "report") != 0)
    return TRUE;

  g_autofree char *shown = g_strescape (name, NULL);
  g_set_error (
      error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
      "“%.128s” cannot be the name of a collection: it needs letters, digits and “_” (128 at most, no digit "
      "first), and “source” and “report” are taken",
      shown);
  return FALSE;
}

static CarFixedMembers *
fix_edge_members (CarDataHandler *self, const CarCollectionSchema *schema)
{
  g_autofree char *members = g_strconcat ("{", self->edge_tail + strlen (","), NULL);

  return car_collection_schema_fix_members (schema, members);
}

static Collection *
make_collection (CarDataHandler *self, CarBundlePart part, const char *name, GError **error)
{
  if (!check_collection_name (name, error))
    return NULL;
  if (self->collections->len >= MAX_COLLECTIONS)
    {
      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                   "“%s” would be one collection too many: a run has %d at most", name, MAX_COLLECTIONS);
      return NULL;
    }

  g_autofree char *names = g_strdup_printf ("%d name %s", part, name);
  g_autofree char *members = g_strdup_printf ("%d members %s", part, name);
  const char *named_by_key[] = { "ipaddress", "hostname", "macaddress", NULL };
  Collection *collection = g_new0 (Collection, 1);

  collection->name = g_strdup (name);
  collection->violations = g_ptr_array_new ();
  collection->slot = car_bundle_get_slot (self->bundle, part, name);
  collection->schema = car_import_schema_lookup (self->schema, name);
  if (part == CAR_BUNDLE_EDGES)
    collection->fixed = fix_edge_members (self, collection->schema);
  collection->named_by_key = g_strv_contains (named_by_key, name);
  collection->names_scope = car_key_set_get_scope (self->keys, names);
  collection->members_scope = car_key_set_get_scope (self->keys, members);
  g_ptr_array_add (self->collections, collection);
  g_hash_table_insert (self->parts[part].by_name, collection->name, collection);
  return collection;
}

static inline Collection *
get_collection (CarDataHandler *self, CarBundlePart which, const char *name, GError **error)
{
  Part *part = &self->parts[which];

  if (G_LIKELY (part->last != NULL && strcmp (part->last->name, name) == 0))
    return part->last;

  Collection *collection = g_hash_table_lookup (part->by_name, name);
  if (collection == NULL)
    collection = make_collection (self, which, name, error);
  if (collection != NULL)
    part->last = collection;
  return collection;
}

/* What two violations have in common when they are of one kind: the message without what it quotes and its numbers. */
static char *
get_kind (const char *message)
{
  GString *kind = g_string_new (NULL);
  const char *closing = NULL;

  for (const char *at = message; *at != '\0'; at++)
    if (closing != NULL)
      closing = g_str_has_prefix (at, closing) ? NULL : closing;
    else if (*at == '"')
      closing = "\"";
    else if (g_str_has_prefix (at, "“"))
      closing = "”";
    else if (strchr ("+-.0123456789", *at) == NULL)
      g_string_append_c (kind, *at);

  return g_string_free (kind, FALSE);
}

/* NULL where there are so many kinds that no more are told apart. */
static CarViolation *
get_violation (CarDataHandler *self, Collection *collection, const char *message)
{
  g_autofree char *kind = get_kind (message);
  CarViolation *violation = g_hash_table_lookup (self->kinds, kind);

  if (violation != NULL || g_hash_table_size (self->kinds) >= MAX_KINDS)
    return violation;

  violation = g_new0 (CarViolation, 1);
  violation->message = g_strdup (message);
  g_hash_table_insert (self->kinds, g_steal_pointer (&kind), violation);
  g_ptr_array_add (collection->violations, violation);
  return violation;
}

static void
leave_out (CarDataHandler *self, Collection *collection, const GError *error)
{
  CarViolation *violation = get_violation (self, collection, error->message);

  collection->n_invalid++;
  if (violation == NULL || ++violation->count > SHOWN_VIOLATIONS)
    return;

  g_warning ("An object is left out: %s%s", error->message,
             violation->count == SHOWN_VIOLATIONS ? " (more like it are only counted)" : "");
}

static CarKey
prepare_name (CarDataHandler *self, const Collection *collection, const CarJsonSpan *name)
{
  if (G_LIKELY (!name->escaped))
    return car_key_set_prepare (self->keys, collection->names_scope, name->text, name->length);

  gsize length;
  g_autofree char *unescaped = car_json_span_unescape (name, &length);
  return car_key_set_prepare (self->keys, collection->names_scope, unescaped, length);
}

static CarKey
prepare_members (CarDataHandler *self, const Collection *collection, const CarJsonHash *hash)
{
  return car_key_set_prepare (self->keys, collection->members_scope, hash, sizeof *hash);
}

/* What makes an object one that came before: of vertices the name counts, of edges and those without one all members. */
static inline CarKey
prepare_key (CarDataHandler *self,
             const Collection *collection,
             const CarJsonSpan *object,
             const CarObjectScan *scan)
{
  if (collection->slot->part == CAR_BUNDLE_EDGES)
    return prepare_members (self, collection, &scan->members_hash);

  const CarJsonSpan *first = collection->named_by_key ? &scan->key : &scan->external_id;
  const CarJsonSpan *second = collection->named_by_key ? &scan->external_id : &scan->key;
  if (G_LIKELY (first->text != NULL))
    return prepare_name (self, collection, first);
  if (second->text != NULL)
    return prepare_name (self, collection, second);

  const CarJsonHash hash = car_json_hash_value (object);
  return prepare_members (self, collection, &hash);
}

static inline void
count_read (CarDataHandler *self, Collection *collection)
{
  CarBundlePart which = collection->slot->part;
  Part *part = &self->parts[which];

  collection->n_read++;
  part->n_read++;
  if (G_UNLIKELY (part->n_read % OBJECTS_PER_TICK == 0))
    emit_progress (self, which == CAR_BUNDLE_VERTICES ? "reading vertices" : "reading edges", part->n_read,
                   0);
}

/* The last object stays, if it is new. */
static inline gboolean
settle (CarDataHandler *self, GError **error)
{
  Collection *collection = self->pending.collection;

  if (collection == NULL)
    return TRUE;

  self->pending.collection = NULL;
  if (!car_key_set_add (self->keys, self->pending.key))
    {
      collection->n_duplicates++;
      car_bundle_roll_back (collection->slot, self->pending.begin);
      return TRUE;
    }

  collection->n_staged++;
  self->parts[collection->slot->part].n_staged++;
  return car_bundle_commit (self->bundle, collection->slot, self->pending.begin, error);
}

static inline gboolean
is_space (char c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Puts members in the place of an object's closing brace. `tail` begins with a comma, for where it has others. */
static void
append_tail (GString *object, const char *tail)
{
  do
    object->len--;
  while (is_space (object->str[object->len - 1]));

  g_string_append (object, object->str[object->len - 1] == '{' ? tail + strlen (",") : tail);
}

/* Takes an object that is valid. `tail` (nullable) stands in the place of its closing brace. */
static inline gboolean
take (CarDataHandler *self,
      Collection *collection,
      const CarJsonSpan *object,
      const char *tail,
      const CarObjectScan *scan,
      GError **error)
{
  const CarKey key = prepare_key (self, collection, object, scan);

  if (G_UNLIKELY (!settle (self, error)))
    return FALSE;

  self->pending.collection = collection;
  self->pending.key = key;
  self->pending.begin = car_bundle_begin (collection->slot);
  memcpy (car_json_extend (collection->slot->text, object->length), object->text, object->length);
  if (tail != NULL)
    append_tail (collection->slot->text, tail);
  return TRUE;
}

static void
append_raw (GString *out, const CarJsonSpan *value)
{
  gsize quote = value->type == CAR_JSON_STRING ? 1 : 0;

  g_string_append_len (out, value->text - quote, value->length + 2 * quote);
}

/* The edge with the framework's members, in the place of its own; only `active` stays as it is. NULL where it is no
 * JSON. */
static GString *
rewrite_edge (CarDataHandler *self, const char *edge, gsize length)
{
  g_autoptr (GString) text = g_string_new ("{");
  gboolean active = FALSE;
  CarJsonScanner scanner;
  CarJsonSpan name;
  CarJsonSpan value;

  car_json_scanner_init (&scanner, edge, length);
  if (!car_json_scanner_enter (&scanner, CAR_JSON_OBJECT))
    return NULL;

  while (car_json_scanner_next_member (&scanner, &name))
    {
      if (!car_json_scanner_read (&scanner, &value))
        return NULL;
      if (car_json_span_equals (&name, "report") || car_json_span_equals (&name, "source") ||
          car_json_span_equals (&name, "timestamp"))
        continue;

      active = active || car_json_span_equals (&name, "active");
      append_raw (text, &name);
      g_string_append_c (text, ':');
      append_raw (text, &value);
      g_string_append_c (text, ',');
    }
  if (!car_json_scanner_finish (&scanner))
    return NULL;

  g_string_append (text, self->edge_members);
  g_string_append (text, active ? "}" : ",\"active\":true}");
  return g_steal_pointer (&text);
}

/* Checks the object that begins at the scanner, and stands behind it afterwards. */
static inline gboolean
scan_object (const Collection *collection,
             const CarFixedMembers *fixed,
             CarJsonScanner *scanner,
             CarJsonSpan *object,
             CarObjectScan *scan,
             GError **error)
{
  scan->is_edge = collection->slot->part == CAR_BUNDLE_EDGES;
  car_json_scanner_peek (scanner);
  object->text = scanner->at;
  if (G_UNLIKELY (!car_collection_schema_scan (collection->schema, fixed, scanner, scan, error)))
    return FALSE;

  object->length = scanner->at - object->text;
  object->type = CAR_JSON_OBJECT;
  return TRUE;
}

/* The same of a text that must hold nothing else. */
static inline gboolean
scan_text (const Collection *collection,
           const CarFixedMembers *fixed,
           const char *text,
           gsize length,
           CarJsonSpan *object,
           CarObjectScan *scan,
           GError **error)
{
  CarJsonScanner scanner;

  car_json_scanner_init (&scanner, text, length);
  if (G_UNLIKELY (!scan_object (collection, fixed, &scanner, object, scan, error)))
    return FALSE;
  if (G_LIKELY (car_json_scanner_finish (&scanner)))
    return TRUE;

  car_json_scanner_set_error (&scanner, error);
  g_prefix_error (error, "%s: ", collection->name);
  return FALSE;
}

/* Whether nothing about an object of the collection depends on the other ones, so that it can be checked where it
 * stands. Of an edge the framework's members must be known to be right. */
static inline gboolean
can_be_checked_in_place (const Collection *collection)
{
  return collection->slot->part == CAR_BUNDLE_VERTICES || collection->fixed != NULL;
}

/* An edge that has members of its own beside the framework's, or whose schema looks at all members together. */
static gboolean
add_rewritten_edge (CarDataHandler *self,
                    Collection *collection,
                    const char *json,
                    gsize length,
                    GError **error)
{
  g_autoptr (GString) edge = rewrite_edge (self, json, length);
  g_autoptr (GError) violation = NULL;
  CarJsonSpan object;
  CarObjectScan scan;

  /* What is no JSON object is named by the check. */
  if (edge != NULL ? scan_text (collection, NULL, edge->str, edge->len, &object, &scan, &violation)
                   : scan_text (collection, NULL, json, length, &object, &scan, &violation))
    return take (self, collection, &object, NULL, &scan, error);

  leave_out (self, collection, violation);
  return TRUE;
}

static gboolean
add_text (CarDataHandler *self, Collection *collection, const char *json, gsize length, GError **error)
{
  const gboolean is_edge = collection->slot->part == CAR_BUNDLE_EDGES;
  g_autoptr (GError) violation = NULL;
  CarJsonSpan object;
  CarObjectScan scan;

  count_read (self, collection);
  if (G_LIKELY (can_be_checked_in_place (collection) &&
                scan_text (collection, collection->fixed, json, length, &object, &scan, &violation)))
    return take (self, collection, &object, is_edge ? self->edge_tail : NULL, &scan, error);
  if (is_edge)
    return add_rewritten_edge (self, collection, json, length, error);

  leave_out (self, collection, violation);
  return TRUE;
}

static gboolean
add_json (CarDataHandler *self,
          CarBundlePart part,
          const char *name,
          const char *json,
          gsize length,
          GError **error)
{
  Collection *collection = get_collection (self, part, name, error);

  return G_LIKELY (collection != NULL) && add_text (self, collection, json, length, error);
}

static gboolean
add_record (CarDataHandler *self,
            CarBundlePart part,
            const char *name,
            const CarRecord *record,
            GError **error)
{
  Collection *collection = get_collection (self, part, name, error);
  g_autoptr (GError) problem = NULL;
  gsize length;

  if (G_UNLIKELY (collection == NULL))
    return FALSE;

  const char *text = car_record_peek (record, &length, &problem);
  if (G_LIKELY (text != NULL))
    return add_text (self, collection, text, length, error);

  count_read (self, collection);
  g_prefix_error (&problem, "%s: ", name);
  leave_out (self, collection, problem);
  return TRUE;
}

static gboolean
add_json_object (CarDataHandler *self,
                 CarBundlePart part,
                 const char *name,
                 JsonObject *object,
                 GError **error)
{
  car_record_clear (self->scratch);
  car_record_set_members (self->scratch, object);
  return add_record (self, part, name, self->scratch, error);
}

/* Adds the item that the scanner stands at. FALSE without an error where it is no JSON. */
static gboolean
add_item (CarDataHandler *self, Collection *collection, CarJsonScanner *scanner, GError **error)
{
  const CarJsonScanner begin = *scanner;
  CarJsonSpan object;
  CarObjectScan scan;

  if (G_LIKELY (can_be_checked_in_place (collection) &&
                scan_object (collection, collection->fixed, scanner, &object, &scan, NULL)))
    {
      const gboolean is_edge = collection->slot->part == CAR_BUNDLE_EDGES;

      count_read (self, collection);
      return take (self, collection, &object, is_edge ? self->edge_tail : NULL, &scan, error);
    }

  *scanner = begin;
  return car_json_scanner_read (scanner, &object) &&
         add_text (self, collection, begin.at, scanner->at - begin.at, error);
}

static gboolean
add_array (CarDataHandler *self,
           CarBundlePart part,
           const char *name,
           const char *json,
           gsize length,
           GError **error)
{
  Collection *collection = get_collection (self, part, name, error);
  CarJsonScanner scanner;

  if (collection == NULL)
    return FALSE;

  car_json_scanner_init (&scanner, json, length);
  if (car_json_scanner_enter (&scanner, CAR_JSON_ARRAY))
    while (car_json_scanner_next_item (&scanner))
      if (!add_item (self, collection, &scanner, error) && scanner.problem == NULL)
        return FALSE;
  if (scanner.problem == NULL && car_json_scanner_finish (&scanner))
    return TRUE;

  car_json_scanner_set_error (&scanner, error);
  g_prefix_error (error, "%s: what was to be added is no JSON array: ", name);
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

  return add_json_object (self, CAR_BUNDLE_VERTICES, collection, object, error);
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

  return add_json (self, CAR_BUNDLE_VERTICES, collection, json, get_length (json, length), error);
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

  return add_record (self, CAR_BUNDLE_VERTICES, collection, record, error);
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
 * Fails like [method@DataHandler.add_vertex], and with %CAR_SCHEMA_ERROR_INVALID_JSON where @json is no JSON array:
 * how many objects it was to bring is not known then. Those before the mistake were added.
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

  return add_array (self, CAR_BUNDLE_VERTICES, collection, json, get_length (json, length), error);
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

  return add_json_object (self, CAR_BUNDLE_EDGES, collection, object, error);
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

  return add_json (self, CAR_BUNDLE_EDGES, collection, json, get_length (json, length), error);
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

  return add_record (self, CAR_BUNDLE_EDGES, collection, record, error);
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

  return add_array (self, CAR_BUNDLE_EDGES, collection, json, get_length (json, length), error);
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

/* For what only counts. Where a page cannot be written that fails whatever comes next. */
static void
settle_at_last (CarDataHandler *self)
{
  settle (self, NULL);
}

/* What was added last becomes a page, too. */
static gboolean
stage_rest (CarDataHandler *self, CarBundlePart part, GError **error)
{
  return settle (self, error) && car_bundle_flush (self->bundle, part, error);
}

static gboolean
send_part (CarDataHandler *self, CarBundlePart part, GCancellable *cancellable, GError **error)
{
  if (!stage_rest (self, part, error))
    return FALSE;
  if (car_bundle_get_n_pages (self->bundle, part) == 0)
    return TRUE;
  if (!check_client (self, error))
    return FALSE;
  if (!car_uploader_send (self->client, self->bundle, part,
                          part == CAR_BUNDLE_VERTICES ? on_vertices_progress : on_edges_progress, self,
                          cancellable, error))
    return FALSE;

  for (guint i = 0; i < self->collections->len; i++)
    {
      Collection *collection = self->collections->pdata[i];

      if (collection->slot->part == part)
        collection->n_sent = collection->n_staged;
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

  if (keys[0] == NULL)
    return check_collection_name (collection, error);

  Collection *deleted_from = get_collection (self, CAR_BUNDLE_VERTICES, collection, error);
  if (deleted_from == NULL || !check_client (self, error) ||
      !car_client_delete_vertices (self->client, self->source, collection, keys, cancellable, error))
    return FALSE;

  deleted_from->n_deleted += g_strv_length ((char **) keys);
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

  settle_at_last (self);
  for (guint i = 0; i < self->collections->len; i++)
    {
      const Collection *collection = self->collections->pdata[i];

      if (collection->n_read > 0)
        func (collection->name, collection->n_read, collection->n_invalid, collection->n_duplicates,
              collection->n_sent, user_data);
    }
}

void
car_data_handler_foreach_counts (CarDataHandler *self, CarCountsFunc func, gpointer user_data)
{
  g_return_if_fail (CAR_IS_DATA_HANDLER (self));

  settle_at_last (self);
  for (guint i = 0; i < self->collections->len; i++)
    {
      const Collection *collection = self->collections->pdata[i];
      const CarCollectionCounts counts = {
        .name = collection->name,
        .read = collection->n_read,
        .invalid = collection->n_invalid,
        .duplicates = collection->n_duplicates,
        .sent = collection->n_sent,
        .deleted = collection->n_deleted,
        .violations = collection->violations,
      };

      if (counts.read > 0 || counts.deleted > 0)
        func (&counts, user_data);
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

  settle_at_last (self);
  return self->parts[part].n_staged == 0;
}

CarBundle *
car_data_handler_get_bundle (CarDataHandler *self)
{
  g_return_val_if_fail (CAR_IS_DATA_HANDLER (self), NULL);

  settle_at_last (self);
  return self->bundle;
}
