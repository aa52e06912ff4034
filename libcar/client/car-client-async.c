/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/client/car-call-private.h>

#include <string.h>

/* The client's calls once more, without blocking: each runs the blocking one in a thread of GTask's pool. */

typedef struct _Work Work;

struct _Work
{
  gboolean (*run) (CarClient *self, Work *work, GCancellable *cancellable, GError **error);

  /* Copies of the arguments. */
  char *argument[4];
  char **list;
  GBytes *bytes;
  GFile *file;
  CarSchemaExtension *extension;
  JsonObject *object;

  /* The caller's trees, which it may change later: copied by start(). */
  JsonObject *given_object;
  JsonNode *given_node;

  /* What the call answered. */
  gboolean flag;
  char *text;
  JsonNode *node;
  JsonArray *array;
  CarImportSchema *schema;
};

static void
work_free (gpointer data)
{
  Work *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (self->argument); i++)
    g_free (self->argument[i]);
  g_strfreev (self->list);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_object (&self->file);
  g_clear_object (&self->extension);
  g_clear_pointer (&self->object, json_object_unref);
  g_free (self->text);
  g_clear_pointer (&self->node, json_node_unref);
  g_clear_pointer (&self->array, json_array_unref);
  g_clear_object (&self->schema);
  g_free (self);
}

/* By way of their text: that copies what is in them, too. */
static gboolean
copy_trees (Work *self, GError **error)
{
  JsonObject *given = self->given_node ? json_node_get_object (self->given_node) : self->given_object;
  if (!given)
    return TRUE;

  char *text = car_call_write_object (given, error);
  if (!text)
    return FALSE;

  self->bytes = g_bytes_new_take (text, strlen (text));
  if (self->given_node)
    return TRUE;

  CarJsonSpan value;
  g_autoptr (JsonNode) node = NULL;
  if (car_json_read_text (text, strlen (text), &value, error))
    node = car_json_span_to_node (&value, error);
  if (node)
    self->object = json_node_dup_object (node);
  return node != NULL;
}

static void
run_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Work *work = task_data;
  GError *error = NULL;

  if (work->run (source, work, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
start (CarClient *self,
       gpointer tag,
       Work work,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Work *copy = g_memdup2 (&work, sizeof work);
  GError *error = NULL;

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, copy, work_free);
  if (copy_trees (copy, &error))
    g_task_run_in_thread (task, run_in_thread);
  else
    g_task_return_error (task, error);
}

/* NULL: it failed. What is answered stays the task's. */
static Work *
finish (CarClient *self, gpointer tag, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  return g_task_propagate_boolean (G_TASK (result), error) ? g_task_get_task_data (G_TASK (result)) : NULL;
}

static gboolean
run_check_health (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_check_health (self, cancellable, error);
}

/**
 * car_client_check_health_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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

  start (self, car_client_check_health_async, (Work){ .run = run_check_health }, cancellable, callback,
         user_data);
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
  return finish (self, car_client_check_health_async, result, error) != NULL;
}

static gboolean
run_prepare_database (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_prepare_database (self, &work->flag, cancellable, error);
}

/**
 * car_client_prepare_database_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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

  start (self, car_client_prepare_database_async, (Work){ .run = run_prepare_database }, cancellable,
         callback, user_data);
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
  Work *work = finish (self, car_client_prepare_database_async, result, error);

  if (set_up_now)
    *set_up_now = work && work->flag;
  return work != NULL;
}

static gboolean
run_ensure_schema_extension (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_ensure_schema_extension (self, work->extension, cancellable, error);
}

/**
 * car_client_ensure_schema_extension_async:
 * @self: a client
 * @extension: an extension of the schema
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.ensure_schema_extension], without blocking.
 */
void
car_client_ensure_schema_extension_async (CarClient *self,
                                          CarSchemaExtension *extension,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (CAR_IS_SCHEMA_EXTENSION (extension));

  start (self, car_client_ensure_schema_extension_async,
         (Work){ .run = run_ensure_schema_extension, .extension = g_object_ref (extension) }, cancellable,
         callback, user_data);
}

/**
 * car_client_ensure_schema_extension_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.ensure_schema_extension_async].
 *
 * Returns: whether the service has the extension in this version
 */
gboolean
car_client_ensure_schema_extension_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return finish (self, car_client_ensure_schema_extension_async, result, error) != NULL;
}

