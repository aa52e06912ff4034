/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/query/car-query.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-store.h"

/* Vertices of one name that are looked at; more than one is too many. */
#define MAX_NAMED 1000

typedef struct
{
  CarServiceStore *store;
  const CarServiceToken *token; /* who writes */
  gint64 now;
} Writer;

/* A tag's id is SOURCE/NAME. Whose source it is not, that holds no slash. */
static gboolean
split_tag_id (const CarQueryTagging *asked, char **source, const char **name)
{
  gsize length = strlen (asked->source);
  const char *slash = g_str_has_prefix (asked->tag_id, asked->source) && asked->tag_id[length] == '/'
                          ? asked->tag_id + length
                          : strchr (asked->tag_id, '/');

  if (slash == NULL || slash == asked->tag_id || slash[1] == '\0')
    return FALSE;
  *source = g_strndup (asked->tag_id, (gsize) (slash - asked->tag_id));
  *name = slash + 1;
  return TRUE;
}

/* The vertex that has this id now. Two sources may have one of the same id: "a" with the key "b/c", "a/b" with the key "c". */
static gboolean
find_vertex (CarServiceStore *store,
             const CarQueryTagging *asked,
             char **source,
             char **key,
             char **problem,
             GError **error)
{
  g_autoptr (GError) failure = NULL;
  guint n = 0;
  CarServiceRow *rows = car_service_store_find_named (store, asked->collection, NULL, asked->vertex_id, TRUE,
                                                      MAX_NAMED, &failure);

  while (rows != NULL && car_service_row_next (rows, &failure))
    {
      const char *owner = car_service_row_get_text (rows, 0);
      const char *id = car_service_row_get_text (rows, 1);

      if (strcmp (id, asked->vertex_id) != 0)
        continue; /* it is its key */
      n++;
      g_free (*source);
      g_free (*key);
      *source = g_strdup (owner);
      *key = g_strdup (id + strlen (owner) + 1);
    }
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (n != 1)
    *problem = g_strdup_printf ("there is %s %s with the id “%s”", n == 0 ? "no" : "more than one",
                                asked->collection, asked->vertex_id);

  return n == 1;
}

static gint64
put_tag (gpointer data, const CarQueryTagging *asked, char **problem, GError **error)
{
  Writer *writer = data;
  g_autofree char *tag_source = NULL;
  g_autofree char *source = NULL;
  g_autofree char *key = NULL;
  CarServiceTagging tagging = {
    .collection = asked->collection,
    .source = asked->source,
    .external_id = asked->external_id,
    .properties = asked->properties,
    .reported_at = asked->reported_at,
  };
  gint64 id = 0;

  if (!find_vertex (writer->store, asked, &source, &key, problem, error))
    return 0;
  if (!split_tag_id (asked, &tag_source, &tagging.tag_name))
    {
      *problem = g_strdup_printf ("“%s” is no id of a tag: SOURCE/NAME is wanted", asked->tag_id);
      return 0;
    }
  tagging.vertex_source = source;
  tagging.vertex_key = key;
  tagging.tag_source = tag_source;
  if (!car_service_token_check_source (writer->token, asked->source, error) ||
      !car_service_token_check_source (writer->token, tag_source, error))
    return 0;

  return car_service_store_put_tagging (writer->store, &tagging, writer->now, &id, error) ? id : 0;
}

static gboolean
begin (gpointer data, GError **error)
{
  Writer *writer = data;

  return car_service_store_begin_call (writer->store, error) &&
         car_service_store_tick (writer->store, &writer->now, error);
}

static gboolean
end (gpointer data, gboolean keep, GError **error)
{
  return car_service_store_end_call (((Writer *) data)->store, keep, error);
}

static gboolean
answer (gpointer store, const CarQueryPlan *plan, GString *out, GError **error)
{
  return car_service_store_answer (store, plan, out, error);
}

gboolean
car_service_call_query (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);
  CarCoreModel *model = car_service_store_get_model (store, error);
  Writer writer = { .store = store, .token = request->token };
  const CarQueryWriter query_writer = { begin, put_tag, end, &writer };
  gint64 timepoint = -1; /* now */

  if (text == NULL)
    text = "";
  if (model == NULL || !car_service_request_read_timepoint (request, &timepoint, error))
    return FALSE;
  if (!request->may_write && car_query_is_mutation (text, length))
    {
      request->must_write = TRUE;
      return TRUE;
    }

  request->answer = car_query_run (model, text, length, timepoint, request->may_write ? &query_writer : NULL,
                                   answer, store, error);

  return request->answer != NULL;
}
