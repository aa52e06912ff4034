/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/client/car-call-private.h>
#include <libcar/client/car-graphql-private.h>
#include <libcar/client/car-listing.h>
#include <libcar/client/car-sync-private.h>
#include <libcar/json/car-json-hash-private.h>
#include <libcar/json/car-json-node-private.h>

#define DEFAULT_PAGE_SIZE 10000

/**
 * CarListing:
 *
 * All objects of a collection, page by page: what the service has now.
 *
 * [ctor@Listing.new] says which collection, which fields of each object, and which objects.
 * [method@Listing.next_json] answers one page after the other, and %NULL behind the last one:
 *
 * ```c
 * static gboolean
 * read_edges (CarClient *client, GCancellable *cancellable, GError **error)
 * {
 *   static const char *const fields[] = { "asset_id", "ipaddress_id", NULL };
 *   g_autoptr (CarListing) edges =
 *       car_listing_new (client, "asset_ipaddress", fields, "{\"source\": {\"_eq\": \"inventory\"}}");
 *   g_autoptr (GError) failure = NULL;
 *   JsonArray *page;
 *
 *   while ((page = car_listing_next (edges, cancellable, &failure)) != NULL)
 *     {
 *       read_page (page);
 *       json_array_unref (page);
 *     }
 *   if (failure == NULL)
 *     return TRUE;
 *
 *   g_propagate_error (error, g_steal_pointer (&failure));
 *   return FALSE;
 * }
 * ```
 *
 * A listing keeps two pages at most, however many there are. The objects come in the order of the fields asked for; these should
 * tell the objects apart, as `id` does, or the two ids of an edge. A listing is not of one moment: what changes while it goes on
 * may be missing, or come twice.
 *
 * It always ends. A page that brings nothing new is a recoverable failure: the service does not list what it was asked for
 * (protocol.md, "Queries"). An empty page is the end, and a short one is not: a service may answer fewer objects than it was asked
 * for.
 */
struct _CarListing
{
  GObject parent_instance;

  CarClient *client;
  char *collection;
  GStrv fields;
  char *where_json; /* NULL: all */
  guint page_size;

  guint64 place; /* of the next object */
  gboolean has_ended;
  gboolean is_asking;

  /* What pages are compared with (element-type CarJsonHash): the one before, and one that is further and further behind. So a page
   * that comes again is found, however many others are between. */
  GHashTable *last;
  GHashTable *landmark;
  guint n_pages;
  guint next_landmark; /* the number of pages at which the next one is taken */
};

typedef enum
{
  PROP_CLIENT = 1,
  PROP_COLLECTION,
  PROP_FIELDS,
  PROP_WHERE_JSON,
  PROP_PAGE_SIZE,
  N_PROPS
} Property;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (CarListing, car_listing, G_TYPE_OBJECT)