static gboolean
run_get_import_schema (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->schema = car_client_get_import_schema (self, cancellable, error);
  return work->schema != NULL;
}

/**
 * car_client_get_import_schema_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.get_import_schema], without blocking.
 */
void
car_client_get_import_schema_async (CarClient *self,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));

  start (self, car_client_get_import_schema_async, (Work){ .run = run_get_import_schema }, cancellable,
         callback, user_data);
}

/**
 * car_client_get_import_schema_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.get_import_schema_async].
 *
 * Returns: (transfer full): the compiled schema, or %NULL with an error
 */
CarImportSchema *
car_client_get_import_schema_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  Work *work = finish (self, car_client_get_import_schema_async, result, error);

  return work ? g_steal_pointer (&work->schema) : NULL;
}

static gboolean
run_begin_full_import (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_begin_full_import (self, work->argument[0], cancellable, error);
}

/**
 * car_client_begin_full_import_async:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (source);

  start (self, car_client_begin_full_import_async,
         (Work){ .run = run_begin_full_import, .argument = { g_strdup (source) } }, cancellable, callback,
         user_data);
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
  return finish (self, car_client_begin_full_import_async, result, error) != NULL;
}

static gboolean
run_end_full_import (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_end_full_import (self, work->argument[0], cancellable, error);
}

/**
 * car_client_end_full_import_async:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (source);

  start (self, car_client_end_full_import_async,
         (Work){ .run = run_end_full_import, .argument = { g_strdup (source) } }, cancellable, callback,
         user_data);
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
  return finish (self, car_client_end_full_import_async, result, error) != NULL;
}

static gboolean
run_get_save_point (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_get_save_point (self, work->argument[0], &work->text, cancellable, error);
}

/**
 * car_client_get_save_point_async:
 * @self: a client
 * @source: the source's name
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (source);

  start (self, car_client_get_save_point_async,
         (Work){ .run = run_get_save_point, .argument = { g_strdup (source) } }, cancellable, callback,
         user_data);
}

/**
 * car_client_get_save_point_finish:
 * @self: a client
 * @result: what the callback was called with
 * @save_point: (out) (nullable) (transfer full): the save point, %NULL where the service holds none
 * @error: return location for an error
 *
 * Ends [method@Client.get_save_point_async].
 *
 * Returns: whether it is known
 */
gboolean
car_client_get_save_point_finish (CarClient *self, GAsyncResult *result, char **save_point, GError **error)
{
  g_return_val_if_fail (save_point, FALSE);

  Work *work = finish (self, car_client_get_save_point_async, result, error);

  *save_point = work ? g_steal_pointer (&work->text) : NULL;
  return work != NULL;
}

static gboolean
run_set_save_point (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_set_save_point (self, work->argument[0], work->argument[1], cancellable, error);
}

/**
 * car_client_set_save_point_async:
 * @self: a client
 * @source: the source's name
 * @save_point: (nullable): the save point; %NULL forgets the one there is
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (source);

  start (self, car_client_set_save_point_async,
         (Work){ .run = run_set_save_point, .argument = { g_strdup (source), g_strdup (save_point) } },
         cancellable, callback, user_data);
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
  return finish (self, car_client_set_save_point_async, result, error) != NULL;
}

static gboolean
run_import_bytes (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->text = car_client_import_bytes (self, work->bytes, cancellable, error);
  return work->text != NULL;
}

/**
 * car_client_import_bytes_async:
 * @self: a client
 * @envelope: an envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (envelope);

  start (self, car_client_import_bytes_async,
         (Work){ .run = run_import_bytes, .bytes = g_bytes_ref (envelope) }, cancellable, callback,
         user_data);
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
  Work *work = finish (self, car_client_import_bytes_async, result, error);

  return work ? g_steal_pointer (&work->text) : NULL;
}

/**
 * car_client_import_node_async:
 * @self: a client
 * @envelope: an envelope (protocol.md, "The envelope")
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.import_node], without blocking.
 */
void
car_client_import_node_async (CarClient *self,
                              JsonNode *envelope,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (JSON_NODE_HOLDS_OBJECT (envelope));

  start (self, car_client_import_node_async, (Work){ .run = run_import_bytes, .given_node = envelope },
         cancellable, callback, user_data);
}

