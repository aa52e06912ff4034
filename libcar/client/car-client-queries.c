/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include <libcar/base/car-error.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-graphql-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-query-shape-private.h>
#include <libcar/client/car-sync-private.h>

/* Questions. */

typedef struct
{
  CarQueryShape *shape; /* (nullable): of the answer */
  char *collection;     /* of a search; else NULL */
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  car_query_shape_free (self->shape);
  g_free (self->collection);
  g_free (self);
}

/* Keeps the JSON text of what the answer is about. */
static gboolean
read_data (CarOperation *self, GError **error)
{
  if (self->answer.status == SOUP_STATUS_NOT_FOUND)
    {
      self->text = g_strdup ("{}");
      return TRUE;
    }

  const CarJsonSpan data = car_json_span_get_member (&self->answer.value, "data");
  if (data.type != CAR_JSON_OBJECT)
    return car_operation_set_unexpected (self, "“data” is missing, or no object", error);

  const Question *question = self->data;
  g_autofree char *problem = question->shape != NULL ? car_query_shape_check (question->shape, &data) : NULL;
  if (problem != NULL)
    return car_operation_set_unexpected (self, problem, error);

  self->text = g_strndup (data.text, data.length);
  return TRUE;
}

/* Takes the variables: NULL where there are none, or with the operation's error. `collection`: what a search is for, or
 * NULL. */
static void
ask (CarOperation *self, const char *query, char *variables, const char *collection, CarStep next)
{
  Question *question = g_new0 (Question, 1);
  question->shape = car_query_shape_new (query);
  question->collection = g_strdup (collection);
  self->data = question;
  self->free_data = question_free;

  CarCall *call = car_operation_make_call (self, CAR_API_VERSION_V3, "POST", "query");

  car_call_add_member (call, "query", query);
  if (variables != NULL)
    car_call_add_json_member (call, "variables", variables, -1);
  g_free (variables);
  call->max_answer = CAR_ANSWER_LONG;
  call->tolerated = SOUP_STATUS_NOT_FOUND;
  self->sends_no_data = TRUE;
  car_operation_call (self, next);
  car_operation_start (self);
}

/* json-glib's tree of the operation's text; NULL also where the operation failed. */
static JsonNode *
finish_node (CarOperation *self, GError **error)
{
  if (self == NULL)
    return NULL;

  g_autoptr (GError) cause = NULL;
  CarJsonSpan value;
  JsonNode *node = NULL;
  if (car_json_read_text (self->text, strlen (self->text), &value, &cause))
    node = car_json_span_to_node (&value, &cause);
  if (node == NULL)
    car_operation_set_unexpected (self, cause->message, error);
  return node;
}

/**
 * car_client_query_json:
 * @self: a client
 * @query: a GraphQL query
 * @variables_json: (nullable): values of the query's variables: a JSON object
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks the service a question in GraphQL. Values from outside belong in @variables_json, or in @query as literals
 * that are escaped; they must not become part of its text otherwise. A variable must have the type of the column; a
 * literal fits every column (protocol.md, "Queries").
 *
 * An answer that does not hold what was asked for is a recoverable failure: every field has to be there, and collections
 * and relations are lists of objects, as in the published schema. So every row is whole. This covers the fields in @query
 * itself; what a fragment or a directive brings may be missing. The published schema allows null for one row
 * (`COLLECTION_by_pk`), for the outcome of a mutation and for `__type`: nothing was found, or nothing was inserted.
 *
 * %CAR_SCHEMA_ERROR_INVALID_JSON says that @variables_json is no JSON object.
 *
 * Returns: (transfer full): the object `data` of the answer as JSON text, `{}` where the service found nothing; or
 *   %NULL with an error
 */
char *
car_client_query_json (CarClient *self,
                       const char *query,
                       const char *variables_json,
                       GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (query != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_query_json_async (self, query, variables_json, cancellable, car_sync_return, &sync);
  return car_client_query_json_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_query_json_async:
 * @self: a client
 * @query: a GraphQL query
 * @variables_json: (nullable): values of the query's variables: a JSON object
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.query_json], without blocking.
 */
void
car_client_query_json_async (CarClient *self,
                             const char *query,
                             const char *variables_json,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (query != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_query_json_async, cancellable, callback, user_data);
  char *variables = variables_json != NULL ? car_call_dup_object (variables_json, &operation->error) : NULL;

  ask (operation, query, variables, NULL, read_data);
}

/**
 * car_client_query_json_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.query_json_async].
 *
 * Returns: (transfer full): the object `data` of the answer as JSON text, `{}` where the service found nothing; or
 *   %NULL with an error
 */
char *
car_client_query_json_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  CarOperation *operation = car_operation_finish (self, car_client_query_json_async, result, error);

  return operation != NULL ? g_steal_pointer (&operation->text) : NULL;
}

