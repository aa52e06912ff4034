/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>

#include <libcar/base/car-language-private.h>
#include <libcar/base/car-text-private.h>
#include <libcar/client/car-client-jobs-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-import-warnings-private.h>
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
set_job_error (CarOperation *self,
               gboolean is_import,
               const char *id,
               const CarJsonSpan *said,
               GError **error)
{
  const CarJsonSpan message = car_json_span_get_member (said, "error");
  const CarJsonSpan code = car_json_span_get_member (said, "statusCode");
  g_autofree char *text = message.type == CAR_JSON_INVALID ? NULL : car_json_span_dup_string (&message);
  if (text == NULL && message.type != CAR_JSON_INVALID)
    text = g_strndup (message.text, message.length);
  g_autofree char *shown_text =
      text != NULL ? car_caller_to_shown (self->caller, text) : g_strdup (_ ("the service does not say why"));
  g_autofree char *shown_id = car_caller_to_shown (self->caller, id);
  gint64 status;
  if (!car_json_span_get_int (&code, &status) || status < 100 || status > 599)
    status = 0;

  if (status != 0 && is_import)
    car_call_set_failure ((guint) status, error, _ ("the service's import job %s failed: %s (status %d)"),
                          shown_id, shown_text, (int) status);
  else if (status != 0)
    car_call_set_failure ((guint) status, error, _ ("the service's job %s failed: %s (status %d)"), shown_id,
                          shown_text, (int) status);
  else if (is_import)
    car_call_set_failure (0, error, _ ("the service's import job %s failed: %s"), shown_id, shown_text);
  else
    car_call_set_failure (0, error, _ ("the service's job %s failed: %s"), shown_id, shown_text);
  return FALSE;
}

/* One job. */

static void
tell_warnings (CarOperation *self)
{
  g_autoptr (GPtrArray) warnings = car_import_warnings_new ();

  car_import_warnings_read (warnings, self->caller, &self->answer.value);
  car_import_warnings_tell (warnings);
}

static gboolean ask_for_job (CarOperation *self, GError **error);

static gboolean
read_job (CarOperation *self, GError **error)
{
  const CarJsonSpan status = car_json_span_get_member (&self->answer.value, "status");
  if (status.type != CAR_JSON_STRING)
    return car_operation_set_unexpected (self, "“status” is missing, or no string", error);
  if (car_json_span_equals (&status, "COMPLETE"))
    {
      tell_warnings (self);
      car_operation_go_to (self, self->after_job);
      return TRUE;
    }
  if (car_json_span_equals (&status, "ERROR"))
    return set_job_error (self, FALSE, self->job, &self->answer.value, error);

  guint delay;
  g_autofree char *shown = car_caller_to_shown (self->caller, self->job);
  if (!car_patience_spend (&self->patience, shown, &delay, error))
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

typedef struct
{
  GPtrArray *ids;
  guint n_asked;       /* of the first of them, in the call that runs */
  GPtrArray *warnings; /* of those that are done */
} Imports;

/* The lists of an answer: the import jobs that are in each, by their ids, with their spans. Older services send the first two
 * alone. */
typedef enum
{
  LIST_FAILED,
  LIST_INCOMPLETE,
  LIST_COMPLETE,
  LIST_NOT_FOUND,
  N_LISTS
} List;

typedef struct
{
  GHashTable *by_id[N_LISTS]; /* NULL: the service does not send the list */
} ImportLists;

static void
import_lists_clear (ImportLists *self)
{
  for (guint i = 0; i < N_LISTS; i++)
    g_clear_pointer (&self->by_id[i], g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImportLists, import_lists_clear)

/* The published description does not say what an item of notfound_imports is. */
static char *
dup_import_id (List list, const CarJsonSpan *item)
{
  if (list == LIST_NOT_FOUND && item->type == CAR_JSON_STRING)
    return car_answer_dup_id (item);

  const CarJsonSpan id = car_json_span_get_member (item, "id");
  return car_answer_dup_id (&id);
}

/* NULL where it is no list of jobs that were asked for. A job that was not asked for means that the service spells an id in
 * another way than it gave it: then its silence about ours means nothing. */
static GHashTable *
read_import_list (List list, const CarJsonSpan *array, GHashTable *asked)
{
  g_autoptr (GArray) items = car_json_span_get_items (array);
  if (items == NULL)
    return NULL;

  g_autoptr (GHashTable) by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < items->len; i++)
    {
      const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, i);
      g_autofree char *id = dup_import_id (list, item);
      if (id == NULL || !g_hash_table_contains (asked, id))
        return NULL;
      g_hash_table_insert (by_id, g_steal_pointer (&id), g_memdup2 (item, sizeof *item));
    }
  return g_steal_pointer (&by_id);
}