/**
 * car_client_import_node_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.import_node_async].
 *
 * Returns: (transfer full): the job's id, or %NULL with an error
 */
char *
car_client_import_node_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  Work *work = finish (self, car_client_import_node_async, result, error);

  return work ? g_steal_pointer (&work->text) : NULL;
}

static gboolean
run_import_file (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->text = car_client_import_file (self, work->file, cancellable, error);
  return work->text != NULL;
}

/**
 * car_client_import_file_async:
 * @self: a client
 * @file: a file with one envelope (protocol.md, "The envelope") as JSON text
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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

  start (self, car_client_import_file_async, (Work){ .run = run_import_file, .file = g_object_ref (file) },
         cancellable, callback, user_data);
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
  Work *work = finish (self, car_client_import_file_async, result, error);

  return work ? g_steal_pointer (&work->text) : NULL;
}

static gboolean
run_wait_for_imports (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_wait_for_imports (self, (const char *const *) work->list, cancellable, error);
}

/**
 * car_client_wait_for_imports_async:
 * @self: a client
 * @ids: (array zero-terminated=1): ids of import jobs
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (ids);

  start (self, car_client_wait_for_imports_async,
         (Work){ .run = run_wait_for_imports, .list = g_strdupv ((char **) ids) }, cancellable, callback,
         user_data);
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
  return finish (self, car_client_wait_for_imports_async, result, error) != NULL;
}

static gboolean
run_wait_for_job (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_wait_for_job (self, work->argument[0], cancellable, error);
}

/**
 * car_client_wait_for_job_async:
 * @self: a client
 * @id: a job's id, as a call that made one answered it
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (id);

  start (self, car_client_wait_for_job_async,
         (Work){ .run = run_wait_for_job, .argument = { g_strdup (id) } }, cancellable, callback, user_data);
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
  return finish (self, car_client_wait_for_job_async, result, error) != NULL;
}

static gboolean
run_delete_vertices (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_delete_vertices (self, work->argument[0], work->argument[1],
                                     (const char *const *) work->list, cancellable, error);
}

/**
 * car_client_delete_vertices_async:
 * @self: a client
 * @source: the source's name
 * @collection: the vertices' collection
 * @keys: (array zero-terminated=1): what names them: external ids, or addresses and names of hosts
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (source);
  g_return_if_fail (collection);
  g_return_if_fail (keys);

  start (self, car_client_delete_vertices_async,
         (Work){ .run = run_delete_vertices,
                 .argument = { g_strdup (source), g_strdup (collection) },
                 .list = g_strdupv ((char **) keys) },
         cancellable, callback, user_data);
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
  return finish (self, car_client_delete_vertices_async, result, error) != NULL;
}

static gboolean
run_patch_vertex (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_patch_vertex (self, work->argument[0], work->argument[1], work->object, cancellable,
                                  error);
}

/**
 * car_client_patch_vertex_async:
 * @self: a client
 * @collection: the vertex' collection
 * @external_id: the vertex' external id
 * @changes: the fields to change, with their new values
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (collection);
  g_return_if_fail (external_id);
  g_return_if_fail (changes);

  start (self, car_client_patch_vertex_async,
         (Work){ .run = run_patch_vertex,
                 .argument = { g_strdup (collection), g_strdup (external_id) },
                 .given_object = changes },
         cancellable, callback, user_data);
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
  return finish (self, car_client_patch_vertex_async, result, error) != NULL;
}

static gboolean
run_patch_edge (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  return car_client_patch_edge (self, work->argument[0], work->argument[1], work->argument[2],
                                work->argument[3], work->object, cancellable, error);
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
 * @callback: called when it is done
 * @user_data: what @callback is called with
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
  g_return_if_fail (collection);
  g_return_if_fail (source);
  g_return_if_fail (from);
  g_return_if_fail (to);
  g_return_if_fail (changes);

  start (self, car_client_patch_edge_async,
         (Work){ .run = run_patch_edge,
                 .argument = { g_strdup (collection), g_strdup (source), g_strdup (from), g_strdup (to) },
                 .given_object = changes },
         cancellable, callback, user_data);
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
  return finish (self, car_client_patch_edge_async, result, error) != NULL;
}

static gboolean
run_query (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->node = car_client_query (self, work->argument[0], work->object, cancellable, error);
  return work->node != NULL;
}

/**
 * car_client_query_async:
 * @self: a client
 * @query: a GraphQL query
 * @variables: (nullable): values of the query's variables
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.query], without blocking.
 */
