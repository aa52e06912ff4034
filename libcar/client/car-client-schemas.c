/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <inttypes.h>

#include <libsoup/soup.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-schema-cover-private.h>
#include <libcar/client/car-sync-private.h>

/* The import schema, and extensions of it. */

static gboolean
post_extension (CarOperation *self, CarSchemaExtension *extension)
{
  g_autofree char *version =
      g_strdup_printf ("%" G_GINT64_FORMAT, car_schema_extension_get_version (extension));
  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V3, "POST", "carSchema");

  car_call_add_member (call, "key", car_schema_extension_get_key (extension));
  car_call_add_member (call, "owner", car_schema_extension_get_owner (extension));
  car_call_add_member (call, "version", version);
  car_call_add_json_member (call, "schema", car_schema_extension_get_schema (extension), -1);
  call->may_be_refused = TRUE;
  car_operation_call (self, NULL);
  return TRUE;
}

/* The service has the same version. */
static gboolean
compare_extension (CarOperation *self, CarSchemaExtension *extension, GError **error)
{
  const CarJsonSpan theirs = car_json_span_get_member (&self->answer.value, "schema");
  const char *ours = car_schema_extension_get_schema (extension);
  if (theirs.type != CAR_JSON_OBJECT || car_schema_is_covered (ours, &theirs))
    return TRUE;

  g_set_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER,
               _ ("the service has the schema extension %s in version %" PRId64
                  " with other contents: raise the version in the connector"),
               car_schema_extension_get_key (extension), car_schema_extension_get_version (extension));
  return FALSE;
}

static gboolean
read_extension (CarOperation *self, GError **error)
{
  CarSchemaExtension *extension = self->data;
  const gint64 version = car_schema_extension_get_version (extension);
  gint64 there;

  if (self->answer.status == SOUP_STATUS_NOT_FOUND)
    return post_extension (self, extension);

  const CarJsonSpan value = car_json_span_get_member (&self->answer.value, "version");
  if (!car_json_span_get_int (&value, &there))
    return car_operation_set_unexpected (self, "“version” is missing, or no integer", error);
  if (there < version)
    return post_extension (self, extension);
  if (there == version)
    return compare_extension (self, extension, error);

  g_set_error (error, CAR_SCHEMA_ERROR, CAR_SCHEMA_ERROR_NEWER_EXTENSION,
               _ ("the service has version %" PRId64
                  " of the schema extension %s, this connector only version %" PRId64
                  ": update the connector"),
               there, car_schema_extension_get_key (extension), version);
  return FALSE;
}

/**
 * car_client_ensure_schema_extension:
 * @self: a client
 * @extension: an extension of the schema
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes the service have the extension in this version: sends it where the service has none or an older one. A
 * newer one is left alone, and is %CAR_SCHEMA_ERROR_NEWER_EXTENSION.
 *
 * %CAR_APP_ERROR_INVALID_PARAMETER says that the service refuses the extension, or that it has this version with
 * other contents.
 *
 * Returns: whether the service has the extension in this version
 */
gboolean
car_client_ensure_schema_extension (CarClient *self,
                                    CarSchemaExtension *extension,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), FALSE);
  g_return_val_if_fail (CAR_IS_SCHEMA_EXTENSION (extension), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_ensure_schema_extension_async (self, extension, cancellable, car_sync_return, &sync);
  return car_client_ensure_schema_extension_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_ensure_schema_extension_async:
 * @self: a client
 * @extension: an extension of the schema
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
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

  /* One that was made by its properties alone was not checked yet. */
  GError *problem = NULL;
  if (!g_initable_init (G_INITABLE (extension), cancellable, &problem))
    {
      g_task_report_error (self, callback, user_data, car_client_ensure_schema_extension_async, problem);
      return;
    }

  CarOperation *operation =
      car_operation_new (self, car_client_ensure_schema_extension_async, cancellable, callback, user_data);
  CarCall *call = car_operation_make_call (operation, CAR_API_VERSION_V3, "GET", "carSchema");

  car_call_add_segment (call, car_schema_extension_get_key (extension));
  call->max_answer = CAR_ANSWER_SCHEMA;
  call->tolerated = SOUP_STATUS_NOT_FOUND;
  operation->data = g_object_ref (extension);
  operation->free_data = g_object_unref;
  operation->sends_no_data = TRUE;
  car_operation_call (operation, read_extension);
  car_operation_start (operation);
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
  return car_operation_finish (self, car_client_ensure_schema_extension_async, result, error) != NULL;
}

static gboolean
read_schema (CarOperation *self, GError **error)
{
  const CarJsonSpan schema = car_json_span_get_member (&self->answer.value, "schema");
  if (schema.type != CAR_JSON_OBJECT)
    return car_operation_set_unexpected (self, "“schema” is missing, or no object", error);

  self->data = car_import_schema_new (schema.text, (gssize) schema.length, error);
  self->free_data = g_object_unref;
  return self->data != NULL;
}

/**
 * car_client_get_import_schema:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Fetches and compiles the schema of an envelope, with the extensions that the service has. Besides the client's
 * errors there are those of [ctor@ImportSchema.new].
 *
 * Returns: (transfer full): the compiled schema, or %NULL with an error
 */
CarImportSchema *
car_client_get_import_schema (CarClient *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_get_import_schema_async (self, cancellable, car_sync_return, &sync);
  return car_client_get_import_schema_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_get_import_schema_async:
 * @self: a client
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
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

  CarOperation *operation =
      car_operation_new (self, car_client_get_import_schema_async, cancellable, callback, user_data);
  CarCall *call = car_operation_make_call (operation, CAR_API_VERSION_V3, "GET", "importSchema");

  car_call_add_query (call, "version", "v2");
  call->max_answer = CAR_ANSWER_SCHEMA;
  operation->sends_no_data = TRUE;
  car_operation_call (operation, read_schema);
  car_operation_start (operation);
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
  CarOperation *operation = car_operation_finish (self, car_client_get_import_schema_async, result, error);

  return operation != NULL ? g_steal_pointer (&operation->data) : NULL;
}
