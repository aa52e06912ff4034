/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-sync-private.h>
#include <libcar/schema/car-object-rules-private.h>

/* Deleting vertices, and changing vertices and edges. */

typedef struct
{
  char *source;
  char *collection;
  GStrv keys;
  guint next; /* the first that is not deleted yet */
} Deletion;

static void
deletion_free (gpointer data)
{
  Deletion *self = data;

  g_free (self->source);
  g_free (self->collection);
  g_strfreev (self->keys);
  g_free (self);
}

gboolean
car_client_check_keys (const char *collection, const char *const *keys, GError **error)
{
  for (guint i = 0; keys[i] != NULL; i++)
    {
      const gboolean empty = *keys[i] == '\0';
      if (!empty && g_utf8_validate (keys[i], -1, NULL))
        continue;

      g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                   "no vertex of %s can be deleted: key %u of the list %s; correct the connector", collection,
                   i + 1, empty ? "is empty" : "is not UTF-8");
      return FALSE;
    }
  return TRUE;
}

static gboolean
delete_more (CarOperation *self, GError **error)
{
  Deletion *deletion = self->data;
  const guint n_keys = g_strv_length (deletion->keys);
  if (deletion->next == n_keys)
    return TRUE;

  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "DELETE", "source");
  car_call_add_segment (call, deletion->source);
  car_call_add_segment (call, deletion->collection);
  car_call_add_query (call, car_collection_is_named_by_key (deletion->collection) ? "keys" : "external_ids",
                      "");
  call->answer = CAR_ANSWER_DONE;
  deletion->next = car_call_add_query_items (call, self->caller, (const char *const *) deletion->keys, n_keys,
                                             deletion->next);
  car_operation_call (self, delete_more);
  return TRUE;
}

/**
 * car_client_delete_vertices:
 * @self: a client
 * @source: the source's name
 * @collection: the vertices' collection
 * @keys: (array zero-terminated=1): what names them: external ids, or the addresses and names of hosts
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Deletes vertices of the source, with their edges, in as many calls as they need. After a failure, some may be
 * gone already.
 *
 * %CAR_APP_ERROR_GENERAL says that a key is empty or not UTF-8; then none is deleted.
 *
 * Returns: whether all are deleted
 */
gboolean
car_client_delete_vertices (CarClient *self,
                            const char *source,
                            const char *collection,
                            const char *const *keys,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (keys != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_delete_vertices_async (self, source, collection, keys, cancellable, car_sync_return, &sync);
  return car_client_delete_vertices_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_delete_vertices_async:
 * @self: a client
 * @source: the source's name
 * @collection: the vertices' collection
 * @keys: (array zero-terminated=1): what names them: external ids, or the addresses and names of hosts
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.delete_vertices], without blocking.
 */
void
car_client_delete_vertices_async (CarClient *self,
                                  const char *source,
                                  const char *collection,
                                  const char *const *keys,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (source != NULL);
  g_return_if_fail (collection != NULL);
  g_return_if_fail (keys != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_delete_vertices_async, cancellable, callback, user_data);

  if (car_call_check_name ("a collection", collection, &operation->error) &&
      car_client_check_keys (collection, keys, &operation->error))
    {
      Deletion *deletion = g_new0 (Deletion, 1);
      deletion->source = g_strdup (source);
      deletion->collection = g_strdup (collection);
      deletion->keys = g_strdupv ((char **) keys);
      operation->data = deletion;
      operation->free_data = deletion_free;
      car_operation_go_to (operation, delete_more);
    }
  car_operation_start (operation);
}

/**
 * car_client_delete_vertices_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.delete_vertices_async].
 *
 * Returns: whether all are deleted
 */
gboolean
car_client_delete_vertices_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_delete_vertices_async, result, error) != NULL;
}

/* Ends the making of a call that has all but its body, and starts the operation. Takes the changes, NULL with the
 * operation's error. Nobody publishes what the answer says: any object will do (protocol.md, "Calls"). */
static void
patch (CarOperation *self, const char *collection, char *changes)
{
  if (changes != NULL)
    self->call.body = g_bytes_new_take (changes, strlen (changes));
  if (self->error == NULL)
    car_call_check_name ("a collection", collection, &self->error);
  car_operation_call (self, NULL);
  car_operation_start (self);
}

static void
patch_vertex (CarOperation *self, const char *collection, const char *external_id, char *changes)
{
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "PATCH", collection);

  car_call_add_query (call, "external_id", external_id);
  patch (self, collection, changes);
}

static gboolean
ends_edge (const char *changes)
{
  CarJsonSpan object;

  if (changes == NULL || !car_json_read_text (changes, strlen (changes), &object, NULL))
    return FALSE;

  const CarJsonSpan active = car_json_span_get_member (&object, "active");
  return active.type == CAR_JSON_FALSE;
}

static void
patch_edge (CarOperation *self,
            const char *collection,
            const char *source,
            const char *from,
            const char *to,
            char *changes)
{
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "PATCH", collection);

  car_call_add_query (call, "source", source);
  car_call_add_query (call, "from", from);
  car_call_add_query (call, "to", to);
  call->ends = ends_edge (changes);
  patch (self, collection, changes);
}

/**
 * car_client_patch_vertex_json:
 * @self: a client
 * @collection: the vertex' collection
 * @external_id: the vertex' external id
 * @changes_json: the fields to change, with their new values: a JSON object
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Changes fields of a vertex. %CAR_SCHEMA_ERROR_INVALID_JSON says that @changes_json is no JSON object.
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_vertex_json (CarClient *self,
                              const char *collection,
                              const char *external_id,
                              const char *changes_json,
                              GCancellable *cancellable,
                              GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (external_id != NULL, FALSE);
  g_return_val_if_fail (changes_json != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_patch_vertex_json_async (self, collection, external_id, changes_json, cancellable,
                                      car_sync_return, &sync);
  return car_client_patch_vertex_json_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_patch_vertex_json_async:
 * @self: a client
 * @collection: the vertex' collection
 * @external_id: the vertex' external id
 * @changes_json: the fields to change, with their new values: a JSON object
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.patch_vertex_json], without blocking.
 */