void
car_client_query_async (CarClient *self,
                        const char *query,
                        JsonObject *variables,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (query);

  start (self, car_client_query_async,
         (Work){ .run = run_query, .argument = { g_strdup (query) }, .given_object = variables }, cancellable,
         callback, user_data);
}

/**
 * car_client_query_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.query_async].
 *
 * Returns: (transfer full): the object `data` of the answer, empty where the service found nothing; or %NULL with an
 *   error
 */
JsonNode *
car_client_query_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  Work *work = finish (self, car_client_query_async, result, error);

  return work ? g_steal_pointer (&work->node) : NULL;
}

static gboolean
run_search_collection (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->array = car_client_search_collection (self, work->argument[0], work->argument[1], work->argument[2],
                                              (const char *const *) work->list, cancellable, error);
  return work->array != NULL;
}

/**
 * car_client_search_collection_async:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value: the value that it must have
 * @fields: (array zero-terminated=1): the fields to tell of each object that has it, at least one
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.search_collection], without blocking.
 */
void
car_client_search_collection_async (CarClient *self,
                                    const char *collection,
                                    const char *attribute,
                                    const char *value,
                                    const char *const *fields,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection);
  g_return_if_fail (attribute);
  g_return_if_fail (value);
  g_return_if_fail (fields && fields[0]);

  start (self, car_client_search_collection_async,
         (Work){ .run = run_search_collection,
                 .argument = { g_strdup (collection), g_strdup (attribute), g_strdup (value) },
                 .list = g_strdupv ((char **) fields) },
         cancellable, callback, user_data);
}

/**
 * car_client_search_collection_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.search_collection_async].
 *
 * Returns: (transfer full): the objects, each with @fields; or %NULL with an error
 */
JsonArray *
car_client_search_collection_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  Work *work = finish (self, car_client_search_collection_async, result, error);

  return work ? g_steal_pointer (&work->array) : NULL;
}

static gboolean
run_find_vertices (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->node = car_client_find_vertices (self, work->argument[0], work->argument[1], work->argument[2],
                                         cancellable, error);
  return work->node != NULL;
}

/**
 * car_client_find_vertices_async:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value: the value that it must have
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.find_vertices], without blocking.
 */
void
car_client_find_vertices_async (CarClient *self,
                                const char *collection,
                                const char *attribute,
                                const char *value,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection);
  g_return_if_fail (attribute);
  g_return_if_fail (value);

  start (self, car_client_find_vertices_async,
         (Work){ .run = run_find_vertices,
                 .argument = { g_strdup (collection), g_strdup (attribute), g_strdup (value) } },
         cancellable, callback, user_data);
}

/**
 * car_client_find_vertices_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.find_vertices_async].
 *
 * Returns: (transfer full): an object with the arrays `result` and `related`, or %NULL with an error
 */
JsonNode *
car_client_find_vertices_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  Work *work = finish (self, car_client_find_vertices_async, result, error);

  return work ? g_steal_pointer (&work->node) : NULL;
}

static gboolean
run_get_neighbours (CarClient *self, Work *work, GCancellable *cancellable, GError **error)
{
  work->node = car_client_get_neighbours (self, work->argument[0], work->argument[1], cancellable, error);
  return work->node != NULL;
}

/**
 * car_client_get_neighbours_async:
 * @self: a client
 * @collection: a collection
 * @id: the id of one of its vertices
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: what @callback is called with
 *
 * Like [method@Client.get_neighbours], without blocking.
 */
void
car_client_get_neighbours_async (CarClient *self,
                                 const char *collection,
                                 const char *id,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection);
  g_return_if_fail (id);

  start (self, car_client_get_neighbours_async,
         (Work){ .run = run_get_neighbours, .argument = { g_strdup (collection), g_strdup (id) } },
         cancellable, callback, user_data);
}

/**
 * car_client_get_neighbours_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.get_neighbours_async].
 *
 * Returns: (transfer full): an object with the arrays `result` and `related`, or %NULL with an error
 */
JsonNode *
car_client_get_neighbours_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  Work *work = finish (self, car_client_get_neighbours_async, result, error);

  return work ? g_steal_pointer (&work->node) : NULL;
}