/**
 * car_client_query:
 * @self: a client
 * @query: a GraphQL query
 * @variables: (nullable): values of the query's variables
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.query_json], with trees. A number in the answer that is no 64-bit integer becomes a double; a
 * string with a NUL in it is a recoverable failure. %CAR_SCHEMA_ERROR_INVALID_JSON says that @variables cannot be
 * written as JSON.
 *
 * Returns: (transfer full): the object `data` of the answer, empty where the service found nothing; or %NULL with
 *   an error
 */
JsonNode *
car_client_query (CarClient *self,
                  const char *query,
                  JsonObject *variables,
                  GCancellable *cancellable,
                  GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (query != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_query_async (self, query, variables, cancellable, car_sync_return, &sync);
  return car_client_query_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_query_async:
 * @self: a client
 * @query: a GraphQL query
 * @variables: (nullable): values of the query's variables
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
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
  g_return_if_fail (query != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_query_async, cancellable, callback, user_data);
  char *text = variables != NULL ? car_call_write_object (variables, &operation->error) : NULL;

  ask (operation, query, text, NULL, read_data);
}

/**
 * car_client_query_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.query_async].
 *
 * Returns: (transfer full): the object `data` of the answer, empty where the service found nothing; or %NULL with
 *   an error
 */
JsonNode *
car_client_query_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  return finish_node (car_operation_finish (self, car_client_query_async, result, error), error);
}

/* Searches. */

static gboolean
read_found (CarOperation *self, GError **error)
{
  if (!read_data (self, error))
    return FALSE;

  const Question *question = self->data;
  const CarJsonSpan data = { self->text, strlen (self->text), CAR_JSON_OBJECT, FALSE };
  const CarJsonSpan found = car_json_span_get_member (&data, question->collection);
  char *objects = found.type == CAR_JSON_ARRAY ? g_strndup (found.text, found.length) : g_strdup ("[]");

  g_free (self->text);
  self->text = objects;
  return TRUE;
}

static gboolean
append_scalar (GString *query, const char *value_json, GError **error)
{
  CarJsonSpan value;
  if (!car_json_read_text (value_json, strlen (value_json), &value, error))
    return FALSE;
  if (value.type != CAR_JSON_NULL && value.type != CAR_JSON_ARRAY && value.type != CAR_JSON_OBJECT)
    return car_graphql_append_literal (query, &value, error);

  g_set_error_literal (error, CAR_APP_ERROR, CAR_APP_ERROR_GENERAL,
                       "a search compares with a text, a number, true or false, and with nothing else");
  return FALSE;
}

static char *
build_search (const char *collection,
              const char *attribute,
              const char *value_json,
              const char *const *fields,
              GError **error)
{
  if (!car_call_check_name ("a collection", collection, error) ||
      !car_call_check_name ("an attribute", attribute, error))
    return NULL;

  g_autoptr (GString) query = g_string_new ("{ ");
  g_string_append_printf (query, "%s(where: {%s: {_eq: ", collection, attribute);
  if (!append_scalar (query, value_json, error))
    return NULL;
  g_string_append (query, "}}) {");
  for (guint i = 0; fields[i] != NULL; i++)
    {
      if (!car_call_check_name ("a field", fields[i], error))
        return NULL;
      g_string_append_printf (query, " %s", fields[i]);
    }
  g_string_append (query, " } }");
  return g_string_free (g_steal_pointer (&query), FALSE);
}

static void
search (CarOperation *self,
        const char *collection,
        const char *attribute,
        const char *value_json,
        const char *const *fields)
{
  g_autofree char *query = build_search (collection, attribute, value_json, fields, &self->error);

  ask (self, query != NULL ? query : "", NULL, collection, read_found);
}

/**
 * car_client_search_collection_json:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value_json: the value that it must have, as JSON: a text, a number, true or false
 * @fields: (array zero-terminated=1): the fields to tell of each object that has it, at least one
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Looks for objects of a collection. The names are checked and the value is sent as a literal: none of them can
 * change what is asked. The literal has the type of @value_json. A column of numbers or booleans is compared with a
 * number or boolean; a column of texts, addresses or times with a text.
 *
 * %CAR_SCHEMA_ERROR_INVALID_JSON says that @value_json is no JSON.
 *
 * Returns: (transfer full): the array of the objects, each with @fields, as JSON text; or %NULL with an error
 */