void
car_client_patch_vertex_json_async (CarClient *self,
                                    const char *collection,
                                    const char *external_id,
                                    const char *changes_json,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (external_id != NULL);
  g_return_if_fail (changes_json != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_patch_vertex_json_async, cancellable, callback, user_data);

  patch_vertex (operation, collection, external_id, car_call_dup_object (changes_json, &operation->error));
}

/**
 * car_client_patch_vertex_json_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.patch_vertex_json_async].
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_vertex_json_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_patch_vertex_json_async, result, error) != NULL;
}

/**
 * car_client_patch_vertex:
 * @self: a client
 * @collection: the vertex' collection
 * @external_id: the vertex' external id
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.patch_vertex_json], with a tree. %CAR_SCHEMA_ERROR_INVALID_JSON says that @changes cannot be
 * written as JSON.
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_vertex (CarClient *self,
                         const char *collection,
                         const char *external_id,
                         JsonObject *changes,
                         GCancellable *cancellable,
                         GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (external_id != NULL, FALSE);
  g_return_val_if_fail (changes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_patch_vertex_async (self, collection, external_id, changes, cancellable, car_sync_return, &sync);
  return car_client_patch_vertex_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_patch_vertex_async:
 * @self: a client
 * @collection: the vertex' collection
 * @external_id: the vertex' external id
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.patch_vertex], without blocking.
 */
void
car_client_patch_vertex_async (CarClient *self,
                               const char *collection,
                               const char *external_id,
                               JsonObject *changes,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (external_id != NULL);
  g_return_if_fail (changes != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_patch_vertex_async, cancellable, callback, user_data);

  patch_vertex (operation, collection, external_id, car_call_write_object (changes, &operation->error));
}

/**
 * car_client_patch_vertex_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.patch_vertex_async].
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_vertex_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_patch_vertex_async, result, error) != NULL;
}

/**
 * car_client_patch_edge_json:
 * @self: a client
 * @collection: the edge's collection
 * @source: the source's name
 * @from: where the edge begins
 * @to: where it ends
 * @changes_json: the fields to change, with their new values: a JSON object
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Changes fields of an edge: usually `active` to false, which ends it. %CAR_SCHEMA_ERROR_INVALID_JSON says
 * that @changes_json is no JSON object. Where the answer was lost, and the service then says that there is no such edge, it is
 * ended.
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_edge_json (CarClient *self,
                            const char *collection,
                            const char *source,
                            const char *from,
                            const char *to,
                            const char *changes_json,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (from != NULL, FALSE);
  g_return_val_if_fail (to != NULL, FALSE);
  g_return_val_if_fail (changes_json != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_patch_edge_json_async (self, collection, source, from, to, changes_json, cancellable,
                                    car_sync_return, &sync);
  return car_client_patch_edge_json_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_patch_edge_json_async:
 * @self: a client
 * @collection: the edge's collection
 * @source: the source's name
 * @from: where the edge begins
 * @to: where it ends
 * @changes_json: the fields to change, with their new values: a JSON object
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.patch_edge_json], without blocking.
 */
void
car_client_patch_edge_json_async (CarClient *self,
                                  const char *collection,
                                  const char *source,
                                  const char *from,
                                  const char *to,
                                  const char *changes_json,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (source != NULL);
  g_return_if_fail (from != NULL);
  g_return_if_fail (to != NULL);
  g_return_if_fail (changes_json != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_patch_edge_json_async, cancellable, callback, user_data);

  patch_edge (operation, collection, source, from, to, car_call_dup_object (changes_json, &operation->error));
}

/**
 * car_client_patch_edge_json_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.patch_edge_json_async].
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_edge_json_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_patch_edge_json_async, result, error) != NULL;
}

/**
 * car_client_patch_edge:
 * @self: a client
 * @collection: the edge's collection
 * @source: the source's name
 * @from: where the edge begins
 * @to: where it ends
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.patch_edge_json], with a tree. %CAR_SCHEMA_ERROR_INVALID_JSON says that @changes cannot be
 * written as JSON.
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_edge (CarClient *self,
                       const char *collection,
                       const char *source,
                       const char *from,
                       const char *to,
                       JsonObject *changes,
                       GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (collection != NULL, FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (from != NULL, FALSE);
  g_return_val_if_fail (to != NULL, FALSE);
  g_return_val_if_fail (changes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_patch_edge_async (self, collection, source, from, to, changes, cancellable, car_sync_return,
                               &sync);
  return car_client_patch_edge_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_patch_edge_async:
 * @self: a client
 * @collection: the edge's collection
 * @source: the source's name
 * @from: where the edge begins
 * @to: where it ends
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.patch_edge], without blocking.
 */
void
car_client_patch_edge_async (CarClient *self,
                             const char *collection,
                             const char *source,
                             const char *from,
                             const char *to,
                             JsonObject *changes,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (source != NULL);
  g_return_if_fail (from != NULL);
  g_return_if_fail (to != NULL);
  g_return_if_fail (changes != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_patch_edge_async, cancellable, callback, user_data);

  patch_edge (operation, collection, source, from, to, car_call_write_object (changes, &operation->error));
}

/**
 * car_client_patch_edge_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.patch_edge_async].
 *
 * Returns: whether they are changed
 */
gboolean
car_client_patch_edge_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_patch_edge_async, result, error) != NULL;
}
