/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-scanner-private.h>
#include <service/query/car-query-private.h>

#define MAX_FIELDS 2000

typedef struct
{
  CarQueryContext *context;
  const char *request;
  gsize length;
  CarQueryAnswer answer;
  gpointer store;
  GString *out;
} Run;

/* What was right in itself, and fails in the store all the same: a problem of the request, where the store says so. */
static gboolean
fail_in_store (Run *self, GError *failure, GError **error)
{
  static const char *const codes[] = {
    [CAR_QUERY_ERROR_COSTLY] = "pattern-too-costly",
    [CAR_QUERY_ERROR_PATTERN] = "data-exception",
    [CAR_QUERY_ERROR_TOO_LARGE] = "answer-too-large",
  };
  const CarQueryPath path = { NULL, "data" };
  g_autoptr (GError) owned = failure;

  if (owned->domain != CAR_QUERY_ERROR)
    g_propagate_error (error, g_steal_pointer (&owned));
  else
    {
      self->context->code = codes[owned->code];
      car_query_fail (self->context, &path, "%s", owned->message);
    }
  return FALSE;
}

static gboolean
plan_and_answer (Run *self, GError **error)
{
  g_autoptr (GPtrArray) fields = NULL;
  GError *failure = NULL;

  if (!car_query_read_request (self->context, self->request, self->length))
    return FALSE;
  fields = car_query_plan (self->context);
  if (fields == NULL)
    return FALSE;
  const CarQueryPlan plan = { self->context->timepoint, fields };
  g_string_append (self->out, "{\"data\":");
  if (!self->answer (self->store, &plan, self->out, &failure))
    return fail_in_store (self, failure, error);
  g_string_append_c (self->out, '}');
  return TRUE;
}

static gboolean
run (Run *self, GError **error)
{
  const CarQueryWriter *writer = self->context->writer;
  gboolean done;

  if (writer != NULL && !writer->begin (writer->data, error))
    return FALSE;
  done = plan_and_answer (self, error);
  if (writer != NULL && !writer->end (writer->data, done, done ? error : NULL))
    return FALSE;
  return done;
}

static GBytes *
answer_problem (const CarQueryContext *context)
{
  GString *out = g_string_new ("{\"errors\":[{\"extensions\":{\"path\":");

  car_json_append_string (out, context->path, -1);
  g_string_append (out, ",\"code\":");
  car_json_append_string (out, context->code, -1);
  g_string_append (out, "},\"message\":");
  car_json_append_string (out, context->problem, -1);
  g_string_append (out, "}]}");
  return g_string_free_to_bytes (out);
}

static void
context_clear (CarQueryContext *self)
{
  g_clear_pointer (&self->document, car_graphql_document_free);
  g_clear_pointer (&self->schema, car_query_schema_free);
  g_clear_error (&self->failure);
  g_free (self->problem);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarQueryContext, context_clear)

gboolean
car_query_is_mutation (const char *request_json, gsize length)
{
  g_auto (CarQueryContext) context = { 0 };

  return car_query_read_request (&context, request_json, length) &&
         g_str_equal (context.operation->type, "mutation");
}

GBytes *
car_query_run (CarCoreModel *model,
               const char *request_json,
               gsize length,
               gint64 timepoint_ms,
               const CarQueryWriter *writer,
               CarQueryAnswer answer,
               gpointer store,
               GError **error)
{
  g_auto (CarQueryContext)
      context = { .timepoint = timepoint_ms, .writer = writer, .max_fields = MAX_FIELDS };
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) failure = NULL;
  Run self = { &context, request_json, length, answer, store, out };

  g_return_val_if_fail (CAR_IS_CORE_MODEL (model), NULL);
  g_return_val_if_fail (request_json != NULL || length == 0, NULL);
  g_return_val_if_fail (answer != NULL, NULL);

  context.schema = car_query_schema_new (model);
  if (run (&self, &failure))
    return g_string_free_to_bytes (g_steal_pointer (&out));
  if (failure == NULL && context.failure == NULL)
    return answer_problem (&context);
  g_propagate_error (error,
                     failure != NULL ? g_steal_pointer (&failure) : g_steal_pointer (&context.failure));
  return NULL;
}
