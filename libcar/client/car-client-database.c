/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-jobs-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-sync-private.h>

/* Whether the service is alive, and its database. */

static gboolean
read_health (CarOperation *self, GError **error)
{
  const CarJsonSpan message = car_json_span_get_member (&self->answer.value, "message");
  if (message.type == CAR_JSON_STRING && car_json_span_equals (&message, "ok"))
    return TRUE;

  return car_operation_set_unexpected (self, "“message” is not “ok”", error);
}

/**
 * car_client_check_health:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks whether the service is alive.
 *
 * Returns: whether it says that it is
 */
gboolean
car_client_check_health (CarClient *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_check_health_async (self, cancellable, car_sync_return, &sync);
  return car_client_check_health_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_check_health_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.check_health], without blocking.
 */
void
car_client_check_health_async (CarClient *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));

  CarOperation *operation =
      car_operation_new (self, car_client_check_health_async, cancellable, callback, user_data);

  car_operation_make_call (operation, CAR_API_VERSION_V3, "GET", "health");
  operation->sends_no_data = TRUE;
  car_operation_call (operation, read_health);
  car_operation_start (operation);
}

/**
 * car_client_check_health_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.check_health_async].
 *
 * Returns: whether it says that it is
 */
gboolean
car_client_check_health_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_check_health_async, result, error) != NULL;
}

/* What can be done towards a ready database. */
typedef enum
{
  STEP_SET_UP = 1 << 0,
  STEP_MAKE_GRAPH = 1 << 1,
  STEP_MAKE_INDEXES = 1 << 2,
} DatabaseSteps;

typedef struct
{
  DatabaseSteps made; /* none is made twice */
  gboolean set_up_now;
} Preparation;

/* TRUE with a span where the member is an array that is not empty. */
static gboolean
has_items (const CarJsonSpan *object, const char *name, CarJsonSpan *array)
{
  *array = car_json_span_get_member (object, name);
  g_autoptr (GArray) items = car_json_span_get_items (array);

  return items != NULL && items->len > 0;
}

static gboolean ask_for_database (CarOperation *self, GError **error);

/* Makes the first of the steps that are needed and not made yet. */
static gboolean
make_step (CarOperation *self, DatabaseSteps needed, const CarJsonSpan *without_indexes)
{
  Preparation *preparation = self->data;
  const DatabaseSteps open = needed & ~preparation->made;

  if (open == 0)
    return FALSE;
  if (open & STEP_SET_UP)
    {
      preparation->made |= STEP_SET_UP;
      preparation->set_up_now = TRUE;
      car_operation_make_call (self, CAR_API_VERSION_V2, "POST", "databases");
    }
  else if (open & STEP_MAKE_GRAPH)
    {
      preparation->made |= STEP_MAKE_GRAPH;
      CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "PATCH", "databases");
      car_call_add_member (call, "graph_name", "assets");
    }
  else
    {
      preparation->made |= STEP_MAKE_INDEXES;
      CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "PATCH", "databases");
      car_call_add_json_member (call, "collections_without_indexes", without_indexes->text,
                                (gssize) without_indexes->length);
    }
  car_operation_run_job (self, ask_for_database);
  return TRUE;
}

/* An account without a database has an empty list of them, or 400. */
static gboolean
read_first_database (CarOperation *self, CarJsonSpan *database, GError **error)
{
  if (self->answer.status == SOUP_STATUS_BAD_REQUEST)
    return TRUE;

  const CarJsonSpan list = car_json_span_get_member (&self->answer.value, "databases");
  g_autoptr (GArray) items = car_json_span_get_items (&list);
  if (items == NULL)
    return car_operation_set_unexpected (self, "“databases” is missing, or no array", error);
  if (items->len == 0)
    return TRUE;

  *database = g_array_index (items, CarJsonSpan, 0);
  const CarJsonSpan is_ready = car_json_span_get_member (database, "is_ready");
  if (is_ready.type != CAR_JSON_TRUE && is_ready.type != CAR_JSON_FALSE)
    return car_operation_set_unexpected (self, "“is_ready” is missing, or neither true nor false", error);
  return TRUE;
}

static gboolean
read_database (CarOperation *self, GError **error)
{
  CarJsonSpan database = { .type = CAR_JSON_INVALID };
  if (!read_first_database (self, &database, error))
    return FALSE;

  const gboolean ready = car_json_span_get_member (&database, "is_ready").type == CAR_JSON_TRUE;
  const CarJsonSpan graph_name = car_json_span_get_member (&database, "graph_name");
  CarJsonSpan missing, without_indexes;
  DatabaseSteps needed = 0;
  if (database.type == CAR_JSON_INVALID || (!ready && has_items (&database, "missing_collections", &missing)))
    needed |= STEP_SET_UP;
  if (graph_name.type == CAR_JSON_STRING && graph_name.length == 0)
    needed |= STEP_MAKE_GRAPH;
  if (has_items (&database, "collections_without_indexes", &without_indexes))
    needed |= STEP_MAKE_INDEXES;

  if (make_step (self, needed, &without_indexes) || ready)
    return TRUE;

  g_set_error_literal (error, CAR_RECOVERABLE_FAILURE, CAR_RECOVERABLE_FAILURE_DEFAULT,
                       _ ("the service's database is not ready; run again later"));
  return FALSE;
}

static gboolean
ask_for_database (CarOperation *self, GError **error)
{
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "GET", "databases");

  call->tolerated = SOUP_STATUS_BAD_REQUEST;
  car_operation_call (self, read_database);
  return TRUE;
}

/**
 * car_client_prepare_database:
 * @self: a client
 * @set_up_now: (out) (optional): whether the database was not there and has been set up by this call
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes the account's database ready: sets it up, makes its graph and its indexes where they are missing, and waits
 * until that is done. After a set-up only a full import makes sense.
 *
 * A database that is not ready and cannot be made ready is a recoverable failure (protocol.md, "Failures").
 *
 * Returns: whether the database is ready
 */
gboolean
car_client_prepare_database (CarClient *self, gboolean *set_up_now, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_prepare_database_async (self, cancellable, car_sync_return, &sync);
  return car_client_prepare_database_finish (self, car_sync_wait (&sync), set_up_now, error);
}

/**
 * car_client_prepare_database_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.prepare_database], without blocking.
 */
void
car_client_prepare_database_async (CarClient *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));

  CarOperation *operation =
      car_operation_new (self, car_client_prepare_database_async, cancellable, callback, user_data);

  operation->data = g_new0 (Preparation, 1);
  operation->free_data = g_free;
  operation->sends_no_data = TRUE;
  car_operation_go_to (operation, ask_for_database);
  car_operation_start (operation);
}

/**
 * car_client_prepare_database_finish:
 * @self: a client
 * @result: what the callback was called with
 * @set_up_now: (out) (optional): whether the database was not there and has been set up by this call
 * @error: return location for an error
 *
 * Ends [method@Client.prepare_database_async].
 *
 * Returns: whether the database is ready
 */
gboolean
car_client_prepare_database_finish (CarClient *self,
                                    GAsyncResult *result,
                                    gboolean *set_up_now,
                                    GError **error)
{
  const CarOperation *operation =
      car_operation_finish (self, car_client_prepare_database_async, result, error);

  if (set_up_now != NULL)
    *set_up_now = operation != NULL && ((Preparation *) operation->data)->set_up_now;
  if (operation == NULL)
    g_prefix_error_literal (error, _ ("cannot make the database ready: "));
  return operation != NULL;
}
