/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>

#include <libcar/client/car-client-jobs-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-sync-private.h>

/* Posting envelopes. */

/* Bytes. No service limits what it takes to less: where one refuses so little as too large, its fault is another one, and no
 * object is to be left out for it. */
#define SMALLEST_LIMIT 4096

static gboolean
read_import_id (CarOperation *self, GError **error)
{
  if (self->answer.status == SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE)
    return TRUE;

  self->text = car_operation_dup_id (self, "id", error);
  return self->text != NULL;
}

static void
post_envelope (CarOperation *self, GBytes *envelope, guint tolerated)
{
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "POST", "imports");

  call->body = g_bytes_ref (envelope);
  call->tolerated = tolerated;
  car_operation_call (self, read_import_id);
  car_operation_start (self);
}

void
car_client_post_page_async (CarClient *self,
                            GBytes *envelope,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  CarOperation *operation =
      car_operation_new (self, car_client_post_page_async, cancellable, callback, user_data);

  post_envelope (operation, envelope,
                 g_bytes_get_size (envelope) < SMALLEST_LIMIT ? 0 : SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE);
}

char *
car_client_post_page_finish (CarClient *self, GAsyncResult *result, gboolean *too_large, GError **error)
{
  CarOperation *operation = car_operation_finish (self, car_client_post_page_async, result, error);

  *too_large = operation != NULL && operation->text == NULL;
  return operation != NULL ? g_steal_pointer (&operation->text) : NULL;
}

/**
 * car_client_import_bytes:
 * @self: a client
 * @envelope: an envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Posts an envelope. The service imports it as a job, for which [method@Client.wait_for_imports] waits. The service
 * runs these jobs in the order in which they were posted: to keep an order, post an envelope when the one before
 * has its id.
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_bytes (CarClient *self, GBytes *envelope, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (envelope != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_import_bytes_async (self, envelope, cancellable, car_sync_return, &sync);
  return car_client_import_bytes_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_import_bytes_async:
 * @self: a client
 * @envelope: an envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.import_bytes], without blocking.
 */
void
car_client_import_bytes_async (CarClient *self,
                               GBytes *envelope,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (envelope != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_import_bytes_async, cancellable, callback, user_data);

  post_envelope (operation, envelope, 0);
}

/**
 * car_client_import_bytes_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.import_bytes_async].
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_bytes_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  CarOperation *operation = car_operation_finish (self, car_client_import_bytes_async, result, error);

  return operation != NULL ? g_steal_pointer (&operation->text) : NULL;
}

static void
on_imported (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  char *id = car_client_import_bytes_finish (CAR_CLIENT (client), result, &error);

  if (id != NULL)
    g_task_return_pointer (task, id, g_free);
  else
    g_task_return_error (task, error);
}

static void
on_loaded (GObject *file, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (GBytes) envelope = g_file_load_bytes_finish (G_FILE (file), result, NULL, &error);

  if (envelope != NULL)
    car_client_import_bytes_async (g_task_get_source_object (task), envelope, g_task_get_cancellable (task),
                                   on_imported, g_object_ref (task));
  else
    g_task_return_error (task, error);
}

/**
 * car_client_import_file:
 * @self: a client
 * @file: a file with one envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.import_bytes], with an envelope from a file. GIO's errors say that it cannot be read.
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_file (CarClient *self, GFile *file, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (G_IS_FILE (file), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_import_file_async (self, file, cancellable, car_sync_return, &sync);
  return car_client_import_file_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_import_file_async:
 * @self: a client
 * @file: a file with one envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.import_file], without blocking.
 */
void
car_client_import_file_async (CarClient *self,
                              GFile *file,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (G_IS_FILE (file));

  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, car_client_import_file_async);
  g_file_load_bytes_async (file, cancellable, on_loaded, task);
}

/**
 * car_client_import_file_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.import_file_async].
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_file_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, car_client_import_file_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