static void
car_listing_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  CarListing *self = CAR_LISTING (object);

  switch ((Property) id)
    {
    case PROP_CLIENT:
      self->client = g_value_dup_object (value);
      break;
    case PROP_COLLECTION:
      self->collection = g_value_dup_string (value);
      break;
    case PROP_FIELDS:
      self->fields = g_value_dup_boxed (value);
      break;
    case PROP_WHERE_JSON:
      self->where_json = g_value_dup_string (value);
      break;
    case PROP_PAGE_SIZE:
      self->page_size = g_value_get_uint (value);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_listing_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  const CarListing *self = CAR_LISTING (object);

  switch ((Property) id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_COLLECTION:
      g_value_set_string (value, self->collection);
      break;
    case PROP_FIELDS:
      g_value_set_boxed (value, self->fields);
      break;
    case PROP_WHERE_JSON:
      g_value_set_string (value, self->where_json);
      break;
    case PROP_PAGE_SIZE:
      g_value_set_uint (value, self->page_size);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
car_listing_finalize (GObject *object)
{
  CarListing *self = CAR_LISTING (object);

  g_clear_object (&self->client);
  g_free (self->collection);
  g_strfreev (self->fields);
  g_free (self->where_json);
  g_clear_pointer (&self->last, g_hash_table_unref);
  g_clear_pointer (&self->landmark, g_hash_table_unref);

  G_OBJECT_CLASS (car_listing_parent_class)->finalize (object);
}

static void
car_listing_class_init (CarListingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->set_property = car_listing_set_property;
  object_class->get_property = car_listing_get_property;
  object_class->finalize = car_listing_finalize;

  /**
   * CarListing:client:
   *
   * The client that asks.
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client", NULL, NULL, CAR_TYPE_CLIENT, flags);

  /**
   * CarListing:collection:
   *
   * The collection that is listed.
   */
  properties[PROP_COLLECTION] = g_param_spec_string ("collection", NULL, NULL, NULL, flags);

  /**
   * CarListing:fields:
   *
   * The fields to tell of each object, at least one.
   */
  properties[PROP_FIELDS] = g_param_spec_boxed ("fields", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * CarListing:where-json:
   *
   * Which objects are listed: the condition as a JSON object; %NULL: all.
   */
  properties[PROP_WHERE_JSON] = g_param_spec_string ("where-json", NULL, NULL, NULL, flags);

  /**
   * CarListing:page-size: (getter get_page_size) (setter set_page_size)
   *
   * How many objects are asked for at once.
   */
  properties[PROP_PAGE_SIZE] =
      g_param_spec_uint ("page-size", NULL, NULL, 1, G_MAXINT32, DEFAULT_PAGE_SIZE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
car_listing_init (CarListing *self)
{
  self->next_landmark = 1;
}

/**
 * car_listing_new:
 * @client: a client
 * @collection: a collection, of vertices or of edges
 * @fields: (array zero-terminated=1): the fields to tell of each object, at least one
 * @where_json: (nullable): which objects: the condition of a query as a JSON object, such as
 *   `{"source": {"_eq": "inventory"}}`; %NULL: all
 *
 * Makes a listing. Nothing is asked yet. @where_json may hold values from outside: they are written as literals, and cannot change
 * what is asked. What cannot be asked is told of by the first page: %CAR_SCHEMA_ERROR_INVALID_JSON says that @where_json is no JSON
 * object, %CAR_APP_ERROR_GENERAL that a name cannot be one.
 *
 * Returns: (transfer full): a listing
 */
CarListing *
car_listing_new (CarClient *client, const char *collection, const char *const *fields, const char *where_json)
{
  g_return_val_if_fail (CAR_IS_CLIENT (client), NULL);
  g_return_val_if_fail (collection != NULL, NULL);
  g_return_val_if_fail (fields != NULL, NULL);
  g_return_val_if_fail (fields[0] != NULL, NULL);

  return g_object_new (CAR_TYPE_LISTING, "client", client, "collection", collection, "fields", fields,
                       "where-json", where_json, NULL);
}

/**
 * car_listing_get_page_size: (get-property page-size)
 * @self: a listing
 *
 * Tells how large the pages are.
 *
 * Returns: how many objects are asked for at once
 */
guint
car_listing_get_page_size (CarListing *self)
{
  g_return_val_if_fail (CAR_IS_LISTING (self), 0);

  return self->page_size;
}

/**
 * car_listing_set_page_size: (set-property page-size)
 * @self: a listing
 * @page_size: how many objects are asked for at once, 1 to 2147483647
 *
 * Asks for other pages from now on. An answer may have 64 MB.
 */
void
car_listing_set_page_size (CarListing *self, guint page_size)
{
  g_return_if_fail (CAR_IS_LISTING (self));

  g_object_set (self, "page-size", page_size, NULL);
}

/* The question. */

static gboolean
append_where (GString *query, const char *where_json, GError **error)
{
  g_autofree char *text = car_call_dup_object (where_json, error);
  CarJsonSpan value;
  if (text == NULL || !car_json_read_text (text, strlen (text), &value, error))
    return FALSE;

  g_string_append (query, "where: ");
  if (!car_graphql_append_literal (query, &value, error))
    return FALSE;
  g_string_append (query, ", ");
  return TRUE;
}

static gboolean
check_ready (CarListing *self, GError **error)
{
  if (self->client == NULL || self->collection == NULL || self->fields == NULL || self->fields[0] == NULL)
    {
      g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                           "the listing has no client, collection or fields: make it with car_listing_new()");
      return FALSE;
    }
  if (self->is_asking)
    {
      g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                           "the listing is asked for a page before it has answered the one before");
      return FALSE;
    }
  for (guint i = 0; self->fields[i] != NULL; i++)
    if (!car_call_check_name ("a field", self->fields[i], error))
      return FALSE;
  return car_call_check_name ("a collection", self->collection, error);
}

/* GraphQL's Int has 32 bits. */
static gboolean
check_place (CarListing *self, GError **error)
{
  if (self->place <= G_MAXINT32)
    return TRUE;

  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "there are more objects of “%s” than a query can ask for: ask for them in parts",
               self->collection);
  return FALSE;
}

static char *
build_query (CarListing *self, GError **error)
{
  if (!check_ready (self, error) || !check_place (self, error))
    return NULL;

  g_autoptr (GString) query = g_string_new ("{ ");
  g_string_append_printf (query, "%s(", self->collection);
  if (self->where_json != NULL && !append_where (query, self->where_json, error))
    return NULL;

  g_string_append (query, "order_by: [");
  for (guint i = 0; self->fields[i] != NULL; i++)
    g_string_append_printf (query, "%s{%s: asc}", i > 0 ? ", " : "", self->fields[i]);
  g_string_append_printf (query, "], limit: %u, offset: %" G_GUINT64_FORMAT ") {", self->page_size,
                          self->place);
  for (guint i = 0; self->fields[i] != NULL; i++)
    g_string_append_printf (query, " %s", self->fields[i]);
  g_string_append (query, " } }");
  return g_string_free (g_steal_pointer (&query), FALSE);
}

/* The answer. */

static guint
hash_of_hash (gconstpointer hash)
{
  return (guint) ((const CarJsonHash *) hash)->low;
}

static gboolean
hashes_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (CarJsonHash)) == 0;
}