static gboolean
read_import_lists (CarOperation *self, const Imports *imports, ImportLists *lists, GError **error)
{
  static const char *const names[] = {
    [LIST_FAILED] = "error_imports",
    [LIST_INCOMPLETE] = "incomplete_imports",
    [LIST_COMPLETE] = "complete_imports",
    [LIST_NOT_FOUND] = "notfound_imports",
  };
  g_autoptr (GHashTable) asked = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < imports->n_asked; i++)
    g_hash_table_add (asked, imports->ids->pdata[i]);

  for (List list = 0; list < N_LISTS; list++)
    {
      const CarJsonSpan array = car_json_span_get_member (&self->answer.value, names[list]);
      if (array.type == CAR_JSON_INVALID && list >= LIST_COMPLETE)
        continue;

      lists->by_id[list] = read_import_list (list, &array, asked);
      if (lists->by_id[list] == NULL)
        {
          g_autofree char *what =
              g_strdup_printf ("“%s” is no list of imports that were asked for", names[list]);
          return car_operation_set_unexpected (self, what, error);
        }
    }
  return TRUE;
}

/* TRUE with an error where a job failed, or the service has lost it: its page is not in the graph. */
static gboolean
is_one_lost (CarOperation *self, const ImportLists *lists, GError **error)
{
  GHashTableIter iter;
  gpointer id, item;

  g_hash_table_iter_init (&iter, lists->by_id[LIST_FAILED]);
  if (g_hash_table_iter_next (&iter, &id, &item))
    return !set_job_error (self, TRUE, id, item, error);
  if (lists->by_id[LIST_NOT_FOUND] == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, lists->by_id[LIST_NOT_FOUND]);
  if (!g_hash_table_iter_next (&iter, &id, &item))
    return FALSE;

  g_autofree char *shown = car_caller_to_shown (self->caller, id);
  car_call_set_failure (SOUP_STATUS_NOT_FOUND, error,
                        _ ("the service's import job %s failed: the service knows of no such job any more"),
                        shown);
  return TRUE;
}

/* Whether the job is done; with a service that lists those that are, one in no list is not. */
static gboolean
is_done (const ImportLists *lists, const char *id, const CarJsonSpan **item)
{
  *item = NULL;
  if (g_hash_table_contains (lists->by_id[LIST_INCOMPLETE], id))
    return FALSE;
  if (lists->by_id[LIST_COMPLETE] != NULL)
    *item = g_hash_table_lookup (lists->by_id[LIST_COMPLETE], id);

  return *item != NULL || (lists->by_id[LIST_COMPLETE] == NULL && lists->by_id[LIST_NOT_FOUND] == NULL);
}

/* Removes those that are done, and takes their warnings. */
static gboolean
read_imports (CarOperation *self, Imports *imports, GError **error)
{
  g_auto (ImportLists) lists = { { NULL } };
  if (!read_import_lists (self, imports, &lists, error) || is_one_lost (self, &lists, error))
    return FALSE;

  for (guint i = imports->n_asked; i-- > 0;)
    {
      const char *id = imports->ids->pdata[i];
      const CarJsonSpan *item;
      if (is_done (&lists, id, &item))
        {
          if (item != NULL)
            car_import_warnings_read (imports->warnings, self->caller, item);
          g_ptr_array_remove_index (imports->ids, i);
        }
      else if (!g_hash_table_contains (lists.by_id[LIST_INCOMPLETE], id))
        return car_operation_set_unexpected (self, "an import that was asked for is in none of its lists",
                                             error);
    }
  return TRUE;
}

static void
imports_free (gpointer data)
{
  Imports *self = data;

  g_clear_pointer (&self->ids, g_ptr_array_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_free (self);
}

/* Takes the ids. */
static void
set_imports (CarOperation *self, GPtrArray *ids)
{
  Imports *imports = g_new0 (Imports, 1);

  imports->ids = ids;
  imports->warnings = car_import_warnings_new ();
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
  /* Each job may bring many warnings or a long error. */
  call->max_answer =
      MIN (CAR_ANSWER_STATUS + (gsize) imports->n_asked * CAR_ANSWER_JOB, (gsize) CAR_ANSWER_LONG);
  car_operation_call (self, next);
}

/* One look, for the uploader. */

static gboolean
read_look (CarOperation *self, GError **error)
{
  return read_imports (self, self->data, error);
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
car_client_look_at_imports_finish (CarClient *self,
                                   GAsyncResult *result,
                                   GPtrArray **warnings,
                                   GError **error)
{
  const CarOperation *operation =
      car_operation_finish (self, car_client_look_at_imports_async, result, error);
  if (operation == NULL)
    return NULL;

  Imports *imports = operation->data;
  *warnings = g_steal_pointer (&imports->warnings);
  return g_steal_pointer (&imports->ids);
}

/* As many looks as it takes. */

static gboolean look_again (CarOperation *self, GError **error);

static gboolean
read_until_done (CarOperation *self, GError **error)
{
  Imports *imports = self->data;
  const guint before = imports->ids->len;
  if (!read_imports (self, imports, error))
    return FALSE;
  car_import_warnings_tell (imports->warnings);
  if (imports->ids->len == 0)
    return TRUE;
  if (imports->ids->len < before)
    car_patience_renew (&self->patience);

  guint delay;
  g_autofree char *shown = car_caller_to_shown (self->caller, imports->ids->pdata[0]);
  if (!car_patience_spend (&self->patience, shown, &delay, error))
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
 * stands for. A job that the service does not know is an unrecoverable failure. If no job is done within
 * [property@Client:job-timeout], that is a recoverable failure.
 *
 * A service may leave out objects of an envelope that it imports. It then says which, and a warning in the log repeats it.
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
