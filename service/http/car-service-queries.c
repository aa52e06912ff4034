/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include "service/http/car-service-calls.h"
#include "service/query/car-query.h"
#include "service/store/car-service-error.h"
#include "service/store/car-service-graph.h"

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

/* The key of the vertex that has this id now; NULL where there is none, or more than one. */
static char *
find_vertex (CarServiceStore *store, const CarQueryTagging *asked, char **problem, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *key = NULL;
  guint n = 0;
  sqlite3_stmt *rows =
      car_service_store_select (store, &failure,
                                "SELECT key FROM vertex INDEXED BY vertex_node WHERE node_id = ?"
                                " AND collection = ? AND t2 = 9223372036854775807",
                                "ss", asked->vertex_id, asked->collection);

  while (rows != NULL && car_service_store_next (store, rows, &failure))
    {
      g_free (key);
      key = g_strdup (car_service_store_get_text (rows, 0));
      n++;
    }
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (n != 1)
    *problem = g_strdup_printf ("there is %s %s with the id “%s”", n == 0 ? "no" : "more than one",
                                asked->collection, asked->vertex_id);
  return n == 1 ? g_steal_pointer (&key) : NULL;
}

static gint64
put_tag (gpointer data, const CarQueryTagging *asked, char **problem, GError **error)
{
  Writer *writer = data;
  g_autofree char *tag_source = NULL;
  g_autofree char *key = find_vertex (writer->store, asked, problem, error);
  CarServiceTagging tagging = {
    .collection = asked->collection,
    .source = asked->source,
    .vertex_id = asked->vertex_id,
    .vertex_key = key,
    .external_id = asked->external_id,
    .properties = asked->properties,
    .reported_at = asked->reported_at,
  };
  gint64 id = 0;

  if (key == NULL)
    return 0;
  if (!split_tag_id (asked, &tag_source, &tagging.tag_name))
    {
      *problem = g_strdup_printf ("“%s” is no id of a tag: SOURCE/NAME is wanted", asked->tag_id);
      return 0;
    }
  tagging.tag_source = tag_source;
  if (!car_service_token_check_source (writer->token, asked->source, error) ||
      !car_service_token_check_source (writer->token, tag_source, error))
    return 0;
  return car_service_graph_put_tagging (writer->store, &tagging, writer->now, &id, error) ? id : 0;
}

gboolean
car_service_call_query (CarServiceStore *store, CarServiceRequest *request, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);
  CarCoreModel *model = car_service_store_get_model (store, error);
  g_autoptr (GError) problem = NULL;
  Writer writer = { .store = store, .token = request->token };
  const CarQueryWriter query_writer = { put_tag, &writer };
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
  if (request->may_write && !car_service_store_tick (store, &writer.now, error))
    return FALSE;

  request->answer = car_query_run (car_service_store_get_database (store), model, text, length, timepoint,
                                   request->may_write ? &query_writer : NULL, &problem);
  if (problem == NULL)
    return TRUE;

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    car_service_store_set_interrupted (store, error);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}
