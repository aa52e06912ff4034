/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/base/car-text-private.h>
#include <libcar/client/car-client-jobs-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-sync-private.h>

/* Waiting for jobs of the service. */

char *
car_operation_dup_id (CarOperation *self, const char *member, GError **error)
{
  const CarJsonSpan value = car_json_span_get_member (&self->answer.value, member);
  char *id = car_answer_dup_id (&value);
  if (id == NULL)
    {
      g_autofree char *what = g_strdup_printf ("“%s” is missing, or no id", member);
      car_operation_set_unexpected (self, what, error);
    }
  return id;
}

/* Always FALSE. */
static gboolean
set_job_error (CarOperation *self, const char *what, const char *id, const CarJsonSpan *said, GError **error)
{
  const CarJsonSpan message = car_json_span_get_member (said, "error");
  const CarJsonSpan code = car_json_span_get_member (said, "statusCode");
  g_autofree char *text = message.type == CAR_JSON_INVALID ? NULL : car_json_span_dup_string (&message);
  if (text == NULL && message.type != CAR_JSON_INVALID)
    text = g_strndup (message.text, message.length);
  g_autofree char *shown_text =
      text != NULL ? car_text_to_printable (text, -1) : g_strdup ("the service does not say why");
  g_autofree char *shown_id = car_text_to_printable (id, -1);
  gint64 status;
  if (!car_json_span_get_int (&code, &status) || status < 100 || status > 599)
    status = 0;

  g_autofree char *shown_status =
      status != 0 ? g_strdup_printf (" (status %d)", (int) status) : g_strdup ("");
  car_call_set_failure (self->caller, (guint) status, error, "%s %s failed: %s%s", what, shown_id, shown_text,
                        shown_status);
  return FALSE;
}

/* One job. */

static gboolean ask_for_job (CarOperation *self, GError **error);

static gboolean
read_job (CarOperation *self, GError **error)
{
  const CarJsonSpan status = car_json_span_get_member (&self->answer.value, "status");
  if (status.type != CAR_JSON_STRING)
    return car_operation_set_unexpected (self, "“status” is missing, or no string", error);
  if (car_json_span_equals (&status, "COMPLETE"))
    {
      car_operation_go_to (self, self->after_job);
      return TRUE;
    }
  if (car_json_span_equals (&status, "ERROR"))
    return set_job_error (self, "the service's job", self->job, &self->answer.value, error);

  guint delay;
  if (!car_patience_spend (&self->patience, self->job, &delay, error))
    return FALSE;

  car_operation_wait (self, delay, ask_for_job);
  return TRUE;
}

static gboolean
ask_for_job (CarOperation *self, GError **error)
{
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "GET", "jobstatus");

  car_call_add_segment (call, self->job);
  car_operation_call (self, read_job);
  return TRUE;
}

static gboolean
begin_job (CarOperation *self, GError **error)
{
  car_patience_begin (&self->patience, &self->caller->limits);
  return ask_for_job (self, error);
}

static gboolean
take_job (CarOperation *self, GError **error)
{
  g_free (self->job);
  self->job = car_operation_dup_id (self, "job_id", error);

  return self->job != NULL && begin_job (self, error);
}

void
car_operation_run_job (CarOperation *self, CarStep next)
{
  self->after_job = next;
  car_operation_call (self, take_job);
}

/**
 * car_client_wait_for_job:
 * @self: a client
 * @id: a job's id, as a call that made one answered it
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until the job is done. A job that failed is a failure of the class that its status stands for. A job that
 * does not end within [property@Client:job-timeout] is a recoverable failure.
 *
 * Returns: whether the job is done
 */
gboolean
car_client_wait_for_job (CarClient *self, const char *id, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_wait_for_job_async (self, id, cancellable, car_sync_return, &sync);
  return car_client_wait_for_job_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_wait_for_job_async:
 * @self: a client
 * @id: a job's id, as a call that made one answered it
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.wait_for_job], without blocking.
 */
void
car_client_wait_for_job_async (CarClient *self,
                               const char *id,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (id != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_wait_for_job_async, cancellable, callback, user_data);

  operation->job = g_strdup (id);
  car_operation_go_to (operation, begin_job);
  car_operation_start (operation);
}

/**
 * car_client_wait_for_job_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.wait_for_job_async].
 *
 * Returns: whether the job is done
 */
gboolean
car_client_wait_for_job_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_wait_for_job_async, result, error) != NULL;
}

/* Import jobs. An operation has their ids as its data: those that are not known to be done, the oldest first. */

/* The ids of error_imports or incomplete_imports, each with its span, where all were asked for. One that was not means
 * that the service spells an id in another way than it gave it: then its silence about ours means nothing. */
static GHashTable *
read_import_list (const CarAnswer *answer, const char *name, GHashTable *asked)
{
  const CarJsonSpan list = car_json_span_get_member (&answer->value, name);
  g_autoptr (GArray) items = car_json_span_get_items (&list);
  if (items == NULL)
    return NULL;

  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      const CarJsonSpan member = car_json_span_get_member (item, "id");
      g_autofree char *id = car_answer_dup_id (&member);
      if (id == NULL || !g_hash_table_contains (asked, id))
        return NULL;
      g_hash_table_insert (ids, g_steal_pointer (&id), g_memdup2 (item, sizeof *item));
    }
  return g_steal_pointer (&ids);
}

