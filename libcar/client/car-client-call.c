/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-error.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-sync-private.h>

/* Calls that have no function of their own. */

static gboolean
check_method (const char *method, GError **error)
{
  const char *const methods[] = { "DELETE", "GET", "PATCH", "POST", "PUT", NULL };
  if (g_strv_contains (methods, method))
    return TRUE;

  g_autofree char *shown = car_text_to_printable (method, -1);
  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
               "“%s” is no method of a call: take GET, POST, PUT, PATCH or DELETE", shown);
  return FALSE;
}

/**
 * car_client_call:
 * @self: a client
 * @version: the API that has the call
 * @method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`
 * @path: (array zero-terminated=1): the segments of the path below the base URL, at least one
 * @query: (array zero-terminated=1) (nullable): the names and values of the query, one after the other
 * @body: (nullable): the body, as JSON text
 * @tolerated: a status that is an answer too, such as 404; 0: none; %CAR_CLIENT_ANY_STATUS: all are
 * @status: (out) (optional): the answer's HTTP status
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes a call that has no function of its own, with the same retries and failures as the others. Segments, names
 * and values are percent-encoded here.
 *
 * The answer must be JSON or empty. With the tolerated status it may be anything, and is not given. With
 * %CAR_CLIENT_ANY_STATUS it may be anything, and is given as it came; then the call fails only where there is no answer.
 * Whether an answer says what it should is for the caller to see. 64 MiB of it are read at most.
 *
 * Returns: (transfer full): the answer's body; or %NULL with an error
 */
GBytes *
car_client_call (CarClient *self,
                 CarApiVersion version,
                 const char *method,
                 const char *const *path,
                 const char *const *query,
                 GBytes *body,
                 guint tolerated,
                 guint *status,
                 GCancellable *cancellable,
                 GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (method != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (path[0] != NULL, NULL);
  g_return_val_if_fail (query == NULL || g_strv_length ((char **) query) % 2 == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_call_async (self, version, method, path, query, body, tolerated, cancellable, car_sync_return,
                         &sync);
  return car_client_call_finish (self, car_sync_wait (&sync), status, error);
}

/**
 * car_client_call_async:
 * @self: a client
 * @version: the API that has the call
 * @method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`
 * @path: (array zero-terminated=1): the segments of the path below the base URL, at least one
 * @query: (array zero-terminated=1) (nullable): the names and values of the query, one after the other
 * @body: (nullable): the body, as JSON text
 * @tolerated: a status that is an answer too, such as 404; 0: none; %CAR_CLIENT_ANY_STATUS: all are
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.call], without blocking.
 */
void
car_client_call_async (CarClient *self,
                       CarApiVersion version,
                       const char *method,
                       const char *const *path,
                       const char *const *query,
                       GBytes *body,
                       guint tolerated,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (method != NULL);
  g_return_if_fail (path != NULL);
  g_return_if_fail (path[0] != NULL);
  g_return_if_fail (query == NULL || g_strv_length ((char **) query) % 2 == 0);

  CarOperation *operation = car_operation_new (self, car_client_call_async, cancellable, callback, user_data);
  /* The caller's text may be gone before the call is over. */
  CarCall *call = car_operation_make_call (operation, version, g_intern_string (method), NULL);

  for (guint i = 0; path[i] != NULL; i++)
    car_call_add_segment (call, path[i]);
  for (guint i = 0; query != NULL && query[i] != NULL; i += 2)
    car_call_add_query (call, query[i], query[i + 1]);
  call->body = body != NULL ? g_bytes_ref (body) : NULL;
  call->tolerated = tolerated;
  call->answer = CAR_ANSWER_ANY;
  call->max_answer = CAR_ANSWER_LONG;
  operation->sends_no_data = g_str_equal (method, "GET");
  check_method (method, &operation->error);
  car_operation_call (operation, NULL);
  car_operation_start (operation);
}

/**
 * car_client_call_finish:
 * @self: a client
 * @result: what the callback was called with
 * @status: (out) (optional): the answer's HTTP status
 * @error: return location for an error
 *
 * Ends [method@Client.call_async].
 *
 * Returns: (transfer full): the answer's body; or %NULL with an error
 */
GBytes *
car_client_call_finish (CarClient *self, GAsyncResult *result, guint *status, GError **error)
{
  CarOperation *operation = car_operation_finish (self, car_client_call_async, result, error);
  if (status != NULL)
    *status = operation != NULL ? operation->answer.status : 0;
  if (operation == NULL)
    return NULL;

  return operation->answer.body != NULL ? g_bytes_ref (operation->answer.body) : g_bytes_new (NULL, 0);
}