char *
car_client_search_collection_json (CarClient *self,
                                   const char *collection,
                                   const char *attribute,
                                   const char *value_json,
                                   const char *const *fields,
                                   GCancellable *cancellable,
                                   GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (collection != NULL, NULL);
  g_return_val_if_fail (attribute != NULL, NULL);
  g_return_val_if_fail (value_json != NULL, NULL);
  g_return_val_if_fail (fields != NULL, NULL);
  g_return_val_if_fail (fields[0] != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_search_collection_json_async (self, collection, attribute, value_json, fields, cancellable,
                                           car_sync_return, &sync);
  return car_client_search_collection_json_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_search_collection_json_async:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value_json: the value that it must have, as JSON: a text, a number, true or false
 * @fields: (array zero-terminated=1): the fields to tell of each object that has it, at least one
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
 *
 * Like [method@Client.search_collection_json], without blocking.
 */
void
car_client_search_collection_json_async (CarClient *self,
                                         const char *collection,
                                         const char *attribute,
                                         const char *value_json,
                                         const char *const *fields,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  g_return_if_fail (CAR_IS_CLIENT (self));
  g_return_if_fail (collection != NULL);
  g_return_if_fail (attribute != NULL);
  g_return_if_fail (value_json != NULL);
  g_return_if_fail (fields != NULL);
  g_return_if_fail (fields[0] != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_search_collection_json_async, cancellable, callback, user_data);

  search (operation, collection, attribute, value_json, fields);
}

/**
 * car_client_search_collection_json_finish:
 * @self: a client
 * @result: what the callback was called with
 * @error: return location for an error
 *
 * Ends [method@Client.search_collection_json_async].
 *
 * Returns: (transfer full): the array of the objects, each with @fields, as JSON text; or %NULL with an error
 */
char *
car_client_search_collection_json_finish (CarClient *self, GAsyncResult *result, GError **error)
{
  CarOperation *operation =
      car_operation_finish (self, car_client_search_collection_json_async, result, error);

  return operation != NULL ? g_steal_pointer (&operation->text) : NULL;
}

/**
 * car_client_search_collection:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value: the text that it must have
 * @fields: (array zero-terminated=1): the fields to tell of each object that has it, at least one
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like [method@Client.search_collection_json], for a value that is a text, with a tree as the answer.
 *
 * Returns: (transfer full): the objects, each with @fields; or %NULL with an error
 */
JsonArray *
car_client_search_collection (CarClient *self,
                              const char *collection,
                              const char *attribute,
                              const char *value,
                              const char *const *fields,
                              GCancellable *cancellable,
                              GError **error)
{
  g_return_val_if_fail (CAR_IS_CLIENT (self), NULL);
  g_return_val_if_fail (collection != NULL, NULL);
  g_return_val_if_fail (attribute != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (fields != NULL, NULL);
  g_return_val_if_fail (fields[0] != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  car_client_search_collection_async (self, collection, attribute, value, fields, cancellable,
                                      car_sync_return, &sync);
  return car_client_search_collection_finish (self, car_sync_wait (&sync), error);
}

/**
 * car_client_search_collection_async:
 * @self: a client
 * @collection: a collection
 * @attribute: the attribute that is compared
 * @value: the text that it must have
 * @fields: (array zero-terminated=1): the fields to tell of each object that has it, at least one
 * @cancellable: (nullable): a cancellable
 * @callback: called when the call is over
 * @user_data: passed to @callback
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
  g_return_if_fail (collection != NULL);
  g_return_if_fail (attribute != NULL);
  g_return_if_fail (value != NULL);
  g_return_if_fail (fields != NULL);
  g_return_if_fail (fields[0] != NULL);

  CarOperation *operation =
      car_operation_new (self, car_client_search_collection_async, cancellable, callback, user_data);
  g_autoptr (GString) literal = g_string_new (NULL);

  car_json_append_string (literal, value, -1);
  search (operation, collection, attribute, literal->str, fields);
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
  g_autoptr (JsonNode) node =
      finish_node (car_operation_finish (self, car_client_search_collection_async, result, error), error);

  return node != NULL ? json_node_dup_array (node) : NULL;
}