/* Removes those that are done. */
static gboolean
read_imports (CarOperation *self, GPtrArray *ids, guint n_asked, GError **error)
{
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < n_asked; i++)
    g_hash_table_add (asked, ids->pdata[i]);

  g_autoptr (GHashTable) failed = read_import_list (&self->answer, "error_imports", asked);
  g_autoptr (GHashTable) incomplete = read_import_list (&self->answer, "incomplete_imports", asked);
  if (failed == NULL || incomplete == NULL)
    return car_operation_set_unexpected (
        self, "“error_imports” and “incomplete_imports” are not lists of imports that were asked for", error);

  GHashTableIter iter;
  gpointer id, item;
  g_hash_table_iter_init (&iter, failed);
  if (g_hash_table_iter_next (&iter, &id, &item))
    return set_job_error (self, "the service's import job", id, item, error);

  for (guint i = n_asked; i-- > 0;)
    if (!g_hash_table_contains (incomplete, ids->pdata[i]))
      g_ptr_array_remove_index (ids, i);
  return TRUE;
}

typedef struct
{
  GPtrArray *ids;
  guint n_asked; /* of the first of them, in the call that runs */
} Imports;

static void
imports_free (gpointer data)
{
  Imports *self = data;

  g_clear_pointer (&self->ids, g_ptr_array_unref);
  g_free (self);
}

/* Takes the ids. */
static void
set_imports (CarOperation *self, GPtrArray *ids)
{
  Imports *imports = g_new0 (Imports, 1);

  imports->ids = ids;
  self->data = imports;
  self->free_data = imports_free;
}

static void
make_look (CarOperation *self, CarStep next)
{
  Imports *imports = self->data;
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V2, "GET", "importstatus");

  car_call_add_query (call, "ids", "");
  imports->n_asked = car_call_add_query_items (call, self->caller, (const char *const *) imports->ids->pdata,
                                               imports->ids->len, 0);
  car_operation_call (self, next);
}

/* One look, for the uploader. */

static gboolean
read_look (CarOperation *self, GError **error)
{
  Imports *imports = self->data;

  return read_imports (self, imports->ids, imports->n_asked, error);
}

static gboolean
look_once (CarOperation *self, GError **error)
{
  make_look (self, read_look);
  return TRUE;
}

void
car_client_look_at_imports_async (CarClient *self,
                                  GPtrArray *ids,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  CarOperation *operation =
      car_operation_new (self, car_client_look_at_imports_async, cancellable, callback, user_data);

  set_imports (operation, ids);
  car_operation_go_to (operation, look_once);
  car_operation_start (operation);
}

GPtrArray *
car_client_look_at_imports_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  const CarOperation *operation =
      car_operation_finish (self, car_client_look_at_imports_async, result, error);

  return operation != NULL ? g_steal_pointer (&((Imports *) operation->data)->ids) : NULL;
}

/* As many looks as it takes. */

static gboolean look_again (CarOperation *self, GError **error);

static gboolean
read_until_done (CarOperation *self, GError **error)
{
  Imports *imports = self->data;
  const guint before = imports->ids->len;
  if (!read_imports (self, imports->ids, imports->n_asked, error))
    return FALSE;
  if (imports->ids->len == 0)
    return TRUE;
  if (imports->ids->len < before)
    car_patience_renew (&self->patience);

  guint delay;
  if (!car_patience_spend (&self->patience, imports->ids->pdata[0], &delay, error))
    return FALSE;

  car_operation_wait (self, delay, look_again);
  return TRUE;
}

static gboolean
look_again (CarOperation *self, GError **error)
{
  make_look (self, read_until_done);
  return TRUE;
}

static gboolean
begin_imports (CarOperation *self, GError **error)
{
  car_patience_begin (&self->patience, &self->caller->limits);
  return ((Imports *) self->data)->ids->len == 0 || look_again (self, error);
}

/**
 * car_client_wait_for_imports:
 * @self: a client
 * @ids: (array zero-terminated=1): ids of import jobs
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until all of the import jobs are done. The first that failed is a failure of the class that its status
 * stands for. If no job is done within [property@Client:job-timeout], that is a recoverable failure.
 *
 * Returns: whether all are done
 */
gboolean
car_client_wait_for_imports (CarClient *self,
                             const char *const *ids,
                             GCancellable *cancellable,
                             GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (ids != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_wait_for_imports_async (self, ids, cancellable, car_sync_return, &sync);
  return car_client_wait_for_imports_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_wait_for_imports_async:
 * @self: a client
 * @ids: (array zero-terminated=1): ids of import jobs
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.wait_for_imports], without blocking.
 */
void
car_client_wait_for_imports_async (CarClient *self,
                                   const char *const *ids,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (ids != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_wait_for_imports_async, cancellable, callback, user_data);
  GPtrArray *open = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; ids[i] != NULL; i++)
    g_ptr_array_add (open, g_strdup (ids[i]));
  set_imports (operation, open);
  car_operation_go_to (operation, begin_imports);
  car_operation_start (operation);
}

/**
 * car_client_wait_for_imports_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.wait_for_imports_async].
 *
 * Returns: whether all are done
 */
gboolean
car_client_wait_for_imports_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return car_operation_finish (self, car_client_wait_for_imports_async, result, error) != NULL;
}