static GHashTable *
hash_page (const GArray *items)
{
  GHashTable *page = g_hash_table_new_full (hash_of_hash, hashes_equal, g_free, NULL);

  for (guint i = 0; i < items->len; i++)
    {
      const CarJsonHash hash = car_json_hash_value (&g_array_index (items, CarJsonSpan, i));
      g_hash_table_add (page, g_memdup2 (&hash, sizeof hash));
    }
  return page;
}

static gboolean
has_all (GHashTable *page, GHashTable *of)
{
  GHashTableIter iter;
  gpointer hash;

  if (page == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, of);
  while (g_hash_table_iter_next (&iter, &hash, NULL))
    if (!g_hash_table_contains (page, hash))
      return FALSE;
  return TRUE;
}

/* Takes the page. */
static gboolean
note_page (CarListing *self, GHashTable *page, GError **error)
{
  const gboolean is_old = has_all (self->last, page) || has_all (self->landmark, page);

  g_clear_pointer (&self->last, g_hash_table_unref);
  self->last = page;
  if (is_old)
    {
      g_set_error (
          error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
          "POST query: the service lists the same objects of “%s” again behind the first %" G_GUINT64_FORMAT
          "; ask those who run the service",
          self->collection, self->place);
      return FALSE;
    }

  if (++self->n_pages == self->next_landmark)
    {
      g_clear_pointer (&self->landmark, g_hash_table_unref);
      self->landmark = g_hash_table_ref (page);
      self->next_landmark *= 2;
    }
  return TRUE;
}

/* That the list is there, and an object in each of its places, was checked (car-query-shape.c). Nothing at all is `{}`. */
static char *
take_page (CarListing *self, const char *data_json, GError **error)
{
  CarJsonSpan data;
  car_json_read_text (data_json, strlen (data_json), &data, NULL);
  const CarJsonSpan list = car_json_span_get_member (&data, self->collection);
  g_autoptr (GArray) items = car_json_span_get_items (&list);

  self->has_ended = items == NULL || items->len == 0;
  if (self->has_ended || !note_page (self, hash_page (items), error))
    return NULL;

  self->place += items->len;
  return g_strndup (list.text, list.length);
}

