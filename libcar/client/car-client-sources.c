/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>

#include <libcar/client/car-client-jobs-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-sync-private.h>

/* Full imports and save points of a source. */

/* Nothing is closed before the end. */
static void
run_full_import_job (CarOperation *self, const char *method, const char *source)
{
  self->sends_no_data = g_str_equal (method, "POST");

  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, method, "source");

  car_call_add_segment (call, source);
  car_call_add_segment (call, "full-import-in-progress");
  call->names_report = TRUE;
  car_operation_run_job (self, NULL);
  car_operation_start (self);
}

/**
 * car_client_begin_full_import:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Begins a full import, and waits until the service has begun it.
 *
 * Returns: whether it has begun
 */
gboolean
car_client_begin_full_import (CarClient *self, const char *source, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_begin_full_import_async (self, source, cancellable, car_sync_return, &sync);
  return car_client_begin_full_import_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_begin_full_import_async:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.begin_full_import], without blocking.
 */
void
car_client_begin_full_import_async (CarClient *self,
                                    const char *source,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (source != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_begin_full_import_async, cancellable, callback, user_data);

  run_full_import_job (operation, "POST", source);
}

/**
 * car_client_begin_full_import_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.begin_full_import_async].
 *
 * Returns: whether it has begun
 */
gboolean
car_client_begin_full_import_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_begin_full_import_async, result, error) != NULL;
}

/**
 * car_client_end_full_import:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Ends a full import: the service closes every object of the source that the import did not send. Waits until the
 * service has done that.
 *
 * Returns: whether it has ended
 */
gboolean
car_client_end_full_import (CarClient *self, const char *source, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_end_full_import_async (self, source, cancellable, car_sync_return, &sync);
  return car_client_end_full_import_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_end_full_import_async:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.end_full_import], without blocking.
 */
void
car_client_end_full_import_async (CarClient *self,
                                  const char *source,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (source != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_end_full_import_async, cancellable, callback, user_data);

  run_full_import_job (operation, "DELETE", source);
}

/**
 * car_client_end_full_import_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.end_full_import_async].
 *
 * Returns: whether it has ended
 */
gboolean
car_client_end_full_import_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_end_full_import_async, result, error) != NULL;
}

static gboolean
read_save_point (CarOperation *self, GError **error)
{
  const CarJsonSpan value = car_json_span_get_member (&self->answer.value, "model_state_id");
  if (value.type == CAR_JSON_INVALID || value.type == CAR_JSON_NULL)
    return TRUE;

  g_autofree char *text = car_json_span_dup_string (&value);
  if (text == NULL)
    return car_operation_set_unexpected (self, "“model_state_id” is no string", error);
  if (*text != '\0')
    self->text = g_steal_pointer (&text);
  return TRUE;
}

/**
 * car_client_get_save_point:
 * @self: a client
 * @source: the source's name
 * @save_point: (out) (nullable) (transfer full): the save point; %NULL where the service holds none
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Reads the source's save point (`model_state_id` on the wire). A source that the service does not know has none.
 *
 * Returns: whether it is known
 */
gboolean
car_client_get_save_point (CarClient *self,
                           const char *source,
                           char **save_point,
                           GCancellable *cancellable,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (save_point != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_get_save_point_async (self, source, cancellable, car_sync_return, &sync);
  return car_client_get_save_point_finish (self, car_sync_wait (&sync), save_point, error);
}

/**
 * car_client_get_save_point_async:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.get_save_point], without blocking.
 */
void
car_client_get_save_point_async (CarClient *self,
                                 const char *source,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (source != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_get_save_point_async, cancellable, callback, user_data);
  CarCall *call = car_operation_make_call (operation, CAR_API_VERSION_V2, "GET", "source");

  car_call_add_segment (call, source);
  call->tolerated = SOUP_STATUS_NOT_FOUND;
  operation->sends_no_data = TRUE;
  car_operation_call (operation, read_save_point);
  car_operation_start (operation);
}

/**
 * car_client_get_save_point_finish:
 * @self: a client
 * @result: what the callback was called with
 * @save_point: (out) (nullable) (transfer full): the save point; %NULL where the service holds none
 * @error: return location for an error
 *
 * Ends [method@Client.get_save_point_async].
 *
 * Returns: whether it is known
 */
gboolean
car_client_get_save_point_finish (CarClient *self, GAsyncResult *result, char **save_point, GError **error)
{
  g_return_val_if_fail (save_point != NULL, FALSE);

  CarOperation *operation = car_operation_finish (self, car_client_get_save_point_async, result, error);
  *save_point = operation != NULL ? g_steal_pointer (&operation->text) : NULL;
  return operation != NULL;
}

/**
 * car_client_set_save_point:
 * @self: a client
 * @source: the source's name
 * @save_point: (nullable): the save point; %NULL forgets the one that the service has
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Keeps the source's save point in the service.
 *
 * Returns: whether it is kept
 */
gboolean
car_client_set_save_point (CarClient *self,
                           const char *source,
                           const char *save_point,
                           GCancellable *cancellable,
                           GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (source != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_set_save_point_async (self, source, save_point, cancellable, car_sync_return, &sync);
  return car_client_set_save_point_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_set_save_point_async:
 * @self: a client
 * @source: the source's name
 * @save_point: (nullable): the save point; %NULL forgets the one that the service has
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.set_save_point], without blocking.
 */
void
car_client_set_save_point_async (CarClient *self,
                                 const char *source,
                                 const char *save_point,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (source != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_set_save_point_async, cancellable, callback, user_data);
  CarCall *call = car_operation_make_call (operation, CAR_API_VERSION_V2, "PATCH", "source");

  car_call_add_query (call, "key", source);
  car_call_add_member (call, "model_state_id", save_point != NULL ? save_point : "");
  call->answer = CAR_ANSWER_DONE;
  car_operation_call (operation, NULL);
  car_operation_start (operation);
}

/**
 * car_client_set_save_point_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.set_save_point_async].
 *
 * Returns: whether it is kept
 */
gboolean
car_client_set_save_point_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_set_save_point_async, result, error) != NULL;
}
