/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>

#include <libcar/base/car-language-private.h>
#include <libcar/client/car-client-places-private.h>
#include <libcar/client/car-client-private.h>
#include <libcar/client/car-operation-private.h>
#include <libcar/client/car-retry-private.h>
#include <libcar/client/car-sync-private.h>
#include <libcar/json/car-json-writer-private.h>

/* The operation's data. */
typedef struct
{
  const char *source;
  const char *held; /* (nullable) */
  CarPlace *places;
  guint n_places;
} Question;

static void
append_field (GString *query, const char *collection, const char *source, guint64 place)
{
  g_string_append_printf (query, " %s(where: {source: {_eq: ", collection);
  car_json_append_string (query, source, -1);
  g_string_append_printf (query, "}}, limit: 1, offset: %" G_GUINT64_FORMAT ") { source }", place);
}

/* The order does not matter to whether there is one. The field is asked for so that the answer can be checked. */
static char *
build_query (const Question *question)
{
  g_autoptr (GString) query = g_string_new ("{");

  if (question->held != NULL)
    {
      g_string_append (query, " held:");
      append_field (query, question->held, question->source, 0);
    }
  for (guint i = 0; i < question->n_places; i++)
    append_field (query, question->places[i].collection, question->source, question->places[i].place);

  g_string_append (query, " }");
  return g_string_free (g_steal_pointer (&query), FALSE);
}

/* FALSE where the answer is not one to the question: a list that is empty, or holds one object of the source. */
static gboolean
read_place (CarPlace *place, const char *source, const CarJsonSpan *data)
{
  const CarJsonSpan list = car_json_span_get_member (data, place->collection);
  g_autoptr (GArray) items = car_json_span_get_items (&list);

  if (items == NULL || items->len > 1)
    return FALSE;

  place->is_taken = items->len == 1;
  if (!place->is_taken)
    return TRUE;

  const CarJsonSpan *item = &g_array_index (items, CarJsonSpan, 0);
  if (item->type != CAR_JSON_OBJECT)
    return FALSE;

  g_autofree char *text = car_json_span_dup_member (item, "source");
  return g_strcmp0 (text, source) == 0;
}

/* Puts into the operation's text why the question is not answered. */
static gboolean
read_places (CarOperation *self, GError **error)
{
  const Question *question = self->data;

  if (self->answer.status == SOUP_STATUS_NOT_FOUND)
    {
      self->text = g_strdup (_ ("it has no queries (HTTP 404)"));
      return TRUE;
    }

  const CarJsonSpan data = car_json_span_get_member (&self->answer.value, "data");
  for (guint i = 0; i < question->n_places; i++)
    if (data.type != CAR_JSON_OBJECT || !read_place (&question->places[i], question->source, &data))
      {
        self->text = g_strdup_printf (_ ("its answer does not tell of “%s”"), question->places[i].collection);
        return TRUE;
      }
  return TRUE;
}

static void
ask (CarClient *self, Question *question, GCancellable *cancellable, CarSync *sync)
{
  CarOperation *operation =
      car_operation_new (self, car_client_ask_places, cancellable, car_sync_return, sync);
  CarCall *call = car_operation_make_call (operation, CAR_API_VERSION_V3, "POST", "query");
  g_autofree char *query = build_query (question);

  car_call_add_member (call, "query", query);
  call->tolerated = SOUP_STATUS_NOT_FOUND;
  operation->data = question;
  operation->sends_no_data = TRUE;
  car_operation_call (operation, read_places);
  car_operation_start (operation);
}

CarPlacesOutcome
car_client_ask_places (CarClient *self,
                       const char *source,
                       const char *held,
                       CarPlace *places,
                       guint n_places,
                       char **refusal,
                       GCancellable *cancellable,
                       GError **error)
{
  Question question = { source, held, places, n_places };
  g_autoptr (GError) failure = NULL;

  *refusal = NULL;

  g_auto (CarSync) sync = { 0 };
  car_sync_begin (&sync);
  ask (self, &question, cancellable, &sync);
  GAsyncResult *result = car_sync_wait (&sync);
  const CarOperation *asked = g_task_get_task_data (G_TASK (result));
  CarOperation *operation = car_operation_finish (self, car_client_ask_places, result, &failure);

  if (operation != NULL)
    {
      *refusal = g_steal_pointer (&operation->text);
      return *refusal == NULL                                ? CAR_PLACES_ANSWERED
             : asked->answer.status == SOUP_STATUS_NOT_FOUND ? CAR_PLACES_NO_QUERY
                                                             : CAR_PLACES_REFUSED;
    }

  /* One that is away may be back in a moment, and could still close what was not asked for. */
  if (asked->answer.status == 0 || car_retry_is_for_status (asked->answer.status))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return CAR_PLACES_FAILED;
    }

  *refusal = g_strdup (failure->message);
  return asked->answer.status == SOUP_STATUS_OK || asked->answer.status == SOUP_STATUS_BAD_REQUEST
             ? CAR_PLACES_REFUSED
             : CAR_PLACES_NO_QUERY;
}