static void
on_answer (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CarListing *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *data = car_client_query_json_finish (CAR_CLIENT (client), result, &error);
  char *page = data != NULL ? take_page (self, data, &error) : NULL;

  self->is_asking = FALSE;
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, page, g_free);
}

static void
ask (CarListing *self,
     gpointer tag,
     GCancellable *cancellable,
     GAsyncReadyCallback callback,
     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, tag);
  if (self->has_ended)
    {
      g_task_return_pointer (task, NULL, NULL);
      return;
    }

  g_autofree char *query = build_query (self, &error);
  if (query == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  self->is_asking = TRUE;
  car_client_query_json_async (self->client, query, NULL, cancellable, on_answer, g_steal_pointer (&task));
}

/* The calls. */

/**
 * car_listing_next_json:
 * @self: a listing
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks for the next page. It fails as [method@Client.query_json] does, and recoverably where the page brings nothing new. After a
 * failure the same page is asked for again.
 *
 * Returns: (transfer full) (nullable): the array of the page's objects as JSON text, never an empty one; %NULL without an error:
 *   there are no more; or %NULL with an error
 */
char *
car_listing_next_json (CarListing *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_LISTING (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_listing_next_json_async (self, cancellable, car_sync_return, &sync);
  return car_listing_next_json_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_listing_next_json_async:
 * @self: a listing
 * @cancellable: (nullable): a cancellable
 * @callback: called when the page is there
 * @user_data: passed to @callback
 *
 * Like [method@Listing.next_json], without blocking. One page can be asked for at a time.
 */
void
car_listing_next_json_async (CarListing *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (CAR_IS_LISTING (self));

  ask (self, car_listing_next_json_async, cancellable, callback, user_data);
}

/**
 * car_listing_next_json_finish:
 * @self: a listing
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Listing.next_json_async].
 *
 * Returns: (transfer full) (nullable): the array of the page's objects as JSON text, never an empty one; %NULL without an error:
 *   there are no more; or %NULL with an error
 */
char *
car_listing_next_json_finish (CarListing *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, car_listing_next_json_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * car_listing_next:
 * @self: a listing
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Listing.next_json], with a tree. A number that is no 64-bit integer becomes a double; a string with a NUL in it is a
 * failure.
 *
 * Returns: (transfer full) (nullable): the page's objects, one at least; %NULL without an error: there are no more; or %NULL with an
 *   error
 */
JsonArray *
car_listing_next (CarListing *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_LISTING (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_listing_next_async (self, cancellable, car_sync_return, &sync);
  return car_listing_next_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_listing_next_async:
 * @self: a listing
 * @cancellable: (nullable): a cancellable
 * @callback: called when the page is there
 * @user_data: passed to @callback
 *
 * Like [method@Listing.next], without blocking. One page can be asked for at a time.
 */
void
car_listing_next_async (CarListing *self,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (CAR_IS_LISTING (self));

  ask (self, car_listing_next_async, cancellable, callback, user_data);
}

/**
 * car_listing_next_finish:
 * @self: a listing
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Listing.next_async].
 *
 * Returns: (transfer full) (nullable): the page's objects, one at least; %NULL without an error: there are no more; or %NULL with an
 *   error
 */
JsonArray *
car_listing_next_finish (CarListing *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, car_listing_next_async), NULL);

  g_autofree char *text = g_task_propagate_pointer (G_TASK (result), error);
  CarJsonSpan list;
  g_autoptr (GError) cause = NULL;
  if (text == NULL)
    return NULL;

  car_json_read_text (text, strlen (text), &list, NULL);
  g_autoptr (JsonNode) node = car_json_span_to_node (&list, &cause);
  if (node != NULL)
    return json_node_dup_array (node);

  g_set_error (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
               "POST query: the service's answer is not what it should be: %s", cause->message);
  return NULL;
}
